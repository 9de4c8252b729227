"""Several committees that look differently at the same music, as one model that can be shipped.

How much each one's word counts, the temperature and the line of a sure answer come from the answers
that `calibrate` left in their runs: all given by networks that had not learnt from the track.
"""

import itertools
import json
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from torch import Tensor

from genre.artefacts import ArtefactError, load_artefact
from genre.calibration import ANSWERS, account, best_temperature, tempered
from genre.evaluate import pooled
from genre.views import VIEWS

TOLD = ("shape", "options", "front_end", "begun_with", "recipe", "windows", "data")  # of each in the card
SHARES = (1, 2, 3, 4)  # that a view's weight may have beside another's


def unite(folders: list[Path]) -> tuple[dict[str, Tensor], dict]:
    """Runs of the model `listen`, each with an input of its own -> (weights, card).

    Where all of them were calibrated, so is the whole. Raises ArtefactError with a sentence.
    """
    parts = [load_artefact(folder) for folder in folders]
    kinds = [card.get("input") for _, card in parts]
    if len(set(kinds)) < len(kinds) or not set(kinds) <= set(VIEWS):
        raise ArtefactError(f"Only runs of listen with different inputs ({', '.join(VIEWS)}) can be united.")
    if len({tuple(card["genres"]) for _, card in parts}) > 1:
        raise ArtefactError("These runs know different genres: train them on the same data.")
    weights = {f"{kind}.{name}": tensor
               for kind, (state, _) in zip(kinds, parts, strict=True) for name, tensor in state.items()}
    card = {name: parts[0][1][name] for name in ("model", "genres", "input", "split", "temperature",
                                                 "sure_above")}
    card["views"] = {kind: {name: part[name] for name in TOLD if name in part} | {"weight": 1}
                     for kind, (_, part) in zip(kinds, parts, strict=True)}
    card["data"] = {"name": parts[0][1]["data"]["name"]}
    if all((folder / ANSWERS).exists() for folder in folders):
        shares, each, labels = _pooled([folder / ANSWERS for folder in folders])
        for kind, share, answers in zip(kinds, shares, each, strict=True):
            card["views"][kind] |= {"weight": share, "alone": account(answers, labels)}
        card["calibration"] = account(pooled(each, shares), labels)
        card |= {name: card["calibration"][name] for name in ("temperature", "sure_above")}
    return weights, card


def _pooled(paths: list[Path]) -> tuple[tuple[int, ...], np.ndarray, np.ndarray]:
    """-> the most likely shares, the answers (K, N, G) of each to what all have answered, labels (N,)."""
    read = [_answers(path) for path in paths]
    common = sorted(set.intersection(*(set(answers) for answers, _ in read)))
    each = np.array([[answers[track] for track in common] for answers, _ in read])
    labels = np.array([read[0][1][track] for track in common])
    truth = np.arange(len(labels)), labels

    def likelihood(shares: tuple[int, ...]) -> float:
        votes = pooled(each, shares)
        return float(np.log(tempered(votes, best_temperature(votes, labels))[truth]).mean())

    return max(itertools.product(SHARES, repeat=len(each)), key=likelihood), each, labels


def _answers(path: Path) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """By track: probabilities (G,) and the label."""
    try:
        with safe_open(path, framework="numpy") as file:
            tracks = json.loads(file.metadata()["tracks"])
            probabilities, labels = file.get_tensor("probabilities"), file.get_tensor("labels")
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"The answers in {path} are damaged: calibrate the run again.") from error
    return dict(zip(tracks, probabilities, strict=True)), dict(zip(tracks, labels.tolist(), strict=True))

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

from genre.artefacts import ArtefactError, load_artefact, load_card
from genre.calibration import ANSWERS, account, best_temperature, tempered
from genre.evaluate import pooled
from genre.views import VIEWS

TOLD = ("shape", "options", "front_end", "begun_with", "recipe", "windows", "data")  # of each in the card
SHARES = (1, 2, 3, 4)  # that a view's weight may have beside another's


def unite(folders: list[Path]) -> tuple[dict[str, Tensor], dict]:
    """Runs of the model `listen`, each with an input of its own -> (weights, card).

    Where all of them were calibrated, so is the whole. Raises ArtefactError with a sentence.
    """
    by_kind = {load_card(folder).get("input"): folder for folder in folders}
    if len(by_kind) < len(folders) or not set(by_kind) <= set(VIEWS):
        raise ArtefactError(f"Only runs of listen with different inputs ({', '.join(VIEWS)}) can be united.")
    kinds = [kind for kind in VIEWS if kind in by_kind]
    folders = [by_kind[kind] for kind in kinds]
    parts = [load_artefact(folder) for folder in folders]
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
        shares, each, votes, labels = _pooled([folder / ANSWERS for folder in folders])
        for kind, share, answers in zip(kinds, shares, each, strict=True):
            card["views"][kind] |= {"weight": share, "alone": account(answers, labels)}
        card["calibration"] = account(votes, labels)
        card |= {name: card["calibration"][name] for name in ("temperature", "sure_above")}
    return weights, card


def _pooled(paths: list[Path]) -> tuple[tuple[int, ...], np.ndarray, np.ndarray, np.ndarray]:
    """-> the most likely shares, the answers (K, N, G) of each to what all have answered, those of all
    together (N, G), labels (N,).
    """
    read = [_answers(path) for path in paths]
    common = sorted(set.intersection(*map(set, read)))
    probabilities, heard, labels = (np.array([[answers[track][part] for track in common] for answers in read])
                                    for part in range(3))
    labels = labels[0]
    truth = np.arange(len(labels)), labels

    def together(shares: tuple[int, ...]) -> np.ndarray:
        return pooled(probabilities, np.array(shares)[:, None] * heard)

    def likelihood(shares: tuple[int, ...]) -> float:
        votes = together(shares)
        return float(np.log(tempered(votes, best_temperature(votes, labels))[truth]).mean())

    best = max(itertools.product(SHARES, repeat=len(read)), key=likelihood)
    return best, probabilities, together(best), labels


def _answers(path: Path) -> dict[str, tuple[np.ndarray, float, int]]:
    """By track: probabilities (G,), how much was heard, and the label."""
    try:
        with safe_open(path, framework="numpy") as file:
            tracks = json.loads(file.metadata()["tracks"])
            parts = [file.get_tensor(name) for name in ("probabilities", "heard", "labels")]
        return dict(zip(tracks, zip(*parts, strict=True), strict=True))
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"The answers in {path} are damaged: calibrate the run again.") from error

"""Several committees that listen to the same music, as one model that can be shipped.

Runs on the same input, each from a seed of its own, become one committee of all their members; runs on
different inputs become views of one model. How much each view's word counts, the temperature and the
line of a sure answer come from the answers that `calibrate` left in their runs: all given by networks
that had not learnt from the track.
"""

import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from torch import Tensor

from genre.artefacts import ArtefactError, load_artefact, load_card
from genre.calibration import ANSWERS, account, best_temperature, tempered
from genre.evaluate import pooled
from genre.views import VIEWS

ALIKE = ("genres", "shape", "front_end", "windows", "split")  # in runs of one committee
TOLD = ("shape", "options", "front_end", "begun_with", "recipe", "seeds", "windows", "data")  # in the card
SHARES = (1, 2, 3, 4)  # that a view's weight may have beside another's
Answers = dict[str, tuple[np.ndarray, float, int]]  # by track: probabilities (G,), how much was heard, label


@dataclass
class Run:
    """One training: its weights, its card and, where it was calibrated, its answers."""

    weights: dict[str, Tensor]
    card: dict
    answers: Answers | None

    @classmethod
    def of(cls, folder: Path) -> "Run":
        weights, card = load_artefact(folder)
        return cls(weights, card, _answers(folder / ANSWERS) if (folder / ANSWERS).exists() else None)

    @property
    def seed(self) -> int:
        return self.card["recipe"]["seed"]

    @property
    def members(self) -> int:
        return len({name.split(".")[1] for name in self.weights})  # members.0.head.bias


def unite(folders: list[Path]) -> tuple[dict[str, Tensor], dict]:
    """Runs of the model `listen` -> (weights, card).

    Where all of them were calibrated, so is the whole. Raises ArtefactError with a sentence.
    """
    by_kind: dict[str, list[Run]] = {kind: [] for kind in VIEWS}
    for folder in folders:
        if (kind := load_card(folder).get("input")) not in VIEWS:
            raise ArtefactError(f"Only runs of listen on {' or '.join(VIEWS)} can be united.")
        by_kind[kind].append(Run.of(folder))
    views = {kind: _committee(runs) for kind, runs in by_kind.items() if runs}
    first = next(iter(views.values())).card
    if any(view.card["genres"] != first["genres"] for view in views.values()):
        raise ArtefactError("These runs know different genres: train them on the same data.")
    weights = {f"{kind}.{name}": tensor
               for kind, view in views.items() for name, tensor in view.weights.items()}
    card = {name: first[name] for name in ("model", "genres", "input", "split", "temperature", "sure_above")}
    card["views"] = {kind: {name: view.card[name] for name in TOLD if name in view.card} | {"weight": 1}
                     for kind, view in views.items()}
    card["data"] = {"name": first["data"]["name"]}
    answers = [view.answers for view in views.values()]
    if None not in answers:
        shares, each, votes, labels = _pooled(answers)
        for kind, share, told in zip(views, shares, each, strict=True):
            card["views"][kind] |= {"weight": share, "alone": account(told, labels)}
        card["calibration"] = account(votes, labels)
        card |= {name: card["calibration"][name] for name in ("temperature", "sure_above")}
    return weights, card


def _committee(runs: list[Run]) -> Run:
    """Runs on one input as one: all their members, each with the same voice."""
    if len(runs) == 1:
        return runs[0]
    runs = sorted(runs, key=lambda run: run.seed)
    card, seeds = runs[0].card, [run.seed for run in runs]
    if any(_in_common(run.card) != _in_common(card) for run in runs):
        raise ArtefactError("Runs on one input are united when they learnt the same, in the same way.")
    if len(set(seeds)) < len(seeds):
        raise ArtefactError("Runs on one input are united when each has a seed of its own: from the same "
                            "seed comes the same network.")
    weights, members = {}, 0
    for run in runs:
        for name, tensor in run.weights.items():
            _, number, rest = name.split(".", 2)
            weights[f"members.{members + int(number)}.{rest}"] = tensor
        members += run.members
    answers = None
    if all(run.answers for run in runs):
        voices = [run.members for run in runs]
        common = set.intersection(*(set(run.answers) for run in runs))
        answers = {track: (np.average([run.answers[track][0] for run in runs], axis=0, weights=voices),
                           *runs[0].answers[track][1:]) for track in common}
    return Run(weights, card | {"options": card["options"] | {"members": members}, "seeds": seeds}, answers)


def _in_common(card: dict) -> dict:
    return {name: card.get(name) for name in ALIKE} | {"recipe": card["recipe"] | {"seed": None}}


def _pooled(views: list[Answers]) -> tuple[tuple[int, ...], np.ndarray, np.ndarray, np.ndarray]:
    """-> the most likely shares, the answers (K, N, G) of each to what all have answered, those of all
    together (N, G), labels (N,).
    """
    common = sorted(set.intersection(*map(set, views)))
    probabilities, heard, labels = (
        np.array([[answers[track][part] for track in common] for answers in views]) for part in range(3))
    labels = labels[0]
    truth = np.arange(len(labels)), labels

    def together(shares: tuple[int, ...]) -> np.ndarray:
        return pooled(probabilities, np.array(shares)[:, None] * heard)

    def likelihood(shares: tuple[int, ...]) -> float:
        votes = together(shares)
        return float(np.log(tempered(votes, best_temperature(votes, labels))[truth]).mean())

    best = max(itertools.product(SHARES, repeat=len(views)), key=likelihood)
    return best, probabilities, together(best), labels


def _answers(path: Path) -> Answers:
    """Raises ArtefactError for a damaged file."""
    try:
        with safe_open(path, framework="numpy") as file:
            tracks = json.loads(file.metadata()["tracks"])
            parts = [file.get_tensor(name) for name in ("probabilities", "heard", "labels")]
        return dict(zip(tracks, zip(*parts, strict=True), strict=True))
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"The answers in {path} are damaged: calibrate the run again.") from error

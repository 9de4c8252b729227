"""Several committees that listen to the same music, as one model that can be shipped.

Runs on the same input, each from a seed of its own, become one committee of all their members; runs on
different inputs become views of one model. How much each view's word counts, and that for each genre, the
temperature and the lines of a sure answer come from the answers that `calibrate` left in their runs: all
given by networks that had not learnt from the track.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from genre.artefacts import load_artefact
from genre.as_heard import LENGTHS_S, Answers, read_answers
from genre.calibration import (
    ANSWERS,
    account,
    best_temperature,
    genre_weights,
    lines_by_length,
    tempered,
)
from genre.cards import ArtefactError, load_card
from genre.evaluate import pooled
from genre.views import VIEWS

ALIKE = ("genres", "shape", "front_end", "windows", "split")  # in runs of one committee
TOLD = ("shape", "options", "front_end", "begun_with", "recipe", "seeds", "windows", "data")  # in the card
FITTED = ("sure_above_by_length", "genre_weights")  # where recordings were heard
SHARES = (1, 2, 3, 4)  # that a view's weight may have beside another's


@dataclass
class Run:
    """One training: its weights, its card and, where it was calibrated, its answers."""

    weights: dict[str, Tensor]
    card: dict
    answers: Answers | None

    @classmethod
    def of(cls, folder: Path) -> "Run":
        weights, card = load_artefact(folder)
        return cls(weights, card, read_answers(folder / ANSWERS) if (folder / ANSWERS).exists() else None)

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
        shares, told = _calibrated(answers)
        for kind, share, alone in zip(views, shares, told.pop("alone"), strict=True):
            card["views"][kind] |= {"weight": share, "alone": alone}
        card |= {"calibration": told, "temperature": told["temperature"], "sure_above": told["sure_above"]}
        card |= {name: told.pop(name) for name in FITTED if name in told}
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
        answers = {asked: (np.average([run.answers[asked][0] for run in runs], axis=0, weights=voices),
                           *runs[0].answers[asked][1:]) for asked in common}
    return Run(weights, card | {"options": card["options"] | {"members": members}, "seeds": seeds}, answers)


def _in_common(card: dict) -> dict:
    return {name: card.get(name) for name in ALIKE} | {"recipe": card["recipe"] | {"seed": None}}


def _calibrated(views: list[Answers]) -> tuple[tuple[int, ...], dict]:
    """-> the most likely shares of the views, and the account of all together; "alone": that of each."""
    common = sorted(set.intersection(*map(set, views)))
    probabilities, heard, labels = (
        np.array([[answers[asked][part] for asked in common] for answers in views]) for part in range(3))
    labels = labels[0]
    shown = np.array([not asked.seconds for asked in common])  # examples of tracks, not parts of recordings
    truth = np.arange(shown.sum()), labels[shown]

    def together(shares: tuple[int, ...]) -> np.ndarray:
        return pooled(probabilities, np.array(shares)[:, None] * heard)

    def likelihood(shares: tuple[int, ...]) -> float:
        votes = together(shares)[shown]
        return float(np.log(tempered(votes, best_temperature(votes, labels[shown]))[truth]).mean())

    best = max(itertools.product(SHARES, repeat=len(views)), key=likelihood)
    votes = together(best)
    by_telephone = np.array([asked.telephone and asked.seconds == LENGTHS_S[-1] for asked in common])
    weights = np.ones(probabilities.shape[-1])
    if by_telephone.any():  # fitted to clean music alone they harm what comes through a telephone
        weights = genre_weights(votes[shown | by_telephone], labels[shown | by_telephone])
    votes = votes * weights / (votes * weights).sum(axis=1, keepdims=True)
    told = account(votes[shown], labels[shown])
    if not shown.all():
        parts = [asked for asked in common if asked.seconds]
        told |= {"genre_weights": weights.round(4).tolist(), "sure_above_by_length": lines_by_length(
            parts, tempered(votes[~shown], told["temperature"]), labels[~shown], told["sure_above"])}
    return best, told | {"alone": [account(view[shown], labels[shown]) for view in probabilities]}

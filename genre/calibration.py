"""How far a network's probabilities can be believed, measured on tracks it has not learnt from.

The tracks a run learnt from are cut into five blocks of neighbours; for each block a network is
trained by the run's recipe on the other four and asked about it. From the pooled answers come the
temperature, which softens or sharpens the probabilities, and the probability above which an answer
counts as sure. Both go into the run's card. The tracks it was tested on are never looked at.

Networks of the Listen page are also asked about parts of the recordings among these tracks
(`genre.as_heard`), from which come the lines for less music; where several runs become one model
(`genre.unite`), all this is drawn anew from the answers of all.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from torch import nn

from genre import splits
from genre.as_heard import LENGTHS_S, Question, ask, write_answers
from genre.cards import load_card
from genre.classifier import SHIPPED
from genre.dataset import DataError, Examples, open_dataset
from genre.evaluate import by_track, calibration_error, calibration_interval
from genre.experiment import Settings, held_out, new_network
from genre.home import write_atomic
from genre.inputs import make_examples
from genre.runs import load_config
from genre.spectrogram import SpectrogramParams
from genre.train import fit, predict
from genre.views import VIEWS

RIGHT_WHEN_SURE = 0.85  # of the answers given as sure, this share shall be right
FEWEST_SURE = 30  # a share of fewer answers means nothing
ANSWERS = "calibration/answers.safetensors"  # each from a network that has not learnt from the track
TEMPERATURES = np.geomspace(0.2, 5.0, 200)
PULL = 0.3  # towards all genres counting alike, in likelihood; chosen on folds inside GTZAN's train list


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """(N, G) sharpened (temperature below 1) or softened (above 1); rows add up to 1."""
    powered = np.power(probabilities.clip(1e-12), 1.0 / temperature)
    return powered / powered.sum(axis=1, keepdims=True)


def best_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature of the highest likelihood (Guo et al. 2017), for (N, G) and (N,)."""
    truth = np.arange(len(labels)), labels
    losses = [-np.log(tempered(probabilities, t)[truth]).mean() for t in TEMPERATURES]
    return round(float(TEMPERATURES[int(np.argmin(losses))]), 3)


def sure_above(probabilities: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """-> (the lowest threshold above which enough answers are right, the share of answers above it).

    Where no threshold reaches the aim, (1, 0): then nothing is sure.
    """
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence)
    confidence = confidence[order]
    right = np.cumsum(probabilities.argmax(axis=1)[order] == labels[order])
    count = np.arange(1, len(labels) + 1)
    last_of_its_like = np.append(confidence[1:] < confidence[:-1], True)  # equals stand or fall together
    reached = (right / count >= RIGHT_WHEN_SURE) & (count >= FEWEST_SURE) & last_of_its_like
    if not reached.any():
        return 1.0, 0.0
    last = np.flatnonzero(reached)[-1]
    return float(confidence[last]), float(count[last] / len(labels))


def genre_weights(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(N, G), (N,) -> by how much the word for each genre is to be multiplied: (G,), of geometric mean 1.

    With the temperature this is bias-corrected temperature scaling (Alexandari et al., "Maximum likelihood
    with bias-corrected calibration is hard-to-beat at label shift adaptation", 2020), held back a little.
    """
    logits, truth = np.log(probabilities.clip(1e-12)), (np.arange(len(labels)), labels)

    def loss(parameters: np.ndarray) -> float:
        sharpness, biases = np.exp(parameters[0]), parameters[1:]
        likelihood = log_softmax(sharpness * logits + biases, axis=1)[truth].mean()
        return PULL * np.square(biases).sum() - likelihood

    sharpness, *biases = minimize(loss, np.zeros(1 + logits.shape[1])).x
    return np.exp((biases - np.mean(biases)) / np.exp(sharpness))


def lines_by_length(
    questions: list[Question], probabilities: np.ndarray, labels: np.ndarray, whole: float
) -> list[tuple[float, float]]:
    """-> [(seconds, the line of a sure answer to so much music)], from answers to parts of recordings.

    Half of them came through a telephone, as what is recorded on the page does. Where a piece is as long as
    those that were learnt from the line is `whole`, and of less music nobody is sure sooner than of more.
    """
    asked = np.array([question.seconds for question in questions])
    lines = [(LENGTHS_S[-1], whole)]
    for seconds in LENGTHS_S[-2::-1]:
        rows = asked == seconds
        if rows.sum() >= FEWEST_SURE:
            lines.insert(0, (seconds, max(lines[0][1], sure_above(probabilities[rows], labels[rows])[0])))
    return lines


def calibrate(
    folder: Path, epochs: int | None = None, say: Callable[[str], None] = lambda line: None
) -> dict:
    """Calibrate the run in `folder`, write its card anew and return the account.

    `epochs` shortens the trainings of the five, for machines that have no hours to spare; interrupted ones
    go on. Raises DataError, ArtefactError, RunError or OSError with a sentence.
    """
    card, asked = load_card(folder), Settings.from_dict(load_config(folder)["settings"])
    if asked.spec.kind != "network":
        raise DataError("Only networks can be calibrated; this is a classical model.")
    dataset = open_dataset(asked.data)
    examples, _ = make_examples(dataset, asked.input_spec, asked.windows)
    artists = Path(asked.artists) if asked.artists else None
    learnt = splits.split(examples, asked.split, asked.recipe.seed, artists).parts[0].train
    examples = examples.take(learnt)
    shown, rows, of_parts = [], [], {}
    folds = [part for part in splits.split(examples, "blocks").parts if len(part.test)]
    for number, part in enumerate(folds, start=1):
        train = examples.take(part.train)
        network = _fold(folder, asked, number, train, epochs, say)
        shown.append(predict(network, examples.take(part.test)))
        rows.append(part.test)
        if _is_view(asked):
            view = VIEWS[asked.input](network, SpectrogramParams.from_dict(card["front_end"]))
            mine = set(examples.tracks[part.test].tolist())
            recordings = [track for track in dataset.files if track.name in mine]
            say(f"{folder.name}, fold {number}: asked about parts of {len(recordings)} recordings")
            for track in recordings:
                of_parts |= ask(view, examples.genres, track)
    tested = examples.take(np.concatenate(rows))
    probabilities, labels, tracks = votes(asked, np.concatenate(shown), tested)
    of_tracks = zip(probabilities, heard(asked, tested), labels, strict=True)
    answered = dict(zip(map(Question, tracks.tolist()), of_tracks, strict=True)) | of_parts
    write_answers(folder / ANSWERS, answered)
    stages = [*(recipe["epochs"] for recipe in asked.begun_with), asked.recipe.epochs]
    told = account(probabilities, labels) | {
        "epochs": [min(epochs or stage, stage) for stage in stages], "folds": len(folds)}
    card |= {"temperature": told["temperature"], "sure_above": told["sure_above"], "calibration": told}
    if of_parts:
        said, _, labels = (np.array(each) for each in zip(*of_parts.values(), strict=True))
        card["sure_above_by_length"] = lines_by_length(
            list(of_parts), tempered(said, told["temperature"]), labels, told["sure_above"])
    write_atomic(folder / "card.json", json.dumps(card, indent=1, ensure_ascii=False) + "\n")
    return told


def _is_view(asked: Settings) -> bool:
    """Whether this is a network of the Listen page, which can become part of a model of several."""
    return asked.model == SHIPPED and asked.input in VIEWS


def votes(
    asked: Settings, answers: np.ndarray, examples: Examples
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """-> probabilities (T, G), labels (T,), names (T,): the windows vote as in the classifier to come."""
    if not _is_view(asked):
        return by_track(answers, examples.labels, examples.tracks)
    logarithms, labels, tracks = by_track(np.log(answers.clip(1e-9)), examples.labels, examples.tracks)
    return softmax(logarithms, axis=1), labels, tracks


def heard(asked: Settings, examples: Examples) -> np.ndarray:
    """How many windows side by side the vote of each track rests on: (T,), as `votes` has the tracks."""
    windows = np.unique(examples.tracks, return_counts=True)[1].astype(float)
    return (windows + 1) / 2 if asked.windows == "overlap" else windows  # by half


def _fold(
    folder: Path, asked: Settings, number: int, train: Examples, epochs: int | None,
    say: Callable[[str], None],
) -> nn.Module:
    """A network that has seen `train` alone; one that goes on from another run begins with that run's."""
    if asked.begin:
        first = Path(asked.begin)
        network = _fold(first, Settings.from_dict(load_config(first)["settings"]), number, train, epochs, say)
    else:
        network = new_network(asked, train.genres)
    recipe = replace(asked.recipe, epochs=min(epochs or asked.recipe.epochs, asked.recipe.epochs))
    inside = folder / "calibration" / f"fold-{number}-{train.fingerprint()}-{recipe.epochs}-epochs"
    inside.mkdir(parents=True, exist_ok=True)
    weights = fit(network, *held_out(train, recipe), recipe,
                  lambda figures: say(f"{folder.name}, fold {number}: {figures}"), inside)
    network.load_state_dict(weights)
    return network


def account(votes: np.ndarray, labels: np.ndarray) -> dict:
    """What answers (N, G) of networks that had not learnt from the tracks say of their probabilities."""
    temperature = best_temperature(votes, labels)
    after = tempered(votes, temperature)
    threshold, _ = sure_above(after, labels)
    right = votes.argmax(axis=1) == labels
    return {
        "tracks": len(labels),
        "accuracy": round(float(right.mean()), 4),
        "macro_accuracy": round(float(np.mean([right[labels == k].mean() for k in np.unique(labels)])), 4),
        "temperature": temperature,
        "calibration_error_before": round(calibration_error(votes, labels), 4),
        "calibration_error": round(calibration_error(after, labels), 4),
        "calibration_error_interval": calibration_interval(after, labels),
        "sure_above": threshold,
        **when_sure(after, labels, threshold),
    }


def when_sure(probabilities: np.ndarray, labels: np.ndarray, threshold: float) -> dict:
    """What answers (N, G) to labels (N,) are worth where they are given as sure: how many, how many right."""
    sure = probabilities.max(axis=1) >= threshold
    right = probabilities.argmax(axis=1) == labels
    return {"coverage": round(float(sure.mean()), 4),
            "right_when_sure": round(float(right[sure].mean()), 4) if sure.any() else None}

"""One experiment: a model, data and a split in; a trained and evaluated run directory out.

Networks and classical models come through the same door. What is to be done stands in the settings
of the run's config.json; a run that was interrupted does the same again, from its last checkpoint.
"""

import shutil
import statistics
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from genre import splits
from genre.artefacts import load_artefact, save_artefact
from genre.augment import Augmentation
from genre.cards import ArtefactError
from genre.dataset import BUILT_IN, DataError, Examples, named_folder, open_dataset, require_genres
from genre.evaluate import report
from genre.inputs import CUTTINGS, SPECTROGRAMS, front_end, make_examples, served
from genre.models import MODELS, InputSpec, ModelSpec, classical, count_parameters, find
from genre.protocols import FOLDED, PROTOCOLS
from genre.runs import load_config, metrics
from genre.train import CHECKPOINT, Recipe, RunSettings, fit, predict
from genre.worker import Worker

SEEN_BELOW_LOUDEST = ("pictures", "excerpts")  # inputs in which 1 is the loudest point
TIMED = 5  # answers timed, of which the middle one counts


@dataclass(frozen=True)
class Settings(RunSettings):
    """Everything that decides what an experiment gives."""

    model: str
    data: str
    input: str
    split: str
    recipe: Recipe
    windows: str = "even"
    seconds: float | None = None  # of the windows that features are taken of; None: the model's own
    artists: str | None = None  # the list of the split "artist"
    options: dict[str, Any] = field(default_factory=dict)  # of the model
    begin: str | None = None  # the folder of the run whose weights are gone on from
    begun_with: list[dict] = field(default_factory=list)  # and its recipes, the first one first

    @property
    def spec(self) -> ModelSpec:
        return find(self.model)

    @property
    def input_spec(self) -> InputSpec:
        spec = self.spec.input(self.input)
        return replace(spec, seconds=self.seconds) if self.seconds else spec


def settings(
    model: str,
    data: str,
    input: str | None = None,
    split: str = "track",
    windows: str = "even",
    seconds: float | None = None,
    artists: str | None = None,
    options: dict[str, Any] | None = None,
    **recipe: Any,
) -> Settings:
    """Settings with the model's own recipe where nothing else is asked for.

    Raises ValueError with a sentence for what does not go together; nothing is read yet.
    """
    spec = find(model)
    input_spec = spec.input(input)
    if seconds is not None and (input_spec.kind != "features" or not 1 <= seconds <= 600):
        raise ValueError("Only features can be taken of windows of another length, 1 s or longer.")
    if windows not in CUTTINGS:
        raise ValueError(f"There is no way {windows!r} to cut windows: {', '.join(CUTTINGS)}.")
    if split not in PROTOCOLS and not Path(split).is_file():
        names = ", ".join(PROTOCOLS)
        raise ValueError(f"{split!r} is neither a split nor a list of tracks. Splits: {names}.")
    if split == "artist" and not artists:
        raise ValueError("The split 'artist' needs a list of artists: a file of lines `track,artist`.")
    spec.build(input_spec.shape, 2, **(options or {}))  # options it does not have
    how = recipe.get("augmentation")
    if how and input_spec.kind in ("raw", "features") and replace(how, mixup=0.0) != Augmentation():
        raise ValueError("Only mixup can change what is not a spectrogram: choose mixup alone.")
    if data != BUILT_IN:
        data = str(named_folder(data))  # the run may be resumed from elsewhere
    if split not in PROTOCOLS:
        split = str(Path(split).resolve())
    artists = artists and str(Path(artists).resolve())
    asked = {name: value for name, value in recipe.items() if value is not None}
    recipe = replace(spec.recipe_for(input_spec.kind), **asked)
    return Settings(model, data, input_spec.kind, split, recipe, windows, seconds, artists, options or {})


def continued(folder: Path, telephone: float | None = None, **recipe: Any) -> Settings:
    """Settings that go on from the trained network in `folder`, as it was trained but for what is asked.

    `telephone` is the chance of `genre.augment`'s. Data, split and seed stay, so that nothing is tested
    on what the first training learnt from. Raises ArtefactError, RunError or ValueError with a sentence.
    """
    before = Settings.from_dict(load_config(folder)["settings"])
    if before.spec.kind != "network" or before.split in FOLDED:
        raise ValueError("Only a network can be gone on from, and only one that was trained in one part.")
    load_model(folder)  # whether there is anything to go on from
    asked = {name: value for name, value in recipe.items() if value is not None}
    if telephone is not None:
        if before.input not in SEEN_BELOW_LOUDEST:
            raise ValueError(f"Only {' and '.join(SEEN_BELOW_LOUDEST)} can be heard through a telephone.")
        if not 0 <= telephone <= 1:
            raise ValueError("The chance of a telephone lies between 0 and 1.")
        asked["augmentation"] = replace(before.recipe.augmentation, telephone=telephone)
    return replace(before, recipe=replace(before.recipe, **asked), begin=str(folder.resolve()),
                   begun_with=[*before.begun_with, before.recipe.to_dict()])


def execute(worker: Worker) -> dict:
    """Do what a run's settings say and leave weights, card and report in its folder.

    Raises DataError, ArtefactError, AudioError, FloatingPointError or OSError with a sentence.
    """
    asked = Settings.from_dict(worker.settings)
    worker.show("Reading the data.")
    examples, account = make_examples(open_dataset(asked.data), asked.input_spec, asked.windows)
    require_genres(examples.labels, examples.tracks, examples.genres)
    artists = Path(asked.artists) if asked.artists else None
    division = splits.split(examples, asked.split, asked.recipe.seed, artists)
    learn = _learn_network if asked.spec.kind == "network" else _learn_classical
    answers, rows = [], []
    for number, part in enumerate(division.parts):
        model = learn(worker, asked, examples, division, number)
        if len(part.test):
            answers.append(probabilities(model, examples.take(part.test)))
            rows.append(part.test)
    result = {
        "model": asked.model, "input": asked.input, "seed": asked.recipe.seed,
        "data": {"name": Path(asked.data).name, **account},
        "split": {
            "name": Path(division.name).name, "leaky": division.leaky, "note": division.note,
            "train_tracks": len(set(examples.tracks[division.parts[0].train])),
            "test_tracks": len(set(examples.tracks[np.concatenate(rows)])) if rows else 0,
            "learnt_from": examples.take(division.parts[0].train).fingerprint(),
        },
        "notes": _notes(asked, division),
        "training_s": sum(epoch["seconds"] for epoch in metrics(worker.folder)),
        "parameters": count_parameters(model) if isinstance(model, nn.Module) else None,
        "inference_ms": _inference_ms(model, examples),
    }
    if rows:
        tested = examples.take(np.concatenate(rows))
        result |= report(np.concatenate(answers), tested.labels, tested.tracks, examples.genres)
    _save(worker.folder, model, asked, examples, result)
    worker.finish(result, _in_a_sentence(result))
    for checkpoints in worker.folder.glob("part-*"):  # of no use any more
        shutil.rmtree(checkpoints, ignore_errors=True)
    return result


def probabilities(model: Any, examples: Examples) -> np.ndarray:
    """What a trained network, a fitted pipeline or a loaded predictor says: (N, genres)."""
    if isinstance(model, nn.Module):
        return predict(model, examples)
    return classical.probabilities(model, _summaries(examples), len(examples.genres))


def load_model(folder: Path) -> tuple[Any, dict]:
    """A saved model of any kind, ready for `probabilities`, and its card. Raises ArtefactError."""
    weights, card = load_artefact(folder)
    if card["model"] not in tuple(MODELS):
        raise ArtefactError(f"{folder.name!r} is no model that hears music.")
    try:
        if "classical" in card:
            arrays = {name: tensor.numpy() for name, tensor in weights.items()}
            return classical.load(arrays, card["classical"]), card
        network = find(card["model"]).build(card["shape"], len(card["genres"]), **card["options"])
        network.load_state_dict(weights)
        return network.eval(), card
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        raise ArtefactError(
            f"The weights of the model {folder.name!r} do not fit its card. Train it again."
        ) from error


def _learn_network(
    worker: Worker, asked: Settings, examples: Examples, division: splits.Split, number: int
) -> nn.Module:
    recipe = asked.recipe
    train = examples.take(division.parts[number].train)
    # Data that changed since an interruption may be divided anew: a part begins again, rather than be
    # tested on tracks it has learnt from.
    folder = worker.folder / f"part-{number + 1}-{train.fingerprint()}"
    folder.mkdir(exist_ok=True)
    train, valid = held_out(train, recipe, division.leaky)
    network = new_network(asked, examples.genres)
    if asked.begin and not (folder / CHECKPOINT).exists():
        network.load_state_dict(_first_weights(Path(asked.begin), train))
    began = time.monotonic()

    def on_epoch(figures: dict) -> None:
        nonlocal began
        now = time.monotonic()
        done = (number + figures["epoch"] / recipe.epochs) / len(division.parts)
        worker.epoch(figures | {"part": number + 1, "seconds": round(now - began, 3)}, done)
        began = now

    network.load_state_dict(fit(network, train, valid, recipe, on_epoch, folder))
    return network


def held_out(train: Examples, recipe: Recipe, leaky: bool = False) -> tuple[Examples, Examples | None]:
    """-> (what is learnt from, what chooses the best epoch, if the recipe has patience). Raises DataError."""
    if not recipe.patience:
        return train, None
    learnt, chosen = splits.hold_out(train, recipe.seed, leaky)
    if not len(chosen):
        raise DataError("With one track of each genre to learn from, none is left to choose the best epoch "
                        "by: add recordings, or set the patience to 0.")
    return train.take(learnt), train.take(chosen)


def _first_weights(folder: Path, train: Examples) -> dict[str, Tensor]:
    """Of the run that is gone on from, if it learnt from the same tracks, and so from none tested now."""
    weights, card = load_artefact(folder)
    if tuple(card["genres"]) != train.genres or card["split"].get("learnt_from") != train.fingerprint():
        raise DataError(f"The data has changed since {folder.name} learnt from it, or an older version of "
                        "Earmark trained it: train it anew first.")
    return weights


def new_network(asked: Settings, genres: tuple[str, ...]) -> nn.Module:
    """The network with the first weights of its seed."""
    torch.manual_seed(asked.recipe.seed)
    return asked.spec.build(asked.input_spec.shape, len(genres), **asked.options)


def _learn_classical(
    worker: Worker, asked: Settings, examples: Examples, division: splits.Split, number: int
) -> Any:
    train = examples.take(division.parts[number].train)
    options = ({"seed": asked.recipe.seed} if asked.model == "forest" else {}) | asked.options
    model = asked.spec.build(asked.input_spec.shape, len(examples.genres), **options)
    began = time.monotonic()
    neighbours = getattr(model.named_steps["classifier"], "n_neighbors", 1)
    if neighbours > len(train):
        raise DataError(f"{asked.model} asks {neighbours} neighbours, and there are only {len(train)} "
                        "windows to learn from: add recordings.")
    model.fit(_summaries(train), train.labels)
    seconds = round(time.monotonic() - began, 3)
    worker.epoch({"epoch": 1, "part": number + 1, "seconds": seconds}, (number + 1) / len(division.parts))
    return model


def _summaries(examples: Examples) -> np.ndarray:
    """What the classical models see of each example: (N, values); a block at a time, to save memory."""
    blocks = np.array_split(np.arange(len(examples)), -(-len(examples) // 64))
    return np.concatenate([classical.summarise(examples.batch(rows).numpy()) for rows in blocks])


def _inference_ms(model: Any, examples: Examples) -> float:
    """The time to answer one window."""
    one, times = examples.take(np.arange(1)), []
    for _ in range(TIMED):
        began = time.perf_counter()
        probabilities(model, one)
        times.append(time.perf_counter() - began)
    return round(1000 * statistics.median(times), 3)


def _save(folder: Path, model: Any, asked: Settings, examples: Examples, result: dict) -> None:
    spec = served(asked.input_spec, result["data"]["input"])
    card = {
        "model": asked.model, "genres": list(examples.genres), "options": asked.options,
        "input": spec.kind, "shape": list(spec.shape), "seconds": spec.seconds,
        "front_end": front_end(spec).to_dict() if spec.kind in SPECTROGRAMS else None,
        "scale": examples.scale, "offset": examples.offset,
        "temperature": 1.0, "sure_above": 0.5,
        "recipe": asked.recipe.to_dict(), "windows": asked.windows, "split": result["split"],
        "data": {key: value for key, value in result["data"].items() if key != "left_out"},
        "figures": {key: {name: value for name, value in result[key].items() if name != "confusion"}
                    for key in ("by_track", "by_window") if key in result},
    }
    if asked.begin:
        card["begun_with"] = asked.begun_with
    if isinstance(model, nn.Module):
        weights = model.state_dict()
    else:
        arrays, card["classical"] = classical.save(model)
        weights = {name: torch.from_numpy(array) for name, array in arrays.items()}
    save_artefact(folder, weights, card)


def _notes(asked: Settings, division: splits.Split) -> list[str]:
    if asked.spec.kind != "network":
        return []
    if asked.recipe.patience:
        what = "windows" if division.leaky else "tracks"
        note = f"of the {what} to learn from, {splits.HELD_OUT:.0%} chose the best epoch instead"
    else:
        note = f"trained for {asked.recipe.epochs} epochs on everything to learn from"
    if asked.begin:
        epochs = " and ".join(str(recipe["epochs"]) for recipe in asked.begun_with)
        note += f"; begun with the weights of {Path(asked.begin).name}, {epochs} epochs old"
    if len(division.parts[0].test):
        note += "; the test part was looked at once, at the end"
    return [note]


def _in_a_sentence(result: dict) -> str:
    if "by_track" not in result:
        return "Done. Nothing was tested, as nothing was kept aside for it."
    if result["split"]["leaky"]:
        part = result["by_window"]
        return (f"Done: {part['accuracy']:.1%} of {part['count']} windows named right. "
                "Leaky split: this says nothing of new music.")
    part = result["by_track"]
    return f"Done: {part['accuracy']:.1%} of {part['count']} tracks named right."


"""The experiment, which turns settings into a run directory with a trained and tested model.

Networks and classical models take the same path. The settings are stored in the run's config.json; an
interrupted run goes on from its last checkpoint.
"""

import shutil
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from genre.cache import progress_reported
from genre.data import splits
from genre.data.builtin import load_examples
from genre.data.dataset import BUILT_IN, named_folder, require_genres
from genre.data.examples import DataError, Examples
from genre.data.input_spec import InputSpec
from genre.data.packed import given_inputs
from genre.data.protocols import FOLD_PROTOCOLS, PROTOCOLS
from genre.data.windows import SPECTROGRAMS, WINDOWINGS, front_end, serving_spec
from genre.evaluation.report import split_metrics
from genre.models import classical
from genre.models.artefacts import load_artefact, save_artefact
from genre.models.cards import Card
from genre.models.predict import load_model, predict_examples, summaries
from genre.models.recipe import Augmentation, Recipe
from genre.models.registry import ModelSpec, count_parameters, find_model
from genre.runs.directory import load_config, read_metrics
from genre.runs.report import Report
from genre.runs.settings import RunSettings
from genre.runs.worker import Worker
from genre.text import percent
from genre.training.checkpoint import CHECKPOINT
from genre.training.loop import fit

PEAK_NORMALIZED_INPUTS = ("mel_30s", "mel_3s")  # inputs whose peak is 1
TIMED_PREDICTIONS = 5  # predictions whose median time is reported

# The augmentations by their names on the command line, at usual strengths.
AUGMENTATIONS: dict[str, dict[str, Any]] = {
    "mask": {"mask_bands": 12, "mask_frames": 12},
    "mixup": {"mixup": 0.2},
    "noise": {"noise": 0.02},
    "gain": {"gain_db": 3.0},
    "pitch": {"pitch_bands": 2.0},
    # The crop has all frames of a window, so it can only slow the music down, and half of the windows stay as
    # they are.
    "stretch": {"crop_frames": 1_000_000, "stretch": 0.15},
    "equaliser": {"equaliser_db": 4.0},
}


@dataclass(frozen=True)
class ExperimentSettings(RunSettings):
    """The settings that decide the outcome of an experiment."""

    model: str
    data: str
    input: str
    split: str
    recipe: Recipe
    windows: str = "even"
    seconds: float | None = None  # length in s of the windows of features; None: the model's own
    artists: str | None = None  # path of the list of artists for the split "artist"
    options: dict[str, Any] = field(default_factory=dict)  # options of the model
    initial_run: str | None = None  # folder of the run with whose weights this training begins
    previous_recipes: list[dict] = field(default_factory=list)  # earlier recipes of that run, oldest first

    @property
    def spec(self) -> ModelSpec:
        """The model's entry in the registry."""
        return find_model(self.model)

    @property
    def input_spec(self) -> InputSpec:
        """The model's input, with the window length of the settings."""
        spec = self.spec.input(self.input)
        return replace(spec, seconds=self.seconds) if self.seconds else spec


def experiment_settings(
    model: str,
    data: str,
    input: str | None = None,
    split: str = "track",
    windows: str = "even",
    seconds: float | None = None,
    artists: str | None = None,
    options: dict[str, Any] | None = None,
    **recipe: Any,
) -> ExperimentSettings:
    """Make settings with the model's own recipe, changed by the values in `recipe` that are not None.

    Raises ValueError with a sentence for settings that exclude each other; no file is read yet.
    """
    spec = find_model(model)
    input_spec = spec.input(input)
    if seconds is not None and (input_spec.kind != "features" or not 1 <= seconds <= 600):
        raise ValueError("Only features can be taken of windows of another length, 1 s or longer.")
    if windows not in WINDOWINGS:
        raise ValueError(f"There is no way {windows!r} to cut windows: {', '.join(WINDOWINGS)}.")
    if split not in PROTOCOLS and not Path(split).is_file():
        names = ", ".join(PROTOCOLS)
        raise ValueError(f"{split!r} is neither a split nor a list of tracks. Splits: {names}.")
    if split == "artist" and not artists:
        raise ValueError("The split 'artist' needs a list of artists: a file of lines `track,artist`.")
    spec.build(input_spec.shape, 2, **(options or {}))  # raises for options that the model does not have
    augmentation = recipe.get("augmentation")
    takes_mixup_only = input_spec.kind in ("raw", "features")
    if augmentation and takes_mixup_only and replace(augmentation, mixup=0.0) != Augmentation():
        raise ValueError("Only mixup can change what is not a spectrogram: choose mixup alone.")
    if data != BUILT_IN:
        data = str(named_folder(data))  # the run may be resumed from elsewhere
    if split not in PROTOCOLS:
        split = str(Path(split).resolve())
    artists = artists and str(Path(artists).resolve())
    changes = {name: value for name, value in recipe.items() if value is not None}
    return ExperimentSettings(
        model,
        data,
        input_spec.kind,
        split,
        replace(spec.recipe_for(input_spec.kind), **changes),
        windows,
        seconds,
        artists,
        options or {},
    )


def parse_augmentation(names: str) -> Augmentation:
    """Parse "mask,mixup" -> Augmentation at usual strengths. Raises ValueError for unknown names."""
    kinds = [name.strip() for name in names.split(",") if name.strip() != "none"]
    if unknown := set(kinds) - set(AUGMENTATIONS):
        raise ValueError(f"There is no augmentation {min(unknown)!r}; there are: {', '.join(AUGMENTATIONS)}.")
    return Augmentation(**{key: value for name in kinds for key, value in AUGMENTATIONS[name].items()})


def continued_settings(folder: Path, phone: float | None = None, **recipe: Any) -> ExperimentSettings:
    """Make settings that continue the training in `folder`, with the values of `recipe` that are not None.

    `phone` is the probability of `genre.training.augment_phone`. Data, split and seed stay, so that no test
    track was in the first training. Raises ArtefactError, RunError or ValueError with a sentence.
    """
    before = ExperimentSettings.from_dict(load_config(folder)["settings"])
    if before.spec.kind != "network" or before.split in FOLD_PROTOCOLS:
        raise ValueError("Only a network can be gone on from, and only one that was trained in one part.")
    load_model(folder)  # raises where there are no weights
    changes = {name: value for name, value in recipe.items() if value is not None}
    if phone is not None:
        if before.input not in PEAK_NORMALIZED_INPUTS:
            raise ValueError(f"Only {' and '.join(PEAK_NORMALIZED_INPUTS)} can go through a simulated phone.")
        if not 0 <= phone <= 1:
            raise ValueError("The probability of a phone lies between 0 and 1.")
        changes["augmentation"] = replace(before.recipe.augmentation, phone=phone)
    return replace(
        before,
        recipe=replace(before.recipe, **changes),
        initial_run=str(folder.resolve()),
        previous_recipes=[*before.previous_recipes, before.recipe.to_dict()],
    )


def run_experiment(worker: Worker) -> Report:
    """Train and test by a run's settings; write weights, card and report to its folder.

    Raises DataError, ArtefactError, AudioError, FloatingPointError or OSError with a sentence.
    """
    settings = ExperimentSettings.from_dict(worker.settings)
    worker.set_status("Reading the data.")
    with progress_reported(
        lambda n_done, total: worker.set_status(f"Reading the data: {n_done} of {total} recordings.")
    ):
        examples, summary, split = _read_data(settings)
    train: Callable = _train_network if settings.spec.kind == "network" else _train_classical
    probabilities, rows = [], []
    for number, part in enumerate(split.parts):
        model = train(worker, settings, examples, split, number)
        if len(part.test):
            probabilities.append(predict_examples(model, examples.take(part.test)))
            rows.append(part.test)
    report = Report(
        settings.model,
        settings.input,
        settings.recipe.seed,
        data={"name": Path(settings.data).name, **summary},
        split={
            "name": Path(split.name).name,
            "leaky": split.leaky,
            "note": split.note,
            "train_tracks": len(set(examples.tracks[split.parts[0].train])),
            "test_tracks": len(set(examples.tracks[np.concatenate(rows)])) if rows else 0,
            "train_fingerprint": examples.take(split.parts[0].train).fingerprint(),
        },
        notes=_notes(settings, split),
        training_s=sum(epoch["seconds"] for epoch in read_metrics(worker.folder)),
        parameters=count_parameters(model) if isinstance(model, nn.Module) else None,
        inference_ms=_inference_ms(model, examples),
    )
    if rows:
        test_examples = examples.take(np.concatenate(rows))
        parts = split_metrics(
            np.concatenate(probabilities), test_examples.labels, test_examples.tracks, examples.genres
        )
        report = replace(report, **parts)
    _save(worker.folder, model, settings, examples, report)
    worker.finish(report, _outcome_sentence(report))
    for checkpoints in worker.folder.glob("part-*"):  # the parts' checkpoints are no longer needed
        shutil.rmtree(checkpoints, ignore_errors=True)
    return report


def _read_data(settings: ExperimentSettings) -> tuple[Examples, dict, splits.Split]:
    """Read the examples with their summary, and split them. Raises DataError."""
    protocol, artists = settings.split, settings.artists
    if packed := given_inputs():
        examples, summary = packed.examples, packed.summary
        protocol, artists = packed.list_path(protocol), artists and packed.list_path(artists)
    else:
        examples, summary = load_examples(settings.data, settings.input_spec, settings.windows)
    require_genres(examples.labels, examples.tracks, examples.genres)
    artists_path = Path(artists) if artists else None
    return examples, summary, splits.split(examples, protocol, settings.recipe.seed, artists_path)


def _train_network(
    worker: Worker, settings: ExperimentSettings, examples: Examples, split: splits.Split, number: int
) -> nn.Module:
    recipe = settings.recipe
    train = examples.take(split.parts[number].train)
    # Data that changed since an interruption may be split in another way. A part then begins again, so that
    # it is not tested on tracks of its training.
    folder = worker.folder / f"part-{number + 1}-{train.fingerprint()}"
    folder.mkdir(exist_ok=True)
    train, valid = hold_out_validation(train, recipe, split.leaky)
    network = new_network(settings, examples.genres)
    if settings.initial_run and not (folder / CHECKPOINT).exists():
        network.load_state_dict(_initial_weights(Path(settings.initial_run), train))
    start_s = time.monotonic()

    def on_epoch(values: dict) -> None:
        nonlocal start_s
        now = time.monotonic()
        progress = (number + values["epoch"] / recipe.epochs) / len(split.parts)
        worker.record_epoch(values | {"part": number + 1, "seconds": round(now - start_s, 3)}, progress)
        start_s = now

    network.load_state_dict(fit(network, train, valid, recipe, on_epoch, folder))
    return network


def hold_out_validation(
    train: Examples, recipe: Recipe, leaky: bool = False
) -> tuple[Examples, Examples | None]:
    """Hold out validation tracks -> (training examples, validation examples).

    The latter choose the best epoch; they are None for a recipe without patience. Raises DataError.
    """
    if not recipe.patience:
        return train, None
    train_rows, valid_rows = splits.hold_out(train, recipe.seed, leaky)
    if not len(valid_rows):
        raise DataError(
            "With one track of each genre to learn from, none is left to choose the best epoch "
            "by: add recordings, or set the patience to 0."
        )
    return train.take(train_rows), train.take(valid_rows)


def _initial_weights(folder: Path, train: Examples) -> dict[str, Tensor]:
    """Load the weights of the run in `folder`, which must have been trained on the tracks of `train`.

    It was then not trained on tracks that are tested now.
    """
    weights, card = load_artefact(folder)
    if card.genres != train.genres or card.split.get("train_fingerprint") != train.fingerprint():
        raise DataError(
            f"The data has changed since {folder.name} learnt from it, or an older version of "
            "Earmark trained it: train it anew first."
        )
    return weights


def new_network(settings: ExperimentSettings, genres: tuple[str, ...]) -> nn.Module:
    """Build the network with random weights from its seed."""
    torch.manual_seed(settings.recipe.seed)
    return settings.spec.build(settings.input_spec.shape, len(genres), **settings.options)


def _train_classical(
    worker: Worker, settings: ExperimentSettings, examples: Examples, split: splits.Split, number: int
) -> Any:
    train = examples.take(split.parts[number].train)
    options = ({"seed": settings.recipe.seed} if settings.model == "forest" else {}) | settings.options
    model = settings.spec.build(settings.input_spec.shape, len(examples.genres), **options)
    start_s = time.monotonic()
    neighbours = getattr(model.named_steps["classifier"], "n_neighbors", 1)
    if neighbours > len(train):
        raise DataError(
            f"{settings.model} asks {neighbours} neighbours, and there are only {len(train)} "
            "windows to learn from: add recordings."
        )
    model.fit(summaries(train), train.labels)
    seconds = round(time.monotonic() - start_s, 3)
    worker.record_epoch({"epoch": 1, "part": number + 1, "seconds": seconds}, (number + 1) / len(split.parts))
    return model


def _inference_ms(model: Any, examples: Examples) -> float:
    """Measure the median time to predict one window, in ms."""
    window, times = examples.take(np.arange(1)), []
    for _ in range(TIMED_PREDICTIONS):
        start_s = time.perf_counter()
        predict_examples(model, window)
        times.append(time.perf_counter() - start_s)
    return round(1000 * statistics.median(times), 3)


def _save(folder: Path, model: Any, settings: ExperimentSettings, examples: Examples, report: Report) -> None:
    spec = serving_spec(settings.input_spec, report.data["input"])
    card = Card(
        settings.model,
        examples.genres,
        options=settings.options,
        input=spec.kind,
        shape=spec.shape,
        seconds=spec.seconds,
        front_end=front_end(spec).to_dict() if spec.kind in SPECTROGRAMS else None,
        scale=examples.scale,
        offset=examples.offset,
        recipe=settings.recipe.to_dict(),
        previous_recipes=settings.previous_recipes if settings.initial_run else [],
        windows=settings.windows,
        split=report.split,
        data={key: value for key, value in report.data.items() if key != "skipped"},
        metrics={
            key: {name: value for name, value in part.items() if name != "confusion"}
            for key, part in (("by_track", report.by_track), ("by_window", report.by_window))
            if part
        },
    )
    if isinstance(model, nn.Module):
        save_artefact(folder, model.state_dict(), card)
        return
    arrays, parts = classical.save(model)
    weights = {name: torch.from_numpy(array) for name, array in arrays.items()}
    save_artefact(folder, weights, replace(card, classical=parts))


def _notes(settings: ExperimentSettings, split: splits.Split) -> list[str]:
    if settings.spec.kind != "network":
        return []
    if settings.recipe.patience:
        unit = "windows" if split.leaky else "tracks"
        note = f"of the {unit} to learn from, {splits.HELD_OUT:.0%} chose the best epoch instead"
    else:
        note = f"trained for {settings.recipe.epochs} epochs on everything to learn from"
    if settings.initial_run:
        epochs = " and ".join(str(recipe["epochs"]) for recipe in settings.previous_recipes)
        note += f"; begun with the weights of {Path(settings.initial_run).name}, {epochs} epochs old"
    if len(split.parts[0].test):
        note += "; the test part was looked at once, at the end"
    return [note]


def _outcome_sentence(report: Report) -> str:
    if not report.is_tested:
        return "Done. Nothing was tested, as nothing was kept aside for it."
    part = report.by_track
    sentence = f"Done: {percent(part['accuracy'])} of {part['count']} tracks named right."
    leak = " The test leaks: this says nothing about new music."
    return sentence + (leak if report.split["leaky"] else "")

"""Variants of a paper's protocol, for figures of ours that lie far from the published ones.

A paper leaves things open: the scaling of the input, the rows of a table, how long was trained. Each variant
changes one of them, and the one that lands nearest to the published figure says what may have been
different. Classical models are fitted in seconds; a network is measured after each of a few epochs.
"""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from sklearn.pipeline import Pipeline

from genre.data import splits
from genre.data.builtin import load_examples
from genre.data.dataset import open_dataset
from genre.data.examples import Examples
from genre.evaluation.metrics import compute_metrics
from genre.models.classical import class_probabilities
from genre.models.predict import predict, summaries
from genre.models.registry import MODELS
from genre.paths import write_atomic
from genre.reading import read_json
from genre.training.loop import fit
from genre.training.papers.reproduce import reproduction_folder

METRICS = ("accuracy", "balanced_accuracy", "macro_f1", "count")


@dataclass(frozen=True)
class Variant:
    """A model and what is different from our repetition of its paper."""

    model: str
    input: str
    change: str  # for the table; "" is our repetition itself
    split: str = "segment"
    windows: str = "even"
    seconds: float | None = None
    neighbours: int = 10  # k of knn
    is_scaled: bool = True  # values of zero mean and unit variance
    is_summarised: bool = True  # means over time and the like, instead of all values
    is_magnitude: bool = False  # magnitudes instead of decibels
    is_balanced: bool = False  # as many tracks of each genre as the rarest has
    epochs: int = 0  # of a network
    has_early_epochs: bool = False  # whether each epoch is an entry, and not the last alone

    @property
    def name(self) -> str:
        """The name of its file."""
        return "-".join(f"{value}" for value in asdict(self).values() if value != self.change)


_KNN = Variant("knn", "features", "", windows="overlap", seconds=3.0)
_PRCNN = Variant("prcnn", "stft", "", windows="overlap", epochs=2, has_early_epochs=True)
_LINEAR = Variant("linear", "mel", "", split="track", epochs=40)
_CAO = Variant("cnn-cao", "mel", "", split="track", epochs=30)
VARIANTS = (
    _KNN,
    replace(_KNN, change="k = 15", neighbours=15),
    replace(_KNN, change="k = 20", neighbours=20),
    replace(_KNN, change="no overlap", windows="even"),
    replace(_KNN, change="values not scaled", is_scaled=False),
    replace(_KNN, change="values not scaled, no overlap", is_scaled=False, windows="even"),
    replace(_KNN, change="values not scaled, k = 20", is_scaled=False, neighbours=20),
    replace(_KNN, change="a row a song (30 s)", windows="even", seconds=30.0),
    replace(_KNN, change="a row a song, k = 20", windows="even", seconds=30.0, neighbours=20),
    replace(_KNN, change="a row a song, not scaled", windows="even", seconds=30.0, is_scaled=False),
    replace(_KNN, change="songs kept apart", split="track"),
    replace(_KNN, change="songs kept apart, k = 20", split="track", neighbours=20),
    *(
        variant
        for model, kind in (
            ("svm", "raw"), ("svm", "stft"), ("svm", "mel"), ("knn", "raw"), ("knn", "stft"), ("knn", "mel"))
        for base in [Variant(model, kind, "", windows="random")]
        for variant in (
            base,
            replace(base, change="values not scaled", is_scaled=False),
            replace(base, change="as many songs of each genre", is_balanced=True),
            replace(base, change="songs kept apart", split="track"),
        )
    ),
    Variant("svm", "raw", "all samples, as many songs of each genre", windows="random", is_scaled=False,
            is_summarised=False, is_balanced=True),
    Variant("svm", "features", "", split="track", seconds=30.0),
    Variant("svm", "features", "values not scaled", split="track", seconds=30.0, is_scaled=False),
    Variant("svm", "features", "windows of 3 s, songs kept apart", split="track", seconds=3.0),
    _LINEAR,
    replace(_LINEAR, change="as many songs of each genre", is_balanced=True),
    replace(_LINEAR, change="pieces of the same song on both sides", split="segment"),
    _PRCNN,
    replace(_PRCNN, change="songs kept apart", split="track"),
    replace(_PRCNN, change="magnitudes, songs kept apart", is_magnitude=True, split="track"),
    _CAO,
    replace(_CAO, change="as many songs of each genre", is_balanced=True),
    replace(_CAO, change="magnitudes", is_magnitude=True),
    replace(_CAO, change="twice as many epochs", epochs=60),
    replace(_CAO, change="four times as many epochs", epochs=120),
)  # fmt: skip


def measure_variants(
    data: str, only: Iterable[str] | None, deadline: float | None, notify: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Measure the variants that are missing, until the deadline -> the entries of all that are done.

    `only` are models, `data` is a name as for `open_dataset`, `deadline` a time.monotonic(). Raises
    DataError.
    """
    root = reproduction_folder(open_dataset(data)) / "variants"
    for variant in VARIANTS:
        path = root / f"{variant.name}.json"
        if path.exists() or (only and variant.model not in only):
            continue
        if deadline is not None and time.monotonic() > deadline:
            break
        entries = measure_variant(variant, data)
        write_atomic(path, json.dumps(entries) + "\n")
        for entry in entries:
            notify(f"{entry['model']} on {entry['input']}, {entry['change']}: {entry['accuracy']:.3f}")
    paths = [root / f"{variant.name}.json" for variant in VARIANTS]
    return [entry for path in paths if path.exists() for entry in read_json(path)]


def measure_variant(variant: Variant, data: str) -> list[dict[str, Any]]:
    """Measure a variant on windows -> its entries: one, or for a network one an epoch. Raises DataError."""
    spec = MODELS[variant.model].input(variant.input)
    spec = replace(spec, seconds=variant.seconds) if variant.seconds else spec
    examples, _ = load_examples(data, spec, variant.windows)
    if variant.is_balanced:
        examples = balanced(examples)
    if variant.is_magnitude:
        examples = magnitudes(examples)
    part = splits.split(examples, variant.split).parts[0]
    train, test = examples.take(part.train), examples.take(part.test)
    return _network_entries(variant, train, test) if variant.epochs else [_classical(variant, train, test)]


def balanced(examples: Examples) -> Examples:
    """Keep as many tracks of each genre as the rarest genre has, chosen at random."""
    rng = np.random.default_rng(0)
    by_genre = [
        rng.permutation(np.unique(examples.tracks[examples.labels == k])) for k in range(len(examples.genres))
    ]
    count = min(map(len, by_genre))
    selection = np.concatenate([tracks[:count] for tracks in by_genre])
    return examples.take(np.flatnonzero(np.isin(examples.tracks, selection)))


def magnitudes(examples: Examples) -> Examples:
    """Turn spectrograms of decibels, 0 to 255 for 80 dB, into magnitudes, 0 to 255 for the loudest."""
    steps = np.arange(256) / 255 - 1
    table = np.round(255 * 10 ** (steps * 80 / 20)).astype(np.uint8)
    return replace(examples, values=table[examples.values])


def _classical(variant: Variant, train: Examples, test: Examples) -> dict[str, Any]:
    options = {"k": variant.neighbours} if variant.model == "knn" else {}
    model: Pipeline = MODELS[variant.model].build(train.values.shape[1:], len(train.genres), **options)
    if not variant.is_scaled:
        model.set_params(scale="passthrough")
    if not variant.is_summarised:
        model.set_params(summary="passthrough")
    inputs = [
        summaries(part) if variant.is_summarised else part.batch(np.arange(len(part))).flatten(1).numpy()
        for part in (train, test)
    ]
    model.fit(inputs[0], train.labels)
    return _entry(variant, class_probabilities(model, inputs[1], len(test.genres)), train, test)


def _network_entries(variant: Variant, train: Examples, test: Examples) -> list[dict[str, Any]]:
    """Train for the epochs of the variant -> an entry for the last, or for each; tests choose nothing."""
    spec = MODELS[variant.model]
    recipe = replace(spec.recipe_for(variant.input), epochs=variant.epochs, patience=0)
    torch.manual_seed(recipe.seed)
    network = spec.build(train.values.shape[1:], len(train.genres))
    entries: list[dict[str, Any]] = []

    def measure(metrics: dict) -> None:
        if metrics["epoch"] < variant.epochs and not variant.has_early_epochs:
            return
        after = f"after {metrics['epoch']} of {variant.epochs} epochs" if variant.has_early_epochs else ""
        change = ", ".join(filter(None, [variant.change, after]))
        entries.append(_entry(replace(variant, change=change), predict(network, test), train, test))

    fit(network, train, None, recipe, measure)
    return entries


def _entry(variant: Variant, probabilities: np.ndarray, train: Examples, test: Examples) -> dict[str, Any]:
    metrics = compute_metrics(probabilities, test.labels, test.genres)
    return {
        "model": variant.model,
        "input": variant.input,
        "published": MODELS[variant.model].published[variant.input].figure,
        "change": variant.change or "as we repeat it",
        "split": variant.split,
        **{name: metrics[name] for name in METRICS},
        "train_windows": len(train),
    }

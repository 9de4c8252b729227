"""The ablation of the transfer model: pretraining, songs of other collections, and the from-scratch ensemble.

The models are trained on the train parts, and measured on the recordings of GTZAN's valid list and on the
development part of the other collections. The seed draws the rooms of the simulated phones; the ensemble has
a single seed.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from genre.evaluation.metrics import balanced_accuracy
from genre.models.cards import load_card, write_card
from genre.paths import WEIGHTS
from genre.training.transfer.calibrate import PooledPrediction, scratch_predictions
from genre.training.transfer.features import CLEAN, song_features
from genre.training.transfer.fit import TransferRecipe, fit_heads, logits_of
from genre.training.transfer.songs import OTHER, Song, dev_names, gtzan_songs, wild_songs
from genre.training.transfer.train import load_songs, with_features

SEEDS = 0, 1, 2
WINDOW_COUNTS = 2, 3, 5, 7  # windows used of the ten in 30 s; `make bench` measures the time of one
WINDOWS_STEP = "both, and other collections, on {} windows"
# Variant -> whether it learns from songs of other collections, weight of the from-scratch ensemble in the
# pool.
VARIANTS = {
    "from scratch alone": (False, 1.0),
    "pretrained alone, GTZAN only": (False, 0.0),
    "pretrained alone, and other collections": (True, 0.0),
    "both, GTZAN only": (False, TransferRecipe.scratch_weight),
    "both, and other collections": (True, TransferRecipe.scratch_weight),
}


def run_transfer_ablation(gtzan: Path, wild: Path, scratch: str) -> list[dict]:
    """Train and measure each variant -> a row for each.

    A row has "step", and for "gtzan" and "wild" the "balanced_accuracy" of each seed, its "mean", and the
    mean of the plain "accuracy". Raises DataError and ArtefactError.
    """
    names = dev_names()
    test_songs = {
        "gtzan": [song for song in gtzan_songs(gtzan, ("valid",)) if song.path],
        "wild": [song for song in wild_songs(wild) if song.name in names and song.genre != OTHER],
    }
    values: dict[str, dict[str, list[tuple[float, float]]]] = {
        step: {part: [] for part in test_songs}
        for step in (*VARIANTS, *(WINDOWS_STEP.format(count) for count in WINDOW_COUNTS))
    }
    for seed in SEEDS:
        recipe = TransferRecipe(seed=seed)
        songs = with_features(load_songs(gtzan, wild, is_measured=True).train, recipe)
        gtzan_only = [item for item in songs if item.song.collection != "wild"]
        heads = {
            uses_wild: fit_heads(songs if uses_wild else gtzan_only, recipe) for uses_wild in (False, True)
        }
        for part, others in test_songs.items():
            features = song_features(others, CLEAN, seed, recipe.seconds_per_window)
            ensemble = scratch_predictions(others, WEIGHTS / scratch, recipe.seconds_per_window)
            for variant, (uses_wild, weight) in VARIANTS.items():
                logits = [logits_of(heads[uses_wild], windows) for windows in features]
                values[variant][part].append(_measure(others, logits, ensemble, weight))
            for count in WINDOW_COUNTS:
                logits = [logits_of(heads[True], _spread(windows, count)) for windows in features]
                result = _measure(others, logits, ensemble, recipe.scratch_weight)
                values[WINDOWS_STEP.format(count)][part].append(result)
    return [
        {"step": variant}
        | {
            part: {
                "balanced_accuracy": [round(balanced_accuracy, 4) for balanced_accuracy, _ in results],
                "mean": round(float(np.mean([balanced_accuracy for balanced_accuracy, _ in results])), 4),
                "accuracy": round(float(np.mean([accuracy for _, accuracy in results])), 4),
                "count": len(test_songs[part]),
            }
            for part, results in parts.items()
        }
        for variant, parts in values.items()
    ]


def _spread(windows: np.ndarray, count: int) -> np.ndarray:
    """Select `count` of a song's windows (W, 250), spread evenly."""
    return windows[np.linspace(0, len(windows) - 1, min(count, len(windows))).round().astype(int)]


def _measure(
    songs: list[Song], logits: list[np.ndarray], ensemble: dict[str, np.ndarray], weight: float
) -> tuple[float, float]:
    """Measure balanced and plain accuracy of the pooled predictions."""
    predictions = [
        PooledPrediction(song, part, ensemble[song.name]) for song, part in zip(songs, logits, strict=True)
    ]
    predicted = np.array([item.pool(slice(None), weight).argmax() for item in predictions])
    labels = np.array([song.label for song in songs])
    return balanced_accuracy(predicted, labels), float((predicted == labels).mean())


def transfer_table(rows: list[dict]) -> str:
    """Format the rows of `run_transfer_ablation` as lines of Markdown."""
    lines = [
        "| Model | GTZAN's valid recordings: balanced accuracy | each seed | accuracy | Other collections: "
        "balanced accuracy | each seed | accuracy |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = []
        for part in ("gtzan", "wild"):
            by_seed = " ".join(f"{100 * value:.1f}" for value in row[part]["balanced_accuracy"])
            cells += [f"{100 * row[part]['mean']:.1f}", by_seed, f"{100 * row[part]['accuracy']:.1f}"]
        lines.append(f"| {row['step']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def record_transfer_ablation(name: str, rows: list[dict]) -> None:
    """Write the rows into the card of the shipped model. Raises ArtefactError."""
    card = load_card(WEIGHTS / name)
    write_card(WEIGHTS / name, replace(card, ablation={"transfer": rows}))

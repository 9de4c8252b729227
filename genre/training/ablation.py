"""The ablation of the from-scratch recipe: trainings with one more part of the recipe at a time.

They are short and stay inside GTZAN's fault-filtered train list: seed s is tested on block s of the five
of `genre.training.calibrate` and learns from the other four, so no track is tested twice. The valid list is
not read; only `run_baseline`, the first step at full length, is tested on it, like the shipped model.
Interrupted trainings resume from their last epoch.
"""

import logging
from dataclasses import replace
from typing import Any

import numpy as np

from genre.cache import key_of
from genre.data import splits
from genre.data.dataset import open_dataset
from genre.data.examples import Examples
from genre.data.windows import make_examples
from genre.evaluation.calibration import log_opinion_pool
from genre.evaluation.metrics import accuracy_drop, balanced_accuracy
from genre.models.cards import ENSEMBLE, load_card, write_card
from genre.models.predict import predict
from genre.models.recipe import Augmentation
from genre.models.registry import find_model
from genre.paths import WEIGHTS, home
from genre.training.calibrate import pool_windows
from genre.training.experiment import ExperimentSettings, experiment_settings, new_network
from genre.training.loop import fit

logger = logging.getLogger(__name__)

SEEDS = 0, 1, 2
EPOCHS = {"mel_30s": 40, "mel_3s": 20}  # epochs of these short trainings; the shipped model has 200 and 100
# The parts of the recipe that each step adds to the steps before it.
ABLATION_STEPS = {
    "random crops alone": ("crop_frames",),
    "+ mean of the weights, smoothed labels": ("average", "label_smoothing"),
    "+ masks": ("mask_bands", "mask_frames"),
    "+ tempo and pitch": ("stretch", "pitch_bands"),
    "+ equaliser, level and noise": ("equaliser_db", "renormalize", "noise_floor"),
    "+ mixup": ("mixup",),
    "+ simulated phone": ("phone",),
}
BASELINE, *_ = ABLATION_STEPS
WINDOWS_ALONE = "windows of 3 s alone"
POOL_OVERRIDES = {  # pool settings of the last step and of the windows alone
    "both, mean of the probabilities": lambda parts: np.mean(parts, axis=0),
    "both, mean of their logarithms": lambda parts: log_opinion_pool(parts, [1.0] * len(parts)),
}


def step_settings(data: str, epochs: dict[str, int]) -> dict[str, ExperimentSettings]:
    """Make the settings of each step, with seed 0 and the `epochs` by input."""
    full = experiment_settings(ENSEMBLE, data, "mel_30s", "filtered", epochs=epochs["mel_30s"])
    names: list[str] = []
    by_step = {}
    for step, more in ABLATION_STEPS.items():
        names += more
        parts = {
            name: getattr(full.recipe.augmentation, name)
            for name in names
            if hasattr(full.recipe.augmentation, name)
        }
        recipe = replace(
            full.recipe,
            augmentation=Augmentation(**parts),
            average=full.recipe.average if "average" in names else 0.0,
            label_smoothing=full.recipe.label_smoothing if "label_smoothing" in names else 0.0,
        )
        by_step[step] = replace(full, recipe=recipe)
    by_step[WINDOWS_ALONE] = experiment_settings(
        ENSEMBLE, data, "mel_3s", "filtered", "overlap", epochs=epochs["mel_3s"], options={"members": 2}
    )
    return by_step


def run_ablation(data: str, epochs: dict[str, int]) -> list[dict]:
    """Train and test each step -> a row for each.

    A row has "step", the balanced accuracies of the seeds in "values", their mean "balanced_accuracy", the
    number of tested "tracks", and "gain": points of plain accuracy above the row before, with interval.

    `epochs` are those of the trainings, by input. Raises DataError and ArtefactError with a sentence.
    """
    steps = step_settings(data, epochs)
    dataset = open_dataset(data)
    examples = {}
    for settings in steps.values():
        if settings.input not in examples:
            rows, _ = make_examples(dataset, settings.input_spec, settings.windows)
            examples[settings.input] = rows.take(splits.split(rows, settings.split).parts[0].train)
    results = {
        step: [_run_step(step, settings, seed, examples) for seed in SEEDS]
        for step, settings in steps.items()
    }
    *_, last = ABLATION_STEPS
    for step, pool in POOL_OVERRIDES.items():
        results[step] = [
            (pool(np.array([one, other])), labels)
            for (one, labels), (other, _) in zip(results[last], results[WINDOWS_ALONE], strict=True)
        ]
    return _result_rows(results)


def _run_step(
    step: str, settings: ExperimentSettings, seed: int, examples: dict[str, Examples]
) -> tuple[np.ndarray, np.ndarray]:
    """Train `settings` from this seed on four blocks -> probabilities (T, G) of the fifth, labels (T,)."""
    pictures, examples_of_input = examples["mel_30s"], examples[settings.input]
    part = splits.split(pictures, "blocks").parts[seed]
    train, test = (
        examples_of_input.of(set(pictures.tracks[rows].tolist())) for rows in (part.train, part.test)
    )
    return _train_and_test(step, settings, seed, train, test)


def run_baseline(data: str, epochs: int | None = None) -> dict:
    """Train the first step at full length on the train list, and test it on the valid list.

    Returns "step", "epochs", the balanced accuracies of the seeds in "values", their mean
    "balanced_accuracy", the number of tested "tracks". `epochs` are those of each training, if fewer. Raises
    DataError and ArtefactError with a sentence.
    """
    full = find_model(ENSEMBLE).recipe_for("mel_30s").epochs
    settings = step_settings(data, {"mel_30s": epochs or full, "mel_3s": full})[BASELINE]
    examples, _ = make_examples(open_dataset(data), settings.input_spec, settings.windows)
    part = splits.split(examples, settings.split).parts[0]
    train, test = examples.take(part.train), examples.take(part.test)
    (row,) = _result_rows(
        {
            BASELINE: [
                _train_and_test(f"{BASELINE}, full length", settings, seed, train, test) for seed in SEEDS
            ]
        }
    )
    return row | {"epochs": settings.recipe.epochs, "tracks": len(set(test.tracks))}


def _train_and_test(
    step: str, settings: ExperimentSettings, seed: int, train: Examples, test: Examples
) -> tuple[np.ndarray, np.ndarray]:
    """Train and test -> probabilities (T, G) of the tracks of `test`, labels (T,)."""
    settings = replace(settings, recipe=replace(settings.recipe, seed=seed))
    folder = home() / "ablation" / key_of(settings.to_dict(), train.fingerprint())
    folder.mkdir(parents=True, exist_ok=True)
    network = new_network(settings, train.genres)
    network.load_state_dict(
        fit(
            network,
            train,
            None,
            settings.recipe,
            lambda metrics: logger.info("%s, seed %d: %s", step, seed, metrics),
            folder,
        )
    )
    probabilities, labels, _ = pool_windows(settings, predict(network, test), test)
    return probabilities, labels


def _result_rows(results: dict[str, list[tuple[np.ndarray, np.ndarray]]]) -> list[dict]:
    rows, previous = [], None
    for step, values in results.items():
        is_right = [probabilities.argmax(axis=1) == labels for probabilities, labels in values]
        balanced = [balanced_accuracy(part.argmax(axis=1), labels) for part, labels in values]
        row = {
            "step": step,
            "values": np.round(balanced, 4).tolist(),
            "balanced_accuracy": round(float(np.mean(balanced)), 4),
            "tracks": sum(map(len, is_right)),
        }
        now = np.concatenate(is_right)
        if previous is not None:
            row["gain"] = accuracy_drop(now, previous)
        rows.append(row)
        previous = now
    return rows


def ablation_table(rows: list[dict]) -> str:
    """Format the rows of `run_ablation` as lines of Markdown."""
    lines = [
        "| recipe | balanced accuracy | of each seed | points gained on the row above |",
        "|---|---|---|---|",
    ]
    for row in rows:
        values = " ".join(f"{100 * value:.1f}" for value in row["values"])
        change = row.get("gain")
        low, high = change["interval"] if change else (0, 0)
        gain = f"{change['points']:+.1f} ({low:+.1f} to {high:+.1f})" if change else ""
        lines.append(f"| {row['step']} | {100 * row['balanced_accuracy']:.1f} | {values} | {gain} |")
    return "\n".join(lines)


def baseline_line(row: dict) -> str:
    """Format the result of `run_baseline` as a line of text."""
    values = ", ".join(f"{100 * value:.1f}" for value in row["values"])
    return (
        f"{row['step']}, {row['epochs']} epochs on the whole train list: balanced accuracy "
        f"{100 * row['balanced_accuracy']:.1f} ({values}) on the {row['tracks']} tracks of the valid list"
    )


def ablation_text(ablation: dict) -> str:
    """Format the ablation of a card as text: the table, the baseline or both."""
    table = ablation_table(ablation["rows"]) if "rows" in ablation else ""
    baseline = baseline_line(ablation["baseline"]) if "baseline" in ablation else ""
    return f"{table}\n{baseline}".strip()


def record_ablation(name: str, **parts: Any) -> None:
    """Write these parts of the ablation into the card of the shipped model. Raises ArtefactError."""
    card = load_card(WEIGHTS / name)
    write_card(WEIGHTS / name, replace(card, ablation=card.ablation | parts))

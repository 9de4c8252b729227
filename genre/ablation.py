"""What each part of the Listen page's recipe is worth: trainings with one part more at a time.

They are short and stay inside GTZAN's fault-filtered train list: seed s is tested on block s of the five
of `genre.calibration` and learns from the other four, so that no track is tested twice. The valid list is
not read; only `baseline`, the first line at full length, is tested on it, as what is shipped is. Interrupted
trainings go on from their last epoch.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from genre import splits
from genre.augment import Augmentation
from genre.cache import key_of
from genre.calibration import votes
from genre.cards import load_card
from genre.classifier import SHIPPED
from genre.dataset import Examples, open_dataset
from genre.evaluate import pooled
from genre.experiment import Settings, new_network, settings
from genre.home import WEIGHTS, home, write_atomic
from genre.inputs import make_examples
from genre.models import find
from genre.shipped import lost_points
from genre.train import fit, predict

SEEDS = 0, 1, 2
EPOCHS = {"pictures": 40, "excerpts": 20}  # of the 200 and 100 of what is shipped
# Each step has these parts of the recipe beside those of the steps before it.
STEPS = {
    "random excerpts alone": ("crop_frames",),
    "+ mean of the weights, smoothed labels": ("average", "label_smoothing"),
    "+ masks": ("mask_bands", "mask_frames"),
    "+ tempo and pitch": ("stretch", "pitch_bands"),
    "+ equaliser, level and noise": ("equaliser_db", "relevel", "noise_floor"),
    "+ mixup": ("mixup",),
    "+ telephones": ("telephone",),
}
BASELINE, *_ = STEPS
EXCERPTS = "windows of 3 s alone"
BOTH = {  # of the last step and of the excerpts
    "both, mean of the probabilities": lambda each: np.mean(each, axis=0),
    "both, mean of their logarithms": lambda each: pooled(each, [1.0] * len(each)),
}


def recipes(data: str, epochs: dict[str, int]) -> dict[str, Settings]:
    """By step: what is trained, from seed 0. `epochs`: by input."""
    whole = settings(SHIPPED, data, "pictures", "filtered", epochs=epochs["pictures"])
    names, found = [], {}
    for step, more in STEPS.items():
        names += more
        parts = {name: getattr(whole.recipe.augmentation, name)
                 for name in names if hasattr(whole.recipe.augmentation, name)}
        left_out = {name: 0.0 for name in ("average", "label_smoothing") if name not in names}
        recipe = replace(whole.recipe, augmentation=Augmentation(**parts), **left_out)
        found[step] = replace(whole, recipe=recipe)
    found[EXCERPTS] = settings(SHIPPED, data, "excerpts", "filtered", "overlap", epochs=epochs["excerpts"],
                               options={"members": 2})
    return found


def ablate(data: str, epochs: dict[str, int], say: Callable[[str], None] = lambda line: None) -> list[dict]:
    """-> a row for each step: "step", "each" seed's macro accuracy, their mean "macro_accuracy", how many
    "tracks" were tested, and "gained": the points of plain accuracy more than the row above, with interval.

    `epochs`: of the trainings, by input. Raises DataError and ArtefactError with a sentence.
    """
    steps = recipes(data, epochs)
    dataset = open_dataset(data)
    examples = {}
    for asked in steps.values():
        if asked.input not in examples:
            rows, _ = make_examples(dataset, asked.input_spec, asked.windows)
            examples[asked.input] = rows.take(splits.split(rows, asked.split).parts[0].train)
    told = {step: [_asked(step, asked, seed, examples, say) for seed in SEEDS]
            for step, asked in steps.items()}
    *_, last = STEPS
    for step, unite in BOTH.items():
        told[step] = [(unite(np.array([one, other])), labels)
                      for (one, labels), (other, _) in zip(told[last], told[EXCERPTS], strict=True)]
    return _rows(told)


def _asked(
    step: str, asked: Settings, seed: int, examples: dict[str, Examples], say: Callable[[str], None]
) -> tuple[np.ndarray, np.ndarray]:
    """Train `asked` from this seed on four blocks -> its answers (T, G) to the fifth, labels (T,)."""
    pictures, mine = examples["pictures"], examples[asked.input]
    part = splits.split(pictures, "blocks").parts[seed]
    train, test = (mine.of(set(pictures.tracks[rows].tolist())) for rows in (part.train, part.test))
    return _trained(step, asked, seed, train, test, say)


def baseline(data: str, epochs: int | None = None, say: Callable[[str], None] = lambda line: None) -> dict:
    """The first step at full length: it learns from the whole train list and is tested on the valid list.

    -> "step", "epochs", "each" seed's macro accuracy, their mean "macro_accuracy", the "tracks" of the list.
    `epochs`: of each training, if fewer. Raises DataError and ArtefactError with a sentence.
    """
    full = find(SHIPPED).recipe_for("pictures").epochs
    asked = recipes(data, {"pictures": epochs or full, "excerpts": full})[BASELINE]
    examples, _ = make_examples(open_dataset(data), asked.input_spec, asked.windows)
    part = splits.split(examples, asked.split).parts[0]
    train, test = examples.take(part.train), examples.take(part.test)
    (row,) = _rows({BASELINE: [_trained(f"{BASELINE}, full length", asked, seed, train, test, say)
                               for seed in SEEDS]})
    return row | {"epochs": asked.recipe.epochs, "tracks": len(set(test.tracks))}


def _trained(
    step: str, asked: Settings, seed: int, train: Examples, test: Examples, say: Callable[[str], None]
) -> tuple[np.ndarray, np.ndarray]:
    """-> answers (T, G) to the tracks of `test`, labels (T,)."""
    asked = replace(asked, recipe=replace(asked.recipe, seed=seed))
    folder = home() / "ablation" / key_of(asked.to_dict(), train.fingerprint())
    folder.mkdir(parents=True, exist_ok=True)
    network = new_network(asked, train.genres)
    network.load_state_dict(fit(network, train, None, asked.recipe,
                                lambda figures: say(f"{step}, seed {seed}: {figures}"), folder))
    answers, labels, _ = votes(asked, predict(network, test), test)
    return answers, labels


def _rows(told: dict[str, list[tuple[np.ndarray, np.ndarray]]]) -> list[dict]:
    rows, before = [], None
    for step, each in told.items():
        right = [answers.argmax(axis=1) == labels for answers, labels in each]
        macro = [float(np.mean([hit[labels == genre].mean() for genre in np.unique(labels)]))
                 for hit, (_, labels) in zip(right, each, strict=True)]
        row = {"step": step, "each": np.round(macro, 4).tolist(), "macro_accuracy": round(np.mean(macro), 4),
               "tracks": sum(map(len, right))}
        now = np.concatenate(right)
        if before is not None:
            row["gained"] = lost_points(now, before)
        rows.append(row)
        before = now
    return rows


def as_text(rows: list[dict]) -> str:
    """Lines of Markdown, of the rows of `ablate`."""
    lines = ["| recipe | macro accuracy | of each seed | points gained on the line above |",
             "|---|---|---|---|"]
    for row in rows:
        each = " ".join(f"{100 * value:.1f}" for value in row["each"])
        gained = row.get("gained")
        low, high = gained["interval"] if gained else (0, 0)
        gain = f"{gained['points']:+.1f} ({low:+.1f} to {high:+.1f})" if gained else ""
        lines.append(f"| {row['step']} | {100 * row['macro_accuracy']:.1f} | {each} | {gain} |")
    return "\n".join(lines)


def baseline_as_text(row: dict) -> str:
    each = ", ".join(f"{100 * value:.1f}" for value in row["each"])
    return (f"{row['step']}, {row['epochs']} epochs on the whole train list: macro accuracy "
            f"{100 * row['macro_accuracy']:.1f} ({each}) on the {row['tracks']} tracks of the valid list")


def account_as_text(account: dict) -> str:
    """What a card tells: the table, the baseline or both."""
    table = as_text(account["rows"]) if "rows" in account else ""
    told = baseline_as_text(account["baseline"]) if "baseline" in account else ""
    return f"{table}\n{told}".strip()


def record(name: str, **parts: Any) -> None:
    """Write these parts of the account into the card of the shipped model. Raises ArtefactError."""
    card = load_card(WEIGHTS / name)
    card["ablation"] = card.get("ablation", {}) | parts
    write_atomic(WEIGHTS / name / "card.json", json.dumps(card, indent=1, ensure_ascii=False) + "\n")

"""RESULTS.md: each section lies between two markers and is written by the command that measures it."""

import re
from pathlib import Path

from genre.evaluation.generator_results import before_and_now, generator_section
from genre.evaluation.report import confusion_table, markdown_table, percent, percent_range
from genre.models.cards import Card, load_card
from genre.models.model_card import write_model_card
from genre.paths import REPOSITORY, WEIGHTS, write_atomic

RESULTS = REPOSITORY / "RESULTS.md"


def update_section(name: str, markdown: str, path: Path | None = None) -> None:
    """Replace the text between the markers of the section `name`; append the section if it is new.

    Raises ValueError for a name that could break the markers.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise ValueError("A section's name has lower-case letters, digits and dashes only.")
    path = path or RESULTS
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = path.read_text() if path.exists() else "# Results\n"
    section = f"{begin}\n{markdown.strip()}\n{end}"
    if begin in text and end in text:
        head, tail = text[: text.index(begin)], text[text.index(end) + len(end) :]
        text = head + section + tail
    else:
        text = f"{text.rstrip()}\n\n{section}\n"
    write_atomic(path, text)


def read_section(name: str, path: Path | None = None) -> str:
    """Read the section's Markdown, without its markers; empty where there is none."""
    path = path or RESULTS
    text = path.read_text() if path.exists() else ""
    match = re.search(
        f"<!-- {re.escape(name)}: begin -->\n(.*?)\n<!-- {re.escape(name)}: end -->", text, re.S
    )
    return match.group(1) if match else ""


def record_cards() -> list[Path]:
    """Write every CARD.md, and the sections of RESULTS.md that follow from the cards -> the paths."""
    paths = [write_model_card(folder) for folder in sorted(WEIGHTS.iterdir()) if folder.is_dir()]
    for name, section in card_sections().items():
        update_section(name, section)
    return [*paths, RESULTS]


def card_sections() -> dict[str, str]:
    """Write the Markdown of each section of RESULTS.md that follows from the card of a shipped model."""
    names = "listen-train", "listen-scratch-train", "emotion-train", "gan"
    listen, genre, emotion, gan = (load_card(WEIGHTS / name) for name in names)
    return {
        "listen": _listen_section(listen),
        "genre": _genre_section(genre),
        "genre-seeds": _seeds_section(genre),
        "genre-folds": _folds_section(genre),
        "ablation": _ablation_section(genre),
        "ablation-transfer": _transfer_ablation_section(listen),
        "emotion": _emotion_section(emotion),
        "generator": "\n\n".join(
            [before_and_now(load_card(WEIGHTS / "gan-first"), gan), generator_section(gan)]
        ),
    }


def _classification_rows(part: dict, title: str) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        (
            f"balanced accuracy, {title}",
            percent(part["balanced_accuracy"]),
            percent_range(part["balanced_accuracy_interval"]),
        ),
        (f"accuracy, {title}", percent(part["accuracy"]), percent_range(part["accuracy_interval"])),
        (f"ECE, {title}", f"{part['ece']:.3f}", ""),
    ]
    if "coverage" in part:
        rows.append((f"coverage of confident predictions, {title}", percent(part["coverage"]), ""))
        rows.append((f"selective accuracy, {title}", percent(part["selective_accuracy"]), ""))
    return rows


def _listen_section(card: Card) -> str:
    """Write the benchmark of the Listen page's model, on GTZAN's valid list and on other collections."""
    metrics, others = card.metrics, card.metrics["other_collections"]
    rows = _classification_rows(
        metrics["recordings"], f"{metrics['recordings']['count']} recordings of GTZAN"
    )
    rows += _condition_rows(metrics)
    rows += _classification_rows(others, f"{others['count']} songs of other collections")
    strange = others["other_styles"]
    text = f"{strange['confident']} of {strange['count']}"
    rows.append(("songs of other styles with a confident genre", text, ""))
    confusion = confusion_table(others["confusion"], card.genres)
    emotions = card.pretrained["emotions"]
    feelings = [
        (name.replace("_", " "), f"{part['correlation']:.2f}", f"{others['emotions'][name]:.2f}")
        for name, part in emotions.items()
    ]
    means = [
        sum(values) / len(values)
        for values in ([part["correlation"] for part in emotions.values()], list(others["emotions"].values()))
    ]
    feelings.append(("mean", f"{means[0]:.2f}", f"{means[1]:.2f}"))
    tags = [
        (tag, f"{part['threshold']:.3f}", percent(part["precision"]), str(part["count"]))
        for tag, part in card.pretrained["tags"].items()
    ]
    return (
        markdown_table(("Metric", "Value", "95 % interval"), rows)
        + "\n\nSongs of other collections; rows are the true genre, columns the predicted one:\n\n```\n"
        + confusion
        + "\n```\n\nFeelings, Pearson's correlation with the share of listeners:\n\n"
        + markdown_table(("Feeling", "Folds by artist", "Development part"), feelings)
        + "\n\nTags that are shown, and how often each is right on labelled songs that were kept aside:\n\n"
        + markdown_table(("Tag", "From probability", "Precision", "Songs"), tags)
    )


def _condition_rows(metrics: dict) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for condition, part in metrics.get("conditions", {}).items():
        drop = part["accuracy_drop"]
        if condition != "as it is":
            low, high = drop["interval"]
            rows.append((f"accuracy drop in points, {condition}", f"{drop['points']}", f"{low} to {high}"))
    return rows


def _genre_section(card: Card) -> str:
    """Write the benchmark of the from-scratch ensemble, of one seed, on GTZAN's valid list."""
    metrics = card.metrics
    rows = _classification_rows(
        metrics["by_track"], f"{metrics['by_track']['count']} tracks, ready-made mels"
    )
    rows += _classification_rows(metrics["recordings"], f"{metrics['recordings']['count']} recordings")
    rows += _condition_rows(metrics)
    for name, part in metrics["agreement"].items():
        text = f"{part['same']} of {part['count']}"
        rows.append((f"ready-made mel and recording agree, {name.replace('_', ' ')}", text, ""))
    confusion = confusion_table(metrics["by_track"]["confusion"], card.genres)
    return (
        markdown_table(("Metric", "Value", "95 % interval"), rows)
        + "\n\nRows are the true genre, columns the predicted one:\n\n```\n"
        + confusion
        + "\n```"
    )


def _seeds_section(card: Card) -> str:
    rows = []
    for name, part in card.metrics["seeds"].items():
        values = ", ".join(f"{100 * value:.1f}" for value in part["values"])
        rows.append((name, f"{100 * part['mean']:.1f}", percent_range(part["interval"]), values))
    return markdown_table(("Metric, in % or points", "Mean of three seeds", "95 % interval", "Seeds"), rows)


def _folds_section(card: Card) -> str:
    rows = []
    parts = {kind: part["calibration"] for kind, part in card.branches.items() if "calibration" in part}
    for name, part in (parts | {"together": card.calibration}).items():
        low, high = part["ece_interval"]
        ece = f"{part['ece']:.3f} ({low:.3f} to {high:.3f})"
        values = percent(part["balanced_accuracy"]), ece, percent(part["coverage"])
        rows.append((name, *values, percent(part["selective_accuracy"])))
    thresholds = ", ".join(
        f"{seconds:g} s {threshold:.2f}" for seconds, threshold in card.confidence_thresholds_by_duration
    )
    header = ("Branch", "Balanced accuracy", "ECE (95 % interval)", "Coverage", "Selective accuracy")
    return markdown_table(header, rows) + f"\n\nConfidence threshold by duration: {thresholds}."


def _transfer_ablation_section(card: Card) -> str:
    rows = []
    for row in card.ablation.get("transfer", ()):
        cells = [row["step"]]
        for part in ("gtzan", "wild"):
            by_seed = ", ".join(f"{100 * value:.1f}" for value in row[part]["balanced_accuracy"])
            cells += [f"{percent(row[part]['mean'])} ({by_seed})", percent(row[part]["accuracy"])]
        rows.append(tuple(cells))
    header = (
        "Model",
        "GTZAN's valid recordings: balanced accuracy (seeds)",
        "accuracy",
        "Other collections: balanced accuracy (seeds)",
        "accuracy",
    )
    return markdown_table(header, rows)


def _ablation_section(card: Card) -> str:
    rows = []
    for row in card.ablation["rows"]:
        gain = row.get("gain")
        text = (
            f"{gain['points']:+.1f} ({gain['interval'][0]:+.1f} to {gain['interval'][1]:+.1f})"
            if gain
            else ""
        )
        values = " ".join(f"{100 * value:.1f}" for value in row["values"])
        rows.append((row["step"], f"{100 * row['balanced_accuracy']:.1f}", values, text))
    table = markdown_table(("Recipe", "Balanced accuracy", "Seeds", "Points gained on the row above"), rows)
    baseline = card.ablation["baseline"]
    values = ", ".join(f"{100 * value:.1f}" for value in baseline["values"])
    return (
        f"{table}\n\n{baseline['step']}, {baseline['epochs']} epochs on the whole train list: balanced "
        "accuracy "
        f"{100 * baseline['balanced_accuracy']:.1f} ({values}) on the {baseline['tracks']} tracks of "
        "the valid list."
        f"\n\n{card.ablation.get('note', '')}".rstrip()
    )


def _emotion_section(card: Card) -> str:
    part = card.metrics["valid"]
    rows = _classification_rows(part, f"{part['count']} valid faces")
    return (
        markdown_table(("Metric", "Value", "95 % interval"), rows)
        + "\n\nRows are the true emotion, columns the predicted one:\n\n```\n"
        + confusion_table(part["confusion"], card.genres)
        + "\n```"
    )

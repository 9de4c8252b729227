"""RESULTS.md: each section lies between two markers and is written by the command that measures it."""

import re
from collections.abc import Sequence
from pathlib import Path

from genre.evaluation.report import confusion_table
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
        "generator": _generator_section(gan),
    }


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _range(interval: list[float]) -> str:
    low, high = interval
    return f"{100 * low:.1f} to {100 * high:.1f}"


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines)


def _classification_rows(part: dict, title: str) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        (
            f"balanced accuracy, {title}",
            _percent(part["balanced_accuracy"]),
            _range(part["balanced_accuracy_interval"]),
        ),
        (f"accuracy, {title}", _percent(part["accuracy"]), _range(part["accuracy_interval"])),
        (f"ECE, {title}", f"{part['ece']:.3f}", ""),
    ]
    if "coverage" in part:
        rows.append((f"coverage of confident predictions, {title}", _percent(part["coverage"]), ""))
        rows.append((f"selective accuracy, {title}", _percent(part["selective_accuracy"]), ""))
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
        (tag, f"{part['threshold']:.3f}", _percent(part["precision"]), str(part["count"]))
        for tag, part in card.pretrained["tags"].items()
    ]
    return (
        _table(("Metric", "Value", "95 % interval"), rows)
        + "\n\nSongs of other collections; rows are the true genre, columns the predicted one:\n\n```\n"
        + confusion
        + "\n```\n\nFeelings, Pearson's correlation with the share of listeners:\n\n"
        + _table(("Feeling", "Folds by artist", "Development part"), feelings)
        + "\n\nTags that are shown, and how often each is right on labelled songs that were kept aside:\n\n"
        + _table(("Tag", "From probability", "Precision", "Songs"), tags)
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
        _table(("Metric", "Value", "95 % interval"), rows)
        + "\n\nRows are the true genre, columns the predicted one:\n\n```\n"
        + confusion
        + "\n```"
    )


def _seeds_section(card: Card) -> str:
    rows = []
    for name, part in card.metrics["seeds"].items():
        values = ", ".join(f"{100 * value:.1f}" for value in part["values"])
        rows.append((name, f"{100 * part['mean']:.1f}", _range(part["interval"]), values))
    return _table(("Metric, in % or points", "Mean of three seeds", "95 % interval", "Seeds"), rows)


def _folds_section(card: Card) -> str:
    rows = []
    parts = {kind: part["calibration"] for kind, part in card.branches.items() if "calibration" in part}
    for name, part in (parts | {"together": card.calibration}).items():
        low, high = part["ece_interval"]
        ece = f"{part['ece']:.3f} ({low:.3f} to {high:.3f})"
        values = _percent(part["balanced_accuracy"]), ece, _percent(part["coverage"])
        rows.append((name, *values, _percent(part["selective_accuracy"])))
    thresholds = ", ".join(
        f"{seconds:g} s {threshold:.2f}" for seconds, threshold in card.confidence_thresholds_by_duration
    )
    header = ("Branch", "Balanced accuracy", "ECE (95 % interval)", "Coverage", "Selective accuracy")
    return _table(header, rows) + f"\n\nConfidence threshold by duration: {thresholds}."


def _transfer_ablation_section(card: Card) -> str:
    rows = []
    for row in card.ablation.get("transfer", ()):
        cells = [row["step"]]
        for part in ("gtzan", "wild"):
            by_seed = ", ".join(f"{100 * value:.1f}" for value in row[part]["balanced_accuracy"])
            cells += [f"{_percent(row[part]['mean'])} ({by_seed})", _percent(row[part]["accuracy"])]
        rows.append(tuple(cells))
    header = (
        "Model",
        "GTZAN's valid recordings: balanced accuracy (seeds)",
        "accuracy",
        "Other collections: balanced accuracy (seeds)",
        "accuracy",
    )
    return _table(header, rows)


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
    table = _table(("Recipe", "Balanced accuracy", "Seeds", "Points gained on the row above"), rows)
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
        _table(("Metric", "Value", "95 % interval"), rows)
        + "\n\nRows are the true emotion, columns the predicted one:\n\n```\n"
        + confusion_table(part["confusion"], card.genres)
        + "\n```"
    )


def _generator_section(card: Card) -> str:
    metrics = card.metrics
    rows = []
    for duration, part in metrics["genre_accuracy"].items():
        cells = []
        for source in ("generated", "real_resynthesized", "real_recorded"):
            values = part[source]
            cells.append(
                f"{_percent(values['accuracy'])} ({_range(values['accuracy_interval'])}) of {values['count']}"
            )
        rows.append((duration, *cells))
    header = ("Duration", "Generated", "Real clips through mel and back", "Real recordings")
    distances = [
        (name, f"{part['frechet']:.1f}", f"{part['kernel']:.3f}")
        for name, part in metrics["distance"].items()
    ]
    text = (
        f"The reference classifier {metrics['reference_classifier']} names the requested genre, "
        f"{metrics['n_per_genre']} clips a genre:\n\n"
        + _table(header, rows)
        + "\n\nDistance to real clips of the valid list, in the reference classifier's features:\n\n"
        + _table(("Source", "Fréchet", "Kernel"), distances)
        + f"\n\nDiversity beside real clips of a genre: {metrics['diversity']['ratio']:.2f}."
    )
    parts = [text]
    if "sound" in metrics:
        parts.append(_sound_text(metrics["sound"]))
    if "moods" in metrics:
        parts.append(_moods_text(metrics["moods"]))
    if "tempo" in metrics:
        parts.append(_tempo_text(metrics["tempo"]))
    return "\n\n".join(parts)


SOUND_SOURCES = {
    "real_recorded": "Real recordings",
    "real_resynthesized": "Real clips through mel and back",
    "generated": "Generated",
    "dcgan": "Plain DCGAN",
}
SOUND_FIGURES = {
    "pulse_strength": "pulse: strength of the best tempo",
    "pulse_steadiness": "pulse: share of moments with that tempo",
    "harmonic_db": "notes: harmonic energy beside the rest, dB",
    "pitched": "notes: share of frames with a lasting pitch",
    "seam_level": "seams: jump of level beside other places",
    "seam_spectrum": "seams: jump of spectrum beside other places",
    "development": "development: distant beside neighbouring parts",
}


def _sound_text(sound: dict) -> str:
    """Write distance, pulse, notes and seams of each source, and the main figures of each genre."""
    figures, distance = sound["measures"], sound["distance"]
    counts = ", ".join(f"{SOUND_SOURCES[name].lower()} {count}" for name, count in sound["counts"].items())
    distances = [
        (
            SOUND_SOURCES[name],
            f"{row['frechet']['mean']:.1f}",
            f"{row['kernel']['mean']:.2f}",
            _with_interval(row["times_real"]),
        )
        for name, row in distance["sources"].items()
    ]
    measures = [
        (title, *(_with_interval(table[key]) for table in figures.values()))
        for key, title in SOUND_FIGURES.items()
    ]
    by_genre = [
        (genre, *(_genre_cell(table, genre) for table in figures.values()))
        for genre in figures["generated"]["pitched"]["genres"]
    ]
    names = [SOUND_SOURCES[name] for name in figures]
    return (
        f"The sound itself, clips of {sound['seconds']:g} s with levels matched ({counts}), intervals of "
        f"95 %. Distance to one half of the real music, {distance['clips_per_half']} clips, in "
        f"{sound['features']}, which no training of the generator has used; the axes are "
        f"{distance['components']} principal components of other real music:\n\n"
        + _table(("Source", "Fréchet", "Kernel", "Times as far as the other half"), distances)
        + "\n\nMean over the genres:\n\n"
        + _table(("Measure", *names), measures)
        + "\n\nBy genre: pulse strength; lasting pitch; harmonic dB; clips:\n\n"
        + _table(("Genre", *names), by_genre)
    )


def _with_interval(part: dict) -> str:
    low, high = part["interval"]
    return f"{part['mean']:.2f} ({low:.2f} to {high:.2f})"


def _genre_cell(table: dict, genre: str) -> str:
    if genre not in table["pitched"]["genres"]:
        return ""
    strength, pitched, harmonic = (
        table[key]["genres"][genre]["mean"] for key in ("pulse_strength", "pitched", "harmonic_db")
    )
    count = table["pitched"]["genres"][genre]["count"]
    return f"{strength:.2f}; {pitched:.2f}; {harmonic:.1f}; {count}"


def _moods_text(moods: dict) -> str:
    rows = [
        (name, f"{_percent(row['fraction'])} ({_range(row['interval'])}) of {row['count']}")
        for name, row in moods["pairs"].items()
    ]
    return (
        f"Moods: pairs of one seed and genre, clips of {moods['seconds']:g} s, none selected; how often the "
        f"feelings that {moods['classifier']} finds differ as wished:\n\n"
        + _table(("Pair", "As wished"), rows)
    )


def _tempo_text(tempo: dict) -> str:
    names = {"Pieces with a pulse": tempo["with_pulse"], "All pieces": tempo["all"]}
    names |= {f"{name} a minute, with a pulse": row for name, row in tempo["bands"].items()}
    names |= {f"{name}, with a pulse": row for name, row in tempo["genres"].items()}
    rows = [
        (
            name,
            f"{_percent(row['right'])} ({_range(row['interval'])}) of {row['count']}",
            _percent(row["octave"]),
        )
        for name, row in names.items()
        if row["count"]
    ]
    return (
        "Tempo, for which time is stretched and the beats are accented: "
        f"pieces of {tempo['seconds']:g} s at beats a minute drawn from 60 to 180, none selected; how "
        f"often librosa's beat tracker hears the asked tempo within {100 * tempo['tolerance']:g} %, and how "
        "often half, double or three times as much, which counts as wrong:\n\n"
        + _table(("Pieces", "As asked", "Half, double, threefold"), rows)
    )

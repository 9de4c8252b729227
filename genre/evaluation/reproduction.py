"""What `python -m genre reproduce` has measured, in one file: RESULTS.md and the Train page are made from it.

    {part: {section: [entry, ...]}}

A part is "rows" (a model and an input each), "seeds" (of such rows), "settings" (trainings of the lstm) or
"variants" (of a paper's protocol); a section is one of RESULTS.md. An entry is kept until a newer one has
been measured to its end.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from genre.models.papers import LSTM_SETTINGS, lstm_steps
from genre.paths import REPOSITORY, write_atomic
from genre.reading import read_json

RECORD = REPOSITORY / "assets" / "reproduction.json"
LSTM = ("lstm", "features")
COLUMNS = ("same", "honest")  # the paper's protocol, and an honest one


def load_record(part: str, section: str, path: Path | None = None) -> list[dict[str, Any]]:
    """Read the entries of a section; none where none was recorded. Raises ValueError for a damaged file."""
    return _read(path or RECORD).get(part, {}).get(section, [])


def record_entries(part: str, section: str, entries: list[dict[str, Any]], path: Path | None = None) -> None:
    """Replace a section's entries, in one step. Raises ValueError for a damaged file."""
    record = _read(path or RECORD)
    record.setdefault(part, {})[section] = entries
    write_atomic(path or RECORD, _one_entry_a_line(record))


def _read(path: Path) -> dict[str, dict[str, list]]:
    try:
        record = read_json(path) if path.exists() else {}
        if all(isinstance(entries, list) for sections in record.values() for entries in sections.values()):
            return record
    except (ValueError, AttributeError, OSError):
        pass
    raise ValueError(f"{path} is damaged: restore it, or delete it and measure anew.")


def _one_entry_a_line(record: dict[str, dict[str, list]]) -> str:
    """Format the file so that a new figure changes one line."""
    parts = []
    for part, sections in record.items():
        texts = [
            f'  "{name}": [\n' + ",\n".join(f"   {json.dumps(entry)}" for entry in entries) + "\n  ]"
            for name, entries in sections.items()
        ]
        parts.append(f' "{part}": {{\n' + ",\n".join(texts) + "\n }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def merge_rows(before: list[dict], now: list[dict], date: str) -> list[dict]:
    """Join recorded rows with newer ones: a column that was measured to its end replaces the older one.

    `date` is that of the newer ones, such as 2026-11-22.
    """
    rows = {(row["model"], row["input"]): row for row in before}
    for row in now:
        old = rows.get((row["model"], row["input"]), {})
        columns = {name: _newer(old.get(name), row[name], date) for name in COLUMNS}
        rows[row["model"], row["input"]] = row | columns
    return list(rows.values())


def merge_entries(before: list[dict], now: list[dict], names: tuple[str, ...]) -> list[dict]:
    """Join recorded entries with newer ones, which replace those with the same values of these names."""
    entries = {tuple(entry.get(name) for name in names): entry for entry in [*before, *now]}
    return list(entries.values())


def _newer(old: dict | None, new: dict | None, date: str) -> dict | None:
    if new is None or (new["state"] != "done" and old and old["state"] == "done"):
        return old
    return new | {"measured": date} if new["state"] == "done" else new


@dataclass(frozen=True)
class Figures:
    """A system's three figures, for a person: the paper's, ours by its protocol, and ours on new songs."""

    published: str
    same: float | None  # of windows
    honest: float | None  # of tracks that were not learnt from
    honest_windows: float | None  # of their windows, and F1 where the paper states it
    leaky: bool  # whether windows of the same song are on both sides of the paper's protocol
    is_f1: bool = False  # what the paper states: F1 instead of accuracy
    same_confusion: list[list[int]] | None = None
    honest_confusion: list[list[int]] | None = None
    n_tracks: int = 0  # tracks of the honest test


def read_figures(section: str = "gtzan", path: Path | None = None) -> dict[tuple[str, str], Figures]:
    """Read the figures of all systems, by model and input; those of the lstm from its own table.

    As long as that has no training on songs kept apart, the honest figure of the lstm is that of its row.
    Raises ValueError for a damaged file.
    """
    try:
        figures = {
            (row["model"], row["input"]): _row_figures(row)
            for row in load_record("rows", section, path)
            if row["published"]
        }
        lstm = _lstm_figures(load_record("settings", section, path))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("The recorded figures are damaged: restore assets/reproduction.json.") from error
    row = figures.get(LSTM)
    if lstm and row and lstm.honest is None:
        names = ("honest", "honest_windows", "honest_confusion", "n_tracks")
        honest = {name: getattr(row, name) for name in names}
        lstm = replace(lstm, **honest)
    return figures | ({LSTM: lstm} if lstm else {})


def _row_figures(row: dict) -> Figures:
    same = row["same"] if row["same"] and row["same"]["state"] == "done" else {}
    honest = row["honest"] if row["honest"]["state"] == "done" else {}
    is_f1 = row["published"].startswith("F1")
    of_windows = "window_f1" if is_f1 else "window_accuracy"
    return Figures(
        row["published"],
        same.get(of_windows),
        honest.get("accuracy"),
        honest.get(of_windows),
        same.get("leaky", False),
        is_f1,
        same.get("window_confusion"),
        honest.get("confusion"),
        honest.get("test_tracks", 0),
    )


def _lstm_figures(trainings: list[dict]) -> Figures | None:
    """Take the longest of the published settings that a leaky training has reached, where it does best."""
    for epochs, batch_size, accuracy in reversed(LSTM_SETTINGS):
        points = {
            training_kind(training): point
            for training in trainings
            if training["batch_size"] == batch_size
            and (point := setting_point(training, lstm_steps(epochs, batch_size)))
            and point["by_window"]
        }
        leaky = {kind: point for kind, point in points.items() if kind[2] == "segment"}
        if leaky:
            activation, rate, _ = max(leaky, key=lambda kind: leaky[kind]["by_window"]["accuracy"])
            same = leaky[activation, rate, "segment"]
            return _setting_figures(accuracy, same, points.get((activation, rate, "track")))
    return None


def _setting_figures(published: float, same: dict, honest: dict | None) -> Figures:
    tracks = honest["by_track"] if honest else {}
    return Figures(
        f"{published}",
        same["by_window"]["accuracy"],
        tracks.get("accuracy"),
        honest["by_window"]["accuracy"] if honest else None,
        True,
        False,
        same["by_window"]["confusion"],
        tracks.get("confusion"),
        tracks.get("count", 0),
    )


def training_kind(training: dict) -> tuple[str, float, str]:
    """The activation, the learning rate and the split of a training of the lstm."""
    return training["activation"], training["learning_rate"], training["split"]


def setting_point(training: dict, steps: int) -> dict | None:
    """Find the measurement after so many steps; None where the training has not come so far, or diverged."""
    return next((point for point in training["points"] if point["steps"] == steps), None)

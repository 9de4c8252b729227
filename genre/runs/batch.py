"""The runs of a comparison or a sweep that has not come to its end: the same command takes them up again.

EARMARK_HOME/batches holds a file for each, named by a hash of its settings, until all of its runs have ended.
"""

import json
from pathlib import Path

from genre.cache import key_of
from genre.paths import home, write_atomic
from genre.reading import read_json
from genre.runs.directory import RunError, load_config


def unfinished_batch(experiments: list[dict], cluster: str | None = None) -> list[Path | None]:
    """Find the runs of an earlier command with these settings: the folder of each, None where it has none."""
    try:
        entries = read_json(_path(experiments, cluster))
        folders: list[Path | None] = [Path(str(entry)) for entry in entries]
    except (OSError, ValueError, TypeError):
        folders = []
    if len(folders) != len(experiments):
        return [None] * len(experiments)
    return [
        folder if folder and _has_settings(folder, settings) else None
        for folder, settings in zip(folders, experiments, strict=True)
    ]


def note_batch(experiments: list[dict], folders: list[Path], cluster: str | None = None) -> None:
    """Note the runs of a command that begins. Raises OSError."""
    write_atomic(_path(experiments, cluster), json.dumps([str(folder) for folder in folders]) + "\n")


def forget_batch(experiments: list[dict], cluster: str | None = None) -> None:
    """Forget the runs of a command whose runs have all ended: the next one begins anew."""
    _path(experiments, cluster).unlink(missing_ok=True)


def _has_settings(folder: Path, settings: dict) -> bool:
    try:
        return load_config(folder)["settings"] == settings
    except RunError:
        return False


def _path(experiments: list[dict], cluster: str | None) -> Path:
    return home() / "batches" / f"{key_of(experiments, cluster)}.json"

"""Run directories as other programs, power cuts and curious people leave them."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

DEEP = "[" * 100_000 + "]" * 100_000


def _edit(name: str, *keys: str | int, value: Any) -> Callable[[Path], None]:
    """A damage that sets one value of a JSON file."""

    def damage(folder: Path) -> None:
        content = json.loads((folder / name).read_text())
        part = content
        for key in keys[:-1]:
            part = part[key]
        part[keys[-1]] = value
        (folder / name).write_text(json.dumps(content))

    return damage


def _replace(name: str, content: bytes | str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)

    return damage


def _append(name: str, content: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        with open(folder / name, "ab") as file:
            file.write(content)

    return damage


def _pipe(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return damage


def _self_link(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to(folder.name)


def _foreign_name(folder: Path) -> None:
    folder.rename(os.fsdecode(os.fsencode(folder) + b"-\xe9t\xe9"))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "a byte that is not UTF-8 in metrics.jsonl": _append("metrics.jsonl", b'{"epoch": 9, "loss": \xff}\n'),
    "a loss that is text": _append("metrics.jsonl", b'{"epoch": 9, "loss": "low", "accuracy": []}\n'),
    "an epoch nested too deep": _append("metrics.jsonl", DEEP.encode() + b"\n"),
    "an infinite epoch": _append("metrics.jsonl", b'{"epoch": 1e999, "loss": NaN, "accuracy": 1e999}\n'),
    "metrics.jsonl is a pipe": _pipe("metrics.jsonl"),
    "status.json nested too deep": _replace("status.json", DEEP),
    "status.json is a list": _replace("status.json", "[1, 2]"),
    "a time left without end": _edit("status.json", "eta_s", value=1e999),
    "a progress that is text": _edit("status.json", "progress", value="half"),
    "a last epoch of text": _edit("status.json", "last", value={"epoch": [], "loss": "x", "accuracy": None}),
    "a message of half a character": _edit("status.json", "message", value="\ud800"),
    "config.json nested too deep": _replace("config.json", DEEP),
    "config.json is a pipe": _pipe("config.json"),
    "config.json is empty": _replace("config.json", ""),
    "a kind that is a list": _edit("config.json", "kind", value=["genre"]),
    "a time of creation that is none": _edit("config.json", "created", value="noon"),
    "a title of half a character": _edit("config.json", "title", value="\udc00 mine"),
    "a learning rate that is text": _edit("config.json", "settings", "recipe", "learning_rate", value="fast"),
    "a model that is a list": _edit("config.json", "settings", "model", value=[1]),
    "a recipe that is a list": _edit("config.json", "settings", "recipe", value=[1]),
    "more epochs than a table holds": _edit("config.json", "settings", "recipe", "epochs", value=10**400),
    "report.json nested too deep": _replace("report.json", DEEP),
    "a report of another kind": _replace("report.json", '{"model": "knn", "by_track": {"accuracy": 1}}'),
    "an accuracy that is text": _edit("report.json", "by_track", "accuracy", value="all"),
    "a confusion matrix with a hole": _edit("report.json", "by_track", "confusion", 0, value=[1, 2]),
    "predictions that are numbers": _edit("report.json", "predictions", value=[1, 2, 3]),
    "a number of parameters that is text": _edit("report.json", "parameters", value="many"),
    "a link to itself": _self_link,
    "a name that is not UTF-8": _foreign_name,
}

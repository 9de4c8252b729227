"""The publication of a run: its weights, card and a short history are copied to assets/weights."""

from dataclasses import replace
from pathlib import Path

from gan.training.history import GENRES_FILE, select_epochs
from genre import paths
from genre.models.artefacts import compact, load_artefact, save_artefact
from genre.models.model_card import write_model_card
from genre.paths import write_atomic
from genre.runs.directory import find_run

MAX_SHEETS = 12  # sample sheets that are published with the weights


def publish_run(run: str, name: str, note: str | None = None) -> Path:
    """Copy a run's artefact and history to assets/weights/`name`; return that folder.

    Raises ValueError with a sentence, or OSError; nothing is changed then.
    """
    folder = find_run(run, "gan")
    weights, card = load_artefact(folder)
    sheets = {int(path.stem): path for path in sorted(folder.glob("samples/*.webp")) if path.stem.isdigit()}
    sheets_to_copy = [sheets[epoch] for epoch in select_epochs(list(sheets), MAX_SHEETS)]
    contents = {f"samples/{path.name}": path.read_bytes() for path in sheets_to_copy}
    contents |= {file: (folder / file).read_bytes() for file in ("metrics.jsonl", GENRES_FILE)}
    target = paths.WEIGHTS / name
    save_artefact(target, compact(weights), replace(card, note=note or card.note))
    write_model_card(target)
    for sheet in target.glob("training/samples/*.webp"):
        sheet.unlink()
    for file, content in contents.items():
        write_atomic(target / "training" / file, content)
    return target

"""Where Earmark keeps things: its own folder, the shipped weights and the optional real data."""

import os
import threading
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
WEIGHTS = REPOSITORY / "assets" / "weights"
PROMOTED = "models"  # in EARMARK_HOME: the runs that were promoted


def home() -> Path:
    """The folder everything Earmark writes goes to: EARMARK_HOME, by default ./var."""
    return Path(os.environ.get("EARMARK_HOME") or "var").expanduser().resolve()


def data_folder() -> Path:
    """The folder of real data (GTZAN, faces, recorded answers): EARMARK_DATA. It may not exist."""
    return Path(os.environ.get("EARMARK_DATA") or REPOSITORY.parent / "shared" / "data").expanduser()


def promoted_models() -> list[str]:
    """The names of the models that were promoted."""
    folder = home() / PROMOTED
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if (path / "card.json").is_file())


def write_atomic(path: Path, content: bytes | str) -> None:
    """Replace `path` in one step, so that a reader sees the old file or the new, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)

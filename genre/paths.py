"""The folders of Earmark: its own folder, the shipped weights and the optional real data."""

import os
import re
import threading
from contextlib import suppress
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
WEIGHTS = REPOSITORY / "assets" / "weights"
PIECES = WEIGHTS / "gan" / "pieces"  # MP3, 10 s: a generated piece of each genre
PROMOTED = "models"  # folder in EARMARK_HOME with copies of promoted runs
PROMOTED_TITLE = "title.txt"  # file in the folder of a promoted model that was renamed


def home() -> Path:
    """Return the folder that Earmark writes to: EARMARK_HOME, by default var/ in the repository.

    A relative EARMARK_HOME is relative to the repository too, so that every command finds the same folder
    from wherever it is started.
    """
    return (REPOSITORY / Path(os.environ.get("EARMARK_HOME") or "var").expanduser()).resolve()


def data_folder() -> Path | None:
    """Return the folder of real data (GTZAN, faces, recorded predictions): EARMARK_DATA; None where unset."""
    value = os.environ.get("EARMARK_DATA")
    return (REPOSITORY / Path(value).expanduser()).resolve() if value else None


def music_folder() -> Path | None:
    """Return the only folder from which training may read music: EARMARK_MUSIC; None where unset."""
    value = os.environ.get("EARMARK_MUSIC")
    return (REPOSITORY / Path(value).expanduser()).resolve() if value else None


def may_read(path: Path) -> bool:
    """Return whether EARMARK_MUSIC allows to read a path that a person named; links are followed.

    Where it is unset, all paths are allowed. Earmark's own folder and EARMARK_DATA are allowed in any case.
    """
    music = music_folder()
    if music is None:
        return True
    target = path.resolve()
    return any(target.is_relative_to(folder) for folder in (music, home(), data_folder()) if folder)


def gtzan_folder() -> Path:
    """Return GTZAN's folder in that of real data. Raises ValueError if EARMARK_DATA is not set."""
    folder = data_folder()
    if folder is None:
        raise ValueError(
            "Name GTZAN's folder with --data, or the folder that holds gtzan/ with EARMARK_DATA."
        )
    return folder / "gtzan"


def promoted_models() -> list[str]:
    """Return the names of the promoted models."""
    folder = home() / PROMOTED
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if (path / "card.json").is_file())


def promoted_title(name: str) -> str:
    """Read the title of a promoted model, which is that of its renamed run, or else its name."""
    try:
        return (home() / PROMOTED / name / PROMOTED_TITLE).read_text("utf-8").strip() or name
    except (OSError, UnicodeDecodeError):
        return name


# The temporary files of `write_atomic`: the target's name, the process and the thread.
_TEMPORARY = re.compile(r"\..+\.(\d+)\.\d+", re.S)


def write_atomic(path: Path, content: bytes | str) -> None:
    """Replace `path` in one step, so that a reader sees the old file or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def is_temporary(path: Path) -> bool:
    """Return whether the file is a temporary one of `write_atomic` whose process has ended."""
    match = _TEMPORARY.fullmatch(path.name)
    if not match:
        return False
    try:
        os.kill(int(match[1]), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:  # the process belongs to another user
        pass
    return False


def remove_temporaries(folder: Path) -> None:
    """Delete the temporary files of killed processes in the folder and below."""
    for path in folder.rglob(".*"):
        if is_temporary(path):
            with suppress(OSError):
                path.unlink()

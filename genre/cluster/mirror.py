"""A run directory on one machine that follows the one on another: what has changed, and how it is put back.

Every file of a run directory is replaced in one step, or small: so a file that is read whole is whole. A
checkpoint is read before, and written after, the metrics, since an epoch may be reported twice and must not
be lost.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from genre.paths import write_atomic
from genre.runs.directory import METRICS_COPY_FILE

Files = dict[str, bytes | None]  # path inside the directory -> the content; None: it is gone
NOT_SENT = frozenset((".lock", "log.txt", "config.json", "status.json"))


class Mirror:
    """The changes of a directory since the last look at it."""

    def __init__(self, folder: Path) -> None:
        """Take the present content as known."""
        self.folder = folder
        self._stamps = self._look()
        self._log_bytes = 0

    def changes(self) -> Files:
        """Read the files that are new, have changed or are gone since the last call."""
        stamps = self._look()
        files: Files = {}
        for name in sorted(
            stamps.keys() - {n for n, s in self._stamps.items() if stamps.get(n) == s}, key=_late
        ):
            try:
                files[name] = (self.folder / name).read_bytes()
            except FileNotFoundError:
                del stamps[name]  # replaced by another name meanwhile: the next look tells
        files |= dict.fromkeys(sorted(self._stamps.keys() - stamps.keys()))
        self._stamps = stamps
        return files

    def log_lines(self) -> bytes:
        """Read what log.txt has gained since the last call."""
        try:
            with open(self.folder / "log.txt", "rb") as file:
                file.seek(self._log_bytes)
                content = file.read()
        except OSError:
            return b""
        self._log_bytes += len(content)
        return content

    def _look(self) -> dict[str, tuple[int, int, int]]:
        stamps = {}
        for path in self.folder.rglob("*"):
            name = path.relative_to(self.folder).as_posix()
            if is_sent(name):
                with suppress(OSError):
                    if path.is_file():
                        status = path.stat()
                        stamps[name] = status.st_mtime_ns, status.st_size, status.st_ino
        return stamps


def is_sent(name: str) -> bool:
    """Whether a file of a run directory is the training's own, and no temporary one."""
    last = name.rpartition("/")[2]
    return name not in NOT_SENT and (last == METRICS_COPY_FILE or not last.startswith("."))


def _late(name: str) -> tuple[bool, str]:
    """Order files for reading: checkpoints, which lie in folders of their own, come first."""
    return "/" not in name, name


def read_files(folder: Path) -> dict[str, bytes]:
    """Read what another machine needs to go on with a run."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name: (folder / name).read_bytes() for name in sorted(names, key=_late) if is_sent(name)}


def write_files(folder: Path, files: Mapping[str, bytes | None]) -> None:
    """Put files in place, checkpoints last; delete what is gone. Raises OSError, or ValueError for a name."""
    for name in sorted(files, key=_late, reverse=True):
        if not is_sent(name) or ".." in Path(name).parts or Path(name).is_absolute():
            raise ValueError(f"{name!r} is no file of a run directory.")
        content, path = files[name], folder / name
        if content is not None:
            write_atomic(path, content)
            continue
        path.unlink(missing_ok=True)
        with suppress(OSError):  # the last file of a part takes its folder along
            if path.parent != folder:
                path.parent.rmdir()

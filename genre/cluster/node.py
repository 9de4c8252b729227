"""Earmark's folder on a node: inputs that were sent once, and the directories of runs trained there."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from genre.cluster.connection import ClusterError

UNUSED_S = 3 * 86_400.0  # seconds after which inputs that no run has used are deleted


def node_folder(node_id: str) -> Path:
    """The folder of a node, which nobody else may read. Raises ClusterError where it is another person's."""
    parent = Path(tempfile.gettempdir()) / f"earmark-{os.getuid()}"
    parent.mkdir(mode=0o700, exist_ok=True)
    if parent.is_symlink() or parent.stat().st_uid != os.getuid():
        raise ClusterError(f"{parent} belongs to somebody else: delete it, or set TMPDIR on this node.")
    folder = parent / node_id[:12]
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def remove_unused(folder: Path, now: float | None = None) -> None:
    """Delete inputs and runs that nothing has touched for days: a node that died left them."""
    now = time.time() if now is None else now
    for path in [*(folder / "inputs").glob("*"), *(folder / "runs").glob("*")]:
        with suppress(OSError):
            if now - path.stat().st_mtime > UNUSED_S:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


class ReceivedInputs:
    """The packed inputs on a node. One process at a time receives a file; the others wait for it."""

    def __init__(self, folder: Path, key: str) -> None:
        self.path = folder / "inputs" / f"{key}.npz"
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        self._part = self.path.with_suffix(".part")
        self._receiving = self._lock()

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with open(self.path.with_suffix(".lock"), "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def begin(self) -> bool:
        """Wait for whoever receives the file -> whether it must be sent; `add` then takes its parts."""
        self._receiving.__enter__()
        if self.path.exists():
            os.utime(self.path)
            self._receiving.__exit__(None, None, None)
            return False
        self._part.write_bytes(b"")
        return True

    def add(self, content: bytes, is_last: bool) -> None:
        """Take the next part of the file."""
        with open(self._part, "ab") as file:
            file.write(content)
        if is_last:
            self._part.replace(self.path)
            self._receiving.__exit__(None, None, None)

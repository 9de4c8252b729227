"""The node's side of a training on the cluster: a process as on any machine, whose run directory is fetched.

The training itself is `python -m genre train --resume`, in a directory on the node, with the threads and the
seed that it has anywhere: so its result is the same.
"""

import json
import os
import shutil
import socket
import time
from typing import Any

from genre.cluster.connection import own_versions
from genre.cluster.mirror import Files, Mirror, write_files
from genre.cluster.node import ReceivedInputs, node_folder, remove_unused
from genre.data.packed import INPUTS_VARIABLE
from genre.paths import write_atomic
from genre.runs import directory as runs
from genre.runs import process
from genre.runs.worker import PARENT_VARIABLE

LOOK_S = 0.2  # seconds between two looks at the directory
Changes = dict[str, Any]  # "files", "log" (bytes), "status" (of status.json) and "state" (of the run)


class RemoteRun:
    """A run that is trained on this node; its methods are called one at a time."""

    def __init__(self, name: str, node_id: str) -> None:
        self._node = node_folder(node_id)
        remove_unused(self._node)
        self._home = self._node / "runs" / f"{name}-{os.getpid()}"
        self._folder = self._home / "runs" / name
        self._inputs: ReceivedInputs | None = None
        self._mirror: Mirror | None = None

    def describe(self) -> dict[str, Any]:
        """The node's name and versions."""
        return {"node": socket.gethostname(), "versions": own_versions()}

    def needs(self, key: str) -> bool:
        """Whether the packed inputs must be sent to this node."""
        self._inputs = ReceivedInputs(self._node, key)
        return self._inputs.begin()

    def receive(self, content: bytes, is_last: bool) -> None:
        """Take a part of the packed inputs."""
        assert self._inputs is not None
        self._inputs.add(content, is_last)

    def begin(self, config: dict, progress: dict, files: dict[str, bytes]) -> None:
        """Start the training from the files of the driver's directory. Raises RunError, OSError."""
        assert self._inputs is not None
        os.environ |= {
            "EARMARK_HOME": str(self._home),
            "EARMARK_CORES": str(config["cores"]),
            INPUTS_VARIABLE: str(self._inputs.path),
            PARENT_VARIABLE: str(os.getpid()),
        }
        here = {name: value for name, value in config.items() if name != "cluster"}
        write_atomic(self._folder / "config.json", json.dumps(here))
        write_files(self._folder, files)
        runs.write_status(self._folder, state="waiting", **progress)
        self._mirror = Mirror(self._folder)
        process.start_run(self._folder)

    def changes(self, patience_s: float) -> Changes:
        """Wait for the first change, or the end of the training -> all changes since the last call."""
        deadline = time.monotonic() + patience_s
        while True:
            changes = self._changes()
            is_new = changes["files"] or changes["log"] or not changes["active"]
            if is_new or time.monotonic() > deadline:
                return changes
            time.sleep(LOOK_S)

    def _changes(self) -> Changes:
        assert self._mirror is not None
        run = runs.read_run(self._folder)  # before the files: what is done has all of them
        if run.state == "interrupted" and runs.is_locked(self._folder):
            time.sleep(LOOK_S)  # its process is being born
        files: Files = self._mirror.changes()
        return {
            "files": files,
            "log": self._mirror.log_lines(),
            "status": runs.read_status(self._folder),
            "state": run.state,
            "message": run.message,
            "active": run.active or runs.is_locked(self._folder),
        }

    def stop(self) -> Changes:
        """Stop the training in good order and delete its directory here -> the last changes."""
        process.stop_run(self._folder)
        changes = self._changes()
        self.close()
        return changes

    def close(self) -> None:
        """Delete the directory on the node."""
        shutil.rmtree(self._home, ignore_errors=True)

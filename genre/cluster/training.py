"""The driver's side of a training on the cluster: its run directory grows here while a node trains.

The process that works on the run (genre.runs.process) holds its lock, renews its heartbeat and reacts to a
stop as any other; only the training is elsewhere. Whatever changes in the directory on the node comes back
within a second. When the node dies, another one goes on from the last checkpoint that came back.
"""

import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from genre.cluster.connection import ClusterError, connect, death_errors, require_versions
from genre.cluster.mirror import read_files, write_files
from genre.cluster.remote_run import Changes, RemoteRun
from genre.data.packed import noted_inputs, packed_path
from genre.runs import directory as runs
from genre.runs.report import Report, load_report
from genre.runs.worker import RunStopped, Worker

PATIENCE_S = 1.0  # seconds that a node waits for something to send
LOOK_S = 0.5  # seconds between two looks whether the run is to stop
STOP_S = 8.0  # seconds that a stop may take; a process that takes ten is ended (genre.runs.process)
PART_BYTES = 16 << 20  # bytes of inputs that are sent at a time
MAX_DEATHS = 3  # nodes that may die in one epoch: then it is the training that takes them along
WAITING_MESSAGE = "Waiting for a free core of the cluster."

logger = logging.getLogger(__name__)


class TrainingEndedError(ClusterError):
    """The process of a training went away, and its node did not."""


def train_on_cluster(worker: Worker, address: str) -> Report:
    """Train a run on the cluster. Raises ClusterError, or ValueError with the sentence of the training."""
    if worker.settings.get("initial_run"):
        raise ClusterError(
            "A run that begins with another one's weights is trained on this machine: leave out the cluster."
        )
    worker.set_status(WAITING_MESSAGE, state="waiting")
    key = noted_inputs(worker.settings) or _pack(worker.settings)
    ray = connect(address)
    deaths_of_node: tuple[type[Exception], ...] = (*death_errors(ray), TrainingEndedError)
    deaths, n_epochs = 0, -1
    while True:
        n_before, n_epochs = n_epochs, len(runs.read_metrics(worker.folder))
        deaths = deaths + 1 if n_epochs == n_before else 1
        try:
            with _stop_request() as request, _remote_run(ray, worker) as actor:
                return _follow(_Calls(ray, request), actor, worker, key)
        except deaths_of_node as error:
            if deaths == MAX_DEATHS:
                raise ClusterError(
                    f"{MAX_DEATHS} nodes went away while they trained the same epoch: see whether their "
                    "memory is enough, then resume it."
                ) from error
            logger.warning("The node went away: another one goes on from the last epoch that came back.")
            worker.set_status("Its node went away. " + WAITING_MESSAGE, state="waiting")


def _pack(settings: dict[str, Any]) -> str:
    from genre.training.experiment import ExperimentSettings  # takes torch, and seconds
    from genre.training.sweep import pack_experiment

    return pack_experiment(ExperimentSettings.from_dict(settings))


@contextmanager
def _remote_run(ray: Any, worker: Worker) -> Iterator[Any]:
    """Start a RemoteRun on some node; it ends with this context."""
    cores = worker.config["cores"]
    # Ray restarts no actor: this side knows what has come back.
    remote = ray.remote(_RemoteRunHere).options(num_cpus=cores, max_restarts=0)
    actor = remote.remote(worker.folder.name)
    try:
        yield actor
    finally:
        with suppress(ray.exceptions.RayError):
            ray.kill(actor)


class _RemoteRunHere(RemoteRun):
    """A RemoteRun that asks Ray for its node."""

    def __init__(self, name: str) -> None:
        import ray

        super().__init__(name, ray.get_runtime_context().get_node_id())


@contextmanager
def _stop_request() -> Iterator[threading.Event]:
    """Note SIGTERM and Ctrl+C, which raise elsewhere: Ray's own code does not bear that in its midst."""
    request = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    numbers = signal.SIGTERM, signal.SIGINT
    before = [signal.signal(number, lambda *_: request.set()) for number in numbers]
    try:
        yield request
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


class _Calls:
    """Calls to an actor, which a stop interrupts."""

    def __init__(self, ray: Any, stop_request: threading.Event) -> None:
        self.ray, self._stop_request = ray, stop_request

    def result(self, reference: Any) -> Any:
        """Wait for the result of a call. Raises RunStopped, or what the call raised."""
        while not self.ray.wait([reference], timeout=LOOK_S)[0]:
            if self._stop_request.is_set():
                raise RunStopped
        if self._stop_request.is_set():
            raise RunStopped
        return self.ray.get(reference)


def _follow(calls: _Calls, actor: Any, worker: Worker, key: str) -> Report:
    about = calls.result(actor.describe.remote())
    require_versions(about["node"], about["versions"])
    worker.set_status(f"Sending the data to {about['node']}.", state="running", node=about["node"])
    if calls.result(actor.needs.remote(key)):
        _send_inputs(calls, actor, packed_path(key))
    progress = runs.read_progress(worker.folder)
    calls.result(actor.begin.remote(worker.config, progress, read_files(worker.folder)))
    pending = None  # changes that the node has given and that are not written here yet
    try:
        while True:
            pending = actor.changes.remote(PATIENCE_S)
            changes = calls.result(pending)
            pending = None
            _apply(worker, changes)
            if not changes["active"]:
                break
    except death_errors(calls.ray):
        raise
    except BaseException:  # a stop, most of all
        with suppress(Exception):
            if pending:  # the node tells a change once: a stop between its answer and this line loses none
                _apply(worker, calls.ray.get(pending, timeout=STOP_S))
            _apply(worker, calls.ray.get(actor.stop.remote(), timeout=STOP_S))
        raise
    calls.result(actor.close.remote())
    return _outcome(worker, changes)


def _send_inputs(calls: _Calls, actor: Any, path: Path) -> None:
    size, sent = path.stat().st_size, 0
    with open(path, "rb") as file:
        while sent < size:
            content = file.read(PART_BYTES)
            sent += len(content)
            calls.result(actor.receive.remote(content, sent >= size))


def _apply(worker: Worker, changes: Changes) -> None:
    """Write what has come back into the directory here."""
    write_files(worker.folder, changes["files"])
    if log := changes["log"]:  # this process's stderr is log.txt
        sys.stderr.write(log.decode("utf-8", "replace"))
        sys.stderr.flush()
    status = changes["status"]
    if changes["state"] in ("waiting", "running") and status.get("message"):
        values = {name: status[name] for name in ("progress", "eta_s", "last") if name in status}
        worker.set_status(status["message"], state="running", **values)


def _outcome(worker: Worker, changes: Changes) -> Report:
    match changes["state"]:
        case "done":
            report = load_report(worker.folder)
            message = str(changes["status"].get("message", "Done."))
            worker.set_status(message, state="done", progress=1.0, eta_s=0.0)
            return report
        case "failed":
            raise ValueError(changes["message"])
        case state:
            raise TrainingEndedError(f"The training's process ended ({state}): resume it.")

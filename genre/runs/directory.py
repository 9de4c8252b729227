"""Run directories: the files of a run, which outlives the page, the tab and the server that started it.

    folder = create_run_folder("genre", settings)      config.json: the settings
    read_run(folder), list_runs(), find_run(name)      its state, for pages and the command line
    read_metrics(folder)                               metrics.jsonl: one dictionary an epoch

status.json holds the state, the progress and the time of the last heartbeat. A process that works on a run
holds a lock on its folder (genre.runs.process), which the kernel releases when the process ends for any
reason: a run whose state is running and whose folder is not locked was interrupted.
"""

import fcntl
import itertools
import json
import re
import secrets
import shutil
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from genre.compute import all_cores
from genre.paths import home, is_temporary, remove_temporaries, write_atomic
from genre.reading import MAX_JSON_BYTES, MAX_NUMBER, parse_json, read_json, read_regular
from genre.text import encodable

if TYPE_CHECKING:
    from genre.runs.settings import RunSettings

CONFIG_VERSION = 1  # version of the format of config.json
# The epochs, and a copy that is replaced in one step. A line is added to the first file in place; lines that
# it loses by a full disk, another program or a power cut are restored from the copy when the run is resumed.
METRICS_FILE, METRICS_COPY_FILE = "metrics.jsonl", ".metrics.jsonl"
PROGRAMS = {"genre": "genre", "gan": "gan", "emotion": "mood"}  # kind -> `python -m PROGRAM train`
STATES = ("waiting", "running", "done", "failed", "stopped", "interrupted", "damaged")
# The settings of any kind of run that pages and tables show.
TEXT_SETTINGS = frozenset(("model", "input", "data", "split", "network"))
NUMBER_SETTINGS = frozenset(("epochs", "batch_size", "learning_rate", "seed", "patience"))
STALE_S = 60.0  # age of a heartbeat from which its process counts as hanging
WAITING_MESSAGE = "Waiting for free cores."
STOPPED_MESSAGE = "Stopped. Resume it to go on from the last epoch."


class RunError(ValueError):
    """A run directory cannot be used; the message has the next step, and can be encoded."""

    def __init__(self, message: str) -> None:
        super().__init__(encodable(message))


@dataclass(frozen=True)
class Run:
    """The state of a run; `state` is one of STATES."""

    folder: Path
    kind: str = ""
    title: str = ""
    note: str = ""
    created: float = 0.0  # seconds since 1970
    state: str = "damaged"
    progress: float = 0.0  # fraction between 0 and 1
    eta_s: float | None = None
    message: str = ""  # one sentence: the present work, or the reason of a failure
    settings: dict = field(default_factory=dict)
    last: dict = field(default_factory=dict)  # the latest epoch's metrics
    colour: int = 0  # number of its colour on charts, which never changes

    @property
    def name(self) -> str:
        """The name of the run's folder; bytes that are not UTF-8 become "\\udce9", say."""
        return encodable(self.folder.name)

    @property
    def active(self) -> bool:
        """Return whether a process waits or works on the run."""
        return self.state in ("waiting", "running")

    @property
    def resumable(self) -> bool:
        """Return whether the run ended early and can be resumed."""
        return self.state in ("failed", "stopped", "interrupted")


def runs_folder() -> Path:
    """Return the folder of all runs: EARMARK_HOME/runs."""
    return home() / "runs"


def create_run_folder(
    kind: str,
    settings: dict,
    title: str = "",
    folder: Path | None = None,
    cores: int | None = None,
    cluster: str | None = None,
) -> Path:
    """Create a run directory with its config.json, not started. Raises RunError if there is one.

    `cluster` is the address of the Ray cluster that is to train it; None: this machine.
    """
    if kind not in PROGRAMS:
        raise RunError(f"There are no runs of kind {kind!r}: {', '.join(PROGRAMS)}.")
    if folder is None:
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}-{title or kind}"
        folder = runs_folder() / re.sub(r"[^\w.-]+", "-", name)
    if (folder / "config.json").exists():
        raise RunError(f"{folder} holds a run already: choose another folder, or delete it first.")
    # A process that was killed in its first write left nothing but the temporary file.
    if folder.exists() and (not folder.is_dir() or not all(is_temporary(path) for path in folder.iterdir())):
        raise RunError(f"{folder} holds something else: choose a new folder, or an empty one.")
    config = {
        "version": CONFIG_VERSION,
        "kind": kind,
        "title": title,
        "note": "",
        "created": time.time(),
        "cores": min(cores or all_cores(), all_cores()),
        "colour": _next_colour(),
        "settings": settings,
    }
    if cluster:
        config["cluster"] = cluster
    try:
        remove_temporaries(folder)
        write_atomic(folder / "config.json", json.dumps(config, indent=1) + "\n")
        write_status(folder, state="waiting", progress=0.0, message="Not started yet.")
    except OSError:  # a full disk must leave no empty run
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _next_colour() -> int:
    """Choose the least number that no run has, so that runs side by side differ in colour."""
    colours = {run.colour for run in list_runs()}
    return next(number for number in itertools.count() if number not in colours)


def open_or_create_run(
    kind: str, settings: "RunSettings", title: str = "", folder: Path | None = None, cores: int | None = None
) -> Path:
    """Create a run by `create_run_folder`, or take the run in `folder` if it has the same settings.

    That run may be finished or not. Raises RunError.
    """
    if folder and (folder / "config.json").exists() and settings.equals(load_config(folder)["settings"]):
        if read_run(folder).active:
            raise RunError(f"{folder} is under way: stop it first.")
        return folder
    return create_run_folder(kind, settings.to_dict(), title, folder, cores)


def annotate_run(folder: Path, title: str | None = None, note: str | None = None) -> None:
    """Change a run's title and note."""
    config = load_config(folder)
    if title is not None:
        config["title"] = title.strip()[:80]
    if note is not None:
        config["note"] = note.strip()[:2_000]
    write_atomic(folder / "config.json", json.dumps(config, indent=1) + "\n")


def load_config(folder: Path) -> dict:
    """Read config.json. Raises RunError where it is missing, damaged or of another version."""
    try:
        config = read_json(folder / "config.json")
        version, kind = config["version"], config["kind"]
    except FileNotFoundError as error:
        raise RunError(f"{folder.name} is not a run: it has no config.json.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"The config.json of {folder.name} is damaged: delete this run and start a new one."
        ) from error
    if (
        version != CONFIG_VERSION
        or kind not in PROGRAMS
        or not isinstance(config.get("settings"), dict)
        or not isinstance(config.get("cores", 1), int)
        or not isinstance(config.get("cluster", ""), str)
    ):
        raise RunError(f"{folder.name} was made by another version of Earmark: start a new run like it.")
    return {"title": "", "note": "", "created": 0.0, "cores": 1} | config


def read_run(folder: Path) -> Run:
    """Read the state of a run. It never raises: an unreadable run has the state "damaged"."""
    try:
        config = load_config(folder)
        return _make_run(folder, config, read_status(folder))
    except RunError as error:
        return Run(folder, message=str(error))
    except (TypeError, ValueError, AttributeError):  # a field has another type
        return Run(folder, message="Its config.json or its status.json is damaged: delete it.")


def _make_run(folder: Path, config: dict, status: dict) -> Run:
    state = status.get("state", "damaged")
    message = str(status.get("message", ""))
    fresh = time.time() - float(status.get("heartbeat", 0.0)) < STALE_S
    if state in ("waiting", "running") and not (fresh and is_locked(folder)):
        is_new = state == "waiting" and "pid" not in status
        state, message = (
            "interrupted",
            "Not started yet." if is_new else ("It was interrupted: resume it to go on from the last epoch."),
        )
    elif state not in STATES or state == "damaged":  # status.json is lost, but the training can go on
        state, message = (
            ("running", message)
            if is_locked(folder)
            else (
                "interrupted",
                "Its status.json is missing or damaged: resume it to go on from the last epoch.",
            )
        )
    eta_s = status.get("eta_s")
    _check_settings(config["settings"])
    _check_settings(config["settings"].get("recipe", {}))
    return Run(
        folder,
        config["kind"],
        str(config["title"]),
        str(config["note"]),
        _number(config["created"]),
        state,
        _number(status.get("progress", 0.0)),
        None if eta_s is None else _number(eta_s),
        message,
        config["settings"],
        _numbers(status.get("last", {})),
        config["colour"] if isinstance(config.get("colour"), int) else zlib.crc32(folder.name.encode()),
    )


def _check_settings(settings: dict) -> None:
    """Check the types of the settings that pages and tables show. Raises TypeError or ValueError."""
    for name in settings.keys() & TEXT_SETTINGS:
        if not isinstance(settings[name], str):
            raise TypeError(f"{name} is text.")
    for name in settings.keys() & NUMBER_SETTINGS:
        _number(settings[name])
    if not isinstance(settings.get("recipe", {}), dict):
        raise TypeError("A recipe is an object.")


def _number(value: Any) -> float:
    """Convert to a finite number. Raises TypeError or ValueError."""
    if isinstance(value, bool) or not abs(value) < MAX_NUMBER:  # NaN is not below the limit either
        raise ValueError("It is no number, or none that a table could show.")
    return float(value)


def _numbers(values: dict) -> dict:
    """Select the values that are finite numbers."""
    numbers = {}
    for name, value in values.items():
        with suppress(TypeError, ValueError):
            _number(value)
            numbers[name] = value
    return numbers


def list_runs(kind: str | None = None) -> list[Run]:
    """List the runs under EARMARK_HOME, the newest first."""
    if not runs_folder().is_dir():
        return []
    runs = [read_run(folder) for folder in runs_folder().iterdir() if folder.is_dir()]
    selection = [run for run in runs if kind in (None, run.kind)]
    return sorted(selection, key=lambda run: (run.created, run.name), reverse=True)


def find_run(name: str | Path, kind: str | None = None) -> Path:
    """Find a run by its folder, or by its name under EARMARK_HOME/runs. Raises RunError."""
    candidates = (Path(name), runs_folder() / name)
    for folder in candidates:
        if (folder / "config.json").exists():
            if kind and load_config(folder)["kind"] != kind:
                raise RunError(f"{folder.name} is a run of another program.")
            return folder
    for folder in filter(Path.is_dir, candidates):
        load_config(folder)  # raises with the reason
    raise RunError(f"There is no run {str(name)!r}: give its folder, or its name in {runs_folder()}.")


def read_metrics(folder: Path, name: str = METRICS_FILE) -> list[dict]:
    """Read one dictionary an epoch, in order. An epoch that was done twice is read once."""
    epochs: dict[tuple, dict] = {}
    try:
        lines = read_regular(folder / name, MAX_JSON_BYTES).splitlines()
    except OSError:
        return []
    for line in lines:
        try:
            values = _numbers(parse_json(line))
            epochs[int(values.get("part", 0)), int(values["epoch"])] = values
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # the line was cut off, or is damaged
    return [epochs[key] for key in sorted(epochs)]


def is_finished(folder: Path) -> bool:
    """Return whether a run is done and its report, card and weights are complete."""
    if read_run(folder).state != "done":
        return False
    try:
        for name in ("report.json", "card.json"):
            content = read_json(folder / name)
            if not isinstance(content, dict) or not content:
                return False
        with safe_open(folder / "model.safetensors", "numpy"):  # opening checks the header and the length
            return True
    except (OSError, ValueError, SafetensorError):
        return False


def read_progress(folder: Path) -> dict:
    """Read the parts of a run's status for a resumed process: "progress" and the "last" epoch."""
    return {key: value for key, value in read_status(folder).items() if key in ("progress", "last")}


def read_status(folder: Path) -> dict:
    """Read status.json; {} where it is missing or damaged."""
    try:
        status = read_json(folder / "status.json")
        return status if isinstance(status, dict) else {}
    except (OSError, ValueError):
        return {}


def write_status(folder: Path, **values: Any) -> None:
    """Replace status.json, with the present time as its heartbeat."""
    write_atomic(folder / "status.json", json.dumps({**values, "heartbeat": time.time()}) + "\n")


def is_locked(folder: Path) -> bool:
    """Return whether a living process works on the run."""
    try:
        with open(folder / ".lock", "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False

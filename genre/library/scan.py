"""A scan: every song below some folders into the index, and only what is new or changed is read.

First the folders are walked and compared with the index by path, size and time of change; then what differs
is read by a process for each core, and each song is committed at once; at last the songs that are gone are
deleted. A song is gone only where its folder could be listed and lies on the file system where the song was:
a network drive or a disk that is away takes no songs with it. What a scan that was stopped or killed has read
stays, and the next one goes on from there.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from genre.compute import all_cores, free_memory_bytes
from genre.errors import error_sentence
from genre.library import reading as outcomes
from genre.library.default import fast_predictor
from genre.library.index import Index, below, database_errors
from genre.library.pool import read_all
from genre.library.predictor import Predictor
from genre.library.progress import ProgressWriter, ScanProgress, lock_scan
from genre.library.reading import Job, Reading
from genre.library.walking import FoundFile, Unreadable, walk
from genre.paths import may_read

MAX_PROBLEMS = 1000  # sentences that a scan keeps; all are counted
PROCESS_BYTES = 600 << 20  # 410 MB with the model, and a file of 64 MiB with its samples
FILES_PER_PROCESS = 4  # loading the model takes as long as a dozen songs

Listener = Callable[[ScanProgress], None]
ReadAll = Callable[[Iterator[Job], Predictor], Iterator[Reading]]  # yields what became of each job, once


class FolderError(ValueError):
    """A folder that cannot be scanned; the message is a sentence."""


@dataclass
class ScanSummary:
    """What a scan did, in numbers of songs, and what went wrong."""

    n_files: int = 0  # audio files
    n_unchanged: int = 0
    n_predicted: int = 0
    n_moved: int = 0  # known by their content: moved, renamed or copied
    n_damaged: int = 0
    n_deleted: int = 0
    n_away: int = 0  # not to be seen, and kept
    n_problems: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)  # (path, sentence)

    def add_problem(self, path: str, sentence: str) -> None:
        """Note that something could not be read."""
        self.n_problems += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append((path, sentence))

    def counts(self) -> dict[str, int]:
        """The numbers by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, int)}


def check_folders(folders: Sequence[str]) -> list[str]:
    """Make the paths absolute. Raises FolderError for what is no folder, or lies outside EARMARK_MUSIC."""
    checked = []
    for folder in folders:
        path = os.path.abspath(folder)
        try:
            is_folder = os.path.isdir(path)
            is_file = os.path.exists(path) and not is_folder
        except ValueError as error:  # a NUL in the name
            raise FolderError(f"{folder[:80]!r} is no folder's name: check it.") from error
        if is_file or not path.strip():
            raise FolderError(f"{folder} is not a folder: name the one that it lies in.")
        if not may_read(Path(path)):
            raise FolderError(f"{folder} lies outside EARMARK_MUSIC: choose a folder inside it.")
        checked.append(path)
    return checked


def scan_folders(
    folders: Sequence[str],
    *,
    rescan: bool = False,
    predictor: Predictor | None = None,
    processes: int | None = None,
    listener: Listener = lambda progress: None,
    read: ReadAll | None = None,
) -> ScanSummary:
    """Bring the index up to date with folders; with `rescan`, read every song again.

    `read` reads the jobs, by default `processes` of this machine.

    Raises FolderError for what is no folder, LibraryError while another scan is under way or for an index
    that cannot be used, and OSError for a full disk. Whatever it raises, what was read is kept.
    """
    folders = check_folders(folders)
    with lock_scan(), Index() as index:
        writer = ProgressWriter(folders)
        scan = _Scan(index, predictor or fast_predictor(), rescan, writer, listener)
        try:
            for folder in folders:
                if index.folders().count(folder) == 0 and not os.path.isdir(folder):
                    raise FolderError(f"There is no folder {folder}: check its name.")
                index.add_folder(folder, time.time())
            total = scan.compare(folders)
            scan.read(
                total, read or _read_here(total, default_processes() if processes is None else processes)
            )
            scan.delete_gone(folders)
        except KeyboardInterrupt:
            try:
                scan.draw_map()
            finally:
                writer.update("stopped", message="Stopped. What was read is kept: scan again to go on.")
            raise
        except BaseException as error:
            writer.update("failed", message=error_sentence(error))
            raise
        scan.draw_map()
        writer.update("done", counts=scan.summary.counts(), message=summary_sentence(scan.summary))
    return scan.summary


class _Scan:
    """The steps of one scan."""

    def __init__(
        self, index: Index, predictor: Predictor, rescan: bool, writer: ProgressWriter, listener: Listener
    ) -> None:
        self.index, self.predictor, self.rescan = index, predictor, rescan
        self.writer, self.listener = writer, listener
        self.summary = ScanSummary()
        self.unreadable: list[str] = []
        # Half a million paths stay out of this process's memory.
        index.db.execute("CREATE TEMP TABLE IF NOT EXISTS seen (id INTEGER PRIMARY KEY, device INTEGER)")
        index.db.execute(
            "CREATE TEMP TABLE IF NOT EXISTS todo (path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER)"
        )
        index.db.execute("DELETE FROM seen")
        index.db.execute("DELETE FROM todo")

    def compare(self, folders: Sequence[str]) -> int:
        """Walk the folders and note what is to be read -> how many files."""
        db = self.index.db
        with database_errors():
            db.execute("BEGIN")
            for folder in folders:
                for file in walk(folder):
                    if isinstance(file, Unreadable):
                        self.unreadable.append(file.path)
                        self.summary.add_problem(file.path, file.reason)
                    else:
                        self._compare_file(file)
            db.execute("COMMIT")
            self.summary.n_files = db.execute(
                "SELECT (SELECT COUNT(*) FROM seen) + (SELECT COUNT(*) FROM todo WHERE path NOT IN "
                "(SELECT path FROM songs))"
            ).fetchone()[0]
            return db.execute("SELECT COUNT(*) FROM todo").fetchone()[0]

    def _compare_file(self, file: FoundFile) -> None:
        entry = self.index.entry(file.path)
        if entry:
            self.index.db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?)", (entry.id, file.device))
            is_same = (entry.size, entry.mtime_ns) == (file.size, file.mtime_ns)
            if is_same and entry.predictor == self.predictor.key and not self.rescan:
                self.summary.n_unchanged += 1
                return
        path = os.fsencode(file.path)
        self.index.db.execute("INSERT OR IGNORE INTO todo VALUES (?, ?, ?)", (path, file.size, file.mtime_ns))

    def read(self, total: int, read: ReadAll) -> None:
        """Read what is to be read, and commit each song."""
        n_done = 0
        self.writer.update("reading", n_done=0, total=total)
        again: list[Job] = []  # copies of a song that was deleted meanwhile
        while True:
            jobs = iter(again) if n_done else self._jobs()
            again = []
            for reading in read(jobs, self.predictor) if total else ():
                try:
                    self._store(reading)
                except LookupError:
                    again.append(Job(reading.path))
                    continue
                n_done += 1
                self.listener(self.writer.step(n_done, total, reading.path))
            if not again:
                return

    def _jobs(self) -> Iterator[Job]:
        last = b""
        while rows := self.index.db.execute(
            "SELECT path, size, mtime_ns FROM todo WHERE path > ? ORDER BY path LIMIT 500", (last,)
        ).fetchall():
            for path, size, mtime_ns in rows:
                hashes = self.index.hashes_like(size, mtime_ns, self.predictor.key)
                yield Job(os.fsdecode(path), frozenset() if self.rescan else hashes)
            last = rows[-1][0]

    def _store(self, reading: Reading) -> None:
        if reading.outcome == outcomes.GONE:
            self.summary.add_problem(reading.path, "The file went away while it was to be read.")
            self.unreadable.append(reading.path)
            return
        if reading.outcome == outcomes.CHANGING:
            self.summary.add_problem(reading.path, "The file changed while it was read: scan again later.")
            return
        if reading.outcome == outcomes.UNREADABLE:
            self.summary.add_problem(reading.path, reading.error)
            return
        self.index.put(reading, self.predictor.key)
        entry = self.index.entry(reading.path)
        assert entry is not None
        self.index.db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?)", (entry.id, reading.device))
        if reading.outcome == outcomes.DAMAGED_FILE:
            self.summary.n_damaged += 1
            self.summary.add_problem(reading.path, reading.error)
        elif reading.outcome == outcomes.KNOWN_SONG:
            self.summary.n_moved += 1
        else:
            self.summary.n_predicted += 1

    def delete_gone(self, folders: Sequence[str]) -> None:
        """Delete the songs that are gone, and note where the others were seen."""
        db, gone = self.index.db, []
        with database_errors():
            # A drive may have another number after each start of the machine.
            new_devices = dict(
                db.execute(
                    "SELECT songs.device, seen.device FROM seen JOIN songs USING (id) GROUP BY 1"
                ).fetchall()
            )
            devices: dict[str, int | None] = {}
            for folder in folders:
                low, high = below(folder)
                rows = db.execute(
                    "SELECT id, path, device FROM songs WHERE path >= ? AND path < ? "
                    "AND id NOT IN (SELECT id FROM seen)",
                    (low, high),
                )
                for id_, path, device in rows:
                    if self._is_gone(os.fsdecode(path), new_devices.get(device, device), devices):
                        gone.append(id_)
                    else:
                        self.summary.n_away += 1
            with self.index.transaction():
                db.execute(
                    "UPDATE songs SET device = (SELECT device FROM seen WHERE seen.id = songs.id) "
                    "WHERE id IN (SELECT id FROM seen JOIN songs USING (id) "
                    "WHERE seen.device != songs.device)"
                )
        self.index.delete(gone)
        self.summary.n_deleted = len(gone)

    def draw_map(self) -> None:
        """Give the songs their places on the map, where songs have come or gone."""
        summary = self.summary
        if summary.n_predicted or summary.n_deleted or summary.n_moved or self.index.lacks_places():
            from genre.library.projection import place_songs

            self.writer.update("placing")
            place_songs(self.index)

    def _is_gone(self, path: str, device: int, devices: dict[str, int | None]) -> bool:
        """Whether a song that was not found is no more, rather than out of reach."""
        if any(path == other or path.startswith(other.rstrip("/") + "/") for other in self.unreadable):
            return False
        folder = os.path.dirname(path)
        if folder not in devices:
            devices[folder] = _device_of(folder)
        return devices[folder] == device


def _read_here(total: int, processes: int) -> ReadAll:
    """Make the function that reads jobs in processes of this machine."""
    processes = min(processes, -(-total // FILES_PER_PROCESS)) if processes else 0
    return lambda jobs, predictor: read_all(jobs, predictor, processes)


def default_processes() -> int:
    """One process a core, and no more than the free memory holds."""
    free = free_memory_bytes()
    return all_cores() if free is None else min(all_cores(), max(1, free // PROCESS_BYTES))


def _device_of(folder: str) -> int | None:
    """The file system of a folder, or of the nearest one above that is there."""
    while True:
        try:
            return os.stat(folder).st_dev
        except FileNotFoundError:
            if folder == os.path.dirname(folder):
                return None
            folder = os.path.dirname(folder)
        except OSError:
            return None


def n_songs(count: int) -> str:
    """Write a number of songs."""
    return "1 song" if count == 1 else f"{count:,} songs"


def summary_sentence(summary: ScanSummary) -> str:
    """A summary as one line."""
    parts = [n_songs(summary.n_files)]
    for count, words in (
        (summary.n_predicted, "read"),
        (summary.n_moved, "moved or copied"),
        (summary.n_damaged, "damaged"),
        (summary.n_deleted, "gone"),
        (summary.n_away, "out of reach and kept"),
    ):
        if count:
            parts.append(f"{count:,} {words}")
    return ", ".join(parts) + "."

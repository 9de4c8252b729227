"""What neither a second scan, Ctrl+C, kill -9 nor a full disk takes from the index."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from genre.library.index import Index, LibraryError
from genre.library.progress import lock_scan, read_progress
from genre.paths import REPOSITORY
from tests.support.patience import PATIENCE_S
from tests.support.stand_ins.library import content, content_from_nothing, make_songs, scan


def test_a_second_scan_at_once_is_refused_in_a_sentence(tmp_path):
    make_songs(tmp_path, 1)
    with lock_scan(), pytest.raises(LibraryError, match="Another scan is under way"):
        scan([tmp_path])
    assert scan([tmp_path]).n_predicted == 1


def test_a_stop_keeps_what_was_read(tmp_path):
    make_songs(tmp_path, 10)

    def interrupt(progress) -> None:
        if progress.n_done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan([tmp_path], listener=interrupt)
    assert len(content()) == 4
    assert read_progress().state == "stopped"
    with Index() as index:
        assert index.has_map() and not index.lacks_places(), "they are on the map, too"
        index.db.execute("UPDATE songs SET x = NULL, y = NULL")  # as where it was killed
        index.db.commit()
    summary = scan([tmp_path])
    assert (summary.n_unchanged, summary.n_predicted) == (4, 6)
    with Index() as index:
        index.db.execute("UPDATE songs SET x = NULL, y = NULL")
        index.db.commit()
    assert scan([tmp_path]).n_predicted == 0
    with Index() as index:
        assert not index.lacks_places(), "a scan that reads nothing mends the map"
    assert read_progress().state == "done"


def test_a_full_disk_is_a_sentence_and_loses_nothing(tmp_path):
    make_songs(tmp_path, 300)

    with limited_index(), pytest.raises(OSError) as caught:
        scan([tmp_path])
    assert caught.value.errno == 28
    n_before = len(content())
    assert 0 < n_before < 300
    summary = scan([tmp_path])
    assert (summary.n_unchanged, summary.n_predicted) == (n_before, 300 - n_before)


@contextmanager
def limited_index() -> Iterator[None]:
    """Let indexes hold 40 pages at most."""
    patch = pytest.MonkeyPatch()
    create = Index._create

    def limit(self: Index) -> None:
        create(self)
        self.db.execute("PRAGMA max_page_count = 40")

    patch.setattr(Index, "_create", limit)
    try:
        yield
    finally:
        patch.undo()


KILLED = """
import sys
from tests.support.stand_ins.library import SLOW_STAND_IN
from genre.library.scan import scan_folders
if __name__ == "__main__":
    scan_folders([sys.argv[1]], predictor=SLOW_STAND_IN, processes=2)
"""


def test_a_kill_at_any_moment_loses_nothing_that_was_done(tmp_path):
    songs = make_songs(tmp_path, 60)
    script = tmp_path / "scan.py"
    script.write_text(KILLED)
    n_before, environment = 0, os.environ | {"PYTHONPATH": str(REPOSITORY)}
    for wait_s in (0.7, 1.1, 1.3):
        process = subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=environment)
        deadline = time.monotonic() + PATIENCE_S
        while read_progress().n_done == 0 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(wait_s - 0.6)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert read_progress().state in ("stopped", "done")
        rows = content()
        assert len(rows) >= n_before
        n_before = len(rows)
        assert all(row[-1] for row in rows)  # each has its vectors
    summary = scan([tmp_path])
    assert summary.n_unchanged == n_before and summary.n_files == len(songs)
    assert content() == content_from_nothing(tmp_path)

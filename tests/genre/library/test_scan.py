"""A scan: what it finds, what it reads again, and what neither a change nor a kill takes from the index."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genre.library import projection
from genre.library import scan as scans
from genre.library.index import Index, LibraryError
from genre.library.pool import CRASHED
from genre.library.predictor import Predictor
from genre.library.scan import FolderError
from genre.library.search import load_library
from tests.support.stand_ins.library import (
    DAMAGED_FILE,
    STAND_IN,
    content,
    content_from_nothing,
    load,
    make_songs,
    scan,
)

# --- any changes, and then the same as from nothing ---------------------------------------------------------

NAMES = st.sampled_from(
    ["a.mp3", "b.flac", "x/a.mp3", "x/y/c.ogg", "z/d.wav", "x/notes.txt", "z/.hidden.mp3"]
)
CONTENTS = st.sampled_from([b"one", b"two", b"six", b"three", b"BAD 1", b"BAD two", b""])
CHANGES = st.one_of(
    st.tuples(st.just("write"), NAMES, CONTENTS),
    st.tuples(st.just("delete"), NAMES),
    st.tuples(st.just("move"), NAMES, NAMES),
    st.tuples(st.just("touch"), NAMES),
    st.tuples(st.just("scan")),
)


class Disk:
    """A folder that changes; each write has a time of its own, whatever the clock's steps."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, 1_000_000_000

    def change(self, kind: str, *arguments) -> None:
        self.clock += 1
        if kind == "scan":
            scan([self.folder])
            return
        path = self.folder / arguments[0]
        if kind == "write":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(arguments[1])
            os.utime(path, (self.clock, self.clock))
        elif path.exists() and kind == "delete":
            path.unlink()
        elif path.exists() and kind == "touch":
            os.utime(path, (self.clock, self.clock))
        elif path.exists() and kind == "move":
            target = self.folder / arguments[1]
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)


@settings(max_examples=35, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CHANGES, max_size=14))
def test_a_scan_after_any_changes_equals_one_from_nothing(tmp_path, changes):
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        os.environ["EARMARK_HOME"] = f"{folder}/home"
        disk = Disk(Path(folder) / "music")
        disk.folder.mkdir()
        scan([disk.folder])
        for change in changes:
            disk.change(*change)
        scan([disk.folder])
        assert content() == content_from_nothing(disk.folder)


# --- what is read again -------------------------------------------------------------------------------------


def test_only_what_is_new_or_changed_is_read(tmp_path):
    make_songs(tmp_path, 5)
    first = scan([tmp_path])
    assert (first.n_files, first.n_predicted, first.n_unchanged) == (5, 5, 0)
    make_songs(tmp_path, 2, start=4)  # one is written anew, one is new
    second = scan([tmp_path])
    assert (second.n_files, second.n_unchanged) == (6, 4)
    assert second.n_predicted + second.n_moved == 2


def test_a_moved_or_copied_song_is_not_predicted_again(tmp_path):
    songs = make_songs(tmp_path, 3)
    scan([tmp_path])
    before = {row[0]: row[1:] for row in content()}
    target = tmp_path / "elsewhere" / "renamed.mp3"
    target.parent.mkdir()
    songs[0].rename(target)
    (tmp_path / "copy.mp3").write_bytes(songs[1].read_bytes())
    summary = scan([tmp_path], predictor=Predictor(STAND_IN.key, load_nothing))
    assert (summary.n_moved, summary.n_predicted, summary.n_deleted) == (2, 0, 1)
    after = {row[0]: row[1:] for row in content()}
    assert after[os.fsencode(target)] == before[os.fsencode(songs[0])]
    assert len(after) == 4


def load_nothing():
    def predict(source):
        raise AssertionError("A known song was predicted again.")

    return predict


def test_another_model_predicts_all_songs_again_and_so_does_rescan(tmp_path):
    make_songs(tmp_path, 3)
    scan([tmp_path])
    assert scan([tmp_path], predictor=Predictor("newer", load)).n_predicted == 3
    assert scan([tmp_path], predictor=Predictor("newer", load)).n_predicted == 0
    assert scan([tmp_path], predictor=Predictor("newer", load), rescan=True).n_predicted == 3


def test_a_file_that_changes_while_it_is_read_is_left_for_the_next_scan(tmp_path):
    [song] = make_songs(tmp_path, 1)
    scan([tmp_path])
    before = content()
    song.write_bytes(b"another song")
    summary = scan([tmp_path], predictor=Predictor(STAND_IN.key, load_changing))
    assert "changed while" in summary.problems[0][1]
    assert content() == before
    scan([tmp_path])
    assert content() == content_from_nothing(tmp_path)


def load_changing():
    from tests.support.stand_ins.library import predict

    def change_and_predict(source):
        [song] = Path(os.environ["EARMARK_HOME"]).parent.rglob("song*.mp3")
        song.write_bytes(song.read_bytes() + b"!")
        return predict(source)

    return change_and_predict


# --- what cannot be read ------------------------------------------------------------------------------------


def test_a_damaged_file_is_a_row_with_its_error_and_is_not_read_twice(tmp_path):
    make_songs(tmp_path, 1)
    (tmp_path / "broken.mp3").write_bytes(b"BAD")
    (tmp_path / "empty.mp3").touch()
    summary = scan([tmp_path])
    assert (summary.n_damaged, summary.n_predicted, summary.n_problems) == (2, 1, 2)
    errors = {Path(song.path).name: song.error for song in load_library().songs if song.error}
    assert errors["broken.mp3"] == DAMAGED_FILE
    assert "empty" in errors["empty.mp3"]
    assert scan([tmp_path]).n_unchanged == 3


def test_a_file_that_ends_its_process_is_damaged_and_the_others_are_read(tmp_path):
    make_songs(tmp_path, 6)
    (tmp_path / "00" / "song 00002b.mp3").write_bytes(b"CRASH")
    summary = scan([tmp_path], processes=2)
    assert (summary.n_predicted, summary.n_damaged) == (6, 1)
    assert [song.error for song in load_library().songs if song.error] == [CRASHED]


def test_a_folder_that_cannot_be_listed_takes_no_songs_with_it(tmp_path, monkeypatch):
    make_songs(tmp_path, 150)
    scan([tmp_path])
    real = os.scandir

    def refuse(path):
        if str(path).endswith("01"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    summary = scan([tmp_path])
    assert (summary.n_deleted, summary.n_away, summary.n_unchanged) == (0, 50, 100)
    assert summary.problems == [(str(tmp_path / "01"), "The folder could not be opened: permission denied.")]


def test_a_drive_that_is_away_takes_no_songs_with_it(tmp_path):
    music = tmp_path / "drive" / "music"
    make_songs(music, 3)
    scan([music])
    (tmp_path / "drive").rename(tmp_path / "unplugged")
    summary = scan([music])
    assert (summary.n_deleted, summary.n_away, summary.n_problems) == (0, 3, 1)
    (tmp_path / "unplugged").rename(tmp_path / "drive")
    assert scan([music]).n_unchanged == 3


def test_an_empty_mount_point_takes_no_songs_with_it(tmp_path):
    make_songs(tmp_path / "music", 3)
    scan([tmp_path / "music"])
    with Index() as index:  # the songs lay on a file system that is not there now
        index.db.execute("UPDATE songs SET device = device + 1")
    for path in (tmp_path / "music").rglob("*.mp3"):
        path.unlink()
    assert scan([tmp_path / "music"]).n_away == 3


def test_a_drive_with_another_number_loses_only_what_was_deleted(tmp_path):
    songs = make_songs(tmp_path, 3)
    scan([tmp_path])
    with Index() as index:
        index.db.execute("UPDATE songs SET device = device + 1")
    songs[0].unlink()
    summary = scan([tmp_path])
    assert (summary.n_deleted, summary.n_unchanged, summary.n_away) == (1, 2, 0)


def test_a_drive_that_goes_away_while_it_is_read_loses_nothing(tmp_path):
    songs = make_songs(tmp_path / "music", 4)
    scan([tmp_path / "music"])
    before = content()
    for song in songs:
        os.utime(song, (1, 1))  # all are to be read again
    summary = scan([tmp_path / "music"], rescan=True, predictor=Predictor("stand-in", load_unplugging))
    assert summary.n_problems >= 1 and summary.n_deleted == 0
    assert len(content()) == len(before)


def load_unplugging():
    from tests.support.stand_ins.library import predict

    def unplug_and_predict(source):
        music = Path(os.environ["EARMARK_HOME"]).parent / "music"
        if music.exists():
            music.rename(music.with_name("unplugged"))
        return predict(source)

    return unplug_and_predict


def test_no_folder_a_file_and_nonsense_are_refused_in_a_sentence(tmp_path):
    (tmp_path / "song.mp3").touch()
    for path in (tmp_path / "nowhere", tmp_path / "song.mp3", "a\0b"):
        with pytest.raises(FolderError, match=r"[.]$|check"):
            scan([path])
    assert content() == []


def test_a_folder_outside_the_music_folder_is_refused(tmp_path, monkeypatch):
    make_songs(tmp_path / "music", 1)
    make_songs(tmp_path / "other", 1)
    (tmp_path / "music" / "link").symlink_to(tmp_path / "other")
    monkeypatch.setenv("EARMARK_MUSIC", str(tmp_path / "music"))
    with pytest.raises(FolderError, match="outside EARMARK_MUSIC"):
        scan([tmp_path / "other"])
    assert scan([tmp_path / "music"]).n_files == 1  # nor does a link lead there


# --- the whole index ----------------------------------------------------------------------------------------


def test_there_are_no_more_processes_than_the_memory_holds(monkeypatch):
    monkeypatch.setattr(scans, "all_cores", lambda: 64)
    for free, processes in ((None, 64), (10 * scans.PROCESS_BYTES, 10), (5, 1)):
        monkeypatch.setattr(scans, "free_memory_bytes", lambda free=free: free)
        assert scans.default_processes() == processes


def test_two_thousand_songs(tmp_path, monkeypatch):
    monkeypatch.setattr(projection, "LANDMARKS", 200)  # t-SNE of more takes seconds
    make_songs(tmp_path, 2000)
    assert scan([tmp_path]).n_predicted == 2000
    assert scan([tmp_path]).n_unchanged == 2000
    library = load_library()
    assert len(library) == 2000
    assert all(-1 <= song.x <= 1 and -1 <= song.y <= 1 for song in library.songs)


def test_forgetting_a_folder_leaves_its_files_and_the_others(tmp_path):
    one, other = tmp_path / "one", tmp_path / "one more"
    songs = make_songs(one, 2) + make_songs(other, 2)
    scan([one, other])
    with Index() as index:
        assert index.forget(str(one)) == 2
        assert index.folders() == [str(other)]
    assert len(content()) == 2
    assert all(song.exists() for song in songs)


def test_a_damaged_index_is_a_sentence(tmp_path, earmark_home):
    (earmark_home / "library").mkdir(parents=True)
    (earmark_home / "library" / "index.sqlite3").write_bytes(b"no database" * 1000)
    with pytest.raises(LibraryError, match="damaged: move"):
        scan([tmp_path])


def test_an_index_of_another_version_is_a_sentence(tmp_path):
    scan([tmp_path])
    with Index() as index:
        index.db.execute("PRAGMA user_version = 99")
    with pytest.raises(LibraryError, match="another version"):
        load_library()

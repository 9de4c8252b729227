"""The walk over folders: links in circles, names of any bytes, and what is no music."""

import os

from genre.library.walking import FoundFile, Unreadable, walk
from tests.support.stand_ins.library import make_songs, scan


def found(folder) -> list[str]:
    return [os.path.relpath(file.path, folder) for file in walk(str(folder)) if isinstance(file, FoundFile)]


def test_only_audio_files_that_are_not_hidden_are_found_in_order(tmp_path):
    for name in ("b.mp3", "a.FLAC", "cover.jpg", ".hidden.mp3", "x/c.opus", ".git/d.mp3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    os.mkfifo(tmp_path / "pipe.mp3")
    assert found(tmp_path) == ["a.FLAC", "b.mp3", "x/c.opus"]


def test_links_in_a_circle_end_and_each_folder_is_entered_once(tmp_path):
    make_songs(tmp_path / "real", 2)
    (tmp_path / "a link").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "up").symlink_to(tmp_path)
    (tmp_path / "real" / "self").symlink_to(tmp_path / "real" / "self")
    (tmp_path / "nowhere.mp3").symlink_to(tmp_path / "gone.mp3")
    (tmp_path / "again.mp3").symlink_to(tmp_path / "real" / "00" / "song 00001.mp3")
    assert found(tmp_path) == ["real/00/song 00000.mp3", "real/00/song 00001.mp3"]


def test_a_link_to_music_elsewhere_is_followed(tmp_path):
    make_songs(tmp_path / "elsewhere", 1)
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "one.mp3").touch()
    (tmp_path / "music" / "a file.mp3").symlink_to(tmp_path / "one.mp3")
    assert found(tmp_path / "music") == ["a file.mp3", "link/00/song 00000.mp3"]


def test_names_of_any_bytes_go_through_the_index_and_back(tmp_path):
    names = [b"caf\xe9.mp3", "日本語 🎵.mp3".encode(), b"line\nbreak.mp3", b" blank .mp3"]
    for number, name in enumerate(names):
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
            file.write(b"song %d" % number)
    assert scan([tmp_path]).n_predicted == 4
    assert scan([tmp_path]).n_unchanged == 4
    assert sorted(os.path.basename(os.fsencode(path)) for path in found(tmp_path)) == sorted(names)


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    [problem] = walk(str(tmp_path / "gone"))
    assert problem == Unreadable(
        str(tmp_path / "gone"), "The folder could not be opened: no such file or directory."
    )


def test_folders_without_end_are_left(tmp_path):
    folder = tmp_path
    for _ in range(210):
        folder = folder / "d"
        folder.mkdir()
    (folder / "deep.mp3").touch()
    assert found(tmp_path) == []

"""Tags of music files: read, written, and taken back, without a change of the sound."""

import shutil
from pathlib import Path

import av
import mutagen
import numpy as np
import pytest
from mutagen.flac import Picture
from mutagen.id3 import APIC, COMM, ID3, TALB, TCON, TIT2, TPE1
from mutagen.mp4 import MP4Cover

from genre.library.index import Index
from genre.library.search import Library, load_library
from genre.library.tag_writing import writing
from genre.library.tag_writing.writing import apply_tags, plan_tags, restore_tags
from genre.library.tags import MAX_TEXT_CHARS, SongTags, read_cover, read_tags
from tests.support.audio import container_bytes, soundfile_bytes, tone
from tests.support.stand_ins.library import scan

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
KINDS = {  # ending -> the bytes of two seconds
    "mp3": lambda: soundfile_bytes(tone(2, 44_100), 44_100, format="MP3"),
    "flac": lambda: soundfile_bytes(tone(2, 44_100), 44_100, format="FLAC"),
    "ogg": lambda: soundfile_bytes(tone(2, 44_100), 44_100, format="OGG", subtype="VORBIS"),
    "opus": lambda: container_bytes(tone(2, 48_000), 48_000, "ogg", "libopus"),
    "m4a": lambda: container_bytes(tone(2, 44_100), 44_100, "mp4", "aac"),
    "wav": lambda: soundfile_bytes(tone(2, 44_100), 44_100, format="WAV"),
    "aiff": lambda: soundfile_bytes(tone(2, 44_100), 44_100, format="AIFF"),
    "wma": lambda: container_bytes(tone(2, 44_100), 44_100, "asf", "wmav2"),
}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory) -> Path:
    """A file of each kind, without tags."""
    folder = tmp_path_factory.mktemp("kinds")
    for ending, content in KINDS.items():
        (folder / f"song.{ending}").write_bytes(content())
    return folder


def tag(path: Path) -> None:
    """Give a file title, artist, album, genre and cover, as other programs do."""
    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    if isinstance(file.tags, ID3):
        for frame in (TIT2, TPE1, TALB, TCON):
            names = {TIT2: "Title é", TPE1: "Artist", TALB: "Album", TCON: "Polka"}
            file.tags.add(frame(encoding=3, text=[names[frame]]))
        file.tags.add(APIC(encoding=3, mime="image/png", type=3, desc="", data=PNG))
    elif path.suffix == ".m4a":
        file.tags.update({"\xa9nam": ["Title é"], "\xa9ART": ["Artist"], "\xa9alb": ["Album"]})
        file.tags.update({"\xa9gen": ["Polka"], "covr": [MP4Cover(PNG, MP4Cover.FORMAT_PNG)]})
    elif path.suffix == ".wma":
        file.tags.update(
            {"Title": ["Title é"], "Author": ["Artist"], "WM/AlbumTitle": ["Album"], "WM/Genre": ["Polka"]}
        )
    else:
        for key, text in (("title", "Title é"), ("artist", "Artist"), ("album", "Album"), ("genre", "Polka")):
            file.tags[key] = [text]
        if path.suffix == ".flac":
            picture = Picture()
            picture.data, picture.type, picture.mime = PNG, 3, "image/png"
            file.add_picture(picture)
    file.save()


@pytest.mark.parametrize("ending", KINDS)
def test_tags_of_every_kind_are_read(recordings, tmp_path, ending):
    path = Path(shutil.copy(recordings / f"song.{ending}", tmp_path))
    assert read_tags(path) == SongTags()
    tag(path)
    has_cover = ending not in ("ogg", "opus", "wma")
    wanted = SongTags("Title é", "Artist", "Album", "Polka", has_cover)
    assert read_tags(path) == read_tags(path.read_bytes()) == wanted
    assert read_cover(path) == (PNG if has_cover else None)


def test_hostile_tags_are_bounded_and_damaged_ones_are_none(tmp_path, recordings):
    path = Path(shutil.copy(recordings / "song.mp3", tmp_path))
    tags = ID3()
    tags.add(TIT2(encoding=3, text=["<b>\n\x00\u202e" + "x" * 100_000]))
    tags.save(path)
    title = read_tags(path).title
    assert title.startswith("<b>") and len(title) <= MAX_TEXT_CHARS and title.isprintable()
    random = np.random.default_rng(0)
    content = path.read_bytes()
    for _ in range(200):
        damaged = bytearray(content)
        for at in random.integers(0, 400, 8):
            damaged[at] = random.integers(256)
        assert isinstance(read_tags(bytes(damaged)), SongTags)
    assert read_tags(b"") == read_tags(tmp_path / "gone.mp3") == SongTags()


# --- written and taken back ---------------------------------------------------------------------------------


def sound_of(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=-1)


def all_tags(path: Path) -> dict:
    tags = mutagen.File(path).tags
    return {key: str(tags[key]) for key in (tags or {}).keys()}  # noqa: SIM118


def scanned(folder: Path) -> Library:
    """The library of a folder, all of whose songs are confident and feel like something."""
    scan([folder])
    with Index() as index:
        index.db.execute("UPDATE songs SET confident = 1, status = 'music', genre = 'hiphop'")
        index.db.execute("UPDATE vectors SET feelings = ?", (np.full(9, 0.9, "<f2").tobytes(),))
    return load_library()


@pytest.mark.parametrize("had_tags", [True, False])
@pytest.mark.parametrize("ending", KINDS)
def test_tags_are_written_and_taken_back_in_every_kind_of_file(recordings, tmp_path, ending, had_tags):
    path = tmp_path / "music" / f"song.{ending}"
    path.parent.mkdir()
    shutil.copy(recordings / path.name, path)
    if had_tags:
        tag(path)
    before, sound, mode = all_tags(path), sound_of(path), path.stat().st_mode
    library = scanned(path.parent)
    [change] = plan_tags(library, library.songs)
    assert all_tags(path) == before  # a plan writes nothing
    assert change.before == {"genre": ["Polka"] if had_tags else [], "mood": []}
    with Index() as index:
        [written] = apply_tags(index, [change])
        assert not written.error
        assert read_tags(path).genre == "Hip-Hop"
        assert list(plan_tags(library, library.songs)) == []
        after = all_tags(path)
        assert {
            key: after[key] for key in before if "gen" not in key.lower() and key != "TCON"
        }.items() <= after.items()
        assert np.array_equal(sound_of(path), sound)
        assert path.stat().st_mode == mode
        assert [child.name for child in path.parent.iterdir()] == [path.name]
        assert scan([path.parent]).n_unchanged == 1  # the index knows
        [restored] = restore_tags(index)
        assert not restored.error
    assert all_tags(path) == before
    assert np.array_equal(sound_of(path), sound)
    assert scan([path.parent]).n_unchanged == 1
    with Index() as index:
        assert list(restore_tags(index)) == []


def test_id3_stays_in_its_version(recordings, tmp_path):
    path = Path(shutil.copy(recordings / "song.mp3", tmp_path))
    tags = ID3()
    tags.add(TCON(encoding=1, text=["Polka"]))
    tags.add(COMM(encoding=1, lang="eng", desc="", text=["mine"]))
    tags.update_to_v23()
    tags.save(path, v2_version=3)
    library = scanned(tmp_path)
    with Index() as index:
        list(apply_tags(index, plan_tags(library, library.songs)))
        assert ID3(path, translate=False).version == (2, 3, 0)
        assert str(ID3(path)["TCON"]) == "Hip-Hop" and "TXXX:MOOD" in ID3(path)
        list(restore_tags(index))
    assert str(ID3(path)["TCON"]) == "Polka" and "TXXX:MOOD" not in ID3(path)
    assert str(ID3(path)["COMM::eng"]) == "mine"


def test_what_somebody_changed_since_stays(recordings, tmp_path):
    path = Path(shutil.copy(recordings / "song.flac", tmp_path))
    library = scanned(tmp_path)
    with Index() as index:
        list(apply_tags(index, plan_tags(library, library.songs)))
        file = mutagen.File(path)
        file["genre"] = ["Mine"]
        file.save()
        [restored] = restore_tags(index)
    assert "changed since" in restored.error
    assert mutagen.File(path)["genre"] == ["Mine"]


def test_a_moved_file_is_found_again_and_forget_keeps_the_originals(recordings, tmp_path):
    path = Path(shutil.copy(recordings / "song.mp3", tmp_path))
    tag(path)
    library = scanned(tmp_path)
    with Index() as index:
        list(apply_tags(index, plan_tags(library, library.songs)))
        index.forget(str(tmp_path))
        path.rename(tmp_path / "renamed.mp3")
        [lost] = restore_tags(index)
        assert "not where it was" in lost.error
        scan([tmp_path])
        [restored] = restore_tags(index)
    assert not restored.error
    assert read_tags(tmp_path / "renamed.mp3").genre == "Polka"


def test_files_that_cannot_be_written_stay_as_they_are(recordings, tmp_path, monkeypatch):
    for name in ("changed.mp3", "sound.mp3", "gone.mp3"):
        shutil.copy(recordings / "song.mp3", tmp_path / name)
        with (tmp_path / name).open("ab") as file:
            file.write(name.encode())
    (tmp_path / "raw.aac").write_bytes(container_bytes(tone(1, 44_100), 44_100, "adts", "aac"))
    library = scanned(tmp_path)
    changes = list(plan_tags(library, library.songs))
    (tmp_path / "changed.mp3").write_bytes(b"something else")
    (tmp_path / "gone.mp3").unlink()
    hashes = iter(range(100))
    monkeypatch.setattr(writing, "audio_hash", lambda path: next(hashes))  # as if the sound had changed
    before = (tmp_path / "sound.mp3").read_bytes()
    with Index() as index:
        errors = {Path(done.path).name: done.error for done in apply_tags(index, changes)}
    assert "changed since the scan" in errors["changed.mp3"]
    assert "is gone" in errors["gone.mp3"]
    assert "would change the sound" in errors["sound.mp3"]
    assert "no place for tags" in errors["raw.aac"]
    assert (tmp_path / "sound.mp3").read_bytes() == before
    assert sorted(child.name for child in tmp_path.iterdir() if child.is_file()) == [
        "changed.mp3",
        "raw.aac",
        "sound.mp3",
    ]


def test_a_full_disk_leaves_the_file_whole(recordings, tmp_path, monkeypatch):
    path = Path(shutil.copy(recordings / "song.mp3", tmp_path))
    before = path.read_bytes()
    library = scanned(tmp_path)
    monkeypatch.setattr(shutil, "copy2", _full)
    with Index() as index, pytest.raises(OSError, match="No space"):
        list(apply_tags(index, plan_tags(library, library.songs)))
    assert path.read_bytes() == before


def _full(source, target):
    Path(target).write_bytes(b"part")
    raise OSError(28, "No space left on device")


def test_a_link_stays_a_link(recordings, tmp_path):
    shutil.copy(recordings / "song.mp3", tmp_path / "real.mp3")
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "link.mp3").symlink_to(tmp_path / "real.mp3")
    library = scanned(tmp_path / "music")
    with Index() as index:
        list(apply_tags(index, plan_tags(library, library.songs)))
    assert (tmp_path / "music" / "link.mp3").is_symlink()
    assert read_tags(tmp_path / "real.mp3").genre == "Hip-Hop"

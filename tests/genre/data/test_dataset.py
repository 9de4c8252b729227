"""Folders of music become examples: layouts, bad files, every kind of input, the cache."""

import io
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import torch

from genre import cache
from genre.audio.clip import SAMPLE_RATE
from genre.audio.features import FEATURE_NAMES
from genre.data import windows as inputs
from genre.data.dataset import decode_tracks, open_dataset, require_genres
from genre.data.examples import DataError
from genre.data.gtzan import read_mel_30s
from genre.data.input_spec import InputSpec
from genre.data.windows import make_examples
from genre.models.registry import MODELS
from tests.support.data import SHARED_DATA

GTZAN = SHARED_DATA / "gtzan"
with_gtzan = pytest.mark.skipif(not (GTZAN / "pictures.npz").exists(), reason="GTZAN is not here")
MEL = InputSpec("mel", (64, 100), 3.0, 2048, 667, 64)
FEATURES = InputSpec("features", (58,), 30.0)


def write(path: Path, samples: np.ndarray, **how: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, samples, SAMPLE_RATE, **how)
    return path


@pytest.fixture
def folder(tmp_path, play) -> Path:
    """Two genres of three short pieces, named as in GTZAN."""
    root = tmp_path / "music"
    for genre in ("metal", "classical"):
        for number in range(3):
            write(root / genre / f"{genre}.{number:05d}.wav", play(genre, 3.5, number))
    return root


def test_a_plain_folder(folder):
    dataset = open_dataset(folder)
    assert dataset.genres == ("classical", "metal")
    assert [track.name for track in dataset.files][:2] == ["classical.00000", "classical.00001"]


@pytest.mark.parametrize("inner", ["genres", "genres_original", "Data/genres_original", "audio"])
def test_archives(folder, tmp_path, inner):
    root = tmp_path / "archive"
    shutil.copytree(folder, root / inner)
    (root / inner).parent.joinpath("images_original", "metal").mkdir(parents=True)
    (root / inner).parent.joinpath("features_30_sec.csv").write_text("")
    dataset = open_dataset(root)
    assert dataset.genres == ("classical", "metal") and len(dataset.files) == 6
    assert dataset.features_30_sec is not None


def test_sun_audio_and_other_names(folder, play):
    write(folder / "metal" / "metal.00007.au", play("metal", 3.5, 7))
    write(folder / "metal" / "an album" / "a song.flac", play("metal", 3.5, 8))
    tracks, skipped = decode_tracks(open_dataset(folder))
    assert {"metal.00007", "metal/an album/a song.flac"} <= {track.name for track in tracks}
    assert not skipped


def test_bad_files_are_skipped_by_name(folder, play):
    (folder / "metal" / "broken.wav").write_bytes(b"no sound")
    (folder / "metal" / "notes.txt").write_text("not music, not looked at")
    write(folder / "metal" / "silent.wav", np.zeros(SAMPLE_RATE * 2))
    write(folder / "metal" / "short.wav", play("metal", 3.5, 0)[: SAMPLE_RATE // 2])
    shutil.copy(folder / "metal" / "metal.00000.wav", folder / "metal" / "aa copy.wav")
    samples, _ = sf.read(folder / "metal" / "metal.00001.wav", dtype="int16")
    sf.write(folder / "metal" / "zz same sound.flac", samples, SAMPLE_RATE)
    (folder / "folk").mkdir()
    write(folder / "metal" / "metal.00002.ogg", samples / 32_768)
    tracks, skipped = decode_tracks(open_dataset(folder))
    assert len(tracks) == 6
    assert dict(skipped).keys() == {
        "folk",
        "metal/broken.wav",
        "metal/silent.wav",
        "metal/short.wav",
        "metal/aa copy.wav",
        "metal/zz same sound.flac",
        "metal/metal.00002.wav",
    }
    assert "in another format" in dict(skipped)["metal/metal.00002.wav"]
    assert dict(skipped)["metal/aa copy.wav"] == "The same recording as metal.00000."


def test_a_recording_in_two_genres_cannot_be_trusted(folder):
    shutil.copy(folder / "metal" / "metal.00000.wav", folder / "classical" / "x.wav")
    tracks, skipped = decode_tracks(open_dataset(folder))
    assert len(tracks) == 5 and len(skipped) == 2
    assert "several genres" in skipped[0][1]


def test_folders_that_hold_nothing(tmp_path, folder):
    with pytest.raises(DataError, match="no folder"):
        open_dataset(tmp_path / "nowhere")
    for name in ("~no-such-person", "x" * 5_000, "a\0b"):
        with pytest.raises(DataError, match="no folder's name"):
            open_dataset(name)
    (tmp_path / "empty" / "metal").mkdir(parents=True)
    with pytest.raises(DataError, match="one sub-folder a genre"):
        open_dataset(tmp_path / "empty")


def test_a_genre_needs_two_tracks(folder):
    tracks = np.array(["a", "b", "c", "c"])
    with pytest.raises(DataError, match="'metal' has only one usable track"):
        require_genres(np.array([0, 0, 1, 1]), tracks, ("classical", "metal"))
    with pytest.raises(DataError, match="'rock' has no usable track"):
        require_genres(np.array([0, 0, 1, 1]), np.array(list("abcd")), ("jazz", "metal", "rock"))
    with pytest.raises(DataError, match="only one genre"):
        require_genres(np.array([0, 0]), np.array(["a", "b"]), ("metal",))


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("knn", "raw"),
        ("cnn-zhang", "stft"),
        ("prcnn", "stft"),
        ("linear", "mel"),
        ("cnn-dawra", "mel"),
        ("cnn-cao", "mel"),
        ("lstm", "features"),
        ("listen", "mel_30s"),
        ("listen", "mel"),
        ("linear", "mel_30s"),
        ("linear", "mel_3s_zscored"),
    ],
)
def test_every_input_has_the_shape_the_model_wants(folder, model, kind):
    spec = MODELS[model].input(kind)
    examples, summary = make_examples(open_dataset(folder), spec)
    assert examples.values.shape == (6, *spec.shape)
    batch = examples.batch(np.arange(2))
    assert batch.dtype == torch.float32 and torch.isfinite(batch).all()
    assert summary["tracks"] == 6 and "recordings" in summary["source"]
    assert examples.genres == ("classical", "metal") and examples.labels.tolist() == [0] * 3 + [1] * 3


def test_seconds_between_columns_are_those_of_the_front_end(folder):
    examples, _ = make_examples(open_dataset(folder), MEL)
    assert examples.column_s == 667 / SAMPLE_RATE


def test_nothing_is_computed_twice(folder, monkeypatch):
    first, _ = make_examples(open_dataset(folder), MEL)
    make_examples(open_dataset(folder), MODELS["knn"].input("features"))  # of shape (58,)
    monkeypatch.setattr(inputs, "_compute", None)
    again, _ = make_examples(open_dataset(folder), MEL)
    assert (first.values == again.values).all()
    make_examples(open_dataset(folder), MODELS["lstm"].input("features"))  # of shape (58, 1)
    with pytest.raises(TypeError):  # other parameters are another entry
        make_examples(open_dataset(folder), InputSpec("mel", (32, 100), 3.0, 2048, 667, 32))


def test_work_that_was_interrupted_goes_on(folder, monkeypatch):
    jobs = []

    def compute(job):
        if len(jobs) == 4:
            raise KeyboardInterrupt
        jobs.append(job)
        return real(job)

    real = inputs._compute
    monkeypatch.setattr(inputs, "_compute", compute)
    with pytest.raises(KeyboardInterrupt):
        make_examples(open_dataset(folder), MEL)
    jobs.clear()
    make_examples(open_dataset(folder), MEL)
    assert len(jobs) == 2


def test_a_damaged_cache_entry_is_made_again(folder, earmark_home):
    first, _ = make_examples(open_dataset(folder), MEL)
    entries = [path for path in (earmark_home / "cache").rglob("*") if path.is_file()]
    assert {path.relative_to(earmark_home).parts[1] for path in entries} == {"inputs", "sounds"}
    for content in (b"", b"{}", b"[]", b"\x93NUMPY\x01", b"\xff\xfe"):
        for path in entries:
            path.write_bytes(content)
        again, _ = make_examples(open_dataset(folder), MEL)
        assert (first.values == again.values).all() and list(first.tracks) == list(again.tracks)


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems refuse such names")
def test_names_of_other_bytes_than_utf_8(folder):
    genre = os.fsdecode(b"caf\xe9")
    (folder / "metal").rename(folder / genre)
    (folder / "classical" / os.fsdecode(b"\xfc.wav")).write_bytes(b"")
    examples, summary = make_examples(open_dataset(folder), MEL)
    assert examples.genres == ("caf\\udce9", "classical")
    json.dumps([examples.genres, examples.tracks.tolist(), summary], ensure_ascii=False).encode()
    assert any("udcfc" in name for name, _ in summary["skipped"])


def test_a_file_in_place_of_a_folder_is_a_sentence(tmp_path):
    (tmp_path / "some.wav").write_bytes(b"")
    with pytest.raises(DataError, match="is a file: name the folder"):
        open_dataset(tmp_path / "some.wav")


def test_packed_arrays_carry_no_pickle():
    content = io.BytesIO()
    np.save(content, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError):
        cache.unpack(content.getvalue())


def table(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [",".join(["filename", *FEATURE_NAMES, "label"])]
    lines += [",".join([name, *map(str, range(58)), label]) for name, label in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_kaggles_tables_stand_in_for_recordings(tmp_path):
    table(tmp_path / "features_30_sec.csv", [("pop.00001.wav", "pop"), ("rock.00001.wav", "rock")])
    table(
        tmp_path / "features_3_sec.csv",
        [("pop.00001.0.wav", "pop"), ("pop.00001.1.wav", "pop"), ("rock.00001.0.wav", "rock")],
    )
    dataset = open_dataset(tmp_path)
    whole, _ = make_examples(dataset, MODELS["lstm"].input("features"))
    assert whole.values.shape == (2, 58, 1) and whole.tracks.tolist() == ["pop.00001", "rock.00001"]
    windows, summary = make_examples(dataset, InputSpec("features", (58,), 3.0))
    assert windows.tracks.tolist() == ["pop.00001", "pop.00001", "rock.00001"]
    assert summary["source"] == "the table features_3_sec.csv"
    with pytest.raises(DataError, match="needs recordings"):
        make_examples(dataset, MEL)


def test_a_damaged_table_is_a_sentence(tmp_path):
    (tmp_path / "features_30_sec.csv").write_text("filename,label\npop.00000.wav,pop\n")
    with pytest.raises(DataError, match="not a table of the 58 features"):
        make_examples(open_dataset(tmp_path), FEATURES)


@pytest.mark.parametrize("damage", ["cut off", "another genre"])
def test_damaged_arrays_are_a_sentence(tmp_path, damage):
    names = np.array(["pop.00000" if damage == "cut off" else "polka.00000"])
    path = tmp_path / "pictures.npz"
    np.savez(path, track=names, value=np.zeros((1, 217, 334), np.uint8))
    if damage == "cut off":
        path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match=r"damaged|none of GTZAN's genres"):
        read_mel_30s(tmp_path)


@with_gtzan
def test_gtzans_arrays():
    dataset = open_dataset(GTZAN)
    assert "jazz.00054" not in {track.name for track in dataset.files}
    mel_30s, summary = make_examples(dataset, MODELS["listen"].input("mel_30s"))
    assert mel_30s.values.shape == (639, 128, 334) and summary["tracks"] == 639
    mel_3s_zscored, _ = make_examples(dataset, MODELS["linear"].input("mel_3s_zscored"))
    assert mel_3s_zscored.values.shape == (639, 64, 100) and "jazz.00054" not in mel_3s_zscored.tracks
    assert -4 <= mel_3s_zscored.batch(np.arange(5)).min() < 0
    features, _ = make_examples(dataset, FEATURES)
    assert len(features) == 639 and len(features.genres) == 10


@with_gtzan
def test_arrays_stand_in_for_mel_where_there_is_no_audio(tmp_path):
    (tmp_path / "mel3s.npz").symlink_to(GTZAN / "mel3s.npz")
    examples, summary = make_examples(open_dataset(tmp_path), MEL)
    assert examples.values.shape == (639, 64, 100) and "standing in for mel" in summary["source"]


@with_gtzan
def test_a_mel_computed_from_audio_agrees_with_gtzans():
    dataset = open_dataset(GTZAN)
    track = next(t for t in dataset.files if t.name == "classical.00003")
    stored = make_examples(dataset, MODELS["listen"].input("mel_30s"))[0].of({track.name})
    computed = inputs.unpack(
        inputs._compute((track.path, "0" * 12, MODELS["listen"].input("mel_30s"), "even"))
    )
    correlation = np.corrcoef(computed.astype(float).ravel(), stored.values.astype(float).ravel())[0, 1]
    assert correlation > 0.9


def test_skipped_files_are_json(folder):
    (folder / "metal" / "broken.wav").write_bytes(b"no sound")
    _, summary = make_examples(open_dataset(folder), MEL)
    assert json.loads(json.dumps(summary))["skipped"][0][0] == "metal/broken.wav"

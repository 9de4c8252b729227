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
from hypothesis import given
from hypothesis import strategies as st

from genre import cache, inputs
from genre.audio import SAMPLE_RATE
from genre.dataset import DataError, listen_to, open_dataset, read_pictures, require_genres
from genre.failure import explain
from genre.features import FEATURE_NAMES
from genre.home import data_folder
from genre.inputs import fitted, front_end, make_examples, represent, window_samples, window_starts
from genre.models import MODELS, InputSpec

GTZAN = data_folder() / "gtzan"
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
    tracks, left_out = listen_to(open_dataset(folder))
    assert {"metal.00007", "metal/an album/a song.flac"} <= {track.name for track in tracks}
    assert not left_out


def test_bad_files_are_named_and_left_out(folder, play):
    (folder / "metal" / "broken.wav").write_bytes(b"no sound")
    (folder / "metal" / "notes.txt").write_text("not music, not looked at")
    write(folder / "metal" / "silent.wav", np.zeros(SAMPLE_RATE * 2))
    write(folder / "metal" / "short.wav", play("metal", 3.5, 0)[: SAMPLE_RATE // 2])
    shutil.copy(folder / "metal" / "metal.00000.wav", folder / "metal" / "aa copy.wav")
    samples, _ = sf.read(folder / "metal" / "metal.00001.wav", dtype="int16")
    sf.write(folder / "metal" / "zz same sound.flac", samples, SAMPLE_RATE)
    (folder / "folk").mkdir()
    write(folder / "metal" / "metal.00002.ogg", samples / 32_768)
    tracks, left_out = listen_to(open_dataset(folder))
    assert len(tracks) == 6
    assert dict(left_out).keys() == {
        "folk", "metal/broken.wav", "metal/silent.wav", "metal/short.wav", "metal/aa copy.wav",
        "metal/zz same sound.flac", "metal/metal.00002.wav",
    }
    assert "in another format" in dict(left_out)["metal/metal.00002.wav"]
    assert dict(left_out)["metal/aa copy.wav"] == "The same recording as metal.00000."


def test_a_recording_in_two_genres_cannot_be_trusted(folder):
    shutil.copy(folder / "metal" / "metal.00000.wav", folder / "classical" / "x.wav")
    tracks, left_out = listen_to(open_dataset(folder))
    assert len(tracks) == 5 and len(left_out) == 2
    assert "several genres" in left_out[0][1]


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
    [("knn", "raw"), ("cnn-zhang", "stft"), ("prcnn", "stft"), ("linear", "mel"),
     ("cnn-dawra", "mel"), ("cnn-cao", "mel"), ("lstm", "features"), ("listen", "pictures"),
     ("listen", "mel"), ("linear", "pictures"), ("linear", "mel3s")],
)  # fmt: skip
def test_every_input_has_the_shape_the_model_wants(folder, model, kind):
    spec = MODELS[model].input(kind)
    examples, account = make_examples(open_dataset(folder), spec)
    assert examples.values.shape == (6, *spec.shape)
    batch = examples.batch(np.arange(2))
    assert batch.dtype == torch.float32 and torch.isfinite(batch).all()
    assert account["tracks"] == 6 and "recordings" in account["source"]
    assert examples.genres == ("classical", "metal") and examples.labels.tolist() == [0] * 3 + [1] * 3


def test_windows_are_even_random_or_overlapping():
    spec = InputSpec("raw", (66_150,), 3.0)
    noise = np.random.default_rng(0).standard_normal(30 * SAMPLE_RATE).astype(np.float32)
    even = window_starts(noise, spec, "even")
    assert len(even) == 10 and (np.diff(even) == 66_150).all()
    overlap = window_starts(noise, spec, "overlap")
    assert len(overlap) == 19 and (np.diff(overlap) == 33_075).all()
    drawn = window_starts(noise, spec, "random", chance=1)
    assert len(drawn) == 5 and drawn.max() + 66_150 <= len(noise)
    assert (drawn == window_starts(noise, spec, "random", chance=1)).all()
    assert (drawn != window_starts(noise, spec, "random", chance=2)).any()
    assert window_starts(noise[:1000], spec, "even").tolist() == [0]
    assert len(window_starts(np.tile(noise, 20), spec, "even")) == 10  # ten minutes


@given(st.floats(2.0, 300.0), st.sampled_from(["even", "overlap"]))
def test_little_lies_between_windows(seconds, cutting):
    """Half a minute of talk, and then the music: it is heard."""
    spec = InputSpec("raw", (661_500,), 30.0)
    starts = window_starts(np.ones(int(seconds * SAMPLE_RATE), np.float32), spec, cutting)
    heard = min(len(starts) * 30.0, seconds)
    assert heard >= 5 / 6 * seconds and (np.diff(starts) > 0).all()
    assert starts[-1] + window_samples(spec) == max(int(seconds * SAMPLE_RATE), 661_500) or len(starts) == 1


def test_seconds_between_columns_are_those_of_the_front_end(folder):
    examples, _ = make_examples(open_dataset(folder), MEL)
    assert examples.column_s == 667 / SAMPLE_RATE


def test_silent_windows_are_skipped():
    spec = InputSpec("raw", (66_150,), 3.0)
    noise = np.random.default_rng(0).standard_normal(12 * SAMPLE_RATE).astype(np.float32)
    noise[: 3 * SAMPLE_RATE] *= 1e-4
    assert window_starts(noise, spec, "even").tolist() == [66_150, 132_300, 198_450]


def test_a_short_recording_is_repeated(play):
    samples = play("metal", 3.5, 0)[:30_000]
    raw = represent(samples, np.array([0]), InputSpec("raw", (66_150,), 3.0))[0]
    assert (raw[:30_000] == raw[30_000:60_000]).all()


def test_stored_integers_are_the_spectrogram(play):
    samples = play("metal", 3.5, 0)
    stored = represent(samples, np.array([0]), MEL)
    with torch.inference_mode():
        exact = inputs.Spectrogram(front_end(MEL))(torch.from_numpy(samples[None, :66_150].copy()))
    assert np.abs(stored / 255 * 80 - 80 - exact.numpy()[:, :, :100]).max() <= 80 / 255 / 2 + 1e-3


def test_pictures_are_as_long_as_gtzans():
    spec = MODELS["listen"].input("pictures")
    assert represent(np.ones(100_000, np.float32), np.array([0]), spec).shape == (1, 128, 334)
    assert 661_500 <= window_samples(spec) < 663_000  # 30 s, and the last column's frame


def test_stretching():
    values = np.zeros((3, 128, 334), np.uint8)
    values[:, 64:] = 200
    examples = fitted(inputs.Examples(values, np.zeros(3, int), np.array(["a"] * 3), ("x",)), (64, 100))
    assert examples.values.shape == (3, 64, 100) and examples.values.dtype == np.uint8
    assert (examples.values[:, :31] == 0).all() and (examples.values[:, 33:] == 200).all()


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
    done = []

    def compute(job):
        if len(done) == 4:
            raise KeyboardInterrupt
        done.append(job)
        return real(job)

    real = inputs._compute
    monkeypatch.setattr(inputs, "_compute", compute)
    with pytest.raises(KeyboardInterrupt):
        make_examples(open_dataset(folder), MEL)
    done.clear()
    make_examples(open_dataset(folder), MEL)
    assert len(done) == 2


def test_a_damaged_cache_entry_is_made_again(folder, earmark_home):
    first, _ = make_examples(open_dataset(folder), MEL)
    entries = [path for path in (earmark_home / "cache").rglob("*") if path.is_file()]
    assert {path.relative_to(earmark_home).parts[1] for path in entries} == {"inputs", "sounds"}
    for content in (b"", b"{}", b"[]", b"\x93NUMPY\x01", b"\xff\xfe"):
        for path in entries:
            path.write_bytes(content)
        again, _ = make_examples(open_dataset(folder), MEL)
        assert (first.values == again.values).all() and list(first.tracks) == list(again.tracks)


def test_many_jobs_are_shared_among_processes(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    seen = []
    jobs = {cache.key_of(number): str(number) for number in range(16)}
    results = dict(cache.kept("numbers", jobs, str.encode, int, lambda *done: seen.append(done)))
    assert results == {key: int(value) for key, value in jobs.items()}
    assert seen == [(number, 16) for number in range(1, 17)]


def _gone(job: str) -> bytes:
    os._exit(9)


def test_a_helper_that_is_killed_is_a_sentence():
    with cache.limited_to(2), pytest.raises(OSError) as ended:
        cache.compute_missing("numbers", {cache.key_of(k): str(k) for k in range(16)}, _gone)
    assert "for want of memory" in explain(ended.value) and "log" not in explain(ended.value)


def test_music_is_prepared_on_the_cores_that_were_given(monkeypatch):
    asked = []
    monkeypatch.setattr(cache, "ProcessPoolExecutor", lambda count, *_: asked.append(count) or _Refused())
    jobs = {cache.key_of(number): str(number) for number in range(64)}
    with cache.limited_to(3), pytest.raises(KeyboardInterrupt):
        cache.compute_missing("numbers", jobs, str.encode)
    assert asked == [3]
    with cache.limited_to(1):
        cache.compute_missing("numbers", jobs, str.encode)
    assert asked == [3], "one core: no other process"


class _Refused:
    def __enter__(self) -> None:
        raise KeyboardInterrupt

    def __exit__(self, *_: object) -> None: ...


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems refuse such names")
def test_names_of_other_bytes_than_utf_8(folder):
    genre = os.fsdecode(b"caf\xe9")
    (folder / "metal").rename(folder / genre)
    (folder / "classical" / os.fsdecode(b"\xfc.wav")).write_bytes(b"")
    examples, account = make_examples(open_dataset(folder), MEL)
    assert examples.genres == ("caf\\udce9", "classical")
    json.dumps([examples.genres, examples.tracks.tolist(), account], ensure_ascii=False).encode()
    assert any("udcfc" in name for name, _ in account["left_out"])


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
    table(tmp_path / "features_3_sec.csv",
          [("pop.00001.0.wav", "pop"), ("pop.00001.1.wav", "pop"), ("rock.00001.0.wav", "rock")])
    dataset = open_dataset(tmp_path)
    whole, _ = make_examples(dataset, MODELS["lstm"].input("features"))
    assert whole.values.shape == (2, 58, 1) and whole.tracks.tolist() == ["pop.00001", "rock.00001"]
    windows, account = make_examples(dataset, InputSpec("features", (58,), 3.0))
    assert windows.tracks.tolist() == ["pop.00001", "pop.00001", "rock.00001"]
    assert account["source"] == "the table features_3_sec.csv"
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
        read_pictures(tmp_path)


@with_gtzan
def test_gtzans_arrays():
    dataset = open_dataset(GTZAN)
    assert "jazz.00054" not in {track.name for track in dataset.files}
    pictures, account = make_examples(dataset, MODELS["listen"].input("pictures"))
    assert pictures.values.shape == (639, 128, 334) and account["tracks"] == 639
    mel3s, _ = make_examples(dataset, MODELS["linear"].input("mel3s"))
    assert mel3s.values.shape == (639, 64, 100) and "jazz.00054" not in mel3s.tracks
    assert -4 <= mel3s.batch(np.arange(5)).min() < 0
    features, _ = make_examples(dataset, FEATURES)
    assert len(features) == 639 and len(features.genres) == 10


@with_gtzan
def test_arrays_stand_in_for_mel_where_there_is_no_audio(tmp_path):
    (tmp_path / "mel3s.npz").symlink_to(GTZAN / "mel3s.npz")
    examples, account = make_examples(open_dataset(tmp_path), MEL)
    assert examples.values.shape == (639, 64, 100) and "standing in for mel" in account["source"]


@with_gtzan
def test_a_picture_made_of_audio_is_gtzans():
    dataset = open_dataset(GTZAN)
    track = next(t for t in dataset.files if t.name == "classical.00003")
    stored = make_examples(dataset, MODELS["listen"].input("pictures"))[0].of({track.name})
    made = inputs.unpack(inputs._compute((track.path, "0" * 12, MODELS["listen"].input("pictures"), "even")))
    correlation = np.corrcoef(made.astype(float).ravel(), stored.values.astype(float).ravel())[0, 1]
    assert correlation > 0.9


def test_the_left_out_go_into_json(folder):
    (folder / "metal" / "broken.wav").write_bytes(b"no sound")
    _, account = make_examples(open_dataset(folder), MEL)
    assert json.loads(json.dumps(account))["left_out"][0][0] == "metal/broken.wav"

"""The built-in dataset: pieces repeat, differ, are fit to hear, and are written safely."""

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from genre import GENRES
from genre.audio.clip import SAMPLE_RATE
from genre.synth.dataset import STYLES, build, render

BRIGHT = ("country", "disco", "hiphop", "metal", "pop", "rock")


@pytest.fixture(scope="module")
def pieces() -> dict[str, np.ndarray]:
    """One piece of 8 s in every style."""
    return {genre: render(genre, 7, 8.0) for genre in GENRES}


def level_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(samples.astype(float) ** 2) + 1e-12))


def spectrum(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE), np.abs(np.fft.rfft(samples)) ** 2


def onsets(samples: np.ndarray, hop: int = 256) -> np.ndarray:
    """Rise of the log spectrum between frames of `hop` samples: (frames,)."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, 1024)[::hop] * np.hanning(1024)
    log = np.log(np.abs(np.fft.rfft(frames, axis=1)) + 1e-2)
    return np.maximum(np.diff(log, axis=0), 0).mean(1)


def test_every_genre_has_a_style():
    assert tuple(STYLES) == GENRES


def read_wav(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, SAMPLE_RATE)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32_767


@pytest.mark.parametrize("genre", GENRES)
def test_a_seed_fixes_every_sample_and_another_makes_another_piece(genre):
    first, again, other = render(genre, 3, 3.0), render(genre, 3, 3.0), render(genre, 4, 3.0)
    assert np.array_equal(first, again)
    correlation = np.corrcoef(first, other)[0, 1]
    assert abs(correlation) < 0.3
    # Not the same piece at another moment either: their average spectra differ.
    bins = [np.array_split(spectrum(x)[1], 60) for x in (first, other)]
    difference = [10 * np.log10((a.mean() + 1e-9) / (b.mean() + 1e-9)) for a, b in zip(*bins, strict=True)]
    assert np.std(difference) > 1.0


@pytest.mark.parametrize("genre", GENRES)
@pytest.mark.parametrize("seconds", [0.5, 1.0, 3.0, 30.0])
def test_pieces_are_whole_at_every_length(genre, seconds):
    samples = render(genre, 11, seconds)
    assert samples.dtype == np.float32 and samples.shape == (round(seconds * SAMPLE_RATE),)
    assert np.isfinite(samples).all()
    assert 0.02 < np.abs(samples).max() <= 0.9
    assert abs(samples.mean()) < 0.02 * samples.std()
    assert np.abs(samples[[0, -1]]).max() < 1e-3  # no click at either end
    assert (np.abs(samples) > 0.885).mean() < 1e-3  # no flat tops
    whole = level_db(samples)
    for start in range(0, len(samples) - 3 * SAMPLE_RATE + 1, SAMPLE_RATE):
        assert level_db(samples[start : start + 3 * SAMPLE_RATE]) > max(whole - 20, -50)


def test_styles_fill_the_band_they_should(pieces):
    for genre, samples in pieces.items():
        hertz, power = spectrum(samples)
        treble = 10 * np.log10(power[hertz > 5_000].sum() / power.sum())
        assert treble > (-27 if genre in BRIGHT else -45), (genre, treble)
        assert power[hertz < 20].sum() < 0.02 * power.sum(), genre
    hertz, power = spectrum(pieces["classical"])
    assert power[hertz > 5_000].sum() < 0.01 * power.sum()  # no drums, no cymbals


def test_dynamics_follow_the_style(pieces):
    def spread(samples: np.ndarray) -> float:
        blocks = samples[: len(samples) // 2_205 * 2_205].reshape(-1, 2_205)
        return float(np.std(10 * np.log10(np.mean(blocks**2, axis=1) + 1e-9)))

    assert spread(pieces["metal"]) < spread(pieces["hiphop"])
    assert level_db(pieces["classical"]) < level_db(pieces["pop"]) - 5


@pytest.mark.parametrize("seed", range(3))
def test_disco_is_four_on_the_floor(seed):
    flux = onsets(render("disco", seed, 10.0))
    flux = flux - flux.mean()
    auto = np.correlate(flux, flux, "full")[len(flux) - 1 :]
    auto = auto / auto[0]
    tempo = 60 * SAMPLE_RATE / 256 / np.arange(1, 120)
    beats = auto[1:120][(tempo > 105) & (tempo < 135)]
    assert beats.max() > 0.35


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("polka", 0, 3.0), "choose one of blues"),
        (("jazz", 0, 0.4), "lasts 0.5 to 600 seconds"),
        (("jazz", 0, 601.0), "lasts 0.5 to 600 seconds"),
        (("jazz", 0, float("nan")), "lasts 0.5 to 600 seconds"),
        (("jazz", -1, 3.0), "whole number"),
    ],
)
def test_bad_arguments_are_refused_in_a_sentence(arguments, words):
    with pytest.raises(ValueError, match=words):
        render(*arguments)


def test_build_writes_the_layout_of_gtzan(tmp_path):
    counts = []
    folder = build(
        tmp_path / "bands",
        2,
        1.0,
        seed=5,
        workers=1,
        progress=lambda done, total: counts.append((done, total)),
    )
    assert folder == tmp_path / "bands"
    files = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    assert files == sorted(["about.json"] + [f"{g}/{g}.0000{k}.wav" for g in GENRES for k in (0, 1)])
    assert counts == [(k, 20) for k in range(21)]
    about = json.loads((folder / "about.json").read_text())
    assert (about["seed"], about["seconds"], about["per_genre"]) == (5, 1.0, 2) and about["version"] >= 1
    samples = read_wav(folder / "jazz" / "jazz.00001.wav")
    assert np.abs(samples - render("jazz", 500_001, 1.0)).max() < 1e-4


def test_build_goes_on_where_it_stopped(tmp_path):
    def stop(done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(tmp_path, 1, 0.5, workers=1, progress=stop)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.wav")}
    assert len(times) == 4
    build(tmp_path, 1, 0.5, workers=1)
    assert len(list(tmp_path.rglob("*.wav"))) == 10
    assert all(path.stat().st_mtime_ns == when for path, when in times.items())
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and p.suffix not in (".wav", ".json")]


def test_a_build_can_grow_but_not_mix_settings(tmp_path):
    build(tmp_path, 1, 0.5, workers=1)
    build(tmp_path, 2, 0.5, workers=1)
    assert len(list(tmp_path.rglob("*.wav"))) == 20
    with pytest.raises(ValueError, match="other settings"):
        build(tmp_path, 2, 1.0, workers=1)
    with pytest.raises(ValueError, match="other settings"):
        build(tmp_path, 2, 0.5, seed=1, workers=1)


def test_other_processes_play_the_same_pieces(tmp_path):
    build(tmp_path, 1, 0.5, seed=2, workers=2)
    assert len(list(tmp_path.rglob("*.wav"))) == 10
    for genre in ("blues", "metal"):
        sound = read_wav(tmp_path / genre / f"{genre}.00000.wav")
        assert np.abs(sound - render(genre, 200_000, 0.5)).max() < 1e-4


@pytest.mark.parametrize("bad", [{"per_genre": 0}, {"seconds": 0.1}, {"seed": -1}, {"workers": 0}])
def test_build_refuses_bad_numbers(tmp_path, bad):
    with pytest.raises(ValueError, match="not "):
        build(tmp_path / "never", **{"per_genre": 1, "seconds": 0.5, **bad})
    assert not (tmp_path / "never").exists()

"""The 58 features equal librosa's own, and the Kaggle table is read back and compared safely."""

import fcntl
import os
import threading

import librosa
import numpy as np
import pytest

from genre.audio.features import (
    FEATURE_NAMES,
    SAMPLE_RATE,
    compare_table,
    compile_librosa,
    extract,
    read_table,
)
from tests.support.data import SHARED_DATA

pytestmark = pytest.mark.usefixtures("compiled_librosa")
TABLE = SHARED_DATA / "gtzan" / "features_30_sec.csv"


def plain_librosa(y: np.ndarray) -> dict[str, float]:
    """The table's definitions, one librosa call each."""
    harmonic, percussive = librosa.effects.hpss(y)
    series = {
        "chroma_stft": librosa.feature.chroma_stft(y=y),
        "rms": librosa.feature.rms(y=y),
        "spectral_centroid": librosa.feature.spectral_centroid(y=y),
        "spectral_bandwidth": librosa.feature.spectral_bandwidth(y=y),
        "rolloff": librosa.feature.spectral_rolloff(y=y),
        "zero_crossing_rate": librosa.feature.zero_crossing_rate(y),
        "harmony": harmonic,
        "perceptr": percussive,
    }
    series |= {f"mfcc{k}": row for k, row in enumerate(librosa.feature.mfcc(y=y, n_mfcc=20), 1)}
    values = {"length": len(y), "tempo": float(np.squeeze(librosa.beat.beat_track(y=y)[0]))}
    for name, array in series.items():
        values |= {f"{name}_mean": np.mean(array), f"{name}_var": np.var(array)}
    return values


def tune(seconds: float, seed: int = 0) -> np.ndarray:
    """Notes a little sharp of 440 Hz over a drum at 120 beats a minute, and some noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    beat = (time * 2).astype(int)
    notes = 446.0 * 2.0 ** (rng.integers(-12, 12, beat.max() + 1) / 12)
    phase = 2 * np.pi * np.cumsum(notes[beat]) / SAMPLE_RATE
    since_beat = time - beat / 2
    drum = rng.standard_normal(len(time)) * np.exp(-30 * since_beat)
    melody = np.sin(phase) + 0.4 * np.sin(2 * phase) + 0.2 * np.sin(3 * phase)
    return (0.3 * melody + 0.3 * drum + 0.002 * rng.standard_normal(len(time))).astype(np.float32)


@pytest.mark.parametrize("seconds", [2.0, 6.3])
def test_features_equal_plain_librosa(seconds):
    clip = tune(seconds)
    ours = dict(zip(FEATURE_NAMES, extract(clip), strict=True))
    for name, expected in plain_librosa(clip).items():
        assert ours[name] == pytest.approx(expected, rel=2e-4, abs=2e-6), name


def test_one_process_at_a_time_compiles_librosa():
    """Two at once would leave files in the installation that crash whatever reads them."""
    another = threading.Thread(target=compile_librosa.__wrapped__)
    with open(librosa.__file__, "rb") as installation:
        fcntl.flock(installation, fcntl.LOCK_EX)
        another.start()
        another.join(0.3)
        assert another.is_alive()
    another.join(30)
    assert not another.is_alive()


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="one process runs all tests")
def test_the_tests_that_compile_librosa_are_one_share(request):
    """xdist 3.8.0 does not see the groups of conftest under pytest 9.2, and says nothing."""
    assert request.node.nodeid.endswith("@librosa")


def test_features_equal_plain_librosa_with_silence_inside():
    clip = tune(4.0)
    clip[SAMPLE_RATE : 2 * SAMPLE_RATE] = 0.0
    ours = dict(zip(FEATURE_NAMES, extract(clip), strict=True))
    for name, expected in plain_librosa(clip).items():
        assert ours[name] == pytest.approx(expected, rel=2e-4, abs=2e-6), name


def test_a_louder_clip_has_the_same_shape_of_spectrum():
    clip = tune(3.0)
    quiet, loud = extract(clip / 4), extract(clip)
    for name in ("chroma_stft_mean", "spectral_centroid_mean", "tempo", "mfcc5_mean"):
        k = FEATURE_NAMES.index(name)
        assert quiet[k] == pytest.approx(loud[k], rel=1e-3), name
    k = FEATURE_NAMES.index("rms_mean")
    assert loud[k] == pytest.approx(4 * quiet[k], rel=1e-4)


@pytest.mark.filterwarnings("ignore:Trying to estimate tuning")
def test_silence_has_finite_features():
    assert np.isfinite(extract(np.zeros(3 * SAMPLE_RATE, np.float32))).all()


@pytest.mark.parametrize(
    ("clip", "sentence"),
    [
        (np.zeros(500, np.float32), "shorter than a second"),
        (np.zeros((2, 50_000), np.float32), "mono"),
        (np.full(50_000, np.nan, np.float32), "not numbers"),
    ],
)
def test_bad_clips_are_refused_with_a_sentence(clip, sentence):
    with pytest.raises(ValueError, match=sentence):
        extract(clip)


def write_table(path, rows, names=FEATURE_NAMES):
    header = ",".join(("filename", *names, "label"))
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_table_is_read_by_column_name(tmp_path):
    names = FEATURE_NAMES[::-1]
    row = ",".join(str(float(FEATURE_NAMES.index(name))) for name in names)
    path = write_table(tmp_path / "t.csv", [f"jazz.00017.wav,{row},jazz"], names)
    tracks, labels, values = read_table(path)
    assert (tracks, labels) == (["jazz.00017"], ["jazz"])
    np.testing.assert_array_equal(values, [np.arange(58)])


@pytest.mark.parametrize(
    "row",
    [
        "a.wav," + ",".join(["1"] * 57 + ["nan"]) + ",jazz",
        "a.wav," + ",".join(["1"] * 57 + ["__import__('os')"]) + ",jazz",
        "a.wav,1,2",
        "a.wav," + ",".join(["1"] * 58),
    ],
)
def test_damaged_row_is_named(tmp_path, row):
    with pytest.raises(ValueError, match="line 2"):
        read_table(write_table(tmp_path / "t.csv", [row]))


def test_another_table_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="lacks"):
        read_table(tmp_path / "t.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError):
        read_table(tmp_path / "b.csv")


def test_correlation_of_columns():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((20, 58))
    b = 3 * a + 1
    b[:, 1] *= -1
    a[:, 2] = 5.0
    result = compare_table(a, b)
    assert result["length"] == pytest.approx(1.0)
    assert result[FEATURE_NAMES[1]] == pytest.approx(-1.0)
    assert np.isnan(result[FEATURE_NAMES[2]])
    with pytest.raises(ValueError):
        compare_table(a, b[:5])


@pytest.mark.skipif(not TABLE.exists(), reason=f"{TABLE} is not here (EARMARK_DATA)")
def test_kaggle_table():
    tracks, labels, values = read_table(TABLE)
    assert len(tracks) == len(set(tracks)) == len(labels) == len(values)
    assert all(track.split(".")[0] == label for track, label in zip(tracks, labels, strict=True))
    assert np.isfinite(values).all()

"""Speech gets no genre, in any language, close or across a room; music that pauses and raps does."""

from pathlib import Path

import numpy as np
import pytest
import torch

from genre import GENRES
from genre.audio.clip import SAMPLE_RATE, Clip, load_clip
from genre.audio.degrade import simulate_phone
from genre.audio.spectrogram import FULL_CLIP_MEL, Spectrogram
from genre.data.gtzan import read_mel_30s
from genre.data.splits import LISTS
from genre.inference.classifier import LIKE_SPEECH, UNFAMILIAR, Classifier
from genre.inference.load import load_classifier
from genre.inference.screening.music import DOUBTFUL_DB, SPEECH_DB, above_speech, is_stationary, speech_score
from genre.paths import REPOSITORY
from genre.synth.dataset import render
from tests.support.data import SHARED_DATA, gtzan_recordings

# Made by tests/fixtures/speech/make.py, which says how.
TAKES = sorted((Path(__file__).parents[2] / "fixtures" / "speech").glob("*.opus"))
GTZAN = SHARED_DATA / "gtzan"
FRONT_END = Spectrogram(FULL_CLIP_MEL)


def power(samples: np.ndarray) -> torch.Tensor:
    """(N,) -> (bands, frames)."""
    return FRONT_END.power(torch.from_numpy(samples.astype(np.float32))[None])[0]


def is_speech(power: torch.Tensor, duration_s: float) -> bool:
    return above_speech(power, duration_s) > 0


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier()


def test_there_are_takes() -> None:
    assert len(TAKES) == 7 and sum(path.stat().st_size for path in TAKES) < 250_000


@pytest.mark.parametrize("path", TAKES, ids=lambda path: path.stem)
def test_speech_is_not_music(path: Path, classifier: Classifier) -> None:
    prediction = classifier.classify(load_clip(path))
    assert prediction.status == "not_music" and "speaking" in prediction.message
    assert prediction.genre is None and not prediction.confident and prediction.probabilities == {}


@pytest.mark.parametrize("path", TAKES, ids=lambda path: path.stem)
@pytest.mark.parametrize("start_s", [0, 5])
def test_a_few_words_are_never_confident(path: Path, start_s: float, classifier: Classifier) -> None:
    """In 5 s there is less to go by: then at least no genre is confident."""
    prediction = classifier.classify(load_clip(path).trimmed(start_s, start_s + 5))
    assert prediction.status in ("not_music", "unsure") and not prediction.confident


@pytest.mark.parametrize("seed", [9, 31])  # of 40, where most takes get a genre
@pytest.mark.parametrize("path", TAKES, ids=lambda path: path.stem)
def test_speech_through_a_phone_is_never_confident(path: Path, seed: int, classifier: Classifier) -> None:
    prediction = classifier.classify(simulate_phone(load_clip(path), seed))
    assert not prediction.confident and (
        prediction.genre is None or prediction.uncertainty_reason == LIKE_SPEECH
    )


@pytest.mark.parametrize("gain", [0.01, 1.0, 30.0])
def test_loudness_does_not_matter(gain: float) -> None:
    samples = load_clip(TAKES[0]).samples
    assert speech_score(power(gain * samples)) == pytest.approx(speech_score(power(samples)), abs=0.01)


def test_a_beat_under_the_voice_makes_it_music() -> None:
    """Rap: the same words, over a drum and a bass that keep time."""
    voice = load_clip(TAKES[0]).samples
    beat = np.resize(render("hiphop", 3, 8.0), len(voice))
    assert is_speech(power(voice), 10.0) and not is_speech(power(voice + beat), 10.0)


@pytest.mark.parametrize("genre", GENRES)
def test_built_in_music_is_not_speech(genre: str, play) -> None:
    samples = play(genre, 6.0)
    for seconds in (3, 5, 6):
        assert not is_speech(power(samples[: seconds * SAMPLE_RATE]), float(seconds))


@pytest.mark.parametrize("seconds", [3, 5, 10, 30])
@pytest.mark.parametrize("kind", ["silence", "noise", "tone", "click"])
def test_silence_noise_tone_and_click_are_not_speech(kind: str, seconds: int) -> None:
    samples = np.zeros(seconds * SAMPLE_RATE)
    if kind == "noise":
        samples = np.random.default_rng(0).standard_normal(len(samples))
    elif kind == "tone":
        samples = np.sin(2 * np.pi * 440 / SAMPLE_RATE * np.arange(len(samples)))
    elif kind == "click":
        samples[len(samples) // 2] = 1.0
    assert np.isfinite(speech_score(power(samples))) and not is_speech(power(samples), seconds)


def test_too_short_for_a_speech_score() -> None:
    samples = load_clip(TAKES[0]).samples[: 2 * SAMPLE_RATE]
    assert not is_speech(power(samples), 2.0) and min(SPEECH_DB) == 3.0
    assert np.isfinite(speech_score(torch.ones(128, 2)))


@pytest.mark.parametrize("seconds", [5, 10, 30])
@pytest.mark.parametrize("ramp_s", [0.001, 0.02])
def test_a_tone_amid_silence_is_stationary(seconds: int, ramp_s: float) -> None:
    """A key held down, with the room's hush before and after it."""
    rng = np.random.default_rng(seconds)
    time_s = np.arange(seconds * SAMPLE_RATE) / SAMPLE_RATE
    for _ in range(5):
        before, after = rng.uniform(0.2, 1.2, 2)
        edge = np.clip(np.minimum(time_s - before, seconds - after - time_s) / ramp_s, 0, 1)
        hertz = rng.uniform(100, 900)
        samples = edge * sum(np.sin(2 * np.pi * hertz * k * time_s + k) / k for k in range(1, 7))
        assert is_stationary(power(0.1 * samples + 1e-5 * rng.standard_normal(len(time_s))), seconds)


def test_notes_amid_silence_are_not_stationary() -> None:
    """Two notes with a pause between them are a melody."""
    time_s = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    low, high = (np.sin(2 * np.pi * hertz * time_s) for hertz in (262, 392))
    silence = np.zeros(2 * SAMPLE_RATE)
    assert not is_stationary(power(np.concatenate([silence, low, silence, high, silence])), 12.0)


@pytest.mark.skipif(not GTZAN.exists(), reason="no GTZAN data here (set EARMARK_DATA to measure quality)")
def test_hardly_any_track_of_the_train_list_is_rejected_as_speech() -> None:
    """The 30 s mels of the train list, on which the limits were set: whole, and in segments of 10 s."""
    mels = read_mel_30s(GTZAN).of(set((LISTS / "gtzan-train.txt").read_text().split()))
    for seconds, columns in ((30.0, 334), (10.0, 111)):
        rejected = total = 0
        for values in mels.values:
            spectrum = torch.from_numpy(
                10 ** ((values.astype(np.float32) / 255 - 1) * FULL_CLIP_MEL.range_db / 10)
            )
            for segment in spectrum.split(columns, dim=1)[: 334 // columns]:
                rejected += is_speech(segment, seconds)
                total += 1
        assert rejected <= 0.01 * total, f"{rejected} of {total} segments of {seconds} s"


@pytest.mark.skipif(not GTZAN.exists(), reason="no GTZAN data here (set EARMARK_DATA to measure quality)")
@pytest.mark.parametrize("genre", ["hiphop", "reggae"])
def test_hardly_any_rap_is_rejected_as_speech(genre: str) -> None:
    """The recordings at hand of the two styles that come nearest."""
    clips = [load_clip(path) for path in gtzan_recordings("train") if path.stem.startswith(genre)]
    assert len(clips) >= 10
    assert sum(is_speech(power(clip.samples), clip.duration_s) for clip in clips) <= 1


def test_a_long_talk_is_not_music(classifier: Classifier) -> None:
    samples = np.concatenate([load_clip(path).samples for path in TAKES])
    assert classifier.classify(Clip(samples, len(samples) / SAMPLE_RATE)).status == "not_music"


@pytest.mark.skipif(not GTZAN.exists(), reason="no GTZAN data here (set EARMARK_DATA)")
@pytest.mark.parametrize("track", ["hiphop.00018", "jazz.00017", "pop.00055"])
def test_music_that_moves_like_speech_is_music(track: str, classifier: Classifier) -> None:
    """The pretrained network finds its tags in it, and in no speech."""
    clip = load_clip(GTZAN / "audio" / track.split(".")[0] / f"{track}.opus")
    prediction = classifier.classify(clip)
    assert prediction.status != "not_music" and prediction.uncertainty_reason != LIKE_SPEECH
    assert load_classifier("listen-scratch").classify(clip).confident is False


def test_music_without_a_voice_is_not_almost_someone_speaking(classifier: Classifier) -> None:
    """A vibraphone pauses as a speaker does; what is tagged instrumental has no speaker."""
    clip = load_clip(REPOSITORY / "assets" / "music" / "jazz_vibe-ace.opus")
    assert above_speech(power(clip.samples), clip.duration_s) > -DOUBTFUL_DB, "its level moves as in speech"
    prediction = classifier.classify(clip)
    assert prediction.genre == "jazz" and prediction.uncertainty_reason == UNFAMILIAR
    scratch = load_classifier("listen-scratch").classify(clip)
    assert scratch.uncertainty_reason == LIKE_SPEECH, "a model without tags cannot tell"

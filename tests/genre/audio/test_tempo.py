"""The tempo: as librosa estimates it from the samples."""

import librosa
import numpy as np
import pytest
import torch

from genre.audio.clip import SAMPLE_RATE
from genre.audio.spectrogram import Spectrogram, SpectrogramParams
from genre.audio.tempo import estimate_tempo, onset_envelope


def power(samples: np.ndarray) -> torch.Tensor:
    return Spectrogram(SpectrogramParams()).power(torch.tensor(samples)[None])


def test_the_onset_envelope_is_that_of_librosa(play, compiled_librosa):
    samples = play("rock")
    theirs = librosa.onset.onset_strength(y=samples, sr=SAMPLE_RATE)
    assert onset_envelope(power(samples))[0].numpy() == pytest.approx(theirs, abs=1e-3)


def test_the_tempo_is_that_of_librosa(play, compiled_librosa):
    for genre in ("rock", "disco", "jazz", "hiphop"):
        samples = play(genre)
        theirs = librosa.feature.tempo(y=samples, sr=SAMPLE_RATE).item()
        assert estimate_tempo(power(samples)) == pytest.approx(theirs, rel=0.01), genre


@pytest.mark.parametrize("bpm", [70, 100, 128])
def test_clicks_have_their_tempo_in_excerpts_too(bpm):
    samples = np.zeros(30 * SAMPLE_RATE, np.float32)
    for time in np.arange(0, 29.9, 60 / bpm):
        samples[round(time * SAMPLE_RATE) :][:200] = 0.5
    mel = Spectrogram(SpectrogramParams()).power(torch.from_numpy(samples.reshape(3, -1)))
    assert estimate_tempo(mel) == pytest.approx(bpm, rel=0.03)


def test_silence_has_no_tempo():
    assert estimate_tempo(power(np.zeros(5 * SAMPLE_RATE, np.float32))) is None

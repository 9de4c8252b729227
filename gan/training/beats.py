"""The beats of a recording, found by librosa's beat tracker (Ellis 2007) in its log-mel."""

import librosa
import numpy as np

from gan.mel import FRAMES_PER_MINUTE, GAN_MEL

FALLBACK_BPM = 110.0  # of music in which no two beats are found


def count_beats(mel_db: np.ndarray) -> np.ndarray:
    """Count the beats up to each frame of (bands, frames) in dB: (frames,) float32, rising.

    The count goes on beyond the first and the last beat at the median tempo; the first counts from where it
    may, as nobody knows where the bars begin.
    """
    onsets = librosa.onset.onset_strength(S=mel_db, sr=GAN_MEL.sample_rate, hop_length=GAN_MEL.hop_length)
    _, beats = librosa.beat.beat_track(
        onset_envelope=onsets, sr=GAN_MEL.sample_rate, hop_length=GAN_MEL.hop_length, trim=False
    )
    frames = mel_db.shape[1]
    if len(beats) < 2:
        beats = np.arange(0.0, frames, FRAMES_PER_MINUTE / FALLBACK_BPM)
    period = float(np.median(np.diff(beats)))
    before = beats[0] - period * np.arange(int(beats[0] / period) + 1, 0, -1)
    after = beats[-1] + period * np.arange(1, int((frames - beats[-1]) / period) + 2)
    places = np.concatenate([before, beats, after])
    return np.interp(np.arange(frames), places, np.arange(len(places))).astype(np.float32)

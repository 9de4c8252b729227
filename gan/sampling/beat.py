"""A beat at the requested tempo: time is stretched to it, and the beats are accented.

What the network paints has onsets and now and then a pulse. `choose_stretch` looks for the stretch that
brings the clearest pulse of the piece to the requested tempo. `accent_beats` lays a grid of exactly that
tempo where most onsets lie, and raises the level at its points: by no more than it takes until the beat
stands out from every other tempo that might be heard instead. Accents take a piece farther from real music in
the features of a pretrained network, so a piece without a requested tempo has none.
"""

import numpy as np

from gan.mel import FRAMES_PER_MINUTE, GAN_MEL
from gan.sampling.pulse import autocorrelation, clarity_at, onset_envelope, tapping_weight

STRETCHES = np.geomspace(0.75, 1.33, 41)  # beyond these bounds the sound changes too much
DEPTHS_DB = (4.0, 6.0, 8.0, 10.0, 12.0)  # of the accents, tried in this order
DECAY_S = 0.14  # of an accent: that of a plucked string or a drum
MIN_MARGIN = 0.15  # by which a beat is clearer than all others
RIVALS_BPM = np.geomspace(40.0, 240.0, 180)  # tempos that may be heard instead
SAME_TEMPO = 0.06  # relative; nearer tempos are no rivals
PHASE_STEP = 0.5  # frames


def choose_stretch(mel_db: np.ndarray, period: float) -> float:
    """Choose the factor on the tempo of (bands, frames) that brings its pulse to `period` frames a beat."""
    envelope = onset_envelope(mel_db)
    return float(max(STRETCHES, key=lambda stretch: beat_margin(envelope, period * stretch, stretch)))


def accent_beats(mel_db: np.ndarray, period: float) -> np.ndarray:
    """Accent a beat every `period` frames of (bands, frames) in dB -> the same shape, maximum 0.

    Of the depths the first is taken with which the beat has its margin; if none has, the clearest.
    """
    grid = _accents(mel_db.shape[1], period, first_beat(onset_envelope(mel_db), period))
    candidates = []
    for depth in DEPTHS_DB:
        accented = np.where(mel_db > -GAN_MEL.range_db, mel_db + depth * grid, mel_db)
        accented = np.maximum(accented - accented.max(), -GAN_MEL.range_db).astype(np.float32)
        candidates.append((beat_margin(onset_envelope(accented), period), accented))
        if candidates[-1][0] >= MIN_MARGIN:
            break
    return max(candidates, key=lambda candidate: candidate[0])[1]


def beat_margin(envelope: np.ndarray, period: float, stretch: float = 1.0) -> float:
    """Measure how much clearer a beat of `period` frames is than any other of an onset envelope (frames,).

    All tempos are those that are heard after a stretch, weighted by how readily people tap them.
    """
    correlation = autocorrelation(envelope, len(envelope) * 2 // 3)
    weighted = lambda periods: (  # noqa: E731
        np.maximum(clarity_at(correlation, periods), 0.0)
        * tapping_weight(FRAMES_PER_MINUTE / periods * stretch)
    )
    rivals = FRAMES_PER_MINUTE / RIVALS_BPM * stretch
    others = rivals[np.abs(np.log(rivals / period)) > SAME_TEMPO]
    return float(weighted(np.array([period]))[0] - weighted(others).max())


def first_beat(envelope: np.ndarray, period: float) -> float:
    """Find the frame of the first beat, where most begins at the points of the grid."""
    frames = np.arange(len(envelope))
    phases = np.arange(0.0, min(period, len(envelope) - 1), PHASE_STEP)
    return float(
        max(
            phases, key=lambda phase: np.interp(np.arange(phase, frames[-1], period), frames, envelope).mean()
        )
    )


def _accents(frames: int, period: float, phase: float) -> np.ndarray:
    """Compute the accents (frames,): 1 at a beat, dying away until the next, of mean 0."""
    since = np.mod(np.arange(frames) - phase, period)
    grid = np.exp(-since * GAN_MEL.seconds_per_frame / DECAY_S)
    return grid - grid.mean()

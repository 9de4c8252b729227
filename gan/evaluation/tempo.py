"""Is the requested tempo heard? Pieces of every genre at tempos drawn over the whole range.

The judge is librosa's beat tracker on the sound. The sampler finds its beats by other means, in the
spectrogram (gan/sampling/pulse.py). Half, double and threefold tempos count as wrong, and are counted apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import librosa
import numpy as np

from gan.evaluation.sound_measures import measure_pulse
from gan.request import BPM_RANGE, GenerationRequest
from gan.sampling.sampler import Sampler
from genre.audio.constants import SAMPLE_RATE
from genre.evaluation.metrics import exact_share

SECONDS = 10.0
TOLERANCE = 0.04  # relative difference up to which a tempo is the same
# Strength of `measure_pulse` from which a piece has a pulse: clicks at random times stay below.
MIN_STRENGTH = 0.35
OCTAVES = (1 / 3, 1 / 2, 2.0, 3.0)
BEATS_APART = 4  # beats over which the interval is measured, as one has a grid of 23 ms
BAND_EDGES_BPM = (60.0, 90.0, 120.0, 150.0, 180.0)

ReportProgress = Callable[[str], None]


@dataclass(frozen=True)
class TempoMeasurement:
    """The requested and the detected tempo of one piece."""

    genre: str
    requested_bpm: float
    detected_bpm: float
    strength: float  # of the pulse

    @property
    def is_right(self) -> bool:
        return _is_same(self.detected_bpm, self.requested_bpm)

    @property
    def is_octave(self) -> bool:
        """Whether half, double, a third or three times the tempo is heard."""
        return any(_is_same(self.detected_bpm, factor * self.requested_bpm) for factor in OCTAVES)


def evaluate_tempo(
    model: str = "gan",
    n_seeds: int = 12,
    seed: int = 0,
    folder: Path | None = None,
    report_progress: ReportProgress = lambda line: None,
    seconds: float = SECONDS,
) -> dict:
    """Measure `n_seeds` pieces of each genre, none selected, for JSON. Raises ArtefactError."""
    sampler = Sampler.load(model, folder)
    rng = np.random.default_rng(seed)
    pieces = []
    for genre in sampler.genres:
        for k in range(n_seeds):
            bpm = round(float(rng.uniform(*BPM_RANGE)), 1)
            request = GenerationRequest({genre: 1.0}, seconds=seconds, seed=seed + k, bpm=bpm)
            samples = sampler.generate(request).clip.samples
            strength = measure_pulse(samples)["strength"]
            pieces.append(TempoMeasurement(genre, bpm, detect_bpm(samples), strength))
        report_progress(f"tempo, {genre}: {n_seeds} pieces")
    return {"seconds": seconds, "seed": seed, "tolerance": TOLERANCE, **tempo_figures(pieces)}


def detect_bpm(samples: np.ndarray) -> float:
    """Return the tempo that librosa's beat tracker hears in (N,) at SAMPLE_RATE; 0 where it hears none."""
    tempo, beats = librosa.beat.beat_track(y=samples, sr=SAMPLE_RATE, units="time")
    if len(beats) <= BEATS_APART:
        return float(np.atleast_1d(tempo)[0])
    return float(60 * BEATS_APART / np.median(beats[BEATS_APART:] - beats[:-BEATS_APART]))


def tempo_figures(pieces: Sequence[TempoMeasurement]) -> dict:
    """Compute the share of right tempos among pieces with a pulse, by genre and by tempo, and all pieces."""
    with_pulse = [piece for piece in pieces if piece.strength >= MIN_STRENGTH]
    return {
        "count": len(pieces),
        "with_pulse": _share(with_pulse),
        "all": _share(pieces),
        "genres": {
            genre: _share([piece for piece in with_pulse if piece.genre == genre])
            for genre in dict.fromkeys(piece.genre for piece in pieces)
        },
        "bands": {
            f"{low:g} to {high:g}": _share([row for row in with_pulse if low <= row.requested_bpm < high])
            for low, high in pairwise(BAND_EDGES_BPM)
        },
    }


def _share(pieces: Sequence[TempoMeasurement]) -> dict:
    """Compute the shares of right tempos, with its exact interval, and of octaves."""
    if not pieces:
        return {"count": 0, "right": None, "interval": None, "octave": None}
    right = exact_share([piece.is_right for piece in pieces])
    return {
        "count": right["count"],
        "right": right["fraction"],
        "interval": right["interval"],
        "octave": round(sum(piece.is_octave for piece in pieces) / len(pieces), 4),
    }


def _is_same(bpm: float, other: float) -> bool:
    return abs(bpm / other - 1) <= TOLERANCE

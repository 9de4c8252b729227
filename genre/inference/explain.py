"""Explanation of a prediction: the seconds and bands of the spectrogram that speak for a genre.

    explanation = explain(classifier, clip, "jazz")
    deletion_check(classifier, clip, explanation)

The map is gradient times input (A. Shrikumar et al., "Not just a black box", 2016), summed over small cells:
one pass back through the network gives the dependence of the genre's log-probability on each point of the
spectrogram. On recordings it passed the deletion check (V. Petsiuk et al., "RISE", 2018) more clearly than
Grad-CAM, integrated gradients and occlusion, which also take longer.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from genre.audio.clip import SAMPLE_RATE, Clip
from genre.audio.loudness import is_silent
from genre.audio.spectrogram import mel_edges, relative_db
from genre.inference.classifier import Classifier

CELL = (8, 31)  # bands and frames in a cell: a third of an octave or more, 0.7 s
DEPTH_DB = 60.0  # a point this far below the peak has no weight
MAX_FULL_S = 45.0  # seconds; in a longer clip, the half minute with the highest probability is explained
PART_S = 30.0
SPAN_S = 5.0  # length of the best span, which a page can play
SPAN_STEP_S = 2.5
DELETED_FRACTION = 0.2  # fraction of the map that the deletion check softens
DELETED_DB = 10.0  # dB of softening; silence instead would be unlike any music, and change every prediction
FLATNESS = 1e-4  # largest difference between the bands of a map over time alone


@dataclass(frozen=True, eq=False)
class Explanation:
    """The evidence for a genre.

    Attributes:
        genre: the genre that is explained.
        map: (bands, columns) float32 in [0, 1]; 0 is no evidence for the genre, 1 the strongest.
        times: (columns,) s in the clip, ascending.
        freqs: (bands,) Hz, ascending.
        part: (start_s, end_s) in the clip of the part that the map explains.
        best_span: (start_s, end_s) of the span with the highest probability when it is classified alone.
    """

    genre: str
    map: np.ndarray
    times: np.ndarray
    freqs: np.ndarray
    part: tuple[float, float]
    best_span: tuple[float, float]

    def band_shares(self) -> tuple[float, float, float] | None:
        """Compute the fractions of the map below 250 Hz, from there to 2 kHz, and above.

        The result is None for a map over time alone.
        """
        if np.ptp(self.map, axis=0).max() < FLATNESS:
            return None
        edges = np.searchsorted(self.freqs, (250.0, 2_000.0))
        sums = [float(part.sum()) for part in np.split(self.map, edges)]
        total = sum(sums)
        low, middle, high = (part / total if total else 0.0 for part in sums)
        return low, middle, high


@dataclass(frozen=True)
class DeletionResult:
    """The probability of the genre before and after parts of the spectrogram were softened."""

    before: float
    without_top: float  # probability without the highest fifth of the map
    without_random: float  # probability without a random fifth, in cells of the same size; mean of draws


def explain(classifier: Classifier, clip: Clip, genre: str) -> Explanation:
    """Explain the probability of `genre`, which may be another than the predicted one.

    It takes a few times as long as a prediction. For a model without a gradient the map varies over time
    only. The clip must contain music.
    """
    start_s, samples = _part(classifier, clip, genre)
    span_starts, similarity = _spans(classifier, samples, genre)
    best_s = span_starts[int(np.argmax(similarity))]
    seconds = len(samples) / SAMPLE_RATE
    params = classifier.front_end.params
    power = _power(classifier, samples)
    saliency = _saliency(classifier, samples, power, genre)
    if saliency is None:
        saliency = _time_saliency(span_starts, similarity, seconds, (power.shape[-2], power.shape[-1]))
    frames = params.frame_indices(len(samples))
    return Explanation(
        genre,
        _smooth_cells(saliency),
        start_s + frames * params.hop_length / SAMPLE_RATE,
        mel_edges(params)[1:-1],
        (start_s, start_s + seconds),
        (start_s + best_s, start_s + min(seconds, best_s + SPAN_S)),
    )


def deletion_check(
    classifier: Classifier, clip: Clip, explanation: Explanation, draws: int = 3, seed: int = 0
) -> DeletionResult:
    """Soften the top fifth of the map, then random fifths, and predict again each time."""
    samples = clip.trimmed(*explanation.part).samples
    power = _power(classifier, samples)
    rng = np.random.default_rng(seed)
    bands, columns = explanation.map.shape
    cells = [-(-bands // CELL[0]), -(-columns // CELL[1])]

    def probability(is_removed: np.ndarray) -> float:
        gain = torch.from_numpy(np.where(is_removed, 10 ** (-DELETED_DB / 10), 1.0)).to(power.dtype)[None]
        return _probability(classifier, samples, power, gain, explanation.genre).item()

    def random_fifth() -> np.ndarray:
        order = np.zeros(cells[0] * cells[1], bool)
        order[rng.permutation(len(order))[: round(DELETED_FRACTION * len(order))]] = True
        return np.kron(order.reshape(cells), np.ones(CELL, bool))[:bands, :columns].astype(bool)

    ranks = explanation.map.ravel().argsort(kind="stable")
    top = np.zeros(bands * columns, bool)
    top[ranks[round((1 - DELETED_FRACTION) * len(ranks)) :]] = True
    with torch.inference_mode():
        return DeletionResult(
            probability(np.zeros((bands, columns), bool)),
            probability(top.reshape(bands, columns)),
            float(np.mean([probability(random_fifth()) for _ in range(draws)])),
        )


def _part(classifier: Classifier, clip: Clip, genre: str) -> tuple[float, np.ndarray]:
    """Choose the samples to explain -> (their start in the clip in s, the samples)."""
    if not clip.excerpted and clip.duration_s <= MAX_FULL_S:
        return 0.0, clip.samples
    prediction = classifier.classify(clip)
    probabilities = prediction.window_probabilities[:, classifier.genres.index(genre)]
    is_near = np.abs(prediction.window_times_s[:, None] - prediction.window_times_s) < PART_S / 2
    middle_s = prediction.window_times_s[int(np.argmax(is_near @ probabilities / is_near.sum(axis=1)))]
    begins = [begin_s for begin_s, _ in clip.pieces()]
    begin_s, piece = list(clip.pieces())[max(0, np.searchsorted(begins, middle_s, "right") - 1)]
    max_offset_s = max(0.0, len(piece) / SAMPLE_RATE - PART_S)
    offset_s = float(np.clip(middle_s - begin_s - PART_S / 2, 0.0, max_offset_s))
    first = round(offset_s * SAMPLE_RATE)
    return begin_s + offset_s, piece[first : first + round(PART_S * SAMPLE_RATE)]


def _spans(classifier: Classifier, samples: np.ndarray, genre: str) -> tuple[list[float], np.ndarray]:
    """Classify spans of SPAN_S alone -> (their starts in s, their probabilities of the genre)."""
    size = min(len(samples), round(SPAN_S * SAMPLE_RATE))
    firsts = range(0, len(samples) - size + 1, round(SPAN_STEP_S * SAMPLE_RATE))
    firsts_audible = [first for first in firsts if not is_silent(samples[first : first + size])] or [0]
    pieces = np.stack([samples[first : first + size] for first in firsts_audible])
    starts = [first / SAMPLE_RATE for first in firsts_audible]
    with torch.inference_mode():
        power = classifier.front_end.power(torch.from_numpy(pieces))
        windows = classifier.predict_windows(starts, pieces, power)
    probabilities = windows.by_window[:, classifier.genres.index(genre)].numpy()
    span_of_window = np.searchsorted(
        starts, windows.times_s - size / SAMPLE_RATE / 2 - 0.1
    )  # index of each window's span
    span_of_window = span_of_window.clip(0, len(starts) - 1)
    return starts, np.array(
        [
            probabilities[span_of_window == k].mean() if (span_of_window == k).any() else 0.0
            for k in range(len(starts))
        ]
    )


def _power(classifier: Classifier, samples: np.ndarray) -> Tensor:
    with torch.inference_mode():
        power = classifier.front_end.power(torch.from_numpy((samples - samples.mean())[None]))
    return power.clone()  # an ordinary tensor, through which gradients may flow


def _probability(
    classifier: Classifier, samples: np.ndarray, power: Tensor, gain: Tensor, genre: str
) -> Tensor:
    windows = classifier.predict_windows([0.0], samples[None], power, gain)
    return classifier.apply_calibration(windows.overall)[classifier.genres.index(genre)]


def _saliency(classifier: Classifier, samples: np.ndarray, power: Tensor, genre: str) -> np.ndarray | None:
    """Compute gradient times input of the log-probability at each point: (bands, columns).

    The gradient is taken by decibels; the result is None for a model without one. The loudest point is left
    out, since all others are measured against it.
    """
    if not classifier.has_gradient:
        return None
    louder = torch.zeros_like(power, requires_grad=True)  # change of level in dB
    with torch.enable_grad():
        probability = _probability(classifier, samples, power, 10 ** (louder / 10), genre)
        (slope,) = torch.autograd.grad(probability.log(), louder)
    slope[power == power.max()] = 0.0
    return (slope * (1 + relative_db(power, DEPTH_DB) / DEPTH_DB))[0].numpy()


def _time_saliency(
    starts: list[float], similarity: np.ndarray, seconds: float, shape: tuple[int, int]
) -> np.ndarray:
    """Compute a map that is the same in all bands: (bands, columns)."""
    positions_s = (np.arange(shape[1]) + 0.5) * seconds / shape[1]
    curve = np.interp(positions_s, np.array(starts) + min(SPAN_S, seconds) / 2, similarity)
    return np.broadcast_to(curve - 0.9 * curve.min(), shape)


def _smooth_cells(saliency: np.ndarray) -> np.ndarray:
    """Average over cells, interpolate between their centres, and scale to a maximum of 1."""
    bands, columns = saliency.shape
    cells = (-(-bands // CELL[0]), -(-columns // CELL[1]))
    values = torch.from_numpy(np.ascontiguousarray(saliency, np.float32))[None, None]
    coarse = nn.functional.adaptive_avg_pool2d(values, cells).clamp_min(0.0)
    fine = nn.functional.interpolate(coarse, (bands, columns), mode="bilinear")[0, 0].numpy()
    return fine / max(float(fine.max()), 1e-20)

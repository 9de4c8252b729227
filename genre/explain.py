"""Why it sounds like jazz: which seconds and which bands speak for a genre.

    explanation = explain(classifier, clip, "jazz")
    deletion_check(classifier, clip, explanation)

The map is gradient times input (A. Shrikumar et al., "Not just a black box", 2016): how much the
genre's log-probability leans on each point of the spectrogram, one pass back through the network,
summed over small cells. On recordings it passed the deletion check (V. Petsiuk et al., "RISE", 2018)
more clearly than Grad-CAM, integrated gradients and occlusion, which also take longer.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from genre.audio import SAMPLE_RATE, Clip
from genre.classifier import Classifier
from genre.screening import is_silent
from genre.spectrogram import mel_edges, relative_db

CELL = (8, 31)  # bands and frames summed: a third of an octave or more, 0.7 s
DEPTH_DB = 60.0  # a point so far below the loudest one counts as nothing
LONGEST_S = 45.0  # of a longer clip the half minute most like the genre is explained
PART_S = 30.0
SPAN_S = 5.0  # the part to play
SPAN_STEP_S = 2.5
SHARE = 0.2  # removed in the deletion check
ALIKE = 1e-4  # bands of a map that differ by less are alike


@dataclass(frozen=True, eq=False)
class Explanation:
    """What spoke for a genre.

    Attributes:
        genre: the genre in question.
        map: (bands, columns) float32 in [0, 1]: 0 says nothing for the genre, 1 says most.
        times: (columns,) s in the clip, ascending.
        freqs: (bands,) Hz, ascending.
        part: (start_s, end_s) of the clip that the map is about.
        best_span: (start_s, end_s) of the seconds that, heard alone, are most like the genre.
    """

    genre: str
    map: np.ndarray
    times: np.ndarray
    freqs: np.ndarray
    part: tuple[float, float]
    best_span: tuple[float, float]

    def shares(self) -> tuple[float, float, float] | None:
        """How much of the map lies below 250 Hz, from there to 2 kHz, and above; None where it tells the
        seconds only.
        """
        if np.ptp(self.map, axis=0).max() < ALIKE:
            return None
        edges = np.searchsorted(self.freqs, (250.0, 2_000.0))
        sums = [float(part.sum()) for part in np.split(self.map, edges)]
        total = sum(sums)
        return tuple(each / total if total else 0.0 for each in sums)


@dataclass(frozen=True)
class Deletion:
    """The probability of the genre before and after parts of the picture were silenced."""

    before: float
    without_top: float  # without the highest fifth of the map
    without_random: float  # without a random fifth, in cells of the same size; mean of several draws


def explain(classifier: Classifier, clip: Clip, genre: str) -> Explanation:
    """Find what in the clip speaks for `genre`, which need not be the verdict.

    Takes a few times as long as a verdict. For a model that has no gradient (promoted
    ones) the map tells the seconds only. The clip must have got a verdict with a genre.
    """
    start_s, samples = _part(classifier, clip, genre)
    span_starts, likeness = _spans(classifier, samples, genre)
    best_s = span_starts[int(np.argmax(likeness))]
    seconds = len(samples) / SAMPLE_RATE
    params = classifier.front_end.params
    power = _power(classifier, samples)
    leaning = _leaning(classifier, samples, power, genre)
    if leaning is None:
        leaning = _over_time(span_starts, likeness, seconds, power.shape[-2:])
    frames = params.frame_indices(len(samples))
    return Explanation(
        genre, _normalised(leaning), start_s + frames * params.hop_length / SAMPLE_RATE,
        mel_edges(params)[1:-1], (start_s, start_s + seconds),
        (start_s + best_s, start_s + min(seconds, best_s + SPAN_S)),
    )  # fmt: skip


def deletion_check(
    classifier: Classifier, clip: Clip, explanation: Explanation, draws: int = 3, seed: int = 0
) -> Deletion:
    """Silence the top fifth of the map, and random fifths, and ask again each time."""
    samples = clip.trimmed(*explanation.part).samples
    power = _power(classifier, samples)
    rng = np.random.default_rng(seed)
    bands, columns = explanation.map.shape
    cells = [-(-bands // CELL[0]), -(-columns // CELL[1])]

    def probability(removed: np.ndarray) -> float:
        left = power * torch.from_numpy(~removed)
        return _probability(classifier, samples, left, explanation.genre).item()

    def random_fifth() -> np.ndarray:
        order = np.zeros(cells[0] * cells[1], bool)
        order[rng.permutation(len(order))[: round(SHARE * len(order))]] = True
        return np.kron(order.reshape(cells), np.ones(CELL, bool))[:bands, :columns].astype(bool)

    ranks = explanation.map.ravel().argsort(kind="stable")
    top = np.zeros(bands * columns, bool)
    top[ranks[round((1 - SHARE) * len(ranks)) :]] = True
    with torch.inference_mode():
        return Deletion(
            probability(np.zeros((bands, columns), bool)),
            probability(top.reshape(bands, columns)),
            float(np.mean([probability(random_fifth()) for _ in range(draws)])),
        )


def _part(classifier: Classifier, clip: Clip, genre: str) -> tuple[float, np.ndarray]:
    """-> the samples to explain and where in the clip (s) they begin."""
    if not clip.excerpted and clip.duration_s <= LONGEST_S:
        return 0.0, clip.samples
    verdict = classifier.classify(clip)
    likely = verdict.over_time[:, classifier.genres.index(genre)]
    near = np.abs(verdict.times[:, None] - verdict.times) < PART_S / 2
    middle_s = verdict.times[int(np.argmax(near @ likely / near.sum(axis=1)))]
    begins = [begin_s for begin_s, _ in clip.pieces()]
    begin_s, piece = list(clip.pieces())[max(0, np.searchsorted(begins, middle_s, "right") - 1)]
    latest_s = max(0.0, len(piece) / SAMPLE_RATE - PART_S)
    offset_s = float(np.clip(middle_s - begin_s - PART_S / 2, 0.0, latest_s))
    first = round(offset_s * SAMPLE_RATE)
    return begin_s + offset_s, piece[first : first + round(PART_S * SAMPLE_RATE)]


def _spans(
    classifier: Classifier, samples: np.ndarray, genre: str
) -> tuple[list[float], np.ndarray]:
    """Hear spans of SPAN_S alone -> where each begins (s), and its probability of the genre."""
    size = min(len(samples), round(SPAN_S * SAMPLE_RATE))
    firsts = range(0, len(samples) - size + 1, round(SPAN_STEP_S * SAMPLE_RATE))
    heard = [first for first in firsts if not is_silent(samples[first : first + size])] or [0]
    pieces = np.stack([samples[first : first + size] for first in heard])
    starts = [first / SAMPLE_RATE for first in heard]
    with torch.inference_mode():
        power = classifier.front_end.power(torch.from_numpy(pieces))
        times, _, over_time = classifier.hear(starts, pieces, power)
    likely = over_time[:, classifier.genres.index(genre)].numpy()
    owner = np.searchsorted(starts, times - size / SAMPLE_RATE / 2 - 0.1)  # windows to their span
    owner = owner.clip(0, len(starts) - 1)
    return starts, np.array([likely[owner == k].mean() if (owner == k).any() else 0.0
                             for k in range(len(starts))])  # fmt: skip


def _power(classifier: Classifier, samples: np.ndarray) -> Tensor:
    with torch.inference_mode():
        power = classifier.front_end.power(torch.from_numpy((samples - samples.mean())[None]))
    return power.clone()  # an ordinary tensor, through which gradients may flow


def _probability(classifier: Classifier, samples: np.ndarray, power: Tensor, genre: str) -> Tensor:
    _, overall, _ = classifier.hear([0.0], samples[None], power)
    return classifier.calibrated(overall)[classifier.genres.index(genre)]


def _leaning(
    classifier: Classifier, samples: np.ndarray, power: Tensor, genre: str
) -> np.ndarray | None:
    """How the log-probability leans on each point (bands, columns); None without a gradient.

    The gradient is taken by decibels. That of the loudest point is left out: all others are
    measured against it.
    """
    louder = torch.zeros_like(power, requires_grad=True)  # dB
    with torch.enable_grad():
        probability = _probability(classifier, samples, power * 10 ** (louder / 10), genre)
        if not probability.requires_grad:
            return None
        (slope,) = torch.autograd.grad(probability.log(), louder)
    slope[power == power.max()] = 0.0
    return (slope * (1 + relative_db(power, DEPTH_DB) / DEPTH_DB))[0].numpy()


def _over_time(
    starts: list[float], likeness: np.ndarray, seconds: float, shape: tuple[int, int]
) -> np.ndarray:
    """A map that is alike in all bands: (bands, columns)."""
    places = (np.arange(shape[1]) + 0.5) * seconds / shape[1]
    curve = np.interp(places, np.array(starts) + min(SPAN_S, seconds) / 2, likeness)
    return np.broadcast_to(curve - 0.9 * curve.min(), shape)


def _normalised(leaning: np.ndarray) -> np.ndarray:
    """Sums over cells, drawn smoothly between their centres, from 0 to 1."""
    bands, columns = leaning.shape
    cells = (-(-bands // CELL[0]), -(-columns // CELL[1]))
    values = torch.from_numpy(np.ascontiguousarray(leaning, np.float32))[None, None]
    coarse = nn.functional.adaptive_avg_pool2d(values, cells).clamp_min(0.0)
    fine = nn.functional.interpolate(coarse, (bands, columns), mode="bilinear")[0, 0].numpy()
    return fine / max(float(fine.max()), 1e-20)

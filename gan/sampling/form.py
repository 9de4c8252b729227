"""The form of a longer piece: sections that move away from the first one and come back, and an end.

A piece of 30 s has three sections of 10 s, A B A: the second has a style of its own, 0.8 alike, and is fuller
and more sustained; the third is the first again, and ends calmer in a fade. Within a section nothing repeats.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gan.controls import CONTROLS

MIN_SECTION_S, USUAL_SECTION_S = 6.0, 10.0
POINTS = (0, 1, 0, 2, 0)  # the point in latent space of each section; 0 is that of a piece without form
TURN = 0.6  # the sine of the angle between the styles of two points
# Shifts of the controls in standard deviations, by point, and its ends. The second section is sparser: a
# busier one has less harmonic energy.
POINT_SHIFTS: tuple[dict[str, float], ...] = (
    {},
    {"energy": 0.3, "density": -0.4},
    {"energy": -0.4, "density": -0.4},
)
OPENING_S, OPENING = 2.5, {"energy": -0.4, "density": -0.4}
CLOSING_S, CLOSING = 4.0, {"energy": -0.6, "density": -0.6}
FADE_IN_S, FADE_OUT_S = 0.5, 3.0
FADE_DB = 50.0  # depth of both fades


@dataclass(frozen=True)
class FormPlan:
    """A form over the columns of a piece."""

    source: np.ndarray  # (columns,) int, the column whose noise each has: its own, or an earlier one
    turns: np.ndarray  # (columns, points - 1), the share of each further point in the style, as a sine
    shifts: np.ndarray  # (columns, controls)


def section_starts(seconds: float) -> list[float]:
    """Choose where the sections start, in s; a piece shorter than two sections is one."""
    count = min(len(POINTS), round(seconds / USUAL_SECTION_S), int(seconds / MIN_SECTION_S))
    return np.linspace(0.0, seconds, max(1, count), endpoint=False).tolist()


def plan_form(seconds: float, columns: int, column_s: float, margin: int) -> FormPlan:
    """Plan the form of a piece of `columns` columns of `column_s`, the first `margin` of them before it."""
    times = (np.arange(columns) - margin + 0.5) * column_s
    starts = section_starts(seconds)
    section = np.searchsorted(starts, times, side="right").clip(min=1) - 1
    points = np.array(POINTS)[section]
    source = np.arange(columns)
    first_columns = [int(np.flatnonzero(section == k)[0]) for k in range(len(starts))]
    for k, (start, end) in enumerate(pairwise([*first_columns, columns])):
        origin = first_columns[POINTS.index(POINTS[k])]
        source[start:end] = np.minimum(origin + np.arange(end - start), columns - 1)
    turns = TURN * np.stack([points == point for point in range(1, max(POINTS) + 1)], axis=1)
    shifts = np.stack([_shift(POINT_SHIFTS[point]) for point in points])
    shifts[times < OPENING_S] += _shift(OPENING)
    shifts[times > seconds - CLOSING_S] += _shift(CLOSING)
    return FormPlan(source, _smoothed(turns), _smoothed(shifts))


def fade_db(frames: int, frame_s: float) -> np.ndarray:
    """Compute the level in dB of each frame: it rises at the beginning, and falls at the end."""
    times = np.arange(frames) * frame_s
    rise = np.minimum(times / FADE_IN_S, 1.0)
    fall = np.minimum((times[-1] - times) / FADE_OUT_S, 1.0)
    return -FADE_DB * (1 - np.sin(np.minimum(rise, 1.0) * math.pi / 2) * np.sin(fall * math.pi / 2))


def _shift(controls: dict[str, float]) -> np.ndarray:
    return np.array([controls.get(name, 0.0) for name in CONTROLS])


def _smoothed(values: np.ndarray) -> np.ndarray:
    """Average (columns, N) over three columns, so that sections pass into each other."""
    padded = np.pad(values, ((1, 1), (0, 0)), mode="edge")
    return (padded[:-2] + padded[1:-1] + padded[2:]) / 3

"""A playlist by what songs feel like: one that matches a mood, or a path from it to calm or to joy.

A song is a point of nine feelings, in standard deviations from the average song; each counts by how well the
model's prediction of it agrees with listeners (the card's correlation). The path is a straight line from the
mood to the goal; songs are assigned to evenly spaced points of it so that the sum of all distances is the
least (Kuhn's assignment), and are played in the order in which they lie along it. So each song is at least as
calm, or as bright, as the one before, and its reason says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from genre.inference.description import energy_signs
from genre.library.search import Library, QueryError, Song, feeling_statistics
from genre.models.pretrained.heads import MUSIC_EMOTIONS
from genre.text import FEELING_WORDS

MATCH, LIFT, CALM = DIRECTIONS = ("match", "lift", "calm")
CANDIDATES = 40  # nearest songs that are considered for each point
MAX_SONGS = 200
NOTICEABLE = 0.1  # of a standard deviation: a smaller step is none
NEAR = 0.5  # standard deviations along its axis within which a song is near a mood
SOME_ENERGY = 0.25  # standard deviations of energy from the average song that are worth a word
HINT_OF_ENERGY = 0.1  # from which a mood itself has some: that of happiness is 0.2
ENERGY_WORDS = {1: "full of energy", 0: "neither wild nor calm", -1: "of little energy"}
N_WORDS = 2  # feelings that a reason names
# Of a feeling, those that contradict it, by the axes of the Geneva scales.
OPPOSITES = {
    "solemnity": ("joyful_activation",),
    "sadness": ("joyful_activation",),
    "joyful_activation": ("sadness", "solemnity"),
    "calmness": ("tension", "power"),
    "tenderness": ("tension", "power"),
    "power": ("calmness", "tenderness"),
    "tension": ("calmness", "tenderness"),
}
MIN_SONG_S = 10.0  # shorter is a sound, not a song
NEAR_BY, FURTHER = "Near how you feel", "Further from how you feel"


@dataclass(frozen=True)
class Goal:
    """Where a path leads: its feelings in standard deviations, and the words for it."""

    profile: Mapping[str, float]
    word: str
    comparative: str


GOALS = {
    CALM: Goal(
        {"calmness": 1.2, "tenderness": 0.7, "power": -0.9, "tension": -1.0, "joyful_activation": -0.4},
        "calm",
        "calmer",
    ),
    LIFT: Goal(
        {"joyful_activation": 1.2, "amazement": 0.4, "power": 0.3, "sadness": -1.0, "tension": -0.6},
        "bright",
        "brighter",
    ),
}


@dataclass(frozen=True)
class PathSong:
    """A song of a playlist, and why it stands there."""

    song: Song
    reason: str  # a sentence
    position: (
        float  # along the way to the goal, in standard deviations; of a match, the distance from the mood
    )
    is_near: bool = True  # whether it is near the mood; on the way to a goal each song is where it should be


def mood_path(
    library: Library, start: Mapping[str, float] | None, direction: str, count: int
) -> list[PathSong]:
    """A playlist of up to `count` songs from a mood, given as feelings in standard deviations.

    `start` is None for a mood whose feelings are unknown: the playlist begins at the average song, and no
    reason says that a song is near the mood. Raises QueryError for an unknown direction or feeling.
    """
    feelings = start or {}
    if direction not in DIRECTIONS:
        raise QueryError(f"The direction is {', '.join(DIRECTIONS)}, not {direction!r}: choose one.")
    if unknown := set(feelings) - set(MUSIC_EMOTIONS):
        raise QueryError(
            f"There is no feeling {sorted(unknown)[0]!r}; there are: {', '.join(MUSIC_EMOTIONS)}."
        )
    rows = _candidates(library)
    count = min(max(1, count), MAX_SONGS, len(rows))
    if not count:
        return []
    weights = feeling_statistics()[2].clip(min=0.0)
    begin, goal = _vector(feelings), GOALS.get(direction)
    end = begin if goal is None else _vector(goal.profile)
    targets = begin + np.linspace(0.0, 1.0, count)[:, None] * (end - begin)
    selection, distances = _assign(library.heights[rows], targets, weights)
    selection = rows[selection]
    axis = weights * end / max(1e-12, np.abs(weights * end).sum())
    if goal is None:
        is_close = begin @ axis - library.heights[selection] @ axis <= NEAR
        is_near = np.array(
            [
                start is None or (close and not _is_contrary(library, k, begin))
                for k, close in zip(selection.tolist(), is_close, strict=True)
            ]
        )
        order = np.lexsort((distances, ~is_near))  # what is near comes first
        leads = [NEAR_BY if near else FURTHER for near in is_near[order]]
        if start is None:
            leads = [""] * count
        elif not is_near.any():
            leads[0] = f"The nearest of your {len(rows)} songs"
        return [
            PathSong(library.songs[k], _sentence(lead, library, k), float(d), bool(near))
            for k, lead, d, near in zip(
                selection[order].tolist(), leads, distances[order], is_near[order], strict=True
            )
        ]
    along = library.heights[selection] @ axis
    order = np.argsort(along, kind="stable")
    first = int(selection[order[0]])
    if start is None:
        lead = "To begin with"
    elif float(along.min() - begin @ axis) <= NEAR and not _is_contrary(library, first, begin):
        lead = "Starts where you are"
    else:
        lead = "Starts as near to you as these songs come"
    return _with_reasons(library, selection[order].tolist(), along[order].tolist(), goal, lead)


def _candidates(library: Library) -> np.ndarray:
    """The rows of songs to choose from, each recording once: (n,)."""
    seen_keys: set[object] = set()
    rows = []
    for k in np.flatnonzero(library.music).tolist():
        song = library.songs[k]
        keys = {song.hash, (song.artist.casefold(), song.title.casefold()) if song.title else song.hash}
        if song.duration_s >= MIN_SONG_S and not keys & seen_keys:
            seen_keys |= keys
            rows.append(k)
    return np.array(rows, int)


def _assign(heights: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Assign songs (n, 9) to targets (m, 9), m <= n -> (their positions (m,), their distances (m,))."""
    scale = np.sqrt(weights)
    songs, points = heights * scale, targets * scale
    squares = (
        np.square(songs).sum(axis=1) - 2 * points @ songs.T + np.square(points).sum(axis=1, keepdims=True)
    )
    count = min(CANDIDATES + len(targets), len(songs))  # so many that each target finds one of its own
    near = np.unique(np.argpartition(squares, count - 1, axis=1)[:, :count])
    costs = squares[:, near].clip(min=0.0)
    _, columns = linear_sum_assignment(costs)
    return near[columns], np.sqrt(costs[np.arange(len(targets)), columns])


def _with_reasons(
    library: Library, rows: list[int], along: list[float], goal: Goal, first_lead: str
) -> list[PathSong]:
    songs = []
    for number, (row, position) in enumerate(zip(rows, along, strict=True)):
        if number == 0:
            lead = first_lead
        elif number == len(rows) - 1:
            is_there = position > 0 and not _is_contrary(library, row, _vector(goal.profile))
            lead = f"Ends {goal.word}" if is_there else f"Ends as {goal.word} as these songs get"
        elif position - along[number - 1] >= NOTICEABLE:
            lead = f"A step {goal.comparative}"
        else:
            lead = f"No {goal.comparative} than the one before"
        songs.append(PathSong(library.songs[row], _sentence(lead, library, row), position))
    return songs


def _sentence(lead: str, library: Library, row: int) -> str:
    """Write why a song stands there: the feelings that stand out in it or, without any, its energy."""
    words = " and ".join(FEELING_WORDS[name] for name in library.strongest_feelings(row, N_WORDS))
    words = words or ENERGY_WORDS[_energy(library.heights[row], SOME_ENERGY)]
    return f"{lead}: {words}." if lead else f"{words[0].upper()}{words[1:]}."


def _is_contrary(library: Library, row: int, mood: np.ndarray) -> bool:
    """Whether what a song's reason says of it is not what one feels in a mood (9,).

    A feeling that it names is contrary where the mood has less of it than the average song, or has its
    opposite. Of a neutral face, whose feelings are the average song's, each that stands out is contrary.
    """
    named = library.strongest_feelings(row, N_WORDS)
    felt = dict(zip(MUSIC_EMOTIONS, mood.tolist(), strict=True))
    if named:
        return not mood.any() or any(
            felt[name] < 0 or (felt[name] == 0 and any(felt[other] > 0 for other in OPPOSITES.get(name, ())))
            for name in named
        )
    energy = _energy(library.heights[row], SOME_ENERGY)
    return energy != _energy(mood, HINT_OF_ENERGY) if energy else _energy(mood, SOME_ENERGY) != 0


def _energy(heights: np.ndarray, least: float) -> int:
    """Tell whether feelings (9,) in standard deviations have much energy (1), little (-1), or neither (0)."""
    energy = float(heights @ energy_signs()) / np.abs(energy_signs()).sum()
    return 0 if abs(energy) < least else 1 if energy > 0 else -1


def _vector(profile: Mapping[str, float]) -> np.ndarray:
    return np.array([profile.get(name, 0.0) for name in MUSIC_EMOTIONS])

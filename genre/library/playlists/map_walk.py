"""A walk through the map of a library: songs from its left side to its right, each near the one before."""

from collections.abc import Sequence

import numpy as np

START = np.array([0.0, 0.5])  # shares of the map: at its left side, half way up
REPEAT = 0.35  # shares of the map by which a genre that was visited already counts as further away


def map_walk(points: np.ndarray, genres: Sequence[str], count: int) -> list[int]:
    """Choose up to `count` of the points (n, 2) of songs with these genres -> their rows, in order.

    The map is cut into upright strips of equally many songs. Of each strip comes the song nearest to the one
    before, and sooner one of a genre that was not visited yet.
    """
    if not len(points):
        return []
    extent = np.maximum(np.ptp(points, axis=0), 1e-9)
    shares = (points - points.min(axis=0)) / extent
    strips = np.array_split(np.argsort(shares[:, 0], kind="stable"), min(count, len(points)))
    walk: list[int] = []
    place, visits = START, set()
    for strip in strips:
        distances = np.linalg.norm(shares[strip] - place, axis=1)
        repeats = np.array([genres[row] in visits for row in strip])
        row = int(strip[np.argmin(distances + REPEAT * repeats)])
        walk.append(row)
        place = shares[row]
        visits.add(genres[row])
    return walk

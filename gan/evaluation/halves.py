"""How far sources of clips are from real music, measured by halves of the real music itself.

The real tracks are split into two halves with the same share of every genre, again and again. One half
stands for real music; the other half, and as many clips of each other source, are compared with it. So the
distance of real music to other real music is known, and all distances have the same bias.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gan.evaluation.metrics import frechet_distance, kernel_distance
from genre.evaluation.metrics import interval_of

N_COMPONENTS = 16  # principal components of real music: half of it has some fifty clips
N_SPLITS = 200
MIN_TRACKS = 10  # tracks of a genre from which it has a distance of its own


@dataclass(frozen=True)
class EmbeddedClips:
    """The clips of one source."""

    genres: np.ndarray  # (N,) str
    tracks: np.ndarray  # (N,) str, the recording that a clip is of; "" for others
    embeddings: np.ndarray  # (N, D)

    def take(self, rows: np.ndarray) -> "EmbeddedClips":
        """Take some of the clips."""
        return EmbeddedClips(self.genres[rows], self.tracks[rows], self.embeddings[rows])

    def of_genre(self, genre: str) -> np.ndarray:
        """Take the embeddings of a genre."""
        return self.embeddings[self.genres == genre]


def distances_by_source(
    sources: Mapping[str, EmbeddedClips], real: str, basis: np.ndarray, seed: int = 0
) -> dict:
    """Compute the distances of each source to real music, as a dictionary for JSON.

    `basis` (M, D) holds other real music, by which the features are standardised and whose principal
    components are the axes. `times_real` is the Fréchet distance as a multiple of that of the other half of
    real music. Intervals are of 95 % of the splits.
    """
    sources = project_on_real(sources, basis)
    music = sources[real]
    own_distance = {
        genre for genre in np.unique(music.genres).tolist() if (music.genres == genre).sum() >= MIN_TRACKS
    }
    rng = np.random.default_rng(seed)
    values: dict[str, list[dict[str, float]]] = {name: [] for name in sources}
    for _ in range(N_SPLITS):
        near, far = (music.take(rows) for rows in split_halves(music.genres, rng))
        for name, source in sources.items():
            clips = far if name == real else draw_alike(source, far, rng)
            values[name].append(
                {
                    "frechet": frechet_distance(clips.embeddings, near.embeddings),
                    "kernel": kernel_distance(clips.embeddings, near.embeddings)[0],
                }
                | {
                    genre: kernel_distance(clips.of_genre(genre), near.of_genre(genre))[0]
                    for genre in own_distance
                }
            )
    tables = {
        name: {key: np.array([row[key] for row in rows]) for key in rows[0]} for name, rows in values.items()
    }
    count = sum((music.genres == genre).sum() // 2 for genre in np.unique(music.genres))
    return {
        "components": min(N_COMPONENTS, *basis.shape),
        "clips_per_half": int(count),
        "sources": {
            name: {
                "frechet": _summary(table["frechet"]),
                "kernel": _summary(table["kernel"]),
                "times_real": {
                    "mean": round(float(table["frechet"].mean() / tables[real]["frechet"].mean()), 4),
                    "interval": interval_of(table["frechet"] / tables[real]["frechet"]),
                },
                "kernel_by_genre": {genre: _summary(table[genre]) for genre in sorted(own_distance)},
            }
            for name, table in tables.items()
        },
    }


def project_on_real(sources: Mapping[str, EmbeddedClips], basis: np.ndarray) -> dict[str, EmbeddedClips]:
    """Standardise by real music (M, D), and project on its principal components, of mean variance 1."""
    mean, deviation = basis.mean(axis=0), basis.std(axis=0) + 1e-6
    _, sizes, axes = np.linalg.svd((basis - mean) / deviation, full_matrices=False)
    scale = np.sqrt(np.square(sizes[:N_COMPONENTS]).mean() / len(basis))
    return {
        name: EmbeddedClips(
            clips.genres, clips.tracks, (clips.embeddings - mean) / deviation @ axes[:N_COMPONENTS].T / scale
        )
        for name, clips in sources.items()
    }


def split_halves(genres: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Split rows into two halves with the same number of each genre; an odd one is left out."""
    halves: tuple[list[int], list[int]] = ([], [])
    for genre in np.unique(genres):
        rows = rng.permutation(np.flatnonzero(genres == genre))
        size = len(rows) // 2
        halves[0].extend(rows[:size])
        halves[1].extend(rows[size : 2 * size])
    return np.array(halves[0]), np.array(halves[1])


def draw_alike(source: EmbeddedClips, like: EmbeddedClips, rng: np.random.Generator) -> EmbeddedClips:
    """Draw as many clips of each genre as `like` has; the clips of its very tracks, where they are named."""
    if source.tracks.any():
        return source.take(np.flatnonzero(np.isin(source.tracks, like.tracks)))
    rows: list[int] = []
    for genre in np.unique(like.genres):
        rows.extend(rng.permutation(np.flatnonzero(source.genres == genre))[: (like.genres == genre).sum()])
    return source.take(np.array(rows))


def _summary(values: np.ndarray) -> dict:
    return {"mean": round(float(values.mean()), 4), "interval": interval_of(values)}

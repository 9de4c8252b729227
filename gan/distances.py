"""How far two sets of sounds lie apart, by their embeddings (N, D)."""

import numpy as np

DIMENSIONS = 32  # principal ones, of the Fréchet distance: so that 100 sounds can tell a covariance
SIZES = (0.4, 0.55, 0.7, 0.85, 1.0)  # shares of a set that the extrapolation looks at
DRAWS = 8  # of each size


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """The squared distance of two normal distributions (Heusel et al. 2017), (N, D) and (M, D)."""
    covariances = np.atleast_2d(np.cov(a, rowvar=False)), np.atleast_2d(np.cov(b, rowvar=False))
    root = _root(covariances[0])
    between = np.linalg.eigvalsh(root @ covariances[1] @ root).clip(min=0)
    shift = a.mean(axis=0) - b.mean(axis=0)
    return float(shift @ shift + np.trace(covariances[0] + covariances[1]) - 2 * np.sqrt(between).sum())


def fair_frechet(a: np.ndarray, b: np.ndarray, seed: int = 0) -> float:
    """The Fréchet distance as it would be of infinitely many sounds (Chong and Forsyth 2020).

    Of few sounds it comes out too large by about a constant times 1 / N: so it is taken of smaller and
    larger parts, and the line through them followed to 1 / N = 0.
    """
    rng = np.random.default_rng(seed)
    inverse, values = [], []
    for share in SIZES:
        sizes = [max(2, round(share * len(part))) for part in (a, b)]
        for _ in range(DRAWS if share < 1 else 1):
            parts = [part[rng.permutation(len(part))[:size]]
                     for part, size in zip((a, b), sizes, strict=True)]  # fmt: skip
            inverse.append(1 / sizes[0] + 1 / sizes[1])
            values.append(frechet(*parts))
    return float(np.polyfit(inverse, values, 1)[1])


def kernel_distance(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """The squared maximum mean discrepancy with a cubic kernel, without bias (Bińkowski et al. 2018).

    -> (distance, standard error by the jackknife over the sounds of a); below 0 by chance only.
    """
    kernel = lambda x, y: (x @ y.T / a.shape[1] + 1) ** 3  # noqa: E731
    n, m = len(a), len(b)
    within_a, within_b, across = kernel(a, a), kernel(b, b), kernel(a, b)
    np.fill_diagonal(within_a, 0.0)
    np.fill_diagonal(within_b, 0.0)
    b_alone = within_b.sum() / (m * (m - 1))
    total = within_a.sum()
    distance = total / (n * (n - 1)) + b_alone - 2 * across.mean()
    left_out = ((total - 2 * within_a.sum(axis=1)) / ((n - 1) * (n - 2)) + b_alone
                - 2 * (across.sum() - across.sum(axis=1)) / ((n - 1) * m)) if n > 2 else np.zeros(n)
    return float(distance), float(np.sqrt((n - 1) * left_out.var()))


def principal(reference: np.ndarray, dimensions: int = DIMENSIONS) -> tuple[np.ndarray, np.ndarray]:
    """(N, D) -> (mean (D,), axes (D, dimensions)) that show most of it."""
    mean = reference.mean(axis=0)
    axes = np.linalg.svd(reference - mean, full_matrices=False)[2][:dimensions]
    return mean, axes.T


def spread(embeddings: np.ndarray, labels: np.ndarray) -> dict[int, float]:
    """The mean distance of two different sounds of the same label, by label; those of one are left out."""
    values = {}
    for label in np.unique(labels).tolist():
        same = embeddings[labels == label]
        if len(same) > 1:
            values[label] = float(distances(same, same).sum() / (len(same) * (len(same) - 1)))
    return values


def nearest(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N,): how far each of a is from the nearest of b."""
    return distances(a, b).min(axis=1)


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N, M): Euclidean."""
    squared = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1) - 2 * a @ b.T
    return np.sqrt(squared.clip(min=0))


def _root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric square root."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(values.clip(min=0))) @ vectors.T

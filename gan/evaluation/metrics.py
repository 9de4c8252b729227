"""Distances between sets of clips, from their embeddings (N, D): Fréchet, kernel, nearest neighbour."""

import numpy as np

N_COMPONENTS = 32  # principal components of the Fréchet distance: few enough for a covariance of 100 clips
SUBSET_FRACTIONS = (0.4, 0.55, 0.7, 0.85, 1.0)  # fractions of a set from which the distance is extrapolated
N_DRAWS = 8  # draws for each subset size


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Compute the squared Fréchet distance of (N, D) and (M, D) as normals (Heusel et al. 2017)."""
    covariances = np.atleast_2d(np.cov(a, rowvar=False)), np.atleast_2d(np.cov(b, rowvar=False))
    root = _matrix_root(covariances[0])
    eigenvalues = np.linalg.eigvalsh(root @ covariances[1] @ root).clip(min=0)
    shift = a.mean(axis=0) - b.mean(axis=0)
    return float(shift @ shift + np.trace(covariances[0] + covariances[1]) - 2 * np.sqrt(eigenvalues).sum())


def unbiased_frechet_distance(a: np.ndarray, b: np.ndarray, seed: int = 0) -> float:
    """Extrapolate the Fréchet distance to infinitely many clips (Chong and Forsyth 2020).

    Its bias is about a constant times 1 / N: it is computed for subsets of several sizes, and the line
    through them extrapolated to 1 / N = 0.
    """
    rng = np.random.default_rng(seed)
    inverse, values = [], []
    for fraction in SUBSET_FRACTIONS:
        sizes = [max(2, round(fraction * len(part))) for part in (a, b)]
        for _ in range(N_DRAWS if fraction < 1 else 1):
            parts = [
                part[rng.permutation(len(part))[:size]] for part, size in zip((a, b), sizes, strict=True)
            ]
            inverse.append(1 / sizes[0] + 1 / sizes[1])
            values.append(frechet_distance(*parts))
    return float(np.polyfit(inverse, values, 1)[1])


def kernel_distance(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Compute the unbiased squared maximum mean discrepancy, cubic kernel (KID, Bińkowski et al. 2018).

    Returns the distance, below 0 by chance only, and its standard error by the jackknife over the clips of a.
    """
    kernel = lambda x, y: (x @ y.T / a.shape[1] + 1) ** 3  # noqa: E731
    n, m = len(a), len(b)
    within_a, within_b, across = kernel(a, a), kernel(b, b), kernel(a, b)
    np.fill_diagonal(within_a, 0.0)
    np.fill_diagonal(within_b, 0.0)
    mean_within_b = within_b.sum() / (m * (m - 1))
    total = within_a.sum()
    distance = total / (n * (n - 1)) + mean_within_b - 2 * across.mean()
    jackknife = (
        (
            (total - 2 * within_a.sum(axis=1)) / ((n - 1) * (n - 2))
            + mean_within_b
            - 2 * (across.sum() - across.sum(axis=1)) / ((n - 1) * m)
        )
        if n > 2
        else np.zeros(n)
    )
    return float(distance), float(np.sqrt((n - 1) * jackknife.var()))


def principal_axes(reference: np.ndarray, n_components: int = N_COMPONENTS) -> tuple[np.ndarray, np.ndarray]:
    """Compute the mean (D,) and the principal axes (D, n_components) of (N, D)."""
    mean = reference.mean(axis=0)
    axes = np.linalg.svd(reference - mean, full_matrices=False)[2][:n_components]
    return mean, axes.T


def intra_class_distances(embeddings: np.ndarray, labels: np.ndarray) -> dict[int, float]:
    """Compute the mean pairwise distance of the clips of a label, by label; labels of one are left out."""
    values = {}
    for label in np.unique(labels).tolist():
        same = embeddings[labels == label]
        if len(same) > 1:
            values[label] = float(pairwise_distances(same, same).sum() / (len(same) * (len(same) - 1)))
    return values


def nearest_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Compute the distance of each of a to the nearest of b: (N,)."""
    return pairwise_distances(a, b).min(axis=1)


def pairwise_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Compute Euclidean distances (N, M)."""
    squared = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1) - 2 * a @ b.T
    return np.sqrt(squared.clip(min=0))


def _matrix_root(covariance: np.ndarray) -> np.ndarray:
    """Compute the symmetric square root."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(values.clip(min=0))) @ vectors.T

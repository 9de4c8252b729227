"""Nearest neighbours, support vectors and random forests, saved without pickle.

Each builder makes a scikit-learn pipeline: `summarise`, scaling to zero mean and unit variance, the
classifier. `save` turns a fitted one into plain arrays and a plain dictionary; `load` turns those
into a small predictor in numpy with the same predictions, which needs no scikit-learn and executes nothing
from a file.

The papers do not say how raw audio, STFT and mel, with up to 133,000 values, were given to methods made for
some dozens of values. We use `summarise`, which bounds the memory and drops the position of a sound in the
window.
"""

import itertools
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

MAX_VALUES = 1024  # values in a summary of raw audio
MAX_BANDS = 128  # bands in a summary of a spectrogram: twice as many values
QUERIES_PER_BLOCK = 256  # rows of a query block, which bounds the matrices of distances


def summarise(inputs: np.ndarray) -> np.ndarray:
    """Summarise inputs of any kind -> (n, at most 1,024 values), one row each.

    Spectrograms (n, bands, frames) become the mean and the standard deviation over time of each band, and
    more than 128 bands are averaged in groups. Raw audio (n, samples) becomes the means of 1,024 pieces.
    Features and summaries stay as they are.
    """
    inputs = np.asarray(inputs)
    if inputs.ndim == 3:
        inputs = _pool(inputs, axis=1, size=MAX_BANDS)
        return np.concatenate([inputs.mean(axis=2), inputs.std(axis=2)], axis=1)
    return _pool(inputs, axis=1, size=MAX_VALUES)


def _pool(values: np.ndarray, axis: int, size: int) -> np.ndarray:
    """Average neighbours along an axis to at most `size` means, in groups as even as can be."""
    length = values.shape[axis]
    if length <= size:
        return values
    starts = np.arange(size) * length // size
    counts = np.diff(starts, append=length).astype(values.dtype)
    shape = [1] * values.ndim
    shape[axis] = size
    return np.add.reduceat(values, starts, axis=axis) / counts.reshape(shape)


def knn(shape: tuple[int, ...], n_classes: int, k: int = 10):
    """Make the vote of the k nearest training examples, with equal votes.

    It is a model of Zhang (arXiv:2307.10773, 2023) and of Dawra et al., who try k = 10, 15 and 20. They do
    not state the distance and the scaling; we take the Euclidean distance between scaled values.
    """
    from sklearn.neighbors import KNeighborsClassifier

    return _pipeline(KNeighborsClassifier(n_neighbors=k, algorithm="brute"))


def svm(shape: tuple[int, ...], n_classes: int, c: float = 1.0):
    """Make a support vector machine with a radial kernel.

    It is a model of Zhang (arXiv:2307.10773, 2023) and of the APM 598 course report. They do not state the
    penalty and the width of the kernel; ours are scikit-learn's (1 and "scale"). Its probabilities are the
    softmax of its one-against-rest scores: Platt's method would fit five more machines, and fail on a genre
    with fewer than five tracks.
    """
    from sklearn.svm import SVC

    if not 0 < c < float("inf"):
        raise ValueError(f"c, the penalty of a mistake, is a number above 0, not {c}.")
    return _pipeline(SVC(C=c, kernel="rbf", gamma="scale", break_ties=True))


def forest(shape: tuple[int, ...], n_classes: int, trees: int = 300, seed: int = 0):
    """Make a random forest, as cited by Zhang, who does not state its size; ours has 300 full-grown trees."""
    from sklearn.ensemble import RandomForestClassifier

    return _pipeline(RandomForestClassifier(n_estimators=trees, random_state=seed))


def _pipeline(classifier):
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    return Pipeline(
        [("summary", FunctionTransformer(summarise)), ("scale", StandardScaler()), ("classifier", classifier)]
    )


def class_probabilities(model, inputs: np.ndarray, n_classes: int) -> np.ndarray:
    """Predict with a fitted pipeline or a loaded predictor: (n, n_classes), 0 for unknown classes."""
    if hasattr(model, "predict_proba"):
        class_probabilities = model.predict_proba(inputs)
    else:
        class_probabilities = _softmax(model.decision_function(inputs))
    result = np.zeros((len(class_probabilities), n_classes))
    result[:, model.classes_] = class_probabilities
    return result


def save(estimator) -> tuple[dict[str, np.ndarray], dict]:
    """Convert a fitted pipeline of this module -> arrays for a file of tensors, and a dictionary for JSON.

    Classes must be whole numbers. Raises TypeError for any other estimator.
    """
    scale, classifier = estimator.named_steps["scale"], estimator.named_steps["classifier"]
    arrays = {"mean": scale.mean_, "scale": scale.scale_}
    config: dict[str, Any] = {"classes": [int(label) for label in classifier.classes_]}
    match type(classifier).__name__:
        case "KNeighborsClassifier":
            config |= {"kind": "knn", "k": classifier.n_neighbors}
            arrays |= {"examples": classifier._fit_X, "labels": classifier._y.reshape(-1)}
        case "SVC":
            config |= {"kind": "svm", "gamma": float(classifier._gamma)}
            arrays |= {
                "vectors": classifier.support_vectors_,
                "counts": classifier.n_support_,
                "weights": classifier.dual_coef_,
                "intercept": classifier.intercept_,
            }
        case "RandomForestClassifier":
            config |= {"kind": "forest"}
            arrays |= _forest_arrays([tree.tree_ for tree in classifier.estimators_])
        case name:
            raise TypeError(f"{name} is not one of the classical models that can be saved.")
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}, config


def _forest_arrays(trees: list) -> dict[str, np.ndarray]:
    """Join the nodes of all trees; a leaf is its own child."""
    roots = np.cumsum([0] + [tree.node_count for tree in trees])[:-1]
    nodes = [np.arange(tree.node_count) for tree in trees]
    children = [
        root + np.where([tree.children_left < 0] * 2, node, [tree.children_left, tree.children_right])
        for root, node, tree in zip(roots, nodes, trees, strict=True)
    ]
    return {
        "roots": roots,
        "children": np.concatenate(children, axis=1),  # (2, nodes): left, right
        "feature": np.maximum(np.concatenate([tree.feature for tree in trees]), 0),
        "threshold": np.concatenate([tree.threshold for tree in trees]),
        "value": np.concatenate([tree.value[:, 0] for tree in trees]),  # (nodes, classes)
    }


def load(arrays: dict[str, np.ndarray], config: dict) -> "Predictor":
    """Build a predictor from the result of `save`. Raises ValueError if parts are missing or do not fit."""
    try:
        kinds: dict[str, type[Predictor]] = {"knn": KNN, "svm": SVM, "forest": Forest}
        return kinds[config["kind"]](arrays, config)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(
            f"The saved classical model is damaged or of another version ({error}): train it again."
        ) from error


class Predictor(ABC):
    """A predictor by a saved model; `classes_` are the labels of its columns."""

    def __init__(self, arrays: dict[str, np.ndarray], config: dict) -> None:
        self.classes_ = np.array(config["classes"], dtype=np.int64)
        self.mean, self.scale = arrays["mean"], arrays["scale"]
        _check(self.mean.shape == self.scale.shape and self.mean.ndim == 1)

    def predict_proba(self, inputs: np.ndarray) -> np.ndarray:
        """Predict inputs as in training -> (n, classes), rows adding up to 1."""
        rows = summarise(inputs)
        if rows.ndim != 2 or rows.shape[1] != len(self.mean):
            raise ValueError(f"The model wants {len(self.mean)} values an input, not {rows.shape}.")
        # The values are scaled in the precision of the input and in this order, as by StandardScaler.
        rows = rows.copy() if rows.dtype in (np.float32, np.float64) else rows.astype(np.float64)
        rows -= self.mean.astype(rows.dtype)
        rows /= self.scale.astype(rows.dtype)
        blocks = range(0, len(rows), QUERIES_PER_BLOCK)
        parts = [self._probabilities(rows[start : start + QUERIES_PER_BLOCK]) for start in blocks]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.classes_)))

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Predict inputs as in training -> (n,) labels."""
        return self.classes_[np.argmax(self.predict_proba(inputs), axis=1)]

    @abstractmethod
    def _probabilities(self, rows: np.ndarray) -> np.ndarray:
        """Predict scaled values (n, values) -> (n, classes)."""


class KNN(Predictor):
    """The nearest neighbours: training examples and their labels."""

    def __init__(self, arrays: dict[str, np.ndarray], config: dict) -> None:
        super().__init__(arrays, config)
        self.k, self.labels = int(config["k"]), arrays["labels"]
        self.examples = arrays["examples"].astype(np.float64)
        _check(self.examples.shape == (len(self.labels), len(self.mean)))
        _check(1 <= self.k <= len(self.labels))
        _check(self.labels.min() >= 0 and self.labels.max() < len(self.classes_))

    def _probabilities(self, rows: np.ndarray) -> np.ndarray:
        distances = _squared_distances(rows, self.examples)
        nearest = np.argpartition(distances, self.k - 1, axis=1)[:, : self.k]
        votes = self.labels[nearest][:, :, None] == np.arange(len(self.classes_))
        return votes.mean(axis=1)


class SVM(Predictor):
    """The support vectors of one machine for each pair of classes, in the layout of libsvm."""

    def __init__(self, arrays: dict[str, np.ndarray], config: dict) -> None:
        super().__init__(arrays, config)
        n_classes, self.gamma = len(self.classes_), float(config["gamma"])
        self.vectors = arrays["vectors"].astype(np.float64)
        self.weights, self.intercept = arrays["weights"], arrays["intercept"]
        bounds = np.concatenate([[0], np.cumsum(arrays["counts"])])
        self.of_class = [slice(a, b) for a, b in itertools.pairwise(bounds)]
        _check(len(self.of_class) == n_classes and bounds[-1] == len(self.vectors))
        _check(self.vectors.shape[1] == len(self.mean))
        _check(self.weights.shape == (n_classes - 1, len(self.vectors)))
        _check(len(self.intercept) == n_classes * (n_classes - 1) // 2)

    def _probabilities(self, rows: np.ndarray) -> np.ndarray:
        kernel = np.exp(-self.gamma * _squared_distances(rows, self.vectors))
        n_classes = len(self.classes_)
        if n_classes == 2:  # one machine, whose score scikit-learn has made positive for class 1
            return _softmax((kernel @ self.weights.T + self.intercept)[:, 0])
        votes, confidence = np.zeros((2, len(rows), n_classes))
        pairs = [(i, j) for i in range(n_classes) for j in range(i + 1, n_classes)]
        for (i, j), intercept in zip(pairs, self.intercept, strict=True):
            first, second = self.of_class[i], self.of_class[j]
            score = kernel[:, first] @ self.weights[j - 1, first] + intercept
            score += kernel[:, second] @ self.weights[i, second]  # a score above 0 votes for class i
            votes[:, i] += score >= 0
            votes[:, j] += score < 0
            confidence[:, i] += score
            confidence[:, j] -= score
        # As in scikit-learn, confidence only decides between equal votes: it never outweighs a vote.
        return _softmax(votes + confidence / (3 * (np.abs(confidence) + 1)))


class Forest(Predictor):
    """The nodes of all trees; a prediction is the mean of the leaves' shares of each class."""

    def __init__(self, arrays: dict[str, np.ndarray], config: dict) -> None:
        super().__init__(arrays, config)
        self.roots, self.children = arrays["roots"], arrays["children"]
        self.feature, self.threshold = arrays["feature"], arrays["threshold"]
        self.value = arrays["value"]
        n_nodes = len(self.feature)
        node = np.arange(n_nodes)
        left, right = self.children
        _check(len(left) == len(self.threshold) == n_nodes)
        _check(self.value.shape == (n_nodes, len(self.classes_)))
        _check(self.feature.min() >= 0 and self.feature.max() < len(self.mean))
        # A child comes after its parent, or is a leaf and its own child, so that every walk from a root ends.
        _check((left >= node).all() and (right >= node).all() and self.children.max() < n_nodes)
        _check(((left == node) == (right == node)).all())
        _check(len(self.roots) > 0 and self.roots.min() >= 0 and self.roots.max() < n_nodes)

    def _probabilities(self, rows: np.ndarray) -> np.ndarray:
        rows = rows.astype(np.float32)  # scikit-learn grew the trees in float32
        node = np.tile(self.roots, (len(rows), 1))  # (rows, trees)
        row = np.arange(len(rows))[:, None]
        while True:
            right = rows[row, self.feature[node]] > self.threshold[node]
            below = self.children[right.astype(np.intp), node]
            if np.array_equal(below, node):
                return self.value[node].mean(axis=1)
            node = below


def _check(fits: bool) -> None:
    if not fits:
        raise ValueError("The saved classical model's parts do not fit together: train it again.")


def _squared_distances(rows: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Compute squared distances (n, d), (m, d) -> (n, m), without an array of n x m x d."""
    rows = rows.astype(np.float64)
    lengths = (rows**2).sum(axis=1)[:, None] + (points**2).sum(axis=1)
    return np.maximum(lengths - 2 * rows @ points.T, 0.0)


def _softmax(scores: np.ndarray) -> np.ndarray:
    """Compute probabilities (n, classes) of (n, classes), or of (n,) for the second of two classes."""
    if scores.ndim == 1:
        scores = np.stack([-scores, scores], axis=1)
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)

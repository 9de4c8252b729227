"""Fitting of the heads, and their predictions of songs from which they did not learn.

The genre head is multinomial logistic regression on the mean features of each song. All genres count alike;
within a genre, the recipe has the weights of GTZAN, of the simulated phones, of the pieces without a
recording and of the songs of other collections. The head of feelings is ridge regression.
"""

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler

from genre.models.pretrained.heads import MUSIC_EMOTIONS, TransferHeads
from genre.runs.settings import RunSettings
from genre.training.transfer.songs import CLASSES, Song

FOLDS = 5
ABSENT_LOGIT = -12.0  # logit of a class that has no songs


@dataclass(frozen=True)
class TransferRecipe(RunSettings):
    """The recipe of the heads, chosen by folds inside the train part."""

    seconds_per_window: float = 3.0
    inverse_penalty: float = 0.1  # C of the logistic regression
    emotion_penalty: float = 1000.0  # penalty of the ridge regression
    phone_weight: float = 0.5  # weight of a recording through a simulated phone; the clean one has 1
    resynthesized_weight: float = 0.5  # weight of a genre's pieces without a recording; GTZAN's have 1
    enough_songs: int = 12  # songs of other collections in a genre, below which they count less
    scratch_weight: float = 0.25  # weight of the from-scratch ensemble in the pool
    seed: int = 0  # seed of the phones' rooms


@dataclass(frozen=True)
class SongFeatures:
    """A song with the features of its windows (W, 250); a recording has them through a phone too."""

    song: Song
    clean: np.ndarray
    phone: np.ndarray | None


def fit_heads(songs: list[SongFeatures], recipe: TransferRecipe) -> TransferHeads:
    """Train both heads on `songs`."""
    rows, labels, weights = training_rows(songs, recipe)
    scaler = StandardScaler().fit(rows)
    regression = LogisticRegression(C=recipe.inverse_penalty, max_iter=1000)
    regression.fit(scaler.transform(rows), labels, sample_weight=weights)
    heads = TransferHeads(len(CLASSES) - 1)
    with torch.no_grad():
        heads.mean.copy_(torch.from_numpy(scaler.mean_))
        heads.scale.copy_(torch.from_numpy(scaler.scale_))
        heads.genres.weight.zero_()
        heads.genres.bias.fill_(ABSENT_LOGIT)
        heads.genres.weight[regression.classes_] = torch.from_numpy(regression.coef_).float()
        heads.genres.bias[regression.classes_] = torch.from_numpy(regression.intercept_).float()
        heads.emotions.weight.zero_()
        heads.emotions.bias.zero_()
        with_emotions = [item for item in songs if item.song.emotions]
        if with_emotions:
            means = np.array([item.clean.mean(axis=0) for item in with_emotions])
            ridge = Ridge(alpha=recipe.emotion_penalty)
            ridge.fit(scaler.transform(means), [item.song.emotions for item in with_emotions])
            heads.emotions.weight.copy_(torch.from_numpy(ridge.coef_))
            heads.emotions.bias.copy_(torch.from_numpy(ridge.intercept_))
    return heads.eval()


def training_rows(
    songs: list[SongFeatures], recipe: TransferRecipe
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Collect the rows of songs -> mean features (R, 250), labels (R,), weights (R,) of mean 1."""
    rows, labels, weights = [], [], []
    counts: dict[tuple[str, str], int] = {}
    for item in songs:
        key = (item.song.genre, item.song.collection)
        counts[key] = counts.get(key, 0) + 1
    for item in songs:
        count = counts[item.song.genre, item.song.collection]
        if item.song.collection == "wild":
            weight = min(1.0, count / recipe.enough_songs) / count
        elif item.song.collection == "resynthesized":
            weight = recipe.resynthesized_weight / count
        else:
            weight = 1.0 / count
        for features, share in ((item.clean, 1.0), (item.phone, recipe.phone_weight)):
            if features is not None and weight * share > 0:
                rows.append(features.mean(axis=0))
                labels.append(item.song.label)
                weights.append(weight * share)
    label_array, weight_array = np.array(labels), np.array(weights)
    totals = np.bincount(label_array, weights=weight_array, minlength=len(CLASSES))
    weight_array /= totals[label_array]
    return np.array(rows), label_array, weight_array / weight_array.mean()


def logits_of(heads: TransferHeads, features: np.ndarray) -> np.ndarray:
    """Compute the logits of windows from their features (W, 250) -> (W, G + 1)."""
    with torch.inference_mode():
        return heads(torch.from_numpy(features))[0].numpy()


def out_of_fold_logits(songs: list[SongFeatures], recipe: TransferRecipe) -> dict[str, np.ndarray]:
    """Compute the logits of each recording's windows by heads that did not learn from its group.

    Returns name -> (W, G + 1).
    """
    recordings = [item for item in songs if item.song.path]
    labels = np.array([item.song.label for item in recordings])
    groups = np.array([item.song.group for item in recordings])
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    result = {}
    for _, test_rows in folds.split(labels, labels, groups):
        left_out = set(groups[test_rows])
        heads = fit_heads([item for item in songs if item.song.group not in left_out], recipe)
        for k in test_rows:
            result[recordings[k].song.name] = logits_of(heads, recordings[k].clean)
    return result


def emotion_statistics(songs: list[SongFeatures], recipe: TransferRecipe) -> dict[str, dict[str, float]]:
    """Compute the statistics of each feeling, in folds by artist.

    They are Pearson's "correlation" with the listeners' share, and "mean" and "deviation" of the predictions.
    """
    with_emotions = [item for item in songs if item.song.emotions]
    truth = np.array([item.song.emotions for item in with_emotions])
    means = np.array([item.clean.mean(axis=0) for item in with_emotions])
    predicted = np.zeros_like(truth)
    for train, test in GroupKFold(FOLDS).split(means, groups=[item.song.group for item in with_emotions]):
        scaler = StandardScaler().fit(means[train])
        ridge = Ridge(alpha=recipe.emotion_penalty).fit(scaler.transform(means[train]), truth[train])
        predicted[test] = ridge.predict(scaler.transform(means[test]))
    return {
        name: {
            "correlation": round(float(np.corrcoef(predicted[:, k], truth[:, k])[0, 1]), 3),
            "mean": round(float(predicted[:, k].mean()), 4),
            "deviation": round(float(predicted[:, k].std()), 4),
        }
        for k, name in enumerate(MUSIC_EMOTIONS)
    }

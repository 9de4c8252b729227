"""Evaluation of a generator: genre accuracy, distance, diversity and copying, by a reference classifier.

The reference classifier was trained on the train list alone. Every generated clip is inverted to audio
and classified; none is selected. Real clips are classified as recorded, and again after the same
inversion, which separates the errors of the generator from those of the inversion. GTZAN has recordings
of few valid tracks, but mels of the first 3 s of all: metrics that need every genre are measured on 3 s.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from gan.evaluation.metrics import (
    intra_class_distances,
    kernel_distance,
    nearest_distances,
    principal_axes,
    unbiased_frechet_distance,
)
from gan.evaluation.sources import dcgan_windows, recorded_clips
from gan.mel import CLIP_FRAMES, GAN_MEL, to_db
from gan.request import GenerationRequest
from gan.sampling.audio import synthesize_audio
from gan.sampling.sampler import Sampler
from gan.training.dataset import MusicDataset, TrackMel, load_music_dataset
from genre.audio.clip import SAMPLE_RATE, Clip
from genre.data.examples import DataError
from genre.data.splits import read_track_list
from genre.evaluation.metrics import compute_metrics
from genre.inference.ensemble_classifier import EnsembleClassifier
from genre.inference.load import load_classifier
from genre.models.cards import ArtefactError

REFERENCE_MODEL = "listen-scratch-train"
SHORT_CLIP_S = 3.0  # the length available of every valid track
NO_GENRE = "none"  # the label of clips that the reference classifier rejects as no music
WINDOW_STEP = 32  # frames between the training windows of the nearest-neighbour search
COARSE_SIZE = (32, 32)  # size of the spectrograms in the nearest-neighbour search
MIN_ACCURACY, MIN_ACCURACY_RATIO, MIN_DIVERSITY = 0.5, 0.8, 0.6
MIN_NEAREST_RATIO = 0.95  # least ratio of the medians; for 200 clips two standard errors are about 5 %

ReportProgress = Callable[[str], None]


@dataclass(frozen=True)
class ReferencePredictions:
    """Predictions and embeddings of clips by the reference classifier."""

    labels: np.ndarray  # (N,) int, the requested or true genre
    predictions: np.ndarray  # (N,) int, the predicted genre; len(genres) for none
    embeddings: np.ndarray  # (N, D)

    def genre_accuracy(self, genres: tuple[str, ...]) -> dict:
        """Compute accuracy and balanced accuracy with intervals, recall by genre, and confusion."""
        values = compute_metrics(np.eye(len(genres) + 1)[self.predictions], self.labels, (*genres, NO_GENRE))
        return {
            "count": values["count"],
            "accuracy": values["accuracy"],
            "accuracy_interval": values["accuracy_interval"],
            "balanced_accuracy": values["balanced_accuracy"],
            "balanced_accuracy_interval": values["balanced_accuracy_interval"],
        } | {
            "genres": {
                name: {"recall": row["recall"], "count": row["count"]}
                for name, row in values["genres"].items()
                if name != NO_GENRE
            },
            "confusion": values["confusion"],
        }


class ReferenceClassifier:
    """The genre classifier that gives the predictions, and the embeddings before its last layer."""

    def __init__(self, classifier: EnsembleClassifier) -> None:
        self.classifier, self.genres = classifier, classifier.genres

    @classmethod
    def load(cls, name: str = REFERENCE_MODEL) -> "ReferenceClassifier":
        """Load the reference classifier. Raises ArtefactError."""
        classifier = load_classifier(name)
        if not isinstance(classifier, EnsembleClassifier):
            raise ArtefactError(
                f"The model {name!r} has no embeddings to compare: choose one of the Listen page."
            )
        return cls(classifier)

    def classify_clips(self, clips: Iterable[tuple[str, np.ndarray]]) -> ReferencePredictions:
        """Classify clips, each (genre, (N,) samples). Raises DataError where there are none."""
        labels, predictions, embeddings = [], [], []
        for genre, samples in clips:
            prediction = self.classifier.classify(Clip(samples, len(samples) / SAMPLE_RATE))
            labels.append(self.genres.index(genre))
            predictions.append(self.genres.index(prediction.genre) if prediction.genre else len(self.genres))
            with torch.inference_mode():
                power = self.classifier.front_end.power(torch.tensor(samples)[None])
            embeddings.append(self._embedding(power))
        if not labels:
            raise DataError("No real music of the valid list is long enough: measure shorter sounds.")
        return ReferencePredictions(np.array(labels), np.array(predictions), np.stack(embeddings))

    def embed_mels(self, mels_db: Iterable[np.ndarray]) -> np.ndarray:
        """Embed spectrograms (128, T) in dB directly, without inversion -> (N, D)."""
        return np.stack([self._embedding(10 ** (torch.from_numpy(mel[None]) / 10)) for mel in mels_db])

    @torch.inference_mode()
    def _embedding(self, power: torch.Tensor) -> np.ndarray:
        """Embed mel power (1, 128, frames) -> (D,): mean and maximum over time of the features."""
        features = torch.cat(self.classifier.branches[0].features(power), dim=1)
        return torch.cat([features.mean(dim=2), features.amax(dim=2)], dim=1)[0].numpy()


def evaluate_generator(
    data: Path,
    model: str = "gan",
    dcgan_run: Path | None = None,
    count: int = 20,
    seconds: float = 10.0,
    seed: int = 0,
    folder: Path | None = None,
    report_progress: ReportProgress = lambda line: None,
) -> dict:
    """Compute all the metrics, as a dictionary for JSON. Raises ArtefactError, DataError or RequestError.

    `data` is GTZAN's folder, `dcgan_run` the run of an unconditional DCGAN, `count` the number of clips
    per genre, `seconds` the length of the longer clips.
    """
    sampler = Sampler.load(model, folder)
    reference = ReferenceClassifier.load()
    GenerationRequest({sampler.genres[0]: 1.0}, seconds=seconds)  # may raise before minutes of work
    if unknown := set(sampler.genres) - set(reference.genres):
        raise DataError(
            f"The reference classifier has no {min(unknown)}: only GTZAN's genres can be measured."
        )
    music = load_music_dataset(str(data), "all")
    train, valid = (_select_list(music, name) for name in ("gtzan-train", "gtzan-valid"))
    if not train or not valid:
        raise DataError("The figures need GTZAN's tracks of the train and valid lists: give its folder.")
    result: dict = {
        "model": model,
        "weights": sampler.fingerprint,
        "reference_classifier": REFERENCE_MODEL,
        "data": music.counts,
        "n_per_genre": count,
        "seed": seed,
        "genre_accuracy": {},
    }
    valid_names = {track.name for track in valid}
    report_progress(f"{len(train)} train and {len(valid)} valid tracks")

    def compare(length: float) -> tuple[dict[str, ReferencePredictions], dict[str, list[np.ndarray]]]:
        """Classify real and generated clips of that length; return predictions and spectrograms."""
        real_mels = [
            (track.genre, clip) for track in valid if (clip := middle_window(track, length)) is not None
        ]
        labels = [genre for genre in sampler.genres for _ in range(count)]
        generated_mels = [
            (genre, sampler.generate_mel(GenerationRequest({genre: 1.0}, seconds=length, seed=seed + k)))
            for k, genre in enumerate(labels)
        ]  # each request has a seed of its own
        groups = {
            "real_recorded": reference.classify_clips(
                (genre, samples) for genre, _, samples in recorded_clips(data, valid_names, length)
            ),
            "real_resynthesized": reference.classify_clips(_resynthesize(real_mels)),
            "generated": reference.classify_clips(_resynthesize(generated_mels)),
        }
        accuracies = {name: group.genre_accuracy(reference.genres) for name, group in groups.items()}
        result["genre_accuracy"][f"{length:g} s"] = accuracies
        shares = (f"{name} {row['balanced_accuracy']:.3f}" for name, row in accuracies.items())
        report_progress(f"{length:g} s balanced accuracy: {', '.join(shares)}")
        return groups, {
            "real": [mel for _, mel in real_mels],
            "generated": [mel for _, mel in generated_mels],
        }

    predictions, mels = compare(SHORT_CLIP_S)
    if seconds != SHORT_CLIP_S:
        compare(seconds)
    rng = np.random.default_rng(seed)
    baselines = {
        "real_train": _middle_windows(train, count, rng),
        "noise": _shaped_noise(train, count * len(sampler.genres), rng),
    }
    if dcgan_run is not None:
        windows = dcgan_windows(dcgan_run, count * len(sampler.genres), seed)
        baselines["dcgan"] = zip(cycle(sampler.genres), windows, strict=False)  # it knows no genres
    groups = {"generated": predictions["generated"]} | {
        name: reference.classify_clips(_resynthesize(clips)) for name, clips in baselines.items()
    }
    report_progress("The baselines are classified.")
    result["distance"] = _distances(groups, predictions["real_resynthesized"])
    result["diversity"] = _diversity(
        predictions["generated"], predictions["real_resynthesized"], reference.genres
    )
    result["nearest_training_clip"] = _nearest_training_clips(reference, mels, train)
    result["criteria"] = check_criteria(result)
    return result


def middle_window(track: TrackMel, seconds: float) -> np.ndarray | None:
    """Take the middle of a track: (128, frames) dB below its own maximum; None if it is too short."""
    frames = CLIP_FRAMES if seconds == SHORT_CLIP_S else 1 + round(seconds / GAN_MEL.seconds_per_frame)
    room = track.mel.shape[1] - frames
    return None if room < 0 else _decibels(track.mel[:, room // 2 : room // 2 + frames])


def check_criteria(result: dict) -> dict[str, bool]:
    """Check which criteria are met; the accuracy is that of the longest clips."""
    *_, genre_accuracy = result["genre_accuracy"].values()
    accuracy, real_accuracy = (
        genre_accuracy[name]["balanced_accuracy"] for name in ("generated", "real_recorded")
    )
    distance, copying = result["distance"], result["nearest_training_clip"]
    return {
        "accuracy_half": accuracy >= MIN_ACCURACY,
        "accuracy_near_real": accuracy >= MIN_ACCURACY_RATIO * real_accuracy,
        **{
            f"closer_than_{name}": _is_significantly_closer(distance["generated"], distance[name])
            for name in ("noise", "dcgan")
            if name in distance
        },
        "diversity": result["diversity"]["ratio"] >= MIN_DIVERSITY,
        "no_copies": all(
            way["generated_median"] >= MIN_NEAREST_RATIO * way["real_median"] for way in copying.values()
        ),
    }


def _is_significantly_closer(distance: dict, other: dict) -> bool:
    margin = 2 * np.hypot(distance["kernel_standard_error"], other["kernel_standard_error"])
    return bool(distance["frechet"] < other["frechet"] and distance["kernel"] + margin < other["kernel"])


def _select_list(music: MusicDataset, name: str) -> list[TrackMel]:
    names = read_track_list(name)
    return [track for track in music.tracks if track.name in names]


def _decibels(values: np.ndarray) -> np.ndarray:
    """Convert uint8, 255 the maximum of the track, to float32 dB below the maximum of the window."""
    decibels = to_db(torch.from_numpy(values).float() / 127.5 - 1).numpy()
    return np.where(values > 0, decibels - decibels.max(), -GAN_MEL.range_db).clip(-GAN_MEL.range_db)


def _resynthesize(mels: Iterable[tuple[str, np.ndarray]]) -> Iterable[tuple[str, np.ndarray]]:
    for genre, mel in mels:
        yield genre, synthesize_audio(mel, GAN_MEL)


def _middle_windows(
    tracks: list[TrackMel], count: int, rng: np.random.Generator
) -> Iterable[tuple[str, np.ndarray]]:
    """Take the middle of `count` random tracks of each genre."""
    for genre in sorted({track.genre for track in tracks}):
        of_genre = [track for track in tracks if track.genre == genre]
        for k in rng.permutation(len(of_genre))[:count]:
            if (window := middle_window(of_genre[k], SHORT_CLIP_S)) is not None:
                yield genre, window


def _shaped_noise(
    train: list[TrackMel], count: int, rng: np.random.Generator
) -> Iterable[tuple[str, np.ndarray]]:
    """Generate noise with the mean spectrum of the music: its power is exponentially distributed."""
    powers = [10 ** (_decibels(track.mel) / 10) for track in train]
    mean = np.mean([power.mean(axis=1) for power in powers], axis=0)[:, None]
    for k in range(count):
        level = 10 * np.log10(mean * rng.exponential(size=(len(mean), CLIP_FRAMES)) + 1e-12)
        yield train[k % len(train)].genre, (level - level.max()).clip(-GAN_MEL.range_db).astype(np.float32)


def _distances(groups: dict[str, ReferencePredictions], reference: ReferencePredictions) -> dict:
    """Compute the distance of each group to the real valid clips, resynthesised like them."""
    mean, axes = principal_axes(reference.embeddings)
    project = lambda predictions: (predictions.embeddings - mean) @ axes  # noqa: E731
    table = {}
    for name, predictions in groups.items():
        kernel, error = kernel_distance(predictions.embeddings, reference.embeddings)
        table[name] = {
            "frechet": unbiased_frechet_distance(project(predictions), project(reference)),
            "kernel": kernel,
            "kernel_standard_error": error,
            "count": len(predictions.labels),
        }
    return table


def _diversity(generated: ReferencePredictions, real: ReferencePredictions, genres: tuple[str, ...]) -> dict:
    """Compute the mean distance of two clips of a genre, relative to real clips."""
    spreads = [
        intra_class_distances(predictions.embeddings, predictions.labels) for predictions in (generated, real)
    ]
    by_genre = {genres[k]: spreads[0][k] / spreads[1][k] for k in spreads[0] if k in spreads[1]}
    return {
        "ratio": float(np.mean(list(by_genre.values()))),
        "min_ratio": min(by_genre.values()),
        "genres": by_genre,
    }


def _nearest_training_clips(
    reference: ReferenceClassifier, mels: dict[str, list[np.ndarray]], train: list[TrackMel]
) -> dict:
    """Compute the distance to the nearest training clip, of generated and of held-out real clips.

    Spectrograms are compared before the inversion, which would hide a copy: by their embeddings, and by their
    values (rms in dB).
    """
    windows = [
        _decibels(track.mel[:, start : start + CLIP_FRAMES])
        for track in train
        for start in range(0, track.mel.shape[1] - CLIP_FRAMES + 1, WINDOW_STEP)
    ]
    middles = [mel for track in train if (mel := middle_window(track, SHORT_CLIP_S)) is not None]
    ways = {
        "embedding": (
            reference.embed_mels(middles),
            {name: reference.embed_mels(group) for name, group in mels.items()},
        ),
        "spectrogram": (_coarse(windows), {name: _coarse(group) for name, group in mels.items()}),
    }
    return {
        way: {
            f"{name}_{what}": float(np.quantile(nearest_distances(group, training_clips), quantile))
            for name, group in groups.items()
            for what, quantile in (("median", 0.5), ("5th_percentile", 0.05))
        }
        for way, (training_clips, groups) in ways.items()
    }


def _coarse(mels: list[np.ndarray]) -> np.ndarray:
    """Downsample clips of 3 s to (N, 1024), whose Euclidean distances are rms differences in dB."""
    stacked = torch.stack([torch.from_numpy(mel[:, :CLIP_FRAMES]) for mel in mels])[:, None]
    return F.adaptive_avg_pool2d(stacked, COARSE_SIZE).flatten(1).numpy() / np.sqrt(np.prod(COARSE_SIZE))

"""Evaluation of a generator by its sound: distance in pretrained features, pulse, notes and seams.

The pretrained network learnt to tag songs of another collection and took no part in any training of the
generator. All sources are mastered alike, so that the level tells nothing: real recordings of the valid list,
the same through the generator's spectrogram and back, generated clips, and a plain DCGAN, whose clips of
3 s are put end to end.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from gan.evaluation.halves import EmbeddedClips, distances_by_source
from gan.evaluation.sound_measures import measure_development, measure_notes, measure_pulse, measure_seams
from gan.evaluation.sources import dcgan_clips, random_names, recorded_clips
from gan.mel import CLIP_FRAMES, FRAMES_PER_COLUMN, GAN_MEL
from gan.request import GenerationRequest
from gan.sampling.audio import master_audio, synthesize_audio
from gan.sampling.sampler import Sampler
from genre.audio.spectrogram import Spectrogram
from genre.data.examples import DataError
from genre.evaluation.metrics import interval_of
from genre.inference.load import load_classifier
from genre.inference.pretrained_classifier import PretrainedClassifier
from genre.models.cards import ArtefactError
from genre.models.pretrained.features import PretrainedFeatures

FEATURES_MODEL = "listen-train"  # whose pretrained network gives the features; its heads take no part
REAL, RESYNTHESIZED, GENERATED, DCGAN = "real_recorded", "real_resynthesized", "generated", "dcgan"
RESAMPLES = 1000  # bootstrap resamples
MIN_RECORDINGS = 20  # of each list
MIN_S = 9.0  # the development needs as much

ReportProgress = Callable[[str], None]


@dataclass(frozen=True)
class SourceClip:
    """A clip that is mastered."""

    genre: str
    track: str
    samples: np.ndarray
    joins_s: tuple[float, ...]  # where the network's windows join


def evaluate_sound(
    data: Path,
    model: str = "gan",
    dcgan_run: Path | None = None,
    count: int = 12,
    seconds: float = 10.0,
    seed: int = 0,
    folder: Path | None = None,
    report_progress: ReportProgress = lambda line: None,
) -> dict:
    """Measure up to `count` clips a genre of each source, as a dictionary for JSON.

    Raises ArtefactError, DataError or RequestError.
    """
    sampler = Sampler.load(model, folder)
    seconds = max(seconds, MIN_S)
    GenerationRequest({sampler.genres[0]: 1.0}, seconds=seconds)  # may raise before minutes of work
    features = load_features()
    rng = np.random.default_rng(seed)
    joins_s = column_joins(seconds)
    recordings = [
        (genre, track, master_audio(samples))
        for genre, track, samples in recorded_clips(
            data, random_names(data, "gtzan-valid", count, rng), seconds
        )
    ]
    axes_names = random_names(data, "gtzan-train", count, rng)
    basis = [
        embed(features, master_audio(samples)) for _, _, samples in recorded_clips(data, axes_names, seconds)
    ]
    if min(len(recordings), len(basis)) < MIN_RECORDINGS:
        raise DataError(
            "The sound is judged beside recordings of both lists: give GTZAN's folder with audio."
        )
    report_progress(f"{len(recordings)} recordings are judged, {len(basis)} others give the axes.")
    sources: dict[str, Iterable[SourceClip]] = {
        REAL: (SourceClip(*recording, joins_s) for recording in recordings),
        RESYNTHESIZED: (
            SourceClip(genre, track, _through_mel(samples), joins_s) for genre, track, samples in recordings
        ),
        GENERATED: _generated(sampler, count, seconds, seed, joins_s),
    }
    if dcgan_run is not None:
        sources[DCGAN] = _dcgan(dcgan_run, sampler.genres, count, seconds, seed)
    clips, figures = {}, {}
    for name, source in sources.items():
        clips[name], figures[name] = measure_clips(features, source)
        report_progress(f"{name}: {len(clips[name].genres)} clips measured.")
    return {
        "features": f"musicnn's {clips[REAL].embeddings.shape[1]} units before its tags",
        "seconds": seconds,
        "seed": seed,
        "counts": {name: len(part.genres) for name, part in clips.items()},
        "distance": distances_by_source(clips, REAL, np.array(basis), seed),
        "measures": {
            name: {key: summarize(values, clips[name].genres) for key, values in table.items()}
            for name, table in figures.items()
        },
    }


def load_features(name: str = FEATURES_MODEL) -> PretrainedFeatures:
    """Load the pretrained network of a model. Raises ArtefactError."""
    classifier = load_classifier(name)
    if not isinstance(classifier, PretrainedClassifier):
        raise ArtefactError(f"The model {name!r} has no pretrained network: choose one of the Listen page.")
    return classifier.features


@torch.inference_mode()
def embed(features: PretrainedFeatures, samples: np.ndarray) -> np.ndarray:
    """Embed a clip (N,) -> (200,): the mean over its windows of the units before the tags."""
    _, values = features.windows(samples[None])
    return values.embedding.mean(dim=0).numpy().astype(np.float64)


def measure_clips(
    features: PretrainedFeatures, clips: Iterable[SourceClip]
) -> tuple[EmbeddedClips, dict[str, np.ndarray]]:
    """Embed and measure all clips of a source -> (embedded clips, name of a figure -> (N,))."""
    rows = [(clip.genre, clip.track, embed(features, clip.samples), measure_clip(clip)) for clip in clips]
    genres, tracks, embeddings, figures = zip(*rows, strict=True)
    embedded = EmbeddedClips(np.array(genres), np.array(tracks), np.stack(embeddings))
    return embedded, {name: np.array([row[name] for row in figures]) for name in figures[0]}


def measure_clip(clip: SourceClip) -> dict[str, float]:
    """Measure pulse, notes, seams and development of a clip."""
    pulse, notes = measure_pulse(clip.samples), measure_notes(clip.samples)
    seams = measure_seams(clip.samples, clip.joins_s)
    return {
        "pulse_strength": pulse["strength"],
        "pulse_steadiness": pulse["steadiness"],
        "harmonic_db": notes["harmonic_db"],
        "pitched": notes["pitched"],
        "seam_level": seams["level"],
        "seam_spectrum": seams["spectrum"],
        "development": measure_development(clip.samples),
    }


def summarize(values: np.ndarray, genres: np.ndarray, seed: int = 0) -> dict:
    """Compute the mean over genres of (N,) and the mean of each, with bootstrap intervals over clips."""
    rng = np.random.default_rng(seed)
    parts, resamples = {}, []
    for genre in np.unique(genres).tolist():
        group = values[genres == genre]
        means = rng.choice(group, (RESAMPLES, len(group))).mean(axis=1)
        resamples.append(means)
        parts[genre] = {
            "mean": round(float(group.mean()), 4),
            "interval": interval_of(means),
            "count": len(group),
        }
    return {
        "mean": round(float(np.mean([values[genres == genre].mean() for genre in parts])), 4),
        "interval": interval_of(np.mean(resamples, axis=0)),
        "genres": parts,
    }


def column_joins(seconds: float, tempo: float = 1.0) -> tuple[float, ...]:
    """Compute where the columns of a generated piece join, in s: each has a local latent of its own."""
    column_s = FRAMES_PER_COLUMN * GAN_MEL.seconds_per_frame / tempo
    return tuple(np.arange(column_s, seconds, column_s).tolist())


def _through_mel(samples: np.ndarray) -> np.ndarray:
    mel = Spectrogram(GAN_MEL)(torch.from_numpy(samples)[None])[0].numpy()
    return synthesize_audio(mel, GAN_MEL)


def _generated(
    sampler: Sampler, count: int, seconds: float, seed: int, joins_s: tuple[float, ...]
) -> Iterator[SourceClip]:
    for k, genre in enumerate(genre for genre in sampler.genres for _ in range(count)):
        request = GenerationRequest({genre: 1.0}, seconds=seconds, seed=seed + k)
        yield SourceClip(genre, "", sampler.generate(request).clip.samples, joins_s)


def _dcgan(
    folder: Path, genres: tuple[str, ...], count: int, seconds: float, seed: int
) -> Iterator[SourceClip]:
    """Give the clips arbitrary labels: an unconditional network knows no genres."""
    clips = dcgan_clips(folder, count * len(genres), seconds, seed)
    window_s = CLIP_FRAMES * GAN_MEL.seconds_per_frame
    joins_s = tuple(np.arange(window_s, seconds, window_s).tolist())
    for k, samples in enumerate(clips):
        yield SourceClip(genres[k % len(genres)], "", samples, joins_s)

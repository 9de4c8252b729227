"""Inputs of models, made from recordings: windows of samples, spectrograms, features.

One function, `compute_windows`, makes the array of a window both for training and for serving, so that
they cannot drift apart. Arrays are stored as small integers (256 steps over 80 dB are finer than
any network notices) and cached by the hash of the sound and every parameter.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from genre.audio.clip import SAMPLE_RATE, load_clip
from genre.audio.constants import N_MELS
from genre.audio.spectrogram import FULL_CLIP_MEL, WINDOW_MEL, Spectrogram, SpectrogramParams
from genre.cache import cached_results, compute_missing, key_of, pack, progress_line, unpack
from genre.data.dataset import BROKEN_TRACKS, Dataset, Track, decode_tracks
from genre.data.examples import DataError, Examples
from genre.data.gtzan import mel_3s_decibels, read_mel_3s_zscored, read_mel_30s
from genre.data.input_spec import InputSpec

WINDOWS_VERSION = 2  # raise it when the same sound no longer gives the same array
WINDOWINGS = {
    "even": "up to ten windows, evenly spread over the track",
    "random": "five windows at random places (Zhang)",
    "overlap": "up to twenty windows, that overlap by half in half a minute (Dawra et al.)",
}
MAX_WINDOWS = 10  # windows from one track; twice as many when they overlap
MAX_GAP = 1 / 6  # fraction of a track that may lie between evenly spread windows
SILENT_DB = 40.0  # a window this far below the loudest of its track is skipped
FULL_RANGE_DB = 80.0

# A network sees the stored integers as value * scale + offset; `unit_db` decibels are 1.0 of it.
SCALING = {
    "raw": {"scale": 1 / 32_768},
    "stft": {"scale": 1 / 255, "unit_db": FULL_RANGE_DB},
    "mel": {"scale": 1 / 255, "unit_db": FULL_RANGE_DB},
    "mel_30s": {
        "scale": 1 / 255,
        "unit_db": FULL_CLIP_MEL.range_db,
        "column_s": FULL_CLIP_MEL.seconds_per_frame,
    },
    "mel_3s_zscored": {"scale": 1 / 32, "offset": -4.0, "unit_db": 12.0},
    "mel_3s": {"scale": 1 / 255, "unit_db": WINDOW_MEL.range_db},
    "features": {},
}
SPECTROGRAMS = ("mel", "stft", "mel_30s", "mel_3s")  # inputs that have a front end of their own
# The duration of the ready-made inputs that stand in for mel spectrograms, in s.
STAND_IN_SECONDS = {"mel_3s_zscored": 3.0, "mel_30s": 30.0}
# The shapes of inputs before any stretching.
NATURAL_SHAPES = {"mel_30s": (N_MELS, 334), "mel_3s_zscored": (N_MELS, 130), "mel_3s": (N_MELS, 130)}


def make_examples(dataset: Dataset, spec: InputSpec, windowing: str = "even") -> tuple[Examples, dict]:
    """Compute the examples of a dataset for `spec` -> (examples, summary).

    The summary has "source" (a sentence), the kind of "input", "tracks", "windows" and "skipped"
    [(name, reason)]. All examples come from one source: if recordings and ready-made arrays were mixed, a
    model could recognise genres by the source. Only "mel_3s" has both: the decibels of ready-made mels are
    restored, and on tracks that have both the predictions agree. Raises DataError.
    """
    if windowing not in WINDOWINGS:
        raise DataError(f"There is no way {windowing!r} to cut windows: {', '.join(WINDOWINGS)}.")
    skipped_files: list[tuple[str, str]] = []
    kind = _available_kind(dataset, spec)
    if kind == "mel_30s" and dataset.mel_30s:
        examples = read_mel_30s(dataset.mel_30s.parent)
        source = "GTZAN's ready-made 30 s mel pictures"
    elif kind == "mel_3s_zscored" and dataset.mel_3s_zscored:
        examples = read_mel_3s_zscored(dataset.mel_3s_zscored.parent)
        source = "GTZAN's ready-made mel spectrograms of the first 3 s"
    elif kind == "features" and (table := _table(dataset, spec.seconds)):
        examples = _from_table(table)
        source = f"the table {table.name}"
    elif kind == "mel_3s" and dataset.mel_3s_zscored:
        examples, source, skipped_files = _mixed_windows(dataset, spec, windowing)
    else:
        tracks, skipped_files = _decode(dataset, spec)
        if not tracks:
            name, reason = skipped_files[len(dataset.empty)]
            raise DataError(f"None of the {len(dataset.files)} recordings can be used. {name}: {reason}")
        examples = _from_audio(tracks, dataset.genres, spec, windowing)
        source = f"recordings, {WINDOWINGS[windowing]}"
    examples = resize_to(examples, spec.shape)
    if kind != spec.kind:
        source += ", standing in for mel spectrograms where there are no recordings"
    summary = {
        "source": source,
        "input": kind,
        "tracks": len(set(examples.tracks)),
        "windows": len(examples),
        "skipped": skipped_files,
    }
    return examples, summary


def ready_made_windows(dataset: Dataset) -> Examples:
    """Convert GTZAN's ready-made mels of the first 3 s to "mel_3s"."""
    mels, decibels = mel_3s_decibels(dataset)
    decibels -= decibels.max(axis=(1, 2), keepdims=True)
    values = np.round((decibels / WINDOW_MEL.range_db + 1).clip(0) * 255).astype(np.uint8)
    return Examples(values, mels.labels, mels.tracks, mels.genres, **SCALING["mel_3s"])


def _mixed_windows(
    dataset: Dataset, spec: InputSpec, windowing: str
) -> tuple[Examples, str, list[tuple[str, str]]]:
    """Join windows of recordings and ready-made ones -> (examples, their source, skipped files)."""
    ready_made, source = ready_made_windows(dataset), "GTZAN's ready-made first 3 s in decibels again"
    if not set(dataset.genres) <= set(ready_made.genres) or not dataset.files:
        return ready_made, source, []
    tracks, skipped_files = _decode(dataset, spec)
    if not tracks:
        return ready_made, source, skipped_files
    recording_windows = _from_audio(tracks, ready_made.genres, spec, windowing)
    both = replace(
        ready_made,
        values=np.concatenate([recording_windows.values, ready_made.values]),
        labels=np.concatenate([recording_windows.labels, ready_made.labels]),
        tracks=np.concatenate([recording_windows.tracks, ready_made.tracks]),
    )
    return both, f"recordings, {WINDOWINGS[windowing]}, and {source}", skipped_files


def prepare(dataset: Dataset, spec: InputSpec, windowing: str = "even") -> list[tuple[str, str]]:
    """Compute and cache the inputs of `make_examples`, before several processes need them.

    Returns the skipped files, [(name, reason)].
    """
    ready_made = {
        "mel_30s": dataset.mel_30s,
        "mel_3s_zscored": dataset.mel_3s_zscored,
        "mel_3s": None if dataset.files else dataset.mel_3s_zscored,
        "features": _table(dataset, spec.seconds),
    }
    if ready_made.get(_available_kind(dataset, spec)):
        return []
    tracks, skipped_files = _decode(dataset, spec)
    compute_missing(
        "inputs", _jobs(tracks, spec, windowing), _compute, progress_line(f"Computing {spec.kind}")
    )
    return skipped_files


def _available_kind(dataset: Dataset, spec: InputSpec) -> str:
    """Choose the kind of input: its own, or without recordings the one that stands in for mels."""
    if spec.kind == "mel" and not dataset.files and (dataset.mel_30s or dataset.mel_3s_zscored):
        return "mel_3s_zscored" if dataset.mel_3s_zscored else "mel_30s"
    return spec.kind


def _decode(dataset: Dataset, spec: InputSpec) -> tuple[list[Track], list[tuple[str, str]]]:
    if not dataset.files:
        raise DataError(f"The input {spec.kind!r} needs recordings, and {dataset.folder} has none.")
    return decode_tracks(dataset)


def resize_to(examples: Examples, shape: tuple[int, ...]) -> Examples:
    """Resize examples to the shape that a model takes; spectrograms are stretched by interpolation."""
    values = examples.values
    if values.shape[1:] == tuple(shape):
        return examples
    if values.ndim == 3 and len(shape) == 2:
        parts = [
            F.interpolate(torch.from_numpy(part)[:, None].float(), shape, mode="bilinear", antialias=True)[
                :, 0
            ]
            .round()
            .clamp(0, 255)
            .byte()
            .numpy()
            for part in np.array_split(values, max(1, len(values) // 256))
        ]
        column_s = examples.column_s * values.shape[2] / shape[1]
        return replace(examples, values=np.concatenate(parts), column_s=column_s)
    return replace(examples, values=values.reshape(-1, *shape))


def _table(dataset: Dataset, seconds: float) -> Path | None:
    """Find the table with features of windows of this length, if it lies beside the data."""
    return {30.0: dataset.features_30_sec, 3.0: dataset.features_3_sec}.get(seconds)


def _from_table(path: Path) -> Examples:
    from genre.audio.features import read_table  # imported here: it takes seconds

    try:
        names, genres, values = read_table(path)
    except (OSError, ValueError) as error:
        raise DataError(str(error)) from error
    every = tuple(sorted(set(genres)))
    labels = np.array([every.index(genre) for genre in genres])
    tracks = np.array([".".join(name.split(".")[:2]) for name in names])  # jazz.00017.4 names a window
    whole = np.flatnonzero(~np.isin(tracks, list(BROKEN_TRACKS)))
    return Examples(values[whole], labels[whole], tracks[whole], every)


def _from_audio(
    tracks: Sequence[Track], genres: tuple[str, ...], spec: InputSpec, windowing: str
) -> Examples:
    jobs = _jobs(tracks, spec, windowing)
    by_key = dict(zip(jobs, tracks, strict=True))
    values, labels, names = [], [], []
    for key, windows in cached_results(
        "inputs", jobs, _compute, unpack, progress_line(f"Computing {spec.kind}")
    ):
        values.append(windows)
        labels += [genres.index(by_key[key].genre)] * len(windows)
        names += [by_key[key].name] * len(windows)
    scaling = SCALING[spec.kind]
    if spec.kind in SPECTROGRAMS:
        scaling = scaling | {"column_s": front_end(spec).seconds_per_frame}
    return Examples(np.concatenate(values), np.array(labels), np.array(names), genres, **scaling)


def _jobs(tracks: Sequence[Track], spec: InputSpec, windowing: str) -> dict[str, tuple]:
    if spec.kind in ("features", "raw", *NATURAL_SHAPES):  # each model resizes these itself
        spec = InputSpec(spec.kind, NATURAL_SHAPES.get(spec.kind, ()), spec.seconds)
    constants = front_end(spec).to_dict() if spec.kind in SPECTROGRAMS else {}
    return {
        key_of(WINDOWS_VERSION, track.sound_hash, asdict(spec), constants, windowing): (
            track.path,
            track.sound_hash,
            spec,
            windowing,
        )
        for track in tracks
    }


def _compute(job: tuple[str, str, InputSpec, str]) -> bytes:
    path, sound, spec, windowing = job
    samples = load_clip(path).samples
    starts = window_starts(samples, spec, windowing, seed=int(sound[:12], 16))
    if spec.kind == "mel_3s_zscored":
        starts = starts[:1]
    return pack(compute_windows(samples, starts, spec))


def serving_spec(spec: InputSpec, kind: str) -> InputSpec:
    """Make the specification for serving a model of input `spec` that was trained on inputs of `kind`."""
    return spec if kind == spec.kind else replace(spec, kind=kind, seconds=STAND_IN_SECONDS[kind])


def window_samples(spec: InputSpec) -> int:
    """Count the samples of one window: its seconds, and a few more if a picture's last frame needs them."""
    count = round(spec.seconds * SAMPLE_RATE)
    if spec.kind == "mel_30s":
        last = int(
            FULL_CLIP_MEL.first_frame + FULL_CLIP_MEL.frame_step * (NATURAL_SHAPES["mel_30s"][1] - 1) + 0.5
        )
        count = max(count, last * FULL_CLIP_MEL.hop_length)
    return count


def window_starts(samples: np.ndarray, spec: InputSpec, windowing: str, seed: int = 0) -> np.ndarray:
    """Choose the starts of the windows, in samples (W,); silent windows are skipped, but at least one stays.

    `seed` draws the positions of "random".
    """
    size = window_samples(spec)
    room = len(samples) - size
    if room <= 0:
        return np.zeros(1, dtype=int)  # a short clip is repeated until it fills a window
    if windowing == "random":
        starts = np.sort(np.random.default_rng(seed).integers(0, room + 1, 5))
    else:
        step, max_count = (size // 2, 2 * MAX_WINDOWS) if windowing == "overlap" else (size, MAX_WINDOWS)
        count = 1 + room // step
        if count * size < (1 - MAX_GAP) * len(samples):
            count += 1
        starts = np.linspace(0, room, min(max_count, count)).astype(int)
    level = np.array([np.mean(np.square(samples[start : start + size])) for start in starts])
    return starts[level >= level.max() * 10 ** (-SILENT_DB / 10)]


def compute_windows(samples: np.ndarray, starts: np.ndarray, spec: InputSpec) -> np.ndarray:
    """Compute windows (W, ...) of samples (N,) in the stored integers of SCALING, not resized."""
    size = window_samples(spec)
    if len(samples) < size:
        samples = np.resize(samples, size)  # resize repeats the samples
    if spec.kind == "mel_3s_zscored":
        return _mel_3s_zscored(samples, starts)
    windows = np.stack([samples[start : start + size] for start in starts])
    if spec.kind == "features":
        from genre.audio.features import extract

        return np.stack([extract(window) for window in windows])
    if spec.kind == "raw":
        return np.round(windows.clip(-1, 1) * 32_767).astype(np.int16)
    params = front_end(spec)
    frames = NATURAL_SHAPES.get(spec.kind, spec.shape)[1]
    with torch.inference_mode():
        decibels = _spectrogram(params)(torch.from_numpy(windows))[:, :, :frames]
        return (decibels / params.range_db + 1).mul(255).round().byte().numpy()


def front_end(spec: InputSpec) -> SpectrogramParams:
    """Make the parameters of the front end of an input of kind "mel", "stft", "mel_30s" or "mel_3s"."""
    if spec.kind in ("mel_30s", "mel_3s"):
        return FULL_CLIP_MEL if spec.kind == "mel_30s" else WINDOW_MEL
    return SpectrogramParams(
        kind=spec.kind,
        n_fft=spec.n_fft,
        hop_length=spec.hop_length,
        n_mels=spec.n_mels or N_MELS,
        range_db=FULL_RANGE_DB,
    )


@lru_cache(maxsize=4)
def _spectrogram(params: SpectrogramParams) -> Spectrogram:
    return Spectrogram(params)


def _mel_3s_zscored(samples: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Compute mel spectrograms of 3 s, z-scored over the whole recording like GTZAN's ready-made ones."""
    params = SpectrogramParams(range_db=FULL_RANGE_DB)
    with torch.inference_mode():
        whole = _spectrogram(params)(torch.from_numpy(samples[None]))[0].numpy()
    whole = (whole - whole.mean()) / (whole.std() + 1e-6)
    frames = NATURAL_SHAPES["mel_3s_zscored"][1]
    first = (starts // params.hop_length).clip(max=whole.shape[1] - frames)
    windows = np.stack([whole[:, start : start + frames] for start in first])
    return np.round((windows + 4) * 32).clip(0, 255).astype(np.uint8)

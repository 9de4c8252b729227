"""From recordings to what a model hears: windows of samples, spectrograms, features.

One function, `represent`, makes the array of a window both for training and for serving, so that
they cannot drift apart. Arrays are stored as small integers (256 steps over 80 dB are finer than
any network notices) and kept in the cache by the sound they were made of and every parameter.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from genre.audio import SAMPLE_RATE, load_clip
from genre.cache import compute_missing, kept, key_of, pack, progress_line, unpack
from genre.dataset import (
    BROKEN_TRACKS,
    DataError,
    Dataset,
    Examples,
    Track,
    listen_to,
    read_mel3s,
    read_pictures,
)
from genre.models import InputSpec
from genre.restoration import restored_mel3s
from genre.spectrogram import EXCERPT, PICTURE, Spectrogram, SpectrogramParams

VERSION = 2  # raised when the same sound no longer gives the same array
CUTTINGS = {
    "even": "up to ten windows, evenly spread over the track",
    "random": "five windows at random places (Zhang)",
    "overlap": "up to twenty windows, that overlap by half in half a minute (Dawra et al.)",
}
MOST_WINDOWS = 10  # of a track; twice as many when they overlap
MOST_UNHEARD = 1 / 6  # of a track, between windows that are evenly spread
SILENT_DB = 40.0  # a window this far below the loudest of its track is left out
FULL_RANGE_DB = 80.0

# What the stored integers mean to a network: value * scale + offset; decibels to 1.0 of it.
SCALING = {
    "raw": {"scale": 1 / 32_768},
    "stft": {"scale": 1 / 255, "unit_db": FULL_RANGE_DB},
    "mel": {"scale": 1 / 255, "unit_db": FULL_RANGE_DB},
    "pictures": {"scale": 1 / 255, "unit_db": PICTURE.range_db, "column_s": PICTURE.seconds_per_frame},
    "mel3s": {"scale": 1 / 32, "offset": -4.0, "unit_db": 12.0},
    "excerpts": {"scale": 1 / 255, "unit_db": EXCERPT.range_db},
    "features": {},
}
SPECTROGRAMS = ("mel", "stft", "pictures", "excerpts")  # with a front end of their own
STAND_IN_S = {"mel3s": 3.0, "pictures": 30.0}  # what may stand in for mel spectrograms
# Before any stretching.
NATURAL_SHAPES = {"pictures": (128, 334), "mel3s": (128, 130), "excerpts": (128, 130)}


def make_examples(dataset: Dataset, spec: InputSpec, cutting: str = "even") -> tuple[Examples, dict]:
    """Everything in the dataset as `spec` wants it -> (examples, an account of where they came from).

    The account has "source" (a sentence), the kind of "input" it is, "tracks", "windows" and "left_out"
    [(name, why)]. All
    examples come from one source: if recordings and ready-made arrays were mixed, a model could tell
    genres by the source. Excerpts alone are of both, with the ready-made ones brought to the decibels
    of recordings; tracks that have both show that the answers are the same. Raises DataError.
    """
    if cutting not in CUTTINGS:
        raise DataError(f"There is no way {cutting!r} to cut windows: {', '.join(CUTTINGS)}.")
    left_out: list[tuple[str, str]] = []
    kind = _kind_at_hand(dataset, spec)
    if kind == "pictures" and dataset.pictures:
        examples = read_pictures(dataset.pictures.parent)
        source = "GTZAN's ready-made 30 s mel pictures"
    elif kind == "mel3s" and dataset.mel3s:
        examples = read_mel3s(dataset.mel3s.parent)
        source = "GTZAN's ready-made mel spectrograms of the first 3 s"
    elif kind == "features" and (table := _table(dataset, spec.seconds)):
        examples = _from_table(table)
        source = f"the table {table.name}"
    elif kind == "excerpts" and dataset.mel3s:
        examples, source, left_out = _excerpts(dataset, spec, cutting)
    else:
        tracks, left_out = _heard(dataset, spec)
        if not tracks:
            name, why = left_out[len(dataset.empty)]
            raise DataError(f"None of the {len(dataset.files)} recordings can be used. {name}: {why}")
        examples = _from_audio(tracks, dataset.genres, spec, cutting)
        source = f"recordings, {CUTTINGS[cutting]}"
    examples = fitted(examples, spec.shape)
    if kind != spec.kind:
        source += ", standing in for mel spectrograms where there are no recordings"
    account = {"source": source, "input": kind, "tracks": len(set(examples.tracks)), "windows": len(examples),
               "left_out": left_out}
    return examples, account


def ready_excerpts(dataset: Dataset) -> Examples:
    """GTZAN's ready-made mels of the first 3 s as excerpts."""
    mels, decibels = restored_mel3s(dataset)
    decibels -= decibels.max(axis=(1, 2), keepdims=True)
    values = np.round((decibels / EXCERPT.range_db + 1).clip(0) * 255).astype(np.uint8)
    return Examples(values, mels.labels, mels.tracks, mels.genres, **SCALING["excerpts"])


def _excerpts(
    dataset: Dataset, spec: InputSpec, cutting: str
) -> tuple[Examples, str, list[tuple[str, str]]]:
    """-> (examples, the source, what was left out)."""
    ready, source = ready_excerpts(dataset), "GTZAN's ready-made first 3 s in decibels again"
    if not set(dataset.genres) <= set(ready.genres) or not dataset.files:
        return ready, source, []
    tracks, left_out = _heard(dataset, spec)
    if not tracks:
        return ready, source, left_out
    cut = _from_audio(tracks, ready.genres, spec, cutting)
    both = replace(ready, **{part: np.concatenate([getattr(cut, part), getattr(ready, part)])
                             for part in ("values", "labels", "tracks")})
    return both, f"recordings, {CUTTINGS[cutting]}, and {source}", left_out


def prepare(dataset: Dataset, spec: InputSpec, cutting: str = "even") -> list[tuple[str, str]]:
    """Compute what `make_examples` will want, so that several processes need not each do it.

    -> what is left out, as `make_examples` accounts for it: [(name, why)].
    """
    ready = {"pictures": dataset.pictures, "mel3s": dataset.mel3s,
             "excerpts": None if dataset.files else dataset.mel3s,
             "features": _table(dataset, spec.seconds)}
    if ready.get(_kind_at_hand(dataset, spec)):
        return []
    tracks, left_out = _heard(dataset, spec)
    compute_missing("inputs", _jobs(tracks, spec, cutting), _compute, progress_line(f"Computing {spec.kind}"))
    return left_out


def _kind_at_hand(dataset: Dataset, spec: InputSpec) -> str:
    """The kind of input itself, or what stands in for mel spectrograms where nothing can be heard."""
    if spec.kind == "mel" and not dataset.files and (dataset.pictures or dataset.mel3s):
        return "mel3s" if dataset.mel3s else "pictures"
    return spec.kind


def _heard(dataset: Dataset, spec: InputSpec) -> tuple[list[Track], list[tuple[str, str]]]:
    if not dataset.files:
        raise DataError(f"The input {spec.kind!r} needs recordings, and {dataset.folder} has none.")
    return listen_to(dataset)


def fitted(examples: Examples, shape: tuple[int, ...]) -> Examples:
    """The examples in the shape a model wants: spectrograms are stretched by interpolation."""
    values = examples.values
    if values.shape[1:] == tuple(shape):
        return examples
    if values.ndim == 3 and len(shape) == 2:
        parts = [
            F.interpolate(torch.from_numpy(part)[:, None].float(), shape, mode="bilinear",
                          antialias=True)[:, 0].round().clamp(0, 255).byte().numpy()
            for part in np.array_split(values, max(1, len(values) // 256))
        ]
        column_s = examples.column_s * values.shape[2] / shape[1]
        return replace(examples, values=np.concatenate(parts), column_s=column_s)
    return replace(examples, values=values.reshape(-1, *shape))


def _table(dataset: Dataset, seconds: float) -> Path | None:
    """The table with features of windows of this length, if it lies beside the data."""
    return {30.0: dataset.features_30_sec, 3.0: dataset.features_3_sec}.get(seconds)


def _from_table(path: Path) -> Examples:
    from genre.features import read_table  # with it come seconds of compiled parts

    try:
        names, genres, values = read_table(path)
    except (OSError, ValueError) as error:
        raise DataError(str(error)) from error
    every = tuple(sorted(set(genres)))
    labels = np.array([every.index(genre) for genre in genres])
    tracks = np.array([".".join(name.split(".")[:2]) for name in names])  # jazz.00017.4: a window
    whole = np.flatnonzero(~np.isin(tracks, list(BROKEN_TRACKS)))
    return Examples(values[whole], labels[whole], tracks[whole], every)


def _from_audio(
    tracks: Sequence[Track], genres: tuple[str, ...], spec: InputSpec, cutting: str
) -> Examples:
    jobs = _jobs(tracks, spec, cutting)
    by_key = dict(zip(jobs, tracks, strict=True))
    values, labels, names = [], [], []
    for key, windows in kept("inputs", jobs, _compute, unpack, progress_line(f"Computing {spec.kind}")):
        values.append(windows)
        labels += [genres.index(by_key[key].genre)] * len(windows)
        names += [by_key[key].name] * len(windows)
    scaling = SCALING[spec.kind]
    if spec.kind in SPECTROGRAMS:
        scaling = scaling | {"column_s": front_end(spec).seconds_per_frame}
    return Examples(np.concatenate(values), np.array(labels), np.array(names), genres, **scaling)


def _jobs(tracks: Sequence[Track], spec: InputSpec, cutting: str) -> dict[str, tuple]:
    if spec.kind in ("features", "raw", *NATURAL_SHAPES):  # models shape these differently afterwards
        spec = InputSpec(spec.kind, NATURAL_SHAPES.get(spec.kind, ()), spec.seconds)
    constants = front_end(spec).to_dict() if spec.kind in SPECTROGRAMS else {}
    return {
        key_of(VERSION, track.sound, asdict(spec), constants, cutting):
            (track.path, track.sound, spec, cutting)
        for track in tracks
    }


def _compute(job: tuple[str, str, InputSpec, str]) -> bytes:
    path, sound, spec, cutting = job
    samples = load_clip(path).samples
    starts = window_starts(samples, spec, cutting, chance=int(sound[:12], 16))
    if spec.kind == "mel3s":
        starts = starts[:1]
    return pack(represent(samples, starts, spec))


def served(spec: InputSpec, kind: str) -> InputSpec:
    """How music is to be heard by a model that wanted `spec` and learnt from inputs of `kind`."""
    return spec if kind == spec.kind else replace(spec, kind=kind, seconds=STAND_IN_S[kind])


def window_samples(spec: InputSpec) -> int:
    """Samples of one window: its seconds, and a few more where a picture's last frame needs them."""
    count = round(spec.seconds * SAMPLE_RATE)
    if spec.kind == "pictures":
        last = int(PICTURE.first_frame + PICTURE.frame_step * (NATURAL_SHAPES["pictures"][1] - 1) + 0.5)
        count = max(count, last * PICTURE.hop_length)
    return count


def window_starts(samples: np.ndarray, spec: InputSpec, cutting: str, chance: int = 0) -> np.ndarray:
    """Where windows begin, in samples (W,); silent ones are left out. At least one.

    `chance` seeds the places of "random".
    """
    size = window_samples(spec)
    room = len(samples) - size
    if room <= 0:
        return np.zeros(1, dtype=int)  # repeated until it fills a window
    if cutting == "random":
        starts = np.sort(np.random.default_rng(chance).integers(0, room + 1, 5))
    else:
        step, most = (size // 2, 2 * MOST_WINDOWS) if cutting == "overlap" else (size, MOST_WINDOWS)
        count = 1 + room // step
        if count * size < (1 - MOST_UNHEARD) * len(samples):
            count += 1
        starts = np.linspace(0, room, min(most, count)).astype(int)
    level = np.array([np.mean(np.square(samples[start : start + size])) for start in starts])
    return starts[level >= level.max() * 10 ** (-SILENT_DB / 10)]


def represent(samples: np.ndarray, starts: np.ndarray, spec: InputSpec) -> np.ndarray:
    """Samples (N,) -> windows (W, ...) as they are stored, unstretched; see SCALING."""
    size = window_samples(spec)
    if len(samples) < size:
        samples = np.resize(samples, size)  # repeats it
    if spec.kind == "mel3s":
        return _mel3s(samples, starts)
    windows = np.stack([samples[start : start + size] for start in starts])
    if spec.kind == "features":
        from genre.features import extract

        return np.stack([extract(window) for window in windows])
    if spec.kind == "raw":
        return np.round(windows.clip(-1, 1) * 32_767).astype(np.int16)
    params = front_end(spec)
    frames = NATURAL_SHAPES.get(spec.kind, spec.shape)[1]
    with torch.inference_mode():
        decibels = _spectrogram(params)(torch.from_numpy(windows))[:, :, :frames]
        return (decibels / params.range_db + 1).mul(255).round().byte().numpy()


def front_end(spec: InputSpec) -> SpectrogramParams:
    """The spectrogram of an input of kind "mel", "stft", "pictures" or "excerpts"."""
    if spec.kind in ("pictures", "excerpts"):
        return PICTURE if spec.kind == "pictures" else EXCERPT
    return SpectrogramParams(kind=spec.kind, n_fft=spec.n_fft, hop_length=spec.hop_length,
                             n_mels=spec.n_mels or 128, range_db=FULL_RANGE_DB)


@lru_cache(maxsize=4)
def _spectrogram(params: SpectrogramParams) -> Spectrogram:
    return Spectrogram(params)


def _mel3s(samples: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Mel spectrograms of 3 s, z-scored over the whole recording, as GTZAN's ready-made ones."""
    params = SpectrogramParams(range_db=FULL_RANGE_DB)
    with torch.inference_mode():
        whole = _spectrogram(params)(torch.from_numpy(samples[None]))[0].numpy()
    whole = (whole - whole.mean()) / (whole.std() + 1e-6)
    frames = NATURAL_SHAPES["mel3s"][1]
    first = (starts // params.hop_length).clip(max=whole.shape[1] - frames)
    windows = np.stack([whole[:, start : start + frames] for start in first])
    return np.round((windows + 4) * 32).clip(0, 255).astype(np.uint8)

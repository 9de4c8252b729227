"""Music with known genres: folders of recordings, and the arrays a model can learn from.

    folder -> Dataset (files by genre, and what lies beside them) -> listen_to -> Tracks
"""

import hashlib
import json
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor

from genre import GENRES
from genre.audio import SAMPLE_RATE, AudioError, load_clip
from genre.cache import kept, key_of, progress_line
from genre.files import AUDIO_SUFFIXES
from genre.home import home
from genre.screening import is_silent
from genre.spectrogram import PICTURE

BUILT_IN = "builtin"
# What the archives of GTZAN and Kaggle call the folder with one sub-folder a genre.
INNER_FOLDERS = ("audio", "genres_original", "genres", "Data")
NOT_A_GENRE = {"images_original", "splits"}
MIN_SECONDS = 1.0  # a shorter recording is left out
VERSION = 2  # raised when the same file no longer decodes to the same sound, or to none


class DataError(ValueError):
    """The data cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Examples:
    """What a model sees, each row a window of a track: the unit of training and of voting.

    `values` may be stored as integers; a network sees values * scale + offset.
    """

    values: np.ndarray  # (N, ...)
    labels: np.ndarray  # (N,) int, index into genres
    tracks: np.ndarray  # (N,) str, the track each row was cut from
    genres: tuple[str, ...]
    scale: float = 1.0
    offset: float = 0.0
    unit_db: float = 1.0  # decibels to 1.0 of what the network sees
    column_s: float = 512 / 22_050  # between the columns of a spectrogram

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, rows: np.ndarray | Tensor) -> Tensor:
        """The chosen rows as float32, scaled: (B, ...)."""
        return torch.from_numpy(self.values[rows]).float() * self.scale + self.offset

    def take(self, rows: np.ndarray) -> "Examples":
        """The chosen rows."""
        return replace(self, values=self.values[rows], labels=self.labels[rows],
                       tracks=self.tracks[rows])

    def fingerprint(self) -> str:
        """Of the names of the tracks: the same for the same tracks."""
        return key_of(sorted(set(self.tracks.tolist())))[:8]

    def of(self, tracks: set[str]) -> "Examples":
        """The rows cut from these tracks."""
        return self.take(np.flatnonzero(np.isin(self.tracks, list(tracks))))


@dataclass(frozen=True)
class Track:
    """One recording with a genre."""

    name: str  # "jazz.00017" where the file is named so, else "genre/file.mp3"
    genre: str
    path: str
    sound: str = ""  # hash of the decoded samples, once they were listened to


@dataclass(frozen=True)
class Dataset:
    """What lies in a folder. Nothing of it has been decoded yet."""

    folder: Path
    files: tuple[Track, ...]
    genres: tuple[str, ...]
    empty: tuple[str, ...] = ()  # sub-folders without any recording
    pictures: Path | None = None  # GTZAN as arrays and tables, where they lie beside the audio
    mel3s: Path | None = None
    features_30_sec: Path | None = None
    features_3_sec: Path | None = None


def named_folder(name: str | Path) -> Path:
    """The folder that a person names, in full; ~ is the person's own. Raises DataError."""
    try:
        folder = Path(name).expanduser().resolve()
        folder.is_dir()
    except (OSError, RuntimeError, ValueError) as error:  # nobody's ~, too long, a character that no name has
        raise DataError(f"{str(name)[:80]!r} is no folder's name: check it.") from error
    return folder


def open_dataset(data: str | Path) -> Dataset:
    """A folder of genres, GTZAN's or Kaggle's layout, or "builtin", which is played first if need be.

    Raises DataError where there is nothing to learn from.
    """
    if str(data) == BUILT_IN:
        from genre import synth  # its filters take a second to import

        folder = synth.build(home() / "datasets" / BUILT_IN, progress=progress_line("Playing"))
    else:
        folder = named_folder(data)
    if folder.is_file():
        raise DataError(f"{folder} is a file: name the folder that holds one sub-folder for each genre.")
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}: check the name.")
    root = folder
    while inner := next((p for p in map(root.joinpath, INNER_FOLDERS) if _sub_folders(p)), None):
        root = inner
    beside = [folder, *(p for p in root.parents if p.is_relative_to(folder) and p != folder)]
    tables = {
        name.split(".")[0]: next((p / name for p in beside if (p / name).is_file()), None)
        for name in ("pictures.npz", "mel3s.npz", "features_30_sec.csv", "features_3_sec.csv")
    }
    files = _files(root)
    if tables["pictures"] or tables["mel3s"]:
        files = tuple(track for track in files if track.name not in BROKEN_TRACKS)
    if not files and not any(tables.values()):
        raise DataError(
            f"There is no music in {folder}: it needs one sub-folder a genre, with recordings in each."
        )
    genres = tuple(sorted({track.genre for track in files}))
    empty = tuple(name for p in _sub_folders(root) if (name := _readable(p.name)) not in genres)
    return Dataset(folder, files, genres, empty if files else (), **tables)


def _sub_folders(root: Path) -> list[Path]:
    """The folders of genres, in the order of their names."""
    if not root.is_dir():
        return []
    return sorted(p for p in root.iterdir()
                  if p.is_dir() and not p.name.startswith(".") and p.name not in NOT_A_GENRE)


def _files(root: Path) -> tuple[Track, ...]:
    """Every audio file below the sub-folders of `root`, in the order of their names."""
    tracks: dict[str, Track] = {}
    for folder in _sub_folders(root):
        genre = _readable(folder.name)
        for path in sorted(folder.rglob("*")):
            if path.name.startswith(".") or path.suffix.lower() not in AUDIO_SUFFIXES:
                continue
            name = path.stem if path.stem.startswith(f"{genre}.") else ""
            if not name or name in tracks:
                name = f"{genre}/{path.relative_to(folder).as_posix()}"
            name = _readable(name)
            tracks[name] = Track(name, genre, str(path))
    return tuple(tracks.values())


def _readable(name: str) -> str:
    """A file's name as text that can be written: other bytes than UTF-8's as \\udce9, say."""
    return name.encode("utf-8", "backslashreplace").decode()


def listen_to(dataset: Dataset) -> tuple[list[Track], list[tuple[str, str]]]:
    """Decode every file once -> (tracks with sound, [(name, why it was left out)]).

    Left out are files that cannot be read, are silent or shorter than a second, and recordings that
    come twice, also in another format under the same name: one named as GTZAN's or else the first stays,
    unless they stand in different genres, when none can be trusted.
    """
    keys, left_out = {}, [(name, "There are no recordings in this folder.") for name in dataset.empty]
    for track in dataset.files:
        try:
            about = Path(track.path).stat()
        except OSError:  # a link to nothing, or deleted a moment ago
            left_out.append((track.name, "This file is gone."))
            continue
        # The time of the latest change of any kind: leave to read it, too, may be what was missing.
        keys[key_of(VERSION, str(Path(track.path).absolute()), about.st_size, about.st_ctime_ns)] = track
    found = kept("sounds", {key: track.path for key, track in keys.items()}, _listen, _as_heard,
                 progress_line("Checking recordings"))
    heard = []
    for key, answer in found:
        if "error" in answer:
            left_out.append((keys[key].name, answer["error"]))
        else:
            heard.append(replace(keys[key], sound=answer["sound"]))
    by_sound: dict[str, list[Track]] = {}
    for track in heard:
        by_sound.setdefault(track.sound, []).append(track)
    tracks = []
    for group in by_sound.values():
        first, *others = sorted(group, key=lambda track: "/" in track.name)  # the lists know GTZAN's names
        if any(other.genre != first.genre for other in others):
            where = ", ".join(track.name for track in (first, *others))
            left_out += [(track.name, f"The same recording stands in several genres: {where}.")
                         for track in (first, *others)]
            continue
        tracks.append(first)
        left_out += [(other.name, f"The same recording as {first.name}.") for other in others]
    by_place = {Path(track.path).with_suffix(""): track for track in reversed(tracks)}
    for track in list(tracks):
        first = by_place[Path(track.path).with_suffix("")]
        if track is not first:
            tracks.remove(track)
            why = f"The same recording as {first.name} in another format, by its name."
            left_out.append((track.name, why))
    return tracks, left_out


def _as_heard(content: bytes) -> dict:
    """What `_listen` found out: {"sound"} or {"error"}. Raises ValueError for anything else."""
    answer = json.loads(content)
    if not (isinstance(answer, dict) and answer.keys() & {"sound", "error"}):
        raise ValueError("a damaged result")
    return answer


def _listen(path: str) -> bytes:
    try:
        samples = load_clip(path).samples
    except AudioError as error:
        return json.dumps({"error": str(error)}).encode()
    if len(samples) < MIN_SECONDS * SAMPLE_RATE:
        return json.dumps({"error": "It is shorter than a second."}).encode()
    if is_silent(samples):
        return json.dumps({"error": "It is silent."}).encode()
    # In 16 bits, so that the same recording as WAV and as FLAC is the same sound.
    sound = np.round(samples.clip(-1, 1) * 32_767).astype("<i2")
    return json.dumps({"sound": hashlib.blake2b(sound, digest_size=16).hexdigest()}).encode()


def require_genres(labels: np.ndarray, tracks: np.ndarray, genres: tuple[str, ...]) -> None:
    """Raises DataError unless there are two genres or more, each with two tracks or more."""
    count = {genre: len(set(tracks[labels == k])) for k, genre in enumerate(genres)}
    if len(genres) < 2:
        raise DataError("There is only one genre: learning needs two or more to tell apart.")
    if few := [genre for genre, tracks in count.items() if tracks < 2]:
        raise DataError(
            f"The genre {few[0]!r} has {'only one usable track' if count[few[0]] else 'no usable track'}"
            ": it needs one to learn from and one to be tested on. Add recordings, or remove its folder."
        )


# jazz.00054 has no picture, and its first seconds (mel3s) are another recording's.
BROKEN_TRACKS = {"jazz.00054"}


def read_pictures(folder: Path) -> Examples:
    """GTZAN's 30-second mel pictures: uint8 (N, 128, 334), 1.0 to the network is the loudest point.

    The pictures are 216 rows of the 128 mel bands, stretched; row r shows band (r + 0.5) * 128 / 216.
    """
    names, pictures = _read_npz(folder / "pictures.npz")
    rows = ((np.arange(PICTURE.n_mels) + 0.5) * pictures.shape[1] / PICTURE.n_mels).astype(int)
    return _examples(names, pictures[:, rows], scale=1 / 255, unit_db=PICTURE.range_db,
                     column_s=PICTURE.seconds_per_frame)


def read_mel3s(folder: Path) -> Examples:
    """The first 3 s of each track: uint8 (N, 128, 130), z-scored to the network."""
    names, values = _read_npz(folder / "mel3s.npz")
    return _examples(names, values, scale=1 / 32, offset=-4.0, unit_db=12.0)  # about 12 dB a sigma


def _read_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return archive["track"], archive["value"]
    except (OSError, ValueError, KeyError, BadZipFile, zlib.error) as error:
        raise DataError(f"{path.name} is missing or damaged in the data folder.") from error


def _examples(names: np.ndarray, values: np.ndarray, **scaling: float) -> Examples:
    kept = np.flatnonzero(~np.isin(names, list(BROKEN_TRACKS)))
    genres = [str(name).split(".")[0] for name in names[kept]]
    if unknown := set(genres) - set(GENRES):
        raise DataError(f"{min(unknown)!r} is none of GTZAN's genres: these are other pictures or mels.")
    labels = np.array([GENRES.index(genre) for genre in genres])
    return Examples(values[kept], labels, names[kept].astype(str), GENRES, **scaling)

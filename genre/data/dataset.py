"""Data sets: folders of recordings by genre, and the ready-made arrays beside them.

folder -> Dataset (files by genre, arrays and tables) -> decode_tracks -> Tracks
"""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from genre.audio.clip import SAMPLE_RATE, AudioError, load_clip
from genre.audio.files import AUDIO_SUFFIXES
from genre.audio.loudness import is_silent
from genre.cache import cached_results, key_of, progress_line
from genre.data.examples import DataError
from genre.paths import home, may_read, music_folder
from genre.text import encodable

BUILT_IN = "builtin"
# The names, in the archives of GTZAN and Kaggle, of the folder with one sub-folder a genre.
INNER_FOLDERS = ("audio", "genres_original", "genres", "Data")
BROKEN_TRACKS = {"jazz.00054"}  # GTZAN's arrays lack its picture, and its 3 s mel is another recording's
NOT_A_GENRE = {"images_original", "splits"}
MIN_RECORDING_S = 1.0  # a shorter recording is skipped
DECODING_VERSION = 2  # raise it when the same file no longer decodes to the same sound, or to none
# The files of GTZAN's ready-made arrays and Kaggle's tables, by the field of Dataset.
TABLES = {
    "mel_30s": "pictures.npz",
    "mel_3s_zscored": "mel3s.npz",
    "features_30_sec": "features_30_sec.csv",
    "features_3_sec": "features_3_sec.csv",
}


@dataclass(frozen=True)
class Track:
    """One recording with a genre."""

    name: str  # "jazz.00017" where the file is named so, else "genre/file.mp3"
    genre: str
    path: str
    sound_hash: str = ""  # hash of the decoded samples; empty until the file is decoded


@dataclass(frozen=True)
class Dataset:
    """The files of a folder, not decoded yet."""

    folder: Path
    files: tuple[Track, ...]
    genres: tuple[str, ...]
    empty: tuple[str, ...] = ()  # sub-folders that hold no recording
    mel_30s: Path | None = None  # GTZAN's arrays and tables, where they lie beside the audio
    mel_3s_zscored: Path | None = None
    features_30_sec: Path | None = None
    features_3_sec: Path | None = None


def named_folder(name: str | Path) -> Path:
    """Make the path of a folder that a person names absolute; ~ is the person's home. Raises DataError."""
    try:
        folder = Path(name).expanduser().resolve()
        folder.is_dir()
    except (OSError, RuntimeError, ValueError) as error:  # an unknown ~user, a path too long or with a NUL
        raise DataError(f"{str(name)[:80]!r} is no folder's name: check it.") from error
    return folder


def open_dataset(data: str | Path) -> Dataset:
    """Open a folder of genres, GTZAN's or Kaggle's layout, or "builtin", which is played first if necessary.

    Raises DataError where there is nothing to train on.
    """
    if str(data) == BUILT_IN:
        from genre.synth import dataset as synth  # takes a second

        folder = synth.build(home() / "datasets" / BUILT_IN, progress=progress_line("Playing"))
    else:
        folder = named_folder(data)
        if not may_read(folder):
            raise DataError(f"{folder} is not in {music_folder()}, the folder of music: choose one in it.")
    if folder.is_file():
        raise DataError(f"{folder} is a file: name the folder that holds one sub-folder for each genre.")
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}: check the name.")
    root = folder
    while inner := next((p for p in map(root.joinpath, INNER_FOLDERS) if _sub_folders(p)), None):
        root = inner
    parents = [folder, *(p for p in root.parents if p.is_relative_to(folder) and p != folder)]
    tables = {
        field: next((p / name for p in parents if (p / name).is_file() and may_read(p / name)), None)
        for field, name in TABLES.items()
    }
    files = _files(root)
    if tables["mel_30s"] or tables["mel_3s_zscored"]:
        files = tuple(track for track in files if track.name not in BROKEN_TRACKS)
    if not files and not any(tables.values()):
        raise DataError(
            f"There is no music in {folder}: it needs one sub-folder a genre, with recordings in each."
        )
    genres = tuple(sorted({track.genre for track in files}))
    empty = tuple(name for p in _sub_folders(root) if (name := encodable(p.name)) not in genres)
    return Dataset(folder, files, genres, empty if files else (), **tables)


def _sub_folders(root: Path) -> list[Path]:
    """List the folders of genres, in the order of their names."""
    if not root.is_dir():
        return []
    return sorted(
        p for p in root.iterdir() if p.is_dir() and not p.name.startswith(".") and p.name not in NOT_A_GENRE
    )


def _files(root: Path) -> tuple[Track, ...]:
    """List the audio files below the sub-folders of `root`, in the order of their names."""
    tracks: dict[str, Track] = {}
    for folder in _sub_folders(root):
        genre = encodable(folder.name)
        for path in sorted(folder.rglob("*")):
            if path.name.startswith(".") or path.suffix.lower() not in AUDIO_SUFFIXES:
                continue
            if not may_read(path):  # a link to somewhere else
                continue
            name = path.stem if path.stem.startswith(f"{genre}.") else ""
            if not name or name in tracks:
                name = f"{genre}/{path.relative_to(folder).as_posix()}"
            name = encodable(name)
            tracks[name] = Track(name, genre, str(path))
    return tuple(tracks.values())


def decode_tracks(dataset: Dataset) -> tuple[list[Track], list[tuple[str, str]]]:
    """Decode every file once -> (tracks with their hash, skipped files [(name, reason)]).

    Files are skipped that cannot be read, are silent, or are shorter than a second. Of a recording that comes
    twice, also in another format under the same name, one file stays: the one with a name as in GTZAN, or
    else the first. Where the copies stand in different genres, none can be trusted and all are skipped.
    """
    keys, skipped_files = {}, [(name, "There are no recordings in this folder.") for name in dataset.empty]
    for track in dataset.files:
        try:
            stat = Path(track.path).stat()
        except OSError:  # a link to nothing, or deleted a moment ago
            skipped_files.append((track.name, "This file is gone."))
            continue
        # The key has the time of the latest change of any kind, since the permissions may have changed too.
        keys[key_of(DECODING_VERSION, str(Path(track.path).absolute()), stat.st_size, stat.st_ctime_ns)] = (
            track
        )
    results = cached_results(
        "sounds",
        {key: track.path for key, track in keys.items()},
        _decode,
        _parse_result,
        progress_line("Checking recordings"),
    )
    decoded_tracks = []
    for key, result in results:
        if "error" in result:
            skipped_files.append((keys[key].name, result["error"]))
        else:
            decoded_tracks.append(replace(keys[key], sound_hash=result["sound"]))
    by_sound: dict[str, list[Track]] = {}
    for track in decoded_tracks:
        by_sound.setdefault(track.sound_hash, []).append(track)
    tracks = []
    for group in by_sound.values():
        first, *others = sorted(group, key=lambda track: "/" in track.name)  # the lists know GTZAN's names
        if any(other.genre != first.genre for other in others):
            places = ", ".join(track.name for track in (first, *others))
            skipped_files += [
                (track.name, f"The same recording stands in several genres: {places}.")
                for track in (first, *others)
            ]
            continue
        tracks.append(first)
        skipped_files += [(other.name, f"The same recording as {first.name}.") for other in others]
    by_place = {Path(track.path).with_suffix(""): track for track in reversed(tracks)}
    for track in list(tracks):
        first = by_place[Path(track.path).with_suffix("")]
        if track is not first:
            tracks.remove(track)
            reason = f"The same recording as {first.name} in another format, by its name."
            skipped_files.append((track.name, reason))
    return tracks, skipped_files


def _parse_result(content: bytes) -> dict:
    """Parse the result of `_decode`: {"sound"} or {"error"}. Raises ValueError for anything else."""
    result = json.loads(content)
    if not (isinstance(result, dict) and result.keys() & {"sound", "error"}):
        raise ValueError("a damaged result")
    return result


def _decode(path: str) -> bytes:
    try:
        samples = load_clip(path).samples
    except AudioError as error:
        return json.dumps({"error": str(error)}).encode()
    if len(samples) < MIN_RECORDING_S * SAMPLE_RATE:
        return json.dumps({"error": "It is shorter than a second."}).encode()
    if is_silent(samples):
        return json.dumps({"error": "It is silent."}).encode()
    # The hash is that of 16-bit samples, so that the same recording as WAV and as FLAC is the same sound.
    sound = np.round(samples.clip(-1, 1) * 32_767).astype("<i2")
    return json.dumps({"sound": hashlib.blake2b(sound.tobytes(), digest_size=16).hexdigest()}).encode()


def require_genres(labels: np.ndarray, tracks: np.ndarray, genres: tuple[str, ...]) -> None:
    """Check labels (N,) and tracks (N,).

    Raises DataError unless there are two genres or more, each with two tracks or more.
    """
    count = {genre: len(set(tracks[labels == k])) for k, genre in enumerate(genres)}
    if len(genres) < 2:
        raise DataError("There is only one genre: learning needs two or more to tell apart.")
    if few := [genre for genre, tracks in count.items() if tracks < 2]:
        raise DataError(
            f"The genre {few[0]!r} has {'only one usable track' if count[few[0]] else 'no usable track'}"
            ": it needs one to learn from and one to be tested on. Add recordings, or remove its folder."
        )

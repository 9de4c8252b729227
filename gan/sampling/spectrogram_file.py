"""The .npz file of a spectrogram: its values, its parameters, and the recipe that made it.

It holds two plain arrays: `mel_db` (bands, frames) float16 and `card`, JSON in UTF-8. A file may come from
anyone, so its size is bounded before it is unpacked, and nothing in it is ever executed.
"""

import io
import json
import math
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from gan.sampling.pictures import apply_colour_map, to_pixels
from genre.audio.clip import SAMPLE_RATE
from genre.audio.invert import MAX_FRAMES, MAX_SAMPLES, MIN_FRAMES
from genre.audio.spectrogram import SpectrogramParams
from genre.models.cards import ArtefactError
from genre.reading import parse_json, read_regular

FILE_VERSION = 1
MAX_FILE_BYTES = 8_000_000  # size of the file, and of its unpacked content
MAX_CARD_BYTES = 100_000  # bytes of JSON
MAX_MEL_BANDS = 256
MEMBERS = {"mel_db.npy", "card.npy"}
COMPRESSION_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # methods by which NumPy packs

_FOREIGN = "This is not a spectrogram that Earmark made: choose an .npz that was downloaded here."
_DAMAGED_MESSAGE = "The spectrogram is damaged: download it again, or choose another one."
_TOO_BIG = f"The spectrogram is larger than {MAX_FILE_BYTES // 1_000_000} MB: choose a shorter one."
_NEWER = "The spectrogram was made by another version of Earmark: make it anew from its seed."


@dataclass(frozen=True, eq=False)
class SpectrogramFile:
    """The content of a spectrogram file."""

    mel_db: np.ndarray  # (bands, frames) float32: dB, -params.range_db to 0
    params: SpectrogramParams
    recipe: dict  # genres, seed, prompt, weights; as the file says, not validated


def pack_spectrogram(spectrogram: SpectrogramFile) -> bytes:
    """Pack a spectrogram as an .npz. Raises ValueError for one that `read_spectrogram` would refuse."""
    card = {"version": FILE_VERSION, "params": spectrogram.params.to_dict(), "recipe": spectrogram.recipe}
    text = json.dumps(card, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        mel_db=_check_mel(spectrogram.mel_db, spectrogram.params).astype(np.float16),
        card=np.frombuffer(text, np.uint8),
    )
    if len(text) > MAX_CARD_BYTES or buffer.tell() > MAX_FILE_BYTES:
        raise ArtefactError(_TOO_BIG)
    return buffer.getvalue()


def read_spectrogram(source: bytes | Path) -> SpectrogramFile:
    """Read a file of `pack_spectrogram` from bytes or a path. Raises ArtefactError with one sentence."""
    try:
        content = _read(source) if isinstance(source, Path) else source
        if len(content) > MAX_FILE_BYTES:
            raise ArtefactError(_TOO_BIG)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            sizes = {member.filename: member.file_size for member in archive.infolist()}
            if set(sizes) != MEMBERS or len(archive.infolist()) != len(MEMBERS):
                raise ArtefactError(_FOREIGN)
            if sum(sizes.values()) > MAX_FILE_BYTES:
                raise ArtefactError(_TOO_BIG)
            if any(member.compress_type not in COMPRESSION_METHODS for member in archive.infolist()):
                raise ArtefactError(_FOREIGN)
            mel_db = _array(_read_member(archive, "mel_db.npy"), ("<f2", "<f4"), 2)
            text = _array(_read_member(archive, "card.npy"), ("|u1",), 1)
        if len(text) > MAX_CARD_BYTES:
            raise ArtefactError(_TOO_BIG)
        card = parse_json(text.tobytes())
    except zipfile.BadZipFile as error:
        raise ArtefactError(_FOREIGN) from error
    except ArtefactError:
        raise
    except (ValueError, EOFError, OSError, zlib.error, RuntimeError) as error:  # RuntimeError: locked or deep
        raise ArtefactError(_DAMAGED_MESSAGE) from error
    if not isinstance(card, dict) or card.get("version") != FILE_VERSION:
        raise ArtefactError(_NEWER)
    if not isinstance(card.get("recipe"), dict):
        raise ArtefactError(_FOREIGN)
    params = _check_params(card.get("params"))
    return SpectrogramFile(_check_mel(mel_db, params), params, card["recipe"])


def render_png(mel_db: np.ndarray) -> bytes:
    """Render (bands, frames) in dB as a PNG, low bands at the bottom."""
    return cv2.imencode(".png", apply_colour_map(to_pixels(mel_db))[:, :, ::-1])[1].tobytes()


def _read(path: Path) -> bytes:
    """Read at most one byte more than is allowed. Raises ArtefactError."""
    try:
        return read_regular(path, MAX_FILE_BYTES)
    except FileNotFoundError as error:
        raise ArtefactError("There is no such file: check its name.") from error
    except OSError as error:
        if error.errno is None:  # the error brings a sentence of its own
            raise ArtefactError(str(error)) from error
        raise ArtefactError("The file could not be opened: check that you may read it.") from error


def _read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Read a member up to the limit, whatever size it claims. Raises ArtefactError."""
    with archive.open(name) as member:
        content = member.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ArtefactError(_TOO_BIG)
    return content


def _array(content: bytes, dtypes: tuple[str, ...], dimensions: int) -> np.ndarray:
    """Read the array of an .npy, after checking its header against its size. Raises ValueError."""
    file = io.BytesIO(content)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("another version of the format")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    size = len(content) - file.tell()
    fits = min(shape, default=0) >= 0 and math.prod(shape) * dtype.itemsize == size
    if dtype.str not in dtypes or len(shape) != dimensions or not fits:
        raise ValueError("another array")
    return np.frombuffer(content, dtype, offset=file.tell()).reshape(shape, order="F" if fortran else "C")


def _check_params(values: Any) -> SpectrogramParams:
    """Read the parameters of a log-mel that can be inverted. Raises ArtefactError."""
    try:
        params = SpectrogramParams.from_dict(values)
        top = params.f_max if params.f_max is not None else params.sample_rate / 2
        ints = (params.sample_rate, params.n_fft, params.hop_length, params.n_mels)
        is_valid = (
            all(type(value) is int for value in ints)
            and (params.kind, params.first_frame, params.frame_step) == ("mel", 0, 1)
            and params.sample_rate == SAMPLE_RATE
            and 256 <= params.n_fft <= 8192
            and params.n_fft / 16 <= params.hop_length <= params.n_fft / 2
            and 8 <= params.n_mels <= MAX_MEL_BANDS
            and 0 <= params.f_min < top <= SAMPLE_RATE / 2
            and 10 <= params.range_db <= 200
        )
    except (TypeError, ValueError) as error:
        raise ArtefactError(_FOREIGN) from error
    if not is_valid:
        raise ArtefactError(_FOREIGN)
    return params


def _check_mel(mel_db: np.ndarray, params: SpectrogramParams) -> np.ndarray:
    """Convert to (bands, frames) float32 within the range. Raises ArtefactError."""
    mel_db = np.asarray(mel_db, np.float32)
    if mel_db.ndim != 2 or mel_db.shape[0] != params.n_mels:
        raise ArtefactError(_FOREIGN)
    if not MIN_FRAMES <= mel_db.shape[1] <= MAX_FRAMES:
        raise ArtefactError(f"A spectrogram has {MIN_FRAMES} to {MAX_FRAMES} frames: choose another one.")
    if mel_db.shape[1] * params.hop_length > MAX_SAMPLES:
        raise ArtefactError("This spectrogram is of more than 140 s of sound: choose a shorter one.")
    if not np.isfinite(mel_db).all():
        raise ArtefactError(_DAMAGED_MESSAGE)
    return np.clip(mel_db, -params.range_db, 0.0)

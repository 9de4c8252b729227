"""The clip: any recording as mono float32 at 22,050 Hz, in bounded memory.

A file of up to MAX_MINUTES is decoded whole; of a longer one, only evenly spaced 30 s excerpts are decoded,
by seeking. No length, rate or channel count in a header is trusted before the samples are decoded.
"""

import io
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile as sf
import soxr

from genre.audio.constants import SAMPLE_RATE
from genre.audio.decoders import (
    NO_SOUND,
    AudioError,
    AudioReader,
    ContainerReader,
    SoundFileReader,
    UndecodableError,
    check_readable,
    undecodable_reason,
)

__all__ = [
    "MAX_BYTES",
    "MAX_MINUTES",
    "SAMPLE_RATE",
    "AudioError",
    "Clip",
    "display_name",
    "load_clip",
    "load_excerpts",
]

MAX_MINUTES = 10  # longer files give evenly spaced 30 s excerpts that add up to this
MAX_BYTES = 1 << 30  # 1 GiB, checked before anything is read
MAX_DECODED_HOURS = 3  # decoding stops here where seeking is impossible
EXCERPT_S = 30
EXCERPTS = MAX_MINUTES * 60 // EXCERPT_S

_EXCERPT = EXCERPT_S * SAMPLE_RATE  # samples in an excerpt
# Larger values are damage, beyond any loudspeaker, and their squares would overflow a spectrogram.
_MAX_LEVEL = 1e12
# soxr's "HQ" keeps 95 % of the band and folds back nothing above -120 dB, and is what librosa uses.
# "MQ" would save 3 ms of the 30 that half a minute of MP3 takes.
_RESAMPLING = "HQ"

_MISSING_MESSAGE = "The file could not be found: check its name, or choose another file."
_FOLDER = "This is a folder: choose one of the audio files inside it."
_NO_ACCESS = "The file could not be opened: check that you may read it, or choose another file."
_TOO_BIG = "The file is larger than 1 GiB: cut out a part or save it as MP3, then try again."
_EMPTY = "The file is empty: choose another file, or record it again."
_NO_NUMBERS = "The file is damaged and holds no valid sound values: export it again."
_NO_PART = "The chosen part contains no sound: move its start and end further apart."


@dataclass(frozen=True, eq=False)
class Clip:
    """A recording, ready for the front end.

    Attributes:
        samples: (N,) float32, mono at SAMPLE_RATE, finite, not normalised and not limited to 1.
        duration_s: length of the whole source, as far as it could be decoded.
        starts: start in the source (s) of each piece of the samples; all pieces are equally long, and there
            is one unless the clip is excerpted.
        name: name for display only, never a path.
    """

    samples: np.ndarray = field(repr=False)
    duration_s: float
    starts: tuple[float, ...] = (0.0,)
    name: str = ""

    @property
    def excerpted(self) -> bool:
        """Return whether samples are excerpts of a longer source."""
        return len(self.starts) > 1

    def pieces(self) -> Iterator[tuple[float, np.ndarray]]:
        """Yield each piece as (its start in the source in s, (N / pieces,) float32)."""
        yield from zip(self.starts, self.samples.reshape(len(self.starts), -1), strict=True)

    def trimmed(self, start_s: float, end_s: float) -> "Clip":
        """Return the part from start_s to end_s (s in the source) as a clip of its own, beginning at 0.

        An excerpted clip keeps the excerpts that lie wholly inside the part; if there is none, it keeps
        the overlap with the excerpt that overlaps most.

        Raises:
            AudioError: the part holds no sample.
        """
        start_s, end_s = max(0.0, start_s), min(self.duration_s, end_s)
        cuts = []  # (start in the part in s, samples)
        for begin_s, piece in self.pieces():
            first, last = (
                min(max(0, round((edge_s - begin_s) * SAMPLE_RATE)), len(piece))
                for edge_s in (start_s, end_s)
            )
            cuts.append((max(0.0, begin_s - start_s), piece[first:last]))
        whole = [cut for cut in cuts if len(cut[1]) == len(self.samples) // len(self.starts)]
        complete_excerpts = whole or [max(cuts, key=lambda cut: len(cut[1]))]
        if not len(complete_excerpts[0][1]):
            raise AudioError(_NO_PART)
        starts, parts = zip(*complete_excerpts, strict=True)
        return Clip(np.concatenate(parts), end_s - start_s, starts, self.name)

    def to_wav(self) -> bytes:
        """Return the samples as a 16-bit PCM WAV file, clipped to [-1, 1], for players."""
        buffer = io.BytesIO()
        pcm = np.round(np.clip(self.samples, -1, 1) * 32_767).astype(np.int16)
        sf.write(buffer, pcm, SAMPLE_RATE, format="WAV", subtype="PCM_16")
        return buffer.getvalue()


def load_clip(source: str | Path | bytes | BinaryIO, name: str | None = None) -> Clip:
    """Read a recording of any common format, sample rate, depth and channel count.

    Channels are averaged and integers scaled to [-1, 1]; NaN and infinite values become 0. From a
    damaged file, everything that can be decoded is returned.

    Args:
        source: a path, a file's bytes, or a binary file object (read from its beginning and left
            open).
        name: the clip's name; by default the name of the source.

    Raises:
        AudioError: with one sentence for a person, and nothing else, whatever the bytes.
    """
    if name is None:
        name = str(source) if isinstance(source, (str, Path)) else getattr(source, "name", "")
    with _open_input(source) as file:
        check_readable(file)
        samples, duration_s, starts = _decode(file)
    return Clip(samples, duration_s, starts, display_name(str(name)))


def load_excerpts(
    source: str | Path | bytes | BinaryIO, count: int, excerpt_s: float, name: str | None = None
) -> Clip:
    """Read `count` excerpts of `excerpt_s` seconds, spread evenly over a recording, as `load_clip` does.

    Nothing else is decoded where the file can be sought. A recording that is not a quarter longer than they
    are together is read whole.
    """
    whole_s = 1.25 * count * excerpt_s
    if name is None:
        name = str(source) if isinstance(source, (str, Path)) else getattr(source, "name", "")
    with _open_input(source) as file:
        check_readable(file)
        samples, duration_s, starts = _decode(file, count, excerpt_s, whole_s)
    clip = Clip(samples, duration_s, starts, display_name(str(name)))
    if len(samples) <= round(whole_s * SAMPLE_RATE):
        return clip
    size = round(excerpt_s * SAMPLE_RATE)  # the file could not be sought, and was decoded from its beginning
    firsts = [round((k + 0.5) * len(samples) / count - size / 2) for k in range(count)]
    piece_s = len(samples) / len(starts) / SAMPLE_RATE
    times_s = [first / SAMPLE_RATE for first in firsts]
    return Clip(
        np.concatenate([samples[first : first + size] for first in firsts]),
        duration_s,
        tuple(starts[int(time_s / piece_s)] + time_s % piece_s for time_s in times_s),
        clip.name,
    )


def display_name(name: str) -> str:
    """Return the last part of a path, without control and direction characters, at most 120 long."""
    base = re.split(r"[/\\]", name)[-1]
    base = re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", base)
    hidden = {"Cc", "Cs", "Zl", "Zp"}
    return "".join(c for c in base if unicodedata.category(c) not in hidden)[:120].strip()


class _Input:
    """A seekable file for the decoders.

    It has no name to guess a format from. Its read and seek never raise, since both decoders call
    them from C, where an exception could only be printed.
    """

    def __init__(self, file: BinaryIO):
        self._file = file
        file.seek(0, os.SEEK_END)
        self.size = file.tell()

    def read(self, count: int) -> bytes:
        try:
            return self._file.read(count)
        except (OSError, ValueError):
            return b""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        position = (0, self.tell(), self.size)[whence] + offset
        self._file.seek(min(max(position, 0), self.size))
        return self.tell()

    def tell(self) -> int:
        return self._file.tell()


@contextmanager
def _open_input(source: str | Path | bytes | BinaryIO) -> Iterator[_Input]:
    """Open the source as an _Input that is neither empty nor too large. Bytes are not copied."""
    with ExitStack() as stack:
        try:
            if isinstance(source, (str, Path)):
                mode = os.stat(source).st_mode
                if not stat.S_ISREG(mode):  # a pipe or a device might never end
                    raise AudioError(_FOLDER if stat.S_ISDIR(mode) else _NO_ACCESS)
                source = stack.enter_context(open(source, "rb"))
            elif isinstance(source, (bytes, bytearray, memoryview)):
                source = io.BytesIO(source)
            elif isinstance(source, io.TextIOBase):
                raise AudioError(_NO_ACCESS)
            elif not source.seekable():
                source = io.BytesIO(source.read(MAX_BYTES + 1))
            file = _Input(source)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise AudioError(_MISSING_MESSAGE) from error
        except AudioError:
            raise
        except (OSError, ValueError) as error:  # no permission, a closed file, a NUL in a path
            raise AudioError(_NO_ACCESS) from error
        if not 0 < file.size <= MAX_BYTES:
            raise AudioError(_TOO_BIG if file.size else _EMPTY)
        yield file


Sound = tuple[np.ndarray, float, tuple[float, ...]]  # samples, duration in s, starts in s


class _NoSoundError(Exception):
    """A file holds no sound, and nothing in it is damaged."""


def _decode(
    file: _Input, count: int = EXCERPTS, excerpt_s: float = EXCERPT_S, whole_s: float = MAX_MINUTES * 60
) -> Sound:
    """Decode the sound with the first reader that can: whole up to `whole_s` seconds, or else excerpts."""
    empty = False
    for reader_kind in (SoundFileReader, ContainerReader):
        try:
            with closing(reader_kind(file)) as reader:
                duration_s = reader.duration_s or 0.0
                if duration_s <= whole_s:
                    return _decode_whole(reader)
                if sound := _decode_excerpts(reader, duration_s, count, excerpt_s):
                    return sound
            with closing(reader_kind(file)) as reader:  # seeking spoilt the first reader
                return _decode_whole(reader)
        except UndecodableError:
            continue
        except _NoSoundError:  # a recorder that lost power leaves a header that claims no sound
            empty = True
    if empty:
        raise AudioError(NO_SOUND)
    file.seek(0)
    raise AudioError(undecodable_reason(file.read(64)))


def _decode_excerpts(reader: AudioReader, duration_s: float, count: int, excerpt_s: float) -> Sound | None:
    """Decode `count` excerpts of `excerpt_s`, each in the middle of its share of the source.

    The result is None where an excerpt cannot be decoded in full: the file does not allow seeking, or is
    shorter than its header claims.
    """
    share_s, size = duration_s / count, round(excerpt_s * SAMPLE_RATE)
    starts = tuple((k + 0.5) * share_s - excerpt_s / 2 for k in range(count))
    samples = np.zeros((count, size), np.float32)
    stream = _MonoStream(reader)
    for excerpt, start_s in zip(samples, starts, strict=True):
        n_filled = 0
        for chunk in stream.chunks(start_s):
            chunk = chunk[: size - n_filled]
            excerpt[n_filled : n_filled + len(chunk)] = chunk
            n_filled += len(chunk)
            if n_filled == size:
                break
        else:
            return None
    stream.require_numbers()
    return samples.ravel(), duration_s, starts


def _decode_whole(reader: AudioReader) -> Sound:
    """Decode the source from beginning to end, or into excerpts where it is longer than MAX_MINUTES.

    Excerpts are kept side by side at first; each time there are more than EXCERPTS, every other
    one is dropped, and from then on half as many are kept. So evenly spaced excerpts remain, between half of
    MAX_MINUTES and all of it. Sound after MAX_DECODED_HOURS is left out, also of duration_s.

    Raises:
        UndecodableError: there should be sound, but none can be decoded.
        _NoSoundError: there is none.
    """
    complete_excerpts: list[np.ndarray] = []  # every stride-th excerpt, complete
    pending: list[np.ndarray] = []  # chunks of the excerpt in progress
    complete, stride, pending_samples = 0, 1, 0  # excerpts so far; excerpts per kept one; samples pending
    stream = _MonoStream(reader)
    for chunk in stream.chunks():
        pending.append(chunk)
        pending_samples += len(chunk)
        while pending_samples >= _EXCERPT:
            joined = np.concatenate(pending)
            if complete % stride == 0:
                complete_excerpts.append(joined[:_EXCERPT].copy())
            complete += 1
            pending, pending_samples = [joined[_EXCERPT:]], pending_samples - _EXCERPT
            if len(complete_excerpts) > EXCERPTS:
                complete_excerpts, stride = complete_excerpts[::2], stride * 2
        if complete * EXCERPT_S >= MAX_DECODED_HOURS * 3600:
            break
    duration_s = (complete * _EXCERPT + pending_samples) / SAMPLE_RATE
    if duration_s == 0:
        if reader.is_damaged or reader.duration_s:
            raise UndecodableError
        raise _NoSoundError
    stream.require_numbers()
    if stride == 1:
        return np.concatenate(complete_excerpts + pending), duration_s, (0.0,)
    starts = tuple(float(k * stride * EXCERPT_S) for k in range(len(complete_excerpts)))
    return np.concatenate(complete_excerpts), duration_s, starts


class _MonoStream:
    """A stream that converts a reader's blocks to mono at SAMPLE_RATE."""

    def __init__(self, reader: AudioReader):
        self._reader = reader
        self._has_numbers = self._has_non_numbers = False

    def chunks(self, start_s: float = 0.0) -> Iterator[np.ndarray]:
        """Yield (n,) float32 at SAMPLE_RATE, finite, from start_s to the end."""
        resampler, rate = None, SAMPLE_RATE
        for block_rate, block in self._reader.blocks(start_s):
            if block_rate != rate:  # true at the first block, and in joined streams
                if resampler:
                    yield resampler.resample_chunk(np.empty(0, np.float32), last=True)
                rate, resampler = block_rate, None
                if rate != SAMPLE_RATE:
                    resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, quality=_RESAMPLING)
            mono = self._mono(block)
            yield resampler.resample_chunk(mono) if resampler else mono
        if resampler:
            yield resampler.resample_chunk(np.empty(0, np.float32), last=True)

    def _mono(self, block: np.ndarray) -> np.ndarray:
        """Mix (n, channels) to the mean (n,) float32, where NaN and infinity count as 0."""
        channels = block.shape[1]
        with np.errstate(all="ignore"):  # overflows are repaired below
            mono = block @ np.full(channels, 1 / channels, np.float32)  # 20 x faster than mean()
            if np.dot(mono, mono) < _MAX_LEVEL:  # false for NaN too
                self._has_numbers = True
                return mono
        valid = np.isfinite(block)
        self._has_numbers |= bool(valid.any())
        self._has_non_numbers |= not valid.all()
        return np.where(valid, block, 0).clip(-_MAX_LEVEL, _MAX_LEVEL).mean(axis=1)

    def require_numbers(self) -> None:
        """Raise AudioError if nothing but NaN and infinity came."""
        if self._has_non_numbers and not self._has_numbers:
            raise AudioError(_NO_NUMBERS)

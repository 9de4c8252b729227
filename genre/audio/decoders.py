"""Two readers that decode a seekable file into blocks of samples, and the errors for other files.

libsndfile (soundfile) reads the uncompressed formats, FLAC and Ogg Vorbis; PyAV reads MP3, Opus and
everything else (M4A, AAC, MP4, WebM, WMA). Both read through callbacks: no program is started, no
temporary file is written, and only the requested part is decoded. A reader has

    duration_s   the duration in the header, None where it has none
    damaged      whether an error ended or interrupted the reading so far
    blocks(s)    (rate in Hz, (n, channels) float32) from s seconds on
"""

import re
from collections.abc import Iterator
from typing import Protocol

import av
import numpy as np
import soundfile as sf

RATES = range(1_000, 768_001)  # sample rates in Hz that a file may have
MAX_CHANNELS = 64

_BLOCK = 1 << 15  # samples decoded at a time: this is fast, and an error loses little
_SETTLING_S = 0.5  # seconds decoded ahead: a lossy decoder needs a few packets before its output is right
_MAX_SEEK_ERROR_S = 30.0  # a seek that lands more than this before its goal has failed
_MAX_FAILURES = 1_000  # undecodable packets in a row before giving up
# In these formats no frame encloses the packets, so FFmpeg collects all bytes that are no sound in one
# packet: a tail of zeros took two bytes of memory a byte, and a minute a gigabyte. A picture between two
# titles of a joined MP3 is smaller than _MAX_GAP_BYTES.
_FRAMELESS = {"mp3", "ac3", "eac3"}
_MAX_GAP_BYTES = 16 << 20  # bytes read without any sound after which such a file counts as over

# Only files with these first bytes go to libsndfile: it guesses the format of other files too freely, its MP3
# decoder prints to stderr, and its Opus decoder takes more than twice as long as PyAV's.
_SOUNDFILE_MAGIC = re.compile(
    rb"RIFF|RIFX|RF64|riff|fLaC|OggS(?!.{24}OpusHead)|FORM....AIF|\.snd|dns\.|caff", re.S
)
_OTHER_MAGIC = re.compile(
    rb"ID3|\xff[\xe2-\xff]|....ftyp|\x1aE\xdf\xa3|0&\xb2u\x8ef\xcf\x11|OggS|"
    rb"MAC |wvpk|#!AMR|TTA1|DSD ",
    re.S,
)
# PyAV's other formats are left out: they are pictures, or playlists that open further files.
_DEMUXERS = (
    "aac,ac3,eac3,aiff,amr,ape,asf,au,avi,caf,dsf,flac,flv,matroska,mov,mp3,mpeg,mpegts,ogg,tta,w64,wav,wv"
)
# ASF header objects that announce encryption (ASF specification, 3.14 to 3.16).
_ASF_ENCRYPTION = (
    bytes.fromhex("fbb31122 23bdd211 b4b700a0 c955fc6e"),
    bytes.fromhex("14e68a29 2226174c b935dae0 7ee9289c"),
    bytes.fromhex("33850543 8169e649 9b74ad12 cb86d58c"),
)
MAX_BOXES = 1_000  # MP4 boxes that are searched; a few come before the one that is needed
_MP4_ENCRYPTION = {b"drms", b"enca", b"aavd"}  # FairPlay, Common Encryption, Audible

_NOT_AUDIO = "This is not an audio file: choose a recording such as WAV, MP3, FLAC, OGG or M4A."
_ARCHIVE = "This is an archive and not an audio file: unpack it and choose a recording inside."
_PROTECTED = "The file is protected: choose a copy without password or copy protection."
_NO_TRACK = "This video contains no sound: choose a file that has an audio track."
NO_SOUND = "The file contains no sound: choose another file, or record it again."
_DAMAGED_MESSAGE = "The file is damaged and no sound can be read from it: export or download it again."
_IMPOSSIBLE = "The file gives an impossible sample rate or channel count: save it again as WAV."


class AudioError(ValueError):
    """A recording cannot be used; str(error) is one plain sentence that says what to do next."""


class UndecodableError(Exception):
    """This reader cannot decode the file; another one may."""


class ReadableFile(Protocol):
    """The methods of a binary file that readers use."""

    def read(self, count: int, /) -> bytes: ...

    def seek(self, offset: int, whence: int = 0, /) -> int: ...

    def tell(self) -> int: ...


class _GapGuard:
    """A file that ends after more than `max_gap_bytes` in which its reader found no sound."""

    def __init__(self, file: ReadableFile) -> None:
        self._file = file
        self.max_gap_bytes: int | None = None  # None until it is known that the format needs it
        self._gap_bytes = 0

    def read(self, count: int, /) -> bytes:
        if self.max_gap_bytes is not None and self._gap_bytes > self.max_gap_bytes:
            return b""
        content = self._file.read(count)
        self._gap_bytes += len(content)
        return content

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def note_sound(self) -> None:
        self._gap_bytes = 0


class SoundFileReader:
    """A file read by libsndfile.

    Raises:
        UndecodableError: it is none of libsndfile's formats, or its header is damaged.
    """

    def __init__(self, file: ReadableFile):
        file.seek(0)
        if not _SOUNDFILE_MAGIC.match(file.read(64)):
            raise UndecodableError
        file.seek(0)
        try:
            self._file = sf.SoundFile(file)
        except Exception as error:  # any bytes come here
            raise UndecodableError from error
        if self._file.subtype == "MPEG_LAYER_III":  # MP3 inside a WAV file, see above
            self._file.close()
            raise UndecodableError
        self.duration_s: float | None = self._file.frames / max(self._file.samplerate, 1)
        self.is_damaged = False

    def blocks(self, start_s: float = 0.0) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (rate in Hz, (n, channels) float32, valid until the next) until end or damage."""
        rate, channels = self._file.samplerate, self._file.channels
        _check_possible(rate, channels)
        buffer = np.full((max(1, _BLOCK // channels), channels), np.nan, np.float32)
        try:
            if start_s:
                self._file.seek(round(start_s * rate))
            while len(block := self._file.read(out=buffer)):
                yield rate, block
                buffer.fill(np.nan)  # shows how much was read before an error
        except Exception:  # any bytes come here
            self.is_damaged = True
            filled_rows = np.flatnonzero(~np.isnan(buffer).all(axis=1))
            if len(filled_rows):
                yield rate, buffer[: filled_rows[-1] + 1]

    def close(self) -> None:
        self._file.close()


class ContainerReader:
    """The first audio track of a file read by PyAV.

    Raises:
        UndecodableError: it is none of the accepted formats, or its header is damaged.
        AudioError: it is a video without an audio track.
    """

    def __init__(self, file: ReadableFile):
        file.seek(0)
        options = {"format_whitelist": _DEMUXERS, "protocol_whitelist": ""}
        self._file = _GapGuard(file)
        try:
            self._container = av.open(self._file, "r", container_options=options, metadata_errors="replace")
        except Exception as error:  # any bytes come here, and PyAV raises a dozen kinds
            raise UndecodableError from error
        if self._container.format.name in _FRAMELESS:
            self._file.max_gap_bytes = _MAX_GAP_BYTES
            self._file.note_sound()
        self.is_damaged = False
        if not self._container.streams.audio:
            has_video = bool(self._container.streams.video)
            self._container.close()
            raise AudioError(_NO_TRACK if has_video else NO_SOUND)
        self._stream = self._container.streams.audio[0]
        self._tick_s = float(self._stream.time_base or 0)
        self._origin_s = (self._stream.start_time or 0) * self._tick_s
        self.duration_s = self._claimed_duration()
        self._packer: av.AudioResampler | None = None
        self._packer_kind: tuple[str, str, int] | None = None

    def _claimed_duration(self) -> float | None:
        if self._container.format.name == "aac":  # raw AAC has no duration, only a guess from its start
            return None
        if self._stream.duration and self._tick_s:
            return self._stream.duration * self._tick_s
        return self._container.duration / av.time_base if self._container.duration else None

    def blocks(self, start_s: float = 0.0) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (rate in Hz, (n, channels) float32) until end or damage.

        There are no blocks where start_s cannot be reached by seeking.
        """
        pending_blocks: list[np.ndarray] = []
        rate, n_ready = 0, 0  # one packet alone is too little to be worth a block
        for new_rate, samples in self._packets(start_s):
            _check_possible(new_rate, samples.shape[1])
            is_new_format = pending_blocks and (new_rate, samples.shape[1]) != (
                rate,
                pending_blocks[0].shape[1],
            )
            if is_new_format or n_ready >= _BLOCK:
                yield rate, np.concatenate(pending_blocks)
                pending_blocks, n_ready = [], 0
            rate, n_ready = new_rate, n_ready + samples.size
            pending_blocks.append(samples)
        if pending_blocks:
            yield rate, np.concatenate(pending_blocks)

    def _packets(self, start_s: float) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (rate, samples) of each packet, from exactly start_s on."""
        is_at_start, failures = start_s == 0, 0
        try:
            if not is_at_start:
                goal_s = max(0.0, start_s - _SETTLING_S) + self._origin_s
                self._container.seek(int(goal_s / self._tick_s), stream=self._stream)
            for packet in self._container.demux(self._stream):
                try:
                    frames = packet.decode()
                    failures = 0
                except av.FFmpegError:
                    self.is_damaged, failures = True, failures + 1
                    if failures == _MAX_FAILURES:
                        return
                    continue
                for frame in frames:
                    self._file.note_sound()
                    samples = _frame_samples(self._interleaved(frame))
                    if not is_at_start:
                        if frame.time is None:
                            self.is_damaged = True
                            return
                        ahead_s = start_s + self._origin_s - frame.time
                        if not -0.1 < ahead_s < _MAX_SEEK_ERROR_S:
                            return
                        skip = max(0, round(ahead_s * frame.sample_rate))
                        is_at_start, samples = skip < len(samples), samples[skip:]
                    if len(samples):
                        yield frame.sample_rate, samples
        except Exception:  # any bytes come here, and PyAV raises a dozen kinds
            self.is_damaged = True

    def _interleaved(self, frame: av.AudioFrame) -> av.AudioFrame:
        """Return the frame; one with more than seven planes is packed into a single plane.

        PyAV counts planes up to a null pointer. After eight or more there is none, and it would
        read wild memory.
        """
        if not frame.format.is_planar or frame.layout.nb_channels <= 7:
            return frame
        kind = frame.format.name, frame.layout.name, frame.sample_rate
        if self._packer is None or kind != self._packer_kind:
            self._packer = av.AudioResampler("flt", frame.layout, frame.sample_rate)
            self._packer_kind = kind
        (packed_frame,) = self._packer.resample(frame)  # the number of samples stays the same
        return packed_frame

    def close(self) -> None:
        self._container.close()


AudioReader = SoundFileReader | ContainerReader


def _frame_samples(frame: av.AudioFrame) -> np.ndarray:
    """Convert the samples of a frame of any format: (n, channels) float32, integers scaled to [-1, 1]."""
    channels = frame.layout.nb_channels
    samples = frame.to_ndarray()
    samples = samples.T if frame.format.is_planar else samples.reshape(-1, channels)
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - 128) / 128
    if samples.dtype.kind == "i":
        return samples.astype(np.float32) / np.float32(2.0 ** (8 * samples.itemsize - 1))
    with np.errstate(all="ignore"):  # too large values become infinite, like other damage
        return samples.astype(np.float32, copy=False)


def _check_possible(rate: int, channels: int) -> None:
    if rate not in RATES or not 1 <= channels <= MAX_CHANNELS:
        raise AudioError(_IMPOSSIBLE)


def undecodable_reason(head: bytes) -> str:
    """Choose the sentence for a file that no reader could decode, by its first bytes."""
    signature = _SOUNDFILE_MAGIC.match(head) or _OTHER_MAGIC.match(head)
    return _DAMAGED_MESSAGE if signature else _NOT_AUDIO


def check_readable(file: ReadableFile) -> None:
    """Raise AudioError for archives and protected files, which look damaged to a decoder."""
    file.seek(0)
    head = file.read(1 << 16)
    if head[:4] == b"PK\x03\x04":
        raise AudioError(_PROTECTED if head[6:7] and head[6] & 1 else _ARCHIVE)
    if head[:6] in (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07"):
        raise AudioError(_ARCHIVE)
    if head[:4] == b"0&\xb2u" and any(guid in head for guid in _ASF_ENCRYPTION):
        raise AudioError(_PROTECTED)
    if head[4:8] == b"ftyp" and _mp4_sample_entries(file) & _MP4_ENCRYPTION:
        raise AudioError(_PROTECTED)


def _mp4_sample_entries(file: ReadableFile) -> set[bytes]:
    """Return the kinds of track in an MP4 file: the first entry of each stsd box (ISO 14496-12, 8.5.2)."""
    position, moov = 0, b""
    for _ in range(MAX_BOXES):
        file.seek(position)
        header = file.read(16)
        if len(header) < 8:
            break
        size = int.from_bytes(header[:4], "big")
        if size == 1:  # marks a 64-bit size, which follows
            size = int.from_bytes(header[8:16], "big")
        if header[4:8] == b"moov":
            moov = file.read(min(size, 1 << 24))
            break
        if size < 8:  # 0 is a box that reaches to the end of the file; else it is no box at all
            break
        position += size
    return {moov[box.end() + 12 : box.end() + 16] for box in re.finditer(b"stsd", moov)}

"""The sound that the recorder sends while it records: messages that are checked, and takes made of them.

    message = read_message(value)      # whatever came from the browser
    take = Take(message)               # at the first message of a recording
    take.add(message)                  # at each
    take.clip(), take.to_wav()

A message holds all sound since the last sample that the browser knows to have arrived. So messages may
overlap, and one that was lost is sent again.
"""

import base64
import binascii
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from genre.audio.constants import SAMPLE_RATE

if TYPE_CHECKING:
    from genre.audio.clip import Clip

MAX_S = 30.0  # length of a take; the browser stops there by itself
RATES = (8_000, 48_000)  # Hz; the browser asks for no more
MAX_ID = 64  # characters
BYTES = 2  # of a sample
SLACK_S = 1.0  # resampled samples that are more than the length promises
PCM_CHARS = round(4 / 3 * BYTES * (MAX_S + SLACK_S) * RATES[1])  # the longest sound in one message

DAMAGED = "The sound arrived damaged. Press the button to record again, or choose a file."


class TakeError(ValueError):
    """The browser sent something else than sound; the message is a sentence for a person."""


@dataclass(frozen=True)
class SoundMessage:
    """A piece of a recording."""

    take: str  # what the browser calls the recording
    live: bool  # whether nothing of it is kept
    rate: int  # Hz
    start: int  # place of its first sample in the recording
    samples: np.ndarray = field(repr=False)  # (n,) int16
    done: bool  # whether it is the last one


def read_message(value: object) -> SoundMessage:
    """Check a message of the browser. Raises TakeError for anything that our recorder would not send."""
    if not isinstance(value, dict):
        raise TakeError(DAMAGED)
    take, live, is_last = value.get("take"), value.get("live"), value.get("done")
    rate, start, pcm = _count(value.get("rate")), _count(value.get("start")), value.get("pcm")
    if not (isinstance(take, str) and 0 < len(take) <= MAX_ID and isinstance(live, bool)):
        raise TakeError(DAMAGED)
    if not isinstance(is_last, bool):
        raise TakeError(DAMAGED)
    if not (isinstance(pcm, str) and len(pcm) <= PCM_CHARS and RATES[0] <= rate <= RATES[1]):
        raise TakeError(DAMAGED)
    try:
        content = base64.b64decode(pcm, validate=True)
    except (binascii.Error, ValueError) as error:
        raise TakeError(DAMAGED) from error
    if len(content) % BYTES:
        raise TakeError(DAMAGED)
    return SoundMessage(take, live, rate, start, np.frombuffer(content, "<i2"), is_last)


def _count(value: object) -> int:
    """Return a number of samples. Raises TakeError for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 40:
        return value
    raise TakeError(DAMAGED)


class Take:
    """A recording as it arrives, at most MAX_S long, in 16 bits at SAMPLE_RATE: 1.3 MB."""

    def __init__(self, first: SoundMessage) -> None:
        import soxr  # takes a while

        self.id, self.rate = first.take, first.rate
        self.received = 0  # samples, in the browser's rate
        self.done = False
        self._pcm = bytearray()
        self._resampler = soxr.ResampleStream(self.rate, SAMPLE_RATE, 1)

    @property
    def seconds(self) -> float:
        """The length of what has arrived."""
        return self.received / self.rate

    def add(self, message: SoundMessage) -> None:
        """Add what is new in a message; nothing where sound before it is missing, which will come again.

        Raises TakeError for a message of another rate, or one that goes on after the end.
        """
        if message.rate != self.rate:
            raise TakeError(DAMAGED)
        if self.done or message.start > self.received:
            return
        room = round(MAX_S * self.rate) - self.received
        new = message.samples[self.received - message.start :][:room]
        self.received += len(new)
        self.done = message.done or self.seconds >= MAX_S
        resampled = self._resampler.resample_chunk(new.astype(np.float32) / 32_768, last=self.done)
        self._pcm += np.round(resampled.clip(-1, 1) * 32_767).astype("<i2").tobytes()

    def clip(self) -> "Clip":
        """Return what has arrived as a clip."""
        from genre.audio.clip import Clip  # takes a while

        samples = np.frombuffer(bytes(self._pcm), "<i2").astype(np.float32) / 32_768
        return Clip(samples, len(samples) / SAMPLE_RATE, name="take")

    def to_wav(self) -> bytes:
        """Write what has arrived as a WAV file."""
        import soundfile as sf

        buffer = io.BytesIO()
        samples = np.frombuffer(bytes(self._pcm), "<i2")
        sf.write(buffer, samples, SAMPLE_RATE, format="WAV", subtype="PCM_16")
        return buffer.getvalue()

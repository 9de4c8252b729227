"""Recordings made on the spot, in every format, for the tests of genre.audio."""

import functools
import io

import av
import numpy as np
import soundfile as sf

from genre.audio.clip import SAMPLE_RATE


def tone(seconds: float, rate: int, channels: int = 1, hz: float = 440.0) -> np.ndarray:
    """(n, channels) float32: a sine of amplitude 0.3, the same in every channel."""
    mono = 0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
    return np.repeat(mono[:, None].astype(np.float32), channels, axis=1)


def staircase(seconds: float, rate: int, step_s: float = 30.0) -> np.ndarray:
    """(n, 1) float32: a sine of 200 Hz that rises by 20 Hz every step_s: its pitch tells time."""
    time = np.arange(round(seconds * rate)) / rate
    hz = 200 + 20 * (time // step_s)  # a multiple of 20: each step begins at phase 0
    return (0.3 * np.sin(2 * np.pi * hz * time)).astype(np.float32)[:, None]


def pitch(samples: np.ndarray) -> float:
    """The strongest frequency in Hz, of (n,) at 22,050 Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * SAMPLE_RATE / len(samples))


def soundfile_bytes(samples: np.ndarray, rate: int, **options: object) -> bytes:
    """Encode (n, channels) with libsndfile."""
    buffer = io.BytesIO()
    sf.write(buffer, samples, rate, **options)
    return buffer.getvalue()


@functools.cache
def second_of_wav() -> bytes:
    """A second of the tone as a WAV file of 22,050 Hz."""
    return soundfile_bytes(tone(1, 22_050), 22_050, format="WAV")


class _Pipe:
    """A file that can only be written onwards, like a browser's recorder."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)


# The encoders' quickest ways: twelve minutes are encoded here.
_QUICK = {"aac": {"aac_coder": "fast"}, "libopus": {"compression_level": "0"}}


def container_bytes(samples: np.ndarray, rate: int, muxer: str, codec: str, seekable: bool = True) -> bytes:
    """Encode (n, channels) with PyAV. Not seekable: no length is written into the header."""
    channels = samples.shape[1]
    layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[channels]
    file = io.BytesIO() if seekable else _Pipe()
    with av.open(file, "w", format=muxer) as container:
        stream = container.add_stream(
            codec, rate=rate, options=_QUICK.get(codec, {}), layout=layout, bit_rate=64_000 * channels
        )
        for start in range(0, len(samples), 4096):
            packed = np.ascontiguousarray(samples[start : start + 4096]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
            frame.sample_rate, frame.pts = rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue() if seekable else bytes(file.data)


def picture_bytes(codec: str) -> bytes:
    """A grey picture: PNG ("png") or JPEG ("mjpeg")."""
    file = io.BytesIO()
    with av.open(file, "w", format="image2pipe") as container:
        stream = container.add_stream(codec, rate=1)
        stream.width = stream.height = 32
        stream.pix_fmt = {"png": "rgb24", "mjpeg": "yuvj420p"}[codec]
        frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 99, np.uint8), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def silent_video_bytes(muxer: str = "mp4", codec: str = "mpeg4") -> bytes:
    """A video of ten frames with no audio track."""
    file = io.BytesIO()
    with av.open(file, "w", format=muxer) as container:
        stream = container.add_stream(codec, rate=10)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()

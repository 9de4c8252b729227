"""Degradations of a recording: a simulated phone in a room, and MP3 compression.

    recording = simulate_phone(load_clip("song.flac"), seed=1)
    compressed = mp3(load_clip("song.flac"), kbit=64)

They measure a model's accuracy drop (`genre.evaluation.benchmark`). Both keep the length of every part.
"""

import io
from contextlib import closing
from dataclasses import replace

import av
import numpy as np

from genre.audio.clip import SAMPLE_RATE, Clip
from genre.audio.decoders import ContainerReader

# The microphone is that of a phone, in front of a loudspeaker across the table.
MIN_HZ, MAX_HZ = 300.0, 7_000.0  # corners at -3 dB; 24 dB an octave beyond
SNR_DB = 15.0  # music over white noise, the hardest noise: it fills the treble, where music is soft
CLIPPED_FRACTION = 0.005  # fraction of samples beyond full scale: the automatic gain is set too high
# The room is furnished. Its decay is Polack's model, noise under an exponential ("La transmission
# de l'energie sonore dans les salles", 1988), which is like a measured response without its first echoes.
DECAY_S = 0.2, 0.6  # time in which the room grows 60 dB quieter, drawn evenly
DIRECT_DB = 0.0, 6.0  # level of the direct sound above that of all echoes together
FIRST_ECHO_S = 0.003  # delay of the first echo, whose path is a metre longer than the direct one


def simulate_phone(clip: Clip, seed: int) -> Clip:
    """Simulate the recording of a clip by a phone in a room: echoes, 300 to 7,000 Hz, noise, clipping.

    The room and the noise depend on `seed` alone. Silence stays silence.
    """
    if not len(clip.samples):
        return clip
    from scipy.signal import butter, oaconvolve, sosfilt  # takes a second

    rng = np.random.default_rng(seed)
    response = impulse_response(rng)
    recording = np.concatenate(
        [oaconvolve(samples, response)[: len(samples)] for _, samples in clip.pieces()]
    )
    band = butter(4, (MIN_HZ, MAX_HZ), "bandpass", fs=SAMPLE_RATE, output="sos")
    recording = sosfilt(band, recording)
    noise = sosfilt(band, rng.standard_normal(len(recording)))
    if (power := np.mean(np.square(recording))) > 0:
        recording += noise * np.sqrt(power / np.mean(np.square(noise))) * 10 ** (-SNR_DB / 20)
        recording /= np.quantile(np.abs(recording), 1 - CLIPPED_FRACTION)
    return replace(clip, samples=np.clip(recording, -1, 1).astype(np.float32))


def impulse_response(rng: np.random.Generator) -> np.ndarray:
    """Draw a room's response (M,) at SAMPLE_RATE: the direct sound, then echoes that die away."""
    decay_s, direct_db = rng.uniform(*DECAY_S), rng.uniform(*DIRECT_DB)
    time = np.arange(round(decay_s * SAMPLE_RATE)) / SAMPLE_RATE
    echoes = rng.standard_normal(len(time)) * 10 ** (-3 * time / decay_s) * (time > FIRST_ECHO_S)
    echoes *= 10 ** (-direct_db / 20) / np.sqrt(np.sum(np.square(echoes)))
    echoes[0] = 1.0
    return echoes


def mp3(clip: Clip, kbit: int = 64) -> Clip:
    """Encode the clip as mono MP3 of `kbit` thousand bits a second, at its own rate, and decode it again.

    Nothing is written to a disk. Raises ValueError for a bit rate that MP3 does not have at this
    sample rate (8 to 160, ISO 13818-3).
    """
    if kbit not in (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160):
        raise ValueError(f"MP3 has no {kbit} kbit/s at {SAMPLE_RATE:,} Hz: take 8 to 160, 64 for instance.")
    pieces = [_encode_mp3(samples, kbit) for _, samples in clip.pieces()]
    return replace(clip, samples=np.concatenate(pieces))


def _encode_mp3(samples: np.ndarray, kbit: int) -> np.ndarray:
    """Encode (N,) as MP3 and decode it again -> float32. The file says how much was padded: nothing moves."""
    if not len(samples):
        return samples
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=SAMPLE_RATE, layout="mono", bit_rate=1000 * kbit)
        padded = np.pad(samples, (0, SAMPLE_RATE // 2))  # MP3 loses a few ms without padding
        frame = av.AudioFrame.from_ndarray(padded[None], "fltp", "mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with closing(ContainerReader(file)) as reader:
        return np.concatenate([block[:, 0] for _, block in reader.blocks()])[: len(samples)]

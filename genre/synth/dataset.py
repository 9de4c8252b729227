"""The built-in dataset: music of synthesised bands in the ten styles, mixed and mastered.

Nothing is sampled or downloaded; a style, a seed and a length determine every sample. The music belongs to
nobody else, so it can be played, shared and trained on freely.
"""

import io
import json
import random
import wave
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from scipy import fft
from scipy.signal import lfilter

from genre import GENRES
from genre.audio.clip import SAMPLE_RATE
from genre.cache import end_with_parent
from genre.compute import cores
from genre.paths import write_atomic
from genre.synth import acoustic as styles_acoustic
from genre.synth import electric as styles_electric
from genre.synth.band import Band, Channel
from genre.synth.instruments import amplify, band_noise

SYNTH_VERSION = 1  # raise it when the same seed no longer gives the same samples
SHORTEST_S, LONGEST_S = 0.5, 600.0
PEAK = 0.89
# Edges in Hz of the ten bands in which a master's tone is described.
BANDS = (30, 60, 120, 250, 500, 1_000, 2_000, 4_000, 6_000, 8_000, 10_500)


@dataclass(frozen=True)
class Style:
    """The recipe for records of one style, such as tempo, tone and loudness; each piece varies it."""

    play: Callable[[Band], None]
    tempo: tuple[float, float]  # range in beats a minute
    tone: tuple[float, ...]  # level of each of BANDS in dB relative to the whole
    loudness: float  # RMS in dB of full scale
    ratio: float  # ratio of the bus compressor
    room: tuple[float, float]  # range of the reverberation time, in s
    swing: tuple[float, float] = (0.5, 0.5)
    grid: float = 1.0  # length in beats of the unit that swing divides
    rubato: float = 0.0  # beats
    noise_db: float = -62.0  # level in dB of the recording's noise
    crackle: float = 0.0  # clicks a second of a worn record
    haze: float = -15.0  # level in dB of the noise that tape and room add around every partial


STYLES: dict[str, Style] = {
    "blues": Style(
        styles_acoustic.blues,
        (66, 126),
        (-20, -13, -7, -7, -6, -9, -14, -22, -25, -36),
        -17,
        1.0,
        (0.3, 0.9),
        (0.62, 0.68),
        noise_db=-68,
        crackle=2,
        haze=-13,
    ),
    "classical": Style(
        styles_acoustic.classical,
        (60, 120),
        (-21, -11, -9, -6, -6, -8, -13, -25, -32, -42),
        -27,
        1.0,
        (1.0, 2.4),
        rubato=0.12,
        noise_db=-84,
        haze=-30,
    ),
    "country": Style(
        styles_acoustic.country,
        (80, 132),
        (-13, -5, -9, -10, -9, -11, -11, -18, -19, -22),
        -14,
        2.6,
        (0.4, 1.0),
        (0.5, 0.56),
        haze=-11,
    ),
    "disco": Style(
        styles_electric.disco,
        (110, 130),
        (-12, -5, -9, -11, -10, -9, -10, -16, -18, -21),
        -15,
        1.5,
        (0.4, 1.2),
        haze=-10,
    ),
    "hiphop": Style(
        styles_electric.hiphop,
        (80, 100),
        (-7, -4, -9, -11, -11, -14, -14, -19, -21, -26),
        -13,
        1.0,
        (0.1, 0.5),
        (0.5, 0.62),
        grid=0.5,
        crackle=3,
        haze=-10,
    ),
    "jazz": Style(
        styles_acoustic.jazz,
        (92, 208),
        (-20, -8, -7, -6, -7, -10, -16, -27, -34, -42),
        -21,
        1.0,
        (0.4, 1.4),
        (0.6, 0.68),
        noise_db=-78,
        crackle=1,
        haze=-20,
    ),
    "metal": Style(
        styles_electric.metal,
        (104, 190),
        (-15, -7, -7, -11, -10, -11, -8, -15, -18, -24),
        -17,
        1.5,
        (0.2, 0.7),
    ),
    "pop": Style(
        styles_electric.pop, (84, 126), (-10, -6, -8, -9, -9, -10, -13, -19, -21, -21), -14, 1.4, (0.3, 1.2)
    ),
    "reggae": Style(
        styles_electric.reggae,
        (62, 92),
        (-10, -4, -9, -10, -10, -13, -15, -22, -23, -29),
        -18,
        1.0,
        (0.3, 1.2),
        (0.5, 0.6),
        noise_db=-60,
        haze=-10,
    ),
    "rock": Style(
        styles_electric.rock, (94, 150), (-14, -8, -7, -8, -8, -11, -14, -22, -26, -31), -15, 1.1, (0.3, 1.0)
    ),
}
assert tuple(STYLES) == GENRES


def render(genre: str, seed: int, seconds: float = 30.0) -> np.ndarray:
    """Render a piece of the style: (N,) float32 mono at 22,050 Hz, peak below 0.9.

    The same three arguments give the same samples. Raises ValueError with a plain sentence.
    """
    if genre not in STYLES:
        raise ValueError(f"There is no style called {genre!r}: choose one of {', '.join(STYLES)}.")
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise ValueError(f"A piece lasts {SHORTEST_S:g} to {LONGEST_S:g} seconds, not {seconds:g}.")
    if seed < 0:
        raise ValueError(f"A seed is a whole number from 0 up, not {seed}.")
    style = STYLES[genre]
    rng = np.random.default_rng([GENRES.index(genre), seed, SYNTH_VERSION])
    band = Band(
        rng,
        seconds,
        rng.uniform(*style.tempo),
        rng.uniform(*style.swing),
        style.grid,
        style.rubato,
        loose=rng.uniform(0.002, 0.009),
    )
    style.play(band)
    return _master(band, style, rng)


def _room(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Draw the impulse response (N,) of a room: noise that dies away, sooner at high frequencies."""
    count = int(seconds * SAMPLE_RATE)
    time = np.arange(count) / SAMPLE_RATE
    bright, dark = rng.standard_normal((2, count)).astype(np.float32)
    dark = lfilter([0.25], [1, -0.75], dark)
    response = 0.4 * bright * np.exp(-11 * time / seconds) + dark * np.exp(-6.9 * time / seconds)
    response[: int(rng.uniform(0.002, 0.02) * SAMPLE_RATE)] = 0  # the first echo needs some ms
    return (response / (np.sqrt(np.sum(response**2)) + 1e-9)).astype(np.float32)


def _master(band: Band, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Mix the stems in the frequency domain, give them the tone of the style, compress, level."""
    room = _room(rng.uniform(*style.room), rng)
    size = fft.next_fast_len(band.count + len(room), real=True)
    hertz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE).astype(np.float32)
    dry = np.zeros(len(hertz), np.complex64)
    send = np.zeros(len(hertz), np.complex64)
    for name in sorted(band.stems):
        channel = band.mix.get(name, Channel())
        samples = band.stems[name]
        rms = np.sqrt(np.mean(samples**2))
        if rms < 1e-6:
            continue
        if channel.drive:
            samples = amplify(samples, channel.drive)
            rms = np.sqrt(np.mean(samples**2))
        gain = 10 ** ((channel.level + rng.uniform(-2.5, 2.5)) / 20) / rms
        # Drums get more of the room than other stems.
        wet = channel.wet + (rng.uniform(0.1, 0.4) if name == "drums" else 0)
        edges = gain / (1 + (channel.low / np.maximum(hertz, 1)) ** 4) / (1 + (hertz / channel.high) ** 6)
        spectrum = fft.rfft(samples, n=size) * edges
        dry += spectrum
        send += wet * spectrum
    mix = dry + send * fft.rfft(room, n=size)
    samples = fft.irfft(mix * _tone(mix, hertz, style, rng), n=size)[: band.count]
    samples = _compress(samples, style.ratio)
    flutter = rng.standard_normal(band.count * 240 // SAMPLE_RATE + 3)
    flutter = np.interp(np.arange(band.count) * (240 / SAMPLE_RATE), np.arange(len(flutter)), flutter)
    samples *= 1 + 10 ** ((style.haze + rng.uniform(-4, 4)) / 20) * flutter

    samples *= 10 ** (style.loudness / 20) / (np.sqrt(np.mean(samples**2)) + 1e-9)
    noise_level = 10 ** ((style.noise_db + rng.uniform(-12, 8)) / 20)
    samples += noise_level * band_noise(band.count, 200, rng.uniform(4_000, 10_000), rng)
    if style.crackle and rng.random() < 0.3:
        clicks = np.zeros(band.count)
        where = rng.integers(0, band.count, int(style.crackle * band.count / SAMPLE_RATE) + 1)
        clicks[where] = rng.normal(0, 10 ** (style.loudness / 20) * 0.8, len(where))
        samples += lfilter([1, -0.6], [1, 0.35], clicks)
    samples *= 10 ** (rng.uniform(-4, 2) / 20)
    # Peaks are compressed softly above 0.6, so that the loudest thousandth is not clipped flat.
    samples *= min(1.0, 0.85 / (np.quantile(np.abs(samples), 0.999) + 1e-9))
    samples = np.where(
        np.abs(samples) < 0.6,
        samples,
        np.sign(samples) * (0.6 + 0.29 * np.tanh((np.abs(samples) - 0.6) / 0.29)),
    )
    samples -= samples.mean()
    ends = min(400, band.count // 4)
    fade = np.sin(np.linspace(0, np.pi / 2, ends)) ** 2
    samples[:ends] *= fade
    samples[-ends:] *= fade[::-1]
    return (samples * min(1.0, PEAK / (np.abs(samples).max() + 1e-9))).astype(np.float32)


def _tone(mix: np.ndarray, hertz: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Compute the equaliser (bins,) that moves a mix most of the way to the tone of its style.

    The target of each piece is that of the style, tilted and bent at random as in real records, so that
    the tone alone does not identify the style.
    """
    power = np.abs(mix) ** 2
    sums = np.add.reduceat(power, np.searchsorted(hertz, BANDS))[:-1]
    levels_db = 10 * np.log10(sums / sums.sum() + 1e-9)
    middle = np.log2(np.sqrt(np.multiply(BANDS[:-1], BANDS[1:])))
    octaves = middle - np.log2(700)
    target = np.array(style.tone) + rng.normal(0, 1.0) * octaves + rng.normal(0, 2.5, len(middle))
    change = np.clip(0.75 * (target - levels_db), -14, 14)
    change -= np.average(change, weights=10 ** (levels_db / 10))
    curve = np.interp(np.log2(np.maximum(hertz, 20)), middle, change)
    rumble = 1 / (1 + (28 / np.maximum(hertz, 1)) ** 6)
    return (10 ** (curve / 20) * rumble).astype(np.float32)


def _compress(samples: np.ndarray, ratio: float) -> np.ndarray:
    """Compress like a bus compressor: 3 ms steps, fast attack, slow release, threshold at the piece's RMS."""
    step = 64
    blocks = np.pad(samples, (0, -len(samples) % step)).reshape(-1, step)
    loud = 10 * np.log10(np.mean(blocks**2, axis=1) + 1e-9)
    threshold = 10 * np.log10(np.mean(samples**2) + 1e-9) - 4
    over = np.maximum(lfilter([0.12], [1, -0.88], loud - threshold), 0)
    gain_db = np.maximum(lfilter([0.02], [1, -0.98], over), lfilter([0.3], [1, -0.7], over)) * (1 / ratio - 1)
    gain = np.interp(np.arange(len(samples)), np.arange(len(gain_db)) * step, 10 ** (gain_db / 20))
    return (samples * gain).astype(np.float32)


def _write(path: Path, genre: str, seed: int, seconds: float) -> None:
    """Render one piece to a 16-bit WAV file, which is written in one step."""
    if path.exists():  # another process has rendered it
        return
    samples = np.round(render(genre, seed, seconds) * 32_767).astype("<i2")
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())
    write_atomic(path, content.getvalue())


def build(
    folder: Path,
    per_genre: int = 30,
    seconds: float = 30.0,
    seed: int = 0,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write the dataset in GTZAN's layout, `folder`/<genre>/<genre>.00000.wav, and its about.json.

    Existing files are kept, so a build that was stopped goes on. Piece k of a genre has the seed `seed` *
    100,000 + k. `progress` is called with (files done, files in all). `workers` processes play at once; None
    is one a core, 1 is this process alone. Returns `folder`. Raises ValueError for bad numbers and for a
    folder that holds another build.
    """
    folder = Path(folder)
    if not 1 <= per_genre <= 10_000:
        raise ValueError(f"Choose 1 to 10,000 pieces a genre, not {per_genre}.")
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise ValueError(f"A piece lasts {SHORTEST_S:g} to {LONGEST_S:g} seconds, not {seconds:g}.")
    if seed < 0:
        raise ValueError(f"A seed is a whole number from 0 up, not {seed}.")
    if workers is not None and workers < 1:
        raise ValueError(f"At least one process has to play, not {workers}.")
    about, settings = folder / "about.json", {"seed": seed, "seconds": seconds, "version": SYNTH_VERSION}
    if about.exists():
        before = json.loads(about.read_text())
        if {key: before.get(key) for key in settings} != settings:
            raise ValueError(
                f"{folder} holds pieces made with other settings: choose another folder "
                "or delete this one first."
            )
        per_genre = max(per_genre, int(before.get("per_genre", 0)))
    for genre in GENRES:
        (folder / genre).mkdir(parents=True, exist_ok=True)
    write_atomic(about, json.dumps({**settings, "per_genre": per_genre, "genres": list(GENRES)}, indent=2))

    jobs = [
        (folder / genre / f"{genre}.{number:05d}.wav", genre, seed * 100_000 + number, seconds)
        for number in range(per_genre)
        for genre in GENRES
    ]
    missing_jobs = [job for job in jobs if not job[0].exists()]
    random.shuffle(missing_jobs)  # so that processes started together share the work
    n_done = len(jobs) - len(missing_jobs)

    def report() -> None:
        if progress:
            progress(n_done, len(jobs))

    report()
    workers = min(workers or cores(), len(missing_jobs))
    if workers <= 1:
        for job in missing_jobs:
            _write(*job)
            n_done += 1
            report()
        return folder
    with ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent) as pool:
        futures = [pool.submit(_write, *job) for job in missing_jobs]
        try:
            for future in as_completed(futures):
                future.result()
                n_done += 1
                report()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return folder

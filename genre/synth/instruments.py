"""Synthesised instruments of the built-in dataset: tones, drums, a singing voice, an amplifier.

Every sound is a function of numbers and a random generator and returns float32 mono samples at
22,050 Hz. Pitched tones share one engine: a tone is a matrix of periods, one row a period, whose
harmonics fade at their own rates. With `damping` it is the Karplus-Strong string in closed form
(Karplus and Strong, "Digital Synthesis of Plucked-String and Drum Timbres", 1983), without it an
organ pipe or a bowed string. The voice is the source-filter model (Klatt, 1980).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from scipy import fft
from scipy.signal import lfilter, resample_poly

from genre.audio.clip import SAMPLE_RATE

TOP_HZ = 10_400.0  # highest partial, below half the sample rate, so that nothing is aliased


@dataclass(frozen=True)
class Timbre:
    """The parameters by which pitched instruments differ."""

    slope: float = 1.0  # harmonic k starts at k ** -slope
    even: float = 1.0  # level of the even harmonics (a closed pipe has few)
    pluck: float = 0.0  # position of the pluck, 0..0.5 of the string's length; 0: no notches
    decay: float = 0.0  # decay of all harmonics, in nepers a second
    damping: float = 0.0  # further nepers a second for each harmonic number
    attack: float = 0.004  # seconds to full level
    bloom: float = 0.0  # seconds by which each further harmonic enters later (brass)
    formant: float = 0.0  # centre in Hz of a fixed resonance (reeds, bodies)
    cutoff: float = 9_000.0  # corner in Hz of a gentle low-pass
    vibrato: float = 0.0  # depth, semitones
    rate: float = 5.5  # vibrato, Hz
    scoop: float = 0.0  # semitones below the note at its start (slides and bends)
    layers: int = 1  # number of detuned players
    detune: float = 0.06  # spread between layers, semitones
    noise: float = 0.0  # pick, hammer or bow noise at the start
    breath: float = 0.0  # level of a lasting noise
    drawbars: tuple[float, ...] = ()  # levels of the first harmonics; empty: the slope's law
    sustain: float = 2.5  # seconds rendered; longer notes end there


TIMBRES: dict[str, Timbre] = {
    "nylon": Timbre(slope=1.3, pluck=0.22, decay=1.6, damping=0.5, noise=0.05, cutoff=5_000),
    "steel": Timbre(slope=0.95, pluck=0.16, decay=1.1, damping=0.16, noise=0.12),
    "twang": Timbre(slope=0.7, pluck=0.09, decay=1.6, damping=0.14, noise=0.10, scoop=0.1),
    "banjo": Timbre(slope=0.6, pluck=0.07, decay=5.0, damping=0.15, formant=1_100, noise=0.1),
    "slide": Timbre(slope=0.9, pluck=0.12, decay=1.2, damping=0.1, scoop=1.6, vibrato=0.25),
    "electric": Timbre(slope=1.0, pluck=0.14, decay=0.9, damping=0.10, noise=0.05, scoop=0.15),
    "lead": Timbre(slope=0.8, pluck=0.11, decay=0.5, damping=0.04, scoop=0.9, vibrato=0.22),
    "muted": Timbre(slope=0.9, pluck=0.13, decay=13.0, damping=0.6, noise=0.15, sustain=0.5),
    "skank": Timbre(slope=0.8, pluck=0.12, decay=7.0, damping=0.3, noise=0.12, sustain=0.7),
    "steelguitar": Timbre(slope=1.1, decay=0.5, damping=0.05, attack=0.05, scoop=1.2, vibrato=0.2),
    "pizzicato": Timbre(slope=1.4, pluck=0.2, decay=6.0, damping=0.5, noise=0.06, formant=600),
    "harpsichord": Timbre(slope=0.45, pluck=0.11, decay=1.5, damping=0.08, noise=0.1),
    "harp": Timbre(slope=1.5, pluck=0.3, decay=1.2, damping=0.35),
    "piano": Timbre(slope=1.25, pluck=0.125, decay=0.8, damping=0.20, layers=2, detune=0.025, noise=0.05),
    "brightpiano": Timbre(
        slope=0.95, pluck=0.125, decay=0.9, damping=0.13, layers=2, detune=0.04, noise=0.06
    ),
    "rhodes": Timbre(decay=1.0, damping=0.25, drawbars=(1, 0.32, 0.08, 0.1, 0, 0, 0.09), vibrato=0.02),
    "organ": Timbre(
        attack=0.012,
        vibrato=0.09,
        rate=6.3,
        noise=0.04,
        drawbars=(1, 0.9, 0.75, 0.5, 0, 0.35, 0, 0.3, 0, 0.1, 0, 0.15),
    ),
    "pad": Timbre(slope=1.1, attack=0.18, layers=3, detune=0.12, cutoff=4_500, vibrato=0.04),
    "strings": Timbre(
        slope=1.0, attack=0.10, layers=3, detune=0.12, vibrato=0.12, formant=900, cutoff=5_500, breath=0.015
    ),
    "violin": Timbre(
        slope=0.95, attack=0.05, vibrato=0.28, formant=1_100, noise=0.03, breath=0.02, scoop=0.2
    ),
    "fiddle": Timbre(
        slope=0.75, attack=0.03, vibrato=0.18, formant=1_300, noise=0.08, breath=0.02, scoop=0.5
    ),
    "brass": Timbre(
        slope=0.75, attack=0.03, bloom=0.006, layers=3, detune=0.07, formant=1_200, vibrato=0.05, scoop=0.3
    ),
    "trumpet": Timbre(slope=0.7, attack=0.025, bloom=0.005, formant=1_300, vibrato=0.15, scoop=0.25),
    "saxophone": Timbre(
        slope=0.9, attack=0.03, bloom=0.003, formant=750, vibrato=0.22, breath=0.05, scoop=0.45, cutoff=5_000
    ),
    "clarinet": Timbre(slope=1.1, even=0.15, attack=0.03, formant=1_500, vibrato=0.05, breath=0.02),
    "flute": Timbre(slope=2.2, attack=0.05, vibrato=0.2, breath=0.08),
    "harmonica": Timbre(
        slope=0.6,
        attack=0.03,
        formant=1_700,
        vibrato=0.18,
        scoop=0.8,
        layers=2,
        detune=0.05,
        breath=0.03,
        cutoff=6_000,
    ),
    "saw": Timbre(slope=1.0, attack=0.006, layers=3, detune=0.16, vibrato=0.06),
    "square": Timbre(slope=1.0, even=0.1, attack=0.004, layers=2, detune=0.08, decay=0.8, cutoff=6_000),
    "bell": Timbre(decay=2.5, damping=0.3, drawbars=(1, 0.1, 0.4, 0, 0.2, 0, 0, 0.25, 0, 0, 0.1)),
    "upright": Timbre(slope=1.5, pluck=0.25, decay=2.2, damping=0.35, noise=0.10, cutoff=1_800),
    "bass": Timbre(slope=1.2, pluck=0.15, decay=1.2, damping=0.25, noise=0.05, cutoff=2_200),
    "pickbass": Timbre(slope=0.9, pluck=0.1, decay=1.1, damping=0.10, noise=0.10, cutoff=3_500),
    "synthbass": Timbre(slope=1.0, decay=1.5, damping=0.25, layers=2, detune=0.05, cutoff=2_500),
    "dubbass": Timbre(slope=2.3, decay=0.8, damping=0.6, attack=0.010, cutoff=700),
    "subbass": Timbre(decay=0.7, attack=0.008, drawbars=(1, 0.15, 0.06)),
}


def vary_timbre(name: str, rng: np.random.Generator) -> Timbre:
    """Vary the named timbre like another instrument of its kind: each number changes by up to a quarter."""
    timbre = TIMBRES[name]
    new_values = {
        f.name: float(getattr(timbre, f.name) * rng.uniform(0.78, 1.27))
        for f in fields(Timbre)
        if f.type is float and f.name not in ("sustain", "even")
    }
    return replace(timbre, **new_values)  # type: ignore[arg-type]


def tone(timbre: Timbre, frequency: float, rng: np.random.Generator) -> np.ndarray:
    """Play one long note (N,), N = sustain in samples, about unit peak.

    `frequency` in Hz, at most 4 kHz.
    """
    frequency = min(frequency, 4_000.0)
    period = max(4, round(SAMPLE_RATE / frequency))
    count = int(timbre.sustain * frequency * 1.08) + 4  # a bend may shorten the periods
    harmonic = np.arange(1, max(2, int(min(TOP_HZ, 8 * timbre.cutoff) / frequency) + 1))
    harmonic = harmonic[harmonic < period].astype(np.float32)
    start = harmonic**-timbre.slope * np.where(harmonic % 2, 1.0, timbre.even)
    if timbre.drawbars:
        harmonic = harmonic[: len(timbre.drawbars)]
        start = np.asarray(timbre.drawbars[: len(harmonic)])
    hertz = harmonic * frequency
    if timbre.pluck:
        start = start * (0.15 + np.abs(np.sin(np.pi * harmonic * timbre.pluck)))
    if timbre.formant:
        start = start * (0.35 + 1.6 * np.exp(-0.5 * (np.log2(hertz / timbre.formant) / 0.6) ** 2))
    start = start / np.sqrt(1 + (hertz / timbre.cutoff) ** 4)
    seconds = (np.arange(count, dtype=np.float32) / frequency)[:, None]
    level = np.exp(-seconds * (timbre.decay + timbre.damping * harmonic * (frequency / 220) ** 0.5))
    if timbre.bloom:
        level = level * (1 - np.exp(-seconds / (timbre.bloom * harmonic + 1e-3)))
    # Random phases keep the crest low, like bodies and rooms; rows are oversampled twice, so that the
    # interpolation below adds no noise.
    spectrum = np.zeros((count, period + 1), np.complex64)
    phase = np.exp(2j * np.pi * rng.random(len(harmonic)))
    spectrum[:, 1 : len(harmonic) + 1] = start * level * phase
    wave = fft.irfft(spectrum, n=2 * period, axis=1).ravel() * period

    time = np.arange(int(timbre.sustain * SAMPLE_RATE)) / SAMPLE_RATE
    out = np.zeros(len(time), np.float32)
    index = np.arange(len(wave))
    for layer in range(timbre.layers):
        offset = timbre.detune * (layer - (timbre.layers - 1) / 2)
        sway = (
            timbre.vibrato
            * np.minimum(1, time / 0.35)
            * np.sin(2 * np.pi * (timbre.rate * (1 + 0.07 * layer) * time + rng.random()))
        )
        semitones = offset + sway - timbre.scoop * np.exp(-time / 0.045)
        position = np.cumsum(2 * period * frequency / SAMPLE_RATE * 2 ** (semitones / 12))
        out += np.interp(position + layer * period * 0.61, index, wave)
    out /= np.abs(out).max() + 1e-9
    if timbre.noise:
        click = rng.standard_normal(min(900, len(out))) * np.exp(-np.arange(min(900, len(out))) / 110)
        out[: len(click)] += timbre.noise * click
    if timbre.breath:
        out += (
            timbre.breath * lfilter([0.35], [1, -0.65], rng.standard_normal(len(out))) * (0.3 + np.abs(out))
        )
    return (out * np.minimum(1, time / max(timbre.attack, 1e-3))).astype(np.float32)


def band_noise(count: int, low: float, high: float, rng: np.random.Generator) -> np.ndarray:
    """Make white noise (count,) between two edges in Hz, with unit RMS."""
    size = fft.next_fast_len(count, real=True)
    spectrum = fft.rfft(rng.standard_normal(size).astype(np.float32))
    hertz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    edge = 1 / (1 + (low / np.maximum(hertz, 1)) ** 6) / (1 + (hertz / high) ** 8)
    noise = fft.irfft(spectrum * edge.astype(np.float32), n=size)[:count]
    return noise / (np.sqrt(np.mean(noise**2)) + 1e-9)


def drum(name: str, rng: np.random.Generator, tight: float = 1.0) -> np.ndarray:
    """Play one stroke of a drum or cymbal (N,), about unit peak; `tight` above 1 shortens it.

    Raises KeyError for a name that is not in the kit.
    """

    def falling(seconds: float) -> np.ndarray:
        return np.exp(-time * tight / seconds)

    length = {"crash": 2.2, "ride": 1.2, "hat": 0.12, "rim": 0.12, "shaker": 0.15}.get(name, 0.5)
    count = int(length * SAMPLE_RATE)
    time = np.arange(count) / SAMPLE_RATE
    u = rng.uniform
    if name in ("kick", "tom", "stomp"):
        base = {"kick": u(45, 62), "tom": u(85, 150), "stomp": u(55, 80)}[name]
        sweep = base * (time + u(1.5, 4.0) * 0.012 * (1 - np.exp(-time / 0.012)))
        body = np.sin(2 * np.pi * sweep) * falling({"kick": u(0.09, 0.2), "tom": 0.2, "stomp": 0.06}[name])
        click = band_noise(count, 1_200, u(4_000, 8_000), rng) * np.exp(-time / 0.004)
        out = body + {"kick": u(0.08, 0.35), "tom": 0.1, "stomp": 0.03}[name] * click
    elif name == "snare":
        pitch = u(165, 230)
        skin = np.sin(2 * np.pi * pitch * time) + 0.6 * np.sin(2 * np.pi * pitch * 1.62 * time)
        wires = band_noise(count, u(700, 1_600), 9_500, rng)
        out = u(0.4, 0.8) * skin * falling(0.05) + u(0.3, 0.5) * wires * falling(u(0.06, 0.13))
    elif name == "clap":
        bursts = sum(
            np.where(time >= d, np.exp(-np.maximum(time - d, 0) / 0.007), 0) for d in (0, 0.011, 0.023)
        )
        out = band_noise(count, 800, u(3_500, 7_000), rng) * (bursts + 0.5 * falling(0.09))
    elif name == "rim":
        out = (np.sin(2 * np.pi * u(380, 520) * time) + np.sin(2 * np.pi * u(1_500, 1_900) * time)) * falling(
            0.016
        ) + 0.3 * band_noise(count, 2_000, 8_000, rng) * falling(0.008)
    elif name in ("brush", "shaker"):
        swell = np.minimum(1, time / (0.04 if name == "brush" else 0.02))
        out = (
            band_noise(count, 1_800 if name == "brush" else 4_500, 9_500, rng)
            * swell
            * falling(0.07 if name == "brush" else 0.03)
        )
    else:  # cymbals: inharmonic partials under noise
        low = {"hat": 6_000, "open": 5_500, "ride": 3_200, "crash": 2_200}[name] * u(0.8, 1.2)
        partials = u(low * 0.8, 9_800, (12, 1))
        metal = np.sin(2 * np.pi * (partials * time + u(0, 1, (12, 1)))).mean(0) * 2
        shape = falling({"hat": u(0.018, 0.04), "open": u(0.12, 0.25), "ride": 0.35, "crash": 0.6}[name])
        out = (band_noise(count, low, 10_300, rng) * u(0.5, 0.9) + metal * u(0.3, 0.8)) * shape
        if name == "ride":
            out += 0.8 * np.sin(2 * np.pi * u(2_800, 4_200) * time) * np.exp(-time / 0.06)
    out = out * np.minimum(1, time / 0.0008) * np.minimum(1, (time[-1] - time) / 0.01)
    return (out / (np.abs(out).max() + 1e-9)).astype(np.float32)


# First four formants in Hz of a, e, i, o, u for a man (after Peterson and Barney, 1952).
VOWELS = (
    (730, 1_090, 2_440, 3_400),
    (530, 1_840, 2_480, 3_500),
    (300, 2_200, 3_000, 3_700),
    (570, 880, 2_410, 3_300),
    (330, 900, 2_240, 3_300),
)


@dataclass(frozen=True)
class Singer:
    """The parameters of a voice: the size of its throat, and its manner."""

    size: float = 1.0  # factor on the formants; about 1.17 for a woman
    rough: float = 0.0  # roughness, from 0 (clean) to 1 (growled)
    breath: float = 0.04
    vibrato: float = 0.25  # semitones
    fall: float = 0.0  # semitones by which each syllable drops (speech, rap)


def sing(
    singer: Singer, syllables: Sequence[tuple[float, float, float]], count: int, rng: np.random.Generator
) -> np.ndarray:
    """Sing or speak a line (count,): `syllables` are (start s, length s, MIDI pitch), in order."""
    out = np.zeros(count, np.float32)
    if not syllables:
        return out
    time = np.arange(count, dtype=np.float32) / SAMPLE_RATE
    knots, pitch, depth = [], [], []
    envelope = np.zeros(count, np.float32)
    weights = np.zeros((len(VOWELS), count), np.float32)
    breath_noise = band_noise(SAMPLE_RATE, 3_800 * singer.size, 9_000, rng) * 0.05
    fricatives = np.zeros(count, np.float32)
    for start, length, midi in syllables:
        knots += [start, start + min(rng.uniform(0.04, 0.14), 0.6 * length), start + length]
        pitch += [midi - rng.uniform(0, 2.5), midi, midi - singer.fall * rng.uniform(0, 1.5)]
        depth += [0.0, 0.25, min(1.0, 2 * length)]  # vibrato grows while a note is held
        first, last = int(start * SAMPLE_RATE), int((start + length) * SAMPLE_RATE)
        first, last = max(first, 0), min(last, count)
        if last - first < 600:
            continue
        ramp = np.ones(last - first, np.float32)
        ramp[:500] = np.linspace(0, 1, 500)
        ramp[-600:] *= np.linspace(1, 0, 600)
        ramp *= rng.uniform(0.6, 1.0)
        envelope[first:last] += ramp
        a, b = rng.integers(len(VOWELS), size=2)
        slide = np.linspace(1, 0, last - first, dtype=np.float32)
        weights[a, first:last] += ramp * slide
        weights[b, first:last] += ramp * (1 - slide)
        if rng.random() < 0.45:  # a consonant (s, t or f) comes before the vowel
            width = int(rng.uniform(0.03, 0.09) * SAMPLE_RATE)
            begin = max(0, first - width)
            fricatives[begin : begin + width] += (breath_noise[:width] * np.hanning(width))[: count - begin]
    drift = (
        np.interp(
            time,
            np.arange(0, time[-1] + 0.2, 0.1),
            rng.standard_normal(len(np.arange(0, time[-1] + 0.2, 0.1))),
        )
        * 0.12
    )
    semitones = (
        np.interp(time, knots, pitch)
        + drift
        + singer.vibrato * np.interp(time, knots, depth) * np.sin(2 * np.pi * rng.uniform(4.8, 6.2) * time)
    )
    step = (440 / SAMPLE_RATE * 2 ** ((semitones - 69) / 12)).astype(np.float32)
    phase = np.cumsum(step, dtype=np.float64) % 1
    pulse = 2 * phase - 1
    # The jump is rounded (polyBLEP, Valimaki and Huovilainen 2007), so that the saw has no aliasing.
    after, before = phase / step, (phase - 1) / step
    pulse -= np.where(after < 1, 2 * after - after**2 - 1, 0) + np.where(
        before > -1, before**2 + 2 * before + 1, 0
    )
    source = lfilter([0.12], [1, -0.88], pulse) + singer.breath * rng.standard_normal(count)
    if singer.rough:
        growl = lfilter([0.05], [1, -0.95], rng.standard_normal(count)) * 6
        source = source * (1 + singer.rough * growl) + singer.rough * 0.12 * rng.standard_normal(count)
    size = fft.next_fast_len(count, real=True)
    spectrum = fft.rfft((source * (envelope > 0)).astype(np.float32), n=size)
    hertz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE).astype(np.float32)
    for vowel, weight in zip(VOWELS, weights, strict=True):
        shape = np.zeros_like(hertz)
        for centre, gain in zip(vowel, (1.0, 0.7, 0.45, 0.35), strict=True):
            bandwidth = 70 + 0.05 * centre
            shape += gain / np.sqrt(1 + ((hertz - centre * singer.size) / bandwidth) ** 2)
        out += fft.irfft(spectrum * shape, n=size)[:count] * weight
    out /= np.abs(out).max() + 1e-9
    return out + fricatives


def amplify(samples: np.ndarray, gain: float) -> np.ndarray:
    """Distort like a valve amplifier: asymmetric soft clipping at twice the sample rate, without DC.

    `gain` is relative to the samples' own RMS: 1 is warm, 5 is rock, 20 is metal.
    """
    level = np.sqrt(np.mean(samples**2)) + 1e-9
    doubled = resample_poly(samples * (gain / level), 2, 1)
    clipped = np.tanh(doubled + 0.25) - np.tanh(0.25)
    return resample_poly(clipped, 1, 2)[: len(samples)].astype(np.float32)

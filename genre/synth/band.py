"""The band, which turns musical time, chords, melodies and drum patterns into stems of samples.

Musical positions are in beats from the band's own first bar; the clip starts somewhere inside, like
an excerpt of a recording.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from genre.audio.clip import SAMPLE_RATE
from genre.synth.instruments import Singer, Timbre, drum, sing, tone, vary_timbre

QUALITIES = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "9": (0, 4, 10, 14),
    "maj9": (0, 4, 11, 14),
    "min9": (0, 3, 10, 14),
    "6": (0, 4, 7, 9),
    "dim": (0, 3, 6, 9),
    "sus": (0, 5, 7),
    "5": (0, 7, 12),
}
SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic": (0, 2, 3, 5, 7, 8, 11),
    "blues": (0, 3, 5, 6, 7, 10),
    "penta": (0, 2, 4, 7, 9),
    "minpenta": (0, 3, 5, 7, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "bebop": (0, 2, 4, 5, 7, 9, 10, 11),
}
STRENGTH = {"x": 1.0, "o": 0.65, "-": 0.35}

Progression = list[tuple[int, str]]  # one chord a bar: (semitones above the key note, quality)
Line = list[tuple[float, float, int]]  # notes: (beat, length in beats, MIDI pitch)


def changes(text: str) -> Progression:
    """Parse chords written as "0 9:min 5 7:7": semitones above the key note, quality (none: major)."""
    return [(int(root), quality or "maj") for root, _, quality in (c.partition(":") for c in text.split())]


@dataclass
class Channel:
    """The place of one stem in the mix."""

    level: float = 0.0  # dB of the stem's RMS
    wet: float = 0.15  # share sent to the room
    drive: float = 0.0  # amplifier gain; 0: no amplifier
    low: float = 20.0  # corner of the high-pass, in Hz
    high: float = 10_500.0  # corner of the low-pass, in Hz


class Band:
    """The players of one piece; all random numbers come from `rng`, in the order of the calls."""

    def __init__(
        self,
        rng: np.random.Generator,
        seconds: float,
        tempo: float,
        swing: float = 0.5,
        grid: float = 1.0,
        rubato: float = 0.0,
        loose: float = 0.006,
    ) -> None:
        """Gather the players.

        `tempo` is in beats a minute, `rubato` in beats, and `loose`, the spread of the timing, in seconds.
        `swing` is the position of the second half in each `grid` beats (0.5 straight, 0.667 triplets).
        """
        self.rng = rng
        self.count = round(seconds * SAMPLE_RATE)
        self.beat = 60 / tempo
        self.swing, self.grid, self.rubato, self.loose = swing, grid, rubato, loose
        self.origin = -rng.uniform(0, 8) * self.beat
        self.beats = (seconds - self.origin) / self.beat + 1
        self.key = int(rng.integers(40, 52))  # MIDI pitch, E2 to D#3
        self.stems: dict[str, np.ndarray] = {}
        self.mix: dict[str, Channel] = {}
        self._tones: dict[tuple[Timbre, int], np.ndarray] = {}
        self._drums: dict[str, np.ndarray] = {}
        self.kit = rng.uniform(0.8, 1.4)  # tightness of the drums' damping

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def pick(self, *options):
        """Choose one of the options at random."""
        return options[int(self.rng.integers(len(options)))]

    def timbre(self, *names: str) -> Timbre:
        return vary_timbre(self.pick(*names), self.rng)

    def bars(self, length: float = 4) -> Iterator[tuple[int, float]]:
        """Yield number and first beat of every bar of `length` beats."""
        for number in range(int(np.ceil(self.beats / length))):
            yield number, number * length

    def time(self, beat: float) -> float:
        """Compute the seconds from the start of the clip, after swing and rubato."""
        whole, part = divmod(beat / self.grid, 1)
        part = 2 * part * self.swing if part < 0.5 else self.swing + (2 * part - 1) * (1 - self.swing)
        beat = (whole + part) * self.grid
        beat += self.rubato * (np.sin(beat * 0.79) + 0.6 * np.sin(beat * 0.31 + 1))
        return self.origin + beat * self.beat

    def add(self, stem: str, sound: np.ndarray, seconds: float) -> None:
        """Mix samples (N,) into a stem at a time (s); parts outside the clip are cut."""
        track = self.stems.setdefault(stem, np.zeros(self.count, np.float32))
        start = int(seconds * SAMPLE_RATE)
        sound = sound[max(0, -start) : max(0, self.count - start)]
        start = max(0, start)
        track[start : start + len(sound)] += sound

    def play(
        self,
        stem: str,
        timbre: Timbre,
        pitch: int,
        beat: float,
        length: float,
        velocity: float = 1.0,
        late: float = 0.0,
    ) -> None:
        """Play one note of `length` beats; `late` in seconds (strumming)."""
        start, end = self.time(beat), self.time(beat + length)
        if start > self.count / SAMPLE_RATE or end < 0:
            return
        if (timbre, pitch) not in self._tones:
            frequency = 440 * 2 ** ((pitch - 69) / 12)
            self._tones[timbre, pitch] = tone(timbre, frequency, self.rng)
        full = self._tones[timbre, pitch]
        release = 700
        count = min(len(full), int((end - start) * SAMPLE_RATE) + release)
        sound = full[: max(count, release)] * (velocity * self.rng.uniform(0.8, 1.1))
        sound[-release:] *= np.linspace(1, 0, release, dtype=np.float32)
        self.add(stem, sound, start + late + self.loose * self.rng.standard_normal())

    def chord(
        self,
        stem: str,
        timbre: Timbre,
        pitches: list[int],
        beat: float,
        length: float,
        velocity: float = 1.0,
        strum: float = 0.0,
    ) -> None:
        """Play several notes together; `strum`: seconds between them, downwards when negative."""
        order = pitches if strum >= 0 else pitches[::-1]
        for place, pitch in enumerate(order):
            self.play(stem, timbre, pitch, beat, length, velocity, abs(strum) * place)

    def line(self, stem: str, timbre: Timbre, notes: Line, velocity: float = 1.0) -> None:
        for beat, length, pitch in notes:
            self.play(stem, timbre, pitch, beat, length, velocity)

    def hit(self, name: str, beat: float, velocity: float = 1.0, stem: str = "drums") -> None:
        if name not in self._drums:
            self._drums[name] = drum(name, self.rng, self.kit)
        velocity *= self.rng.uniform(0.75, 1.1)
        self.add(
            stem,
            self._drums[name] * np.float32(velocity),
            self.time(beat) + 0.5 * self.loose * self.rng.standard_normal(),
        )

    def groove(
        self,
        patterns: dict[str, str],
        gains: dict[str, float],
        bar: float = 4,
        fills: int = 4,
        change: float = 0.06,
    ) -> None:
        """Repeat one bar of patterns ("x" loud, "o" medium, "-" soft), with a fill and a crash.

        These come every `fills` bars (0: never). `change` is the chance that a cell of a pattern is flipped.
        """
        variants = {}
        for name, pattern in patterns.items():
            cells = [self.pick("-", ".") if self.chance(change) and cell != "x" else cell for cell in pattern]
            variants[name] = "".join(cells)
        toms = self.pick("tom", "snare")
        for number, first in self.bars(bar):
            filling = fills and number % fills == fills - 1 and self.chance(0.7)
            for name, pattern in variants.items():
                step = bar / len(pattern)
                for place, cell in enumerate(pattern):
                    if cell != "." and not (filling and place * step >= bar - 1 and name == "snare"):
                        self.hit(name, first + place * step, STRENGTH[cell] * gains.get(name, 1.0))
            if filling:
                for place in range(4):
                    if self.chance(0.8):
                        self.hit(toms, first + bar - 1 + place / 4, 0.5 + 0.12 * place)
                if "hat" in variants and self.chance(0.6):
                    self.hit("crash", first + bar, 0.5)

    def voicing(self, root: int, quality: str, centre: int = 60) -> list[int]:
        """Compute MIDI pitches of a chord, each moved by octaves to lie around `centre`, low first."""
        return sorted(centre - 6 + (self.key + root + step - centre + 6) % 12 for step in QUALITIES[quality])

    def melody(
        self,
        progression: Progression,
        scale: str,
        low: int,
        high: int,
        density: float,
        bar: float = 4,
        rest: float = 0.15,
        leap: int = 2,
    ) -> Line:
        """Invent a line of two-bar motifs over one chord a bar.

        `density` is the number of notes a beat, `rest` the chance that a motif leaves its second bar empty,
        `leap` the widest usual step in scale degrees.
        """
        ladder = [p for p in range(low, high + 1) if (p - self.key) % 12 in SCALES[scale]]
        motifs = []
        for _ in range(2):
            beat, motif = float(self.pick(0, 0, 0.5, 1)), []
            while beat < 2 * bar - 0.25:
                length = float(self.pick(0.5, 1, 1, 2, 1.5) / max(density, 0.2))
                length = max(0.25, round(length * 2) / 2 if density < 2 else round(length * 4) / 4)
                motif.append((beat, length, int(self.rng.integers(-leap, leap + 1))))
                beat += length + (self.pick(0.5, 1) if self.chance(0.15) else 0)
            motifs.append(motif)
        place, notes = len(ladder) // 2, []
        for number in range(0, int(self.beats / bar) + 2, 2):
            motif = motifs[self.pick(0, 0, 1)]
            short = self.chance(rest)
            for beat, length, step in motif:
                if short and beat >= bar:
                    break
                place += step if self.chance(0.8) else -step
                place = int(np.clip(place, 0, len(ladder) - 1))
                root, quality = progression[(number + int(beat >= bar)) % len(progression)]
                pitch = ladder[place]
                if beat % 2 == 0:  # strong beats take a chord note
                    chord = [(self.key + root + s) % 12 for s in QUALITIES[quality]]
                    pitch = min(range(low, high + 1), key=lambda p: (p % 12 not in chord, abs(p - pitch)))
                notes.append((number * bar + beat, length * 0.92, pitch))
        return notes

    def voice(self, stem: str, singer: Singer, notes: Line) -> None:
        """Sing a line; long notes are held, every note is a syllable."""
        syllables = [
            (self.time(beat), min(1.8, self.time(beat + length) - self.time(beat)), pitch)
            for beat, length, pitch in notes
        ]
        syllables = [s for s in syllables if s[0] + s[1] > 0.1 and s[0] < self.count / SAMPLE_RATE]
        self.add(stem, sing(singer, syllables, self.count, self.rng), 0.0)

    def power(self, stem: str, guitar: Timbre, pitch: int, beat: float, length: float) -> None:
        """Play a power chord: root, fifth and octave."""
        self.chord(stem, guitar, [pitch, pitch + 7, pitch + 12], beat, length, 1.0, 0.002)

    def singer(self, rough: float = 0.0, fall: float = 0.0) -> tuple[Singer, int]:
        """Draw a new voice -> (the voice, the lowest pitch of its range of a tenth)."""
        woman = self.chance(0.35)
        size = (1.16 if woman else 1.0) * self.rng.uniform(0.95, 1.06)
        voice = Singer(
            size,
            rough * self.rng.uniform(0.6, 1.2),
            self.rng.uniform(0.02, 0.07),
            self.rng.uniform(0.25, 0.8),
            fall,
        )
        return voice, int(self.rng.integers(57, 63) if woman else self.rng.integers(48, 54))

    def solo(
        self,
        progression: Progression,
        scale: str,
        instruments: tuple[str, ...],
        density: float = 1.0,
        low: int = 60,
        voice: float = 0.6,
        rough: float = 0.0,
        drive: float = 0.0,
        level: float = 0.0,
        rest: float = 0.3,
    ) -> None:
        """Play the front of the band: a singer with chance `voice`, else one of the instruments."""
        if self.chance(voice):
            who, bottom = self.singer(rough)
            notes = self.melody(progression, scale, bottom, bottom + 15, density, rest=rest)
            self.voice("voice", who, notes)
            self.mix["voice"] = Channel(level, self.rng.uniform(0.1, 0.3), low=120)
        else:
            notes = self.melody(progression, scale, low, low + 17, density * 1.3, rest=rest, leap=3)
            self.line("lead", self.timbre(*instruments), notes)
            self.mix["lead"] = Channel(level, self.rng.uniform(0.15, 0.35), drive, low=150, high=6_500)

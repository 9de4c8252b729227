"""The rounds of a game: ten seconds of music each, of which somebody knows what it is.

What is right is never the model's own guess: it is the label of a recording, the style that the synthesiser
played, or the genre that the generator was asked for.
"""

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from genre import GENRES
from genre.data.recordings import Recording, recordings
from genre.paths import WEIGHTS
from genre.text import genre_name

if TYPE_CHECKING:
    from genre.audio.clip import Clip

GENRE, REAL = "genre", "real"  # kinds of game
REAL_MUSIC, GENERATED = "real", "generated"  # the answers of the second kind
N_ROUNDS, N_OPTIONS = 10, 4
CLIP_S = 10.0
MOST_RECORDINGS, MOST_GENERATED = 4, 3  # of ten rounds of the first kind; the rest is synthesised
PIECES = WEIGHTS / "gan" / "pieces"  # MP3, 10 s: a stored piece a genre


@dataclass(frozen=True)
class Round:
    """One clip with what people choose from, and what is right."""

    truth: str
    options: tuple[str, ...]
    source: str  # "recording", "generated" or "synthesised"
    genre: str
    recording: Recording | None = None
    place: float = 0.0  # where in the recording the ten seconds begin, 0 to 1
    seed: int = 0  # of the synthesiser

    def load(self) -> "Clip":
        """Load the ten seconds. Raises AudioError."""
        from genre.audio.clip import Clip, load_clip  # importing takes a while

        if self.source == "synthesised":
            from genre.synth.dataset import render

            return Clip(render(self.genre, self.seed, CLIP_S), CLIP_S)
        path = self.recording.path if self.recording else PIECES / f"{self.genre}.mp3"
        clip = load_clip(path)
        start_s = self.place * max(0.0, clip.duration_s - CLIP_S)
        return clip.trimmed(start_s, min(clip.duration_s, start_s + CLIP_S))

    @property
    def credit(self) -> str:
        """What it was, for the moment of the answer."""
        if self.recording:
            return self.recording.credit
        if self.source == "generated":
            return f"A piece that Earmark's generator made when it was asked for {genre_name(self.genre)}"
        return f"{genre_name(self.genre).capitalize()}, played by Earmark's synthesiser"


def option_label(option: str) -> str:
    """Write an answer as a button does."""
    labels = {REAL_MUSIC: "Real music", GENERATED: "Generated"}
    return labels.get(option) or genre_name(option).capitalize()


def make_rounds(kind: str, seed: int) -> list[Round]:
    """Draw ten rounds. The same seed gives the same game."""
    rng = random.Random(seed)
    rounds = _real_or_generated(rng) if kind == REAL else _genres(rng)
    rng.shuffle(rounds)
    return rounds


def _genres(rng: random.Random) -> list[Round]:
    songs = list(recordings())
    rng.shuffle(songs)
    rounds = [
        Round(song.genre, _options(rng, song.genre), "recording", song.genre, song, rng.random())
        for song in songs[:MOST_RECORDINGS]
    ]
    for genre in rng.sample(_stored_genres(), min(MOST_GENERATED, len(_stored_genres()))):
        rounds.append(Round(genre, _options(rng, genre), "generated", genre))
    while len(rounds) < N_ROUNDS:  # the genres that had no turn yet come first
        counts = {genre: sum(round_.truth == genre for round_ in rounds) for genre in GENRES}
        genre = rng.choice([genre for genre in GENRES if counts[genre] == min(counts.values())])
        seed = rng.randrange(10_000, 1_000_000)  # no piece that any model has learnt from
        rounds.append(Round(genre, _options(rng, genre), "synthesised", genre, seed=seed))
    return rounds


def _options(rng: random.Random, truth: str) -> tuple[str, ...]:
    others = rng.sample([genre for genre in GENRES if genre != truth], N_OPTIONS - 1)
    return tuple(genre for genre in GENRES if genre == truth or genre in others)


def _real_or_generated(rng: random.Random) -> list[Round]:
    options, songs, genres = (REAL_MUSIC, GENERATED), list(recordings()), _stored_genres()
    rng.shuffle(songs)
    n_generated = min(rng.randint(4, 6), len(genres))
    rounds = [Round(GENERATED, options, "generated", genre) for genre in rng.sample(genres, n_generated)]
    n_real = N_ROUNDS - n_generated
    for number in range(n_real):
        song, turn = songs[number % len(songs)], number // len(songs)
        turns = -(-n_real // len(songs))  # a song that comes twice is heard at two places
        place = (turn + rng.random()) / turns
        rounds.append(Round(REAL_MUSIC, options, "recording", song.genre, song, place))
    return rounds


def _stored_genres() -> list[str]:
    return [genre for genre in GENRES if (PIECES / f"{genre}.mp3").is_file()]

"""The rounds of a game: ten seconds of music each, of which somebody knows what it is.

What is right is never the model's own guess: it is the label of a recording, the tag of a library's song, the
style that the synthesiser played, or the genre that was requested of the generator. Players are told which.
"""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genre import GENRES
from genre.data.recordings import Recording, all_recordings
from genre.paths import PIECES
from genre.text import genre_name

if TYPE_CHECKING:
    from genre.audio.clip import Clip

GENRE, REAL = "genre", "real"  # kinds of game
REAL_MUSIC, GENERATED = "real", "generated"  # the answers of the second kind
N_ROUNDS, N_OPTIONS = 10, 4
MOST_OF_A_GENRE = (2, 3)  # recordings of one genre, so that the answers vary; more only for want of others
CLIP_S = 10.0
# Of ten rounds of the first kind, after the recordings and before what is synthesised: the generator's pieces
# in genres that the synthesiser leaves out, and in others.
N_GENERATED = (2, 1)
# Genres that Earmark plays in a way of its own: the model of the Listen page takes most of these for others.
ATYPICAL = {"synthesised": {"disco", "metal", "pop"}, "generated": {"country"}}


# Told before the vote, where the question is which genre it is: who says what is right.
ORIGINS = {
    "recording": "People play this piece, and those who published it name its genre.",
    "library": "This song comes from the library of this Earmark, and its own tag names its genre.",
    "generated": "Earmark's generator made this piece to sound like one of these genres.",
    "synthesised": "Earmark's synthesiser plays this piece in the style of one of these genres.",
}


# And with the answer.
TRUTH_FROM = {
    "library": "Its own tag says",
    "generated": "It is meant to be",
    "synthesised": "It is meant to be",
}


@dataclass(frozen=True)
class LibrarySong:
    """A song of the visitor's library whose own tag names one of the ten genres."""

    path: Path
    genre: str
    credit: str


@dataclass(frozen=True)
class Round:
    """One clip with what people choose from, and what is right."""

    truth: str
    options: tuple[str, ...]
    source: str  # "recording", "library", "generated" or "synthesised"
    genre: str
    recording: Recording | LibrarySong | None = None
    place: float = 0.0  # where in one of our recordings the ten seconds begin, 0 to 1
    seed: int = 0  # of the synthesiser

    def load(self) -> "Clip":
        """Load the ten seconds. Raises AudioError."""
        from genre.audio.clip import Clip, load_clip, load_excerpts  # importing takes a while

        if self.source == "synthesised":
            from genre.synth.dataset import render

            return Clip(render(self.genre, self.seed, CLIP_S), CLIP_S)
        if isinstance(self.recording, LibrarySong):
            return load_excerpts(self.recording.path, 1, CLIP_S)  # the middle, without the whole song
        path = self.recording.path if self.recording else PIECES / f"{self.genre}.mp3"
        clip = load_clip(path)
        start_s = self.place * max(0.0, clip.duration_s - CLIP_S)
        return clip.trimmed(start_s, min(clip.duration_s, start_s + CLIP_S))

    @property
    def truth_from(self) -> str:
        """Who says what is right, before the word: a piece made by a machine is what was requested."""
        return TRUTH_FROM.get(self.source, "It is") if self.truth == self.genre else "It is"

    @property
    def credit(self) -> str:
        """What it was, for the moment of the answer."""
        if self.recording:
            return self.recording.credit
        if self.source == "generated":
            return f"{genre_name(self.genre).capitalize()}, made by Earmark's generator"
        return f"{genre_name(self.genre).capitalize()}, played by Earmark's synthesiser"


def option_label(option: str) -> str:
    """Write an answer as a button does."""
    labels = {REAL_MUSIC: "Real music", GENERATED: "Generated"}
    return labels.get(option) or genre_name(option).capitalize()


def make_rounds(kind: str, seed: int, library: Sequence[LibrarySong] = ()) -> list[Round]:
    """Draw ten rounds, of recordings as far as there are some. The same seed gives the same game."""
    rng = random.Random(seed)
    songs: list[Recording | LibrarySong] = [*all_recordings(), *library]
    rng.shuffle(songs)
    rounds = _real_or_generated(rng, songs) if kind == REAL else _genres(rng, songs)
    rng.shuffle(rounds)
    return rounds


def shares_text(rounds: Sequence[Round]) -> str:
    """Say how many of the pieces are recordings."""
    n_songs = sum(round_.recording is not None for round_ in rounds)
    if n_songs == len(rounds):
        return f"{n_songs} recordings"
    noun, rest = "recording" if n_songs == 1 else "recordings", len(rounds) - n_songs
    return f"{n_songs} {noun}, {rest} {'piece' if rest == 1 else 'pieces'} that Earmark made"


def _source(song: Recording | LibrarySong) -> str:
    return "library" if isinstance(song, LibrarySong) else "recording"


def _genres(rng: random.Random, songs: list[Recording | LibrarySong]) -> list[Round]:
    rounds: list[Round] = []
    for most, song in itertools.product(MOST_OF_A_GENRE, [song for song in songs if song.genre]):
        genre, of_genre = song.genre, sum(round_.truth == song.genre for round_ in rounds)
        if len(rounds) < N_ROUNDS and of_genre < most and song not in [round_.recording for round_ in rounds]:
            rounds.append(Round(genre, _options(rng, genre), _source(song), genre, song, rng.random()))
    stored = set(_stored_genres()) - ATYPICAL["generated"]
    rare = (stored & ATYPICAL["synthesised"]) - {round_.truth for round_ in rounds}
    others = stored - ATYPICAL["synthesised"]
    for genres, count in zip((rare, others), N_GENERATED, strict=True):
        for genre in rng.sample(sorted(genres), min(count, N_ROUNDS - len(rounds), len(genres))):
            rounds.append(Round(genre, _options(rng, genre), "generated", genre))
    while len(rounds) < N_ROUNDS:  # the genres that had no turn yet come first
        played = [genre for genre in GENRES if genre not in ATYPICAL["synthesised"]]
        counts = {genre: sum(round_.truth == genre for round_ in rounds) for genre in played}
        genre = rng.choice([genre for genre in played if counts[genre] == min(counts.values())])
        seed = rng.randrange(10_000, 1_000_000)  # no piece that any model has learnt from
        rounds.append(Round(genre, _options(rng, genre), "synthesised", genre, seed=seed))
    return rounds


def _options(rng: random.Random, truth: str) -> tuple[str, ...]:
    others = rng.sample([genre for genre in GENRES if genre != truth], N_OPTIONS - 1)
    return tuple(genre for genre in GENRES if genre == truth or genre in others)


def _real_or_generated(rng: random.Random, songs: list[Recording | LibrarySong]) -> list[Round]:
    options, genres = (REAL_MUSIC, GENERATED), _stored_genres()
    n_generated = min(rng.randint(4, 6), len(genres))
    rounds = [Round(GENERATED, options, "generated", genre) for genre in rng.sample(genres, n_generated)]
    for song in songs[: N_ROUNDS - n_generated]:
        rounds.append(Round(REAL_MUSIC, options, _source(song), song.genre, song, rng.random()))
    return rounds


def _stored_genres() -> list[str]:
    return [genre for genre in GENRES if (PIECES / f"{genre}.mp3").is_file()]

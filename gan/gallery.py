"""The pieces of one visit, the newest first, with no more sound than memory allows.

    gallery = Gallery()
    piece = gallery.add(Piece.of(dreamer.dream(wish)))
    gallery.get(piece.id), gallery.remove(piece.id), gallery.let_go
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from genre.names import spoken

if TYPE_CHECKING:  # these bring torch, which a page can do without until there is music
    from gan.artefact import Artefact
    from gan.sample import Dream
    from gan.wish import Wish
    from genre.audio import Clip
    from genre.classifier import Verdict

KEPT_S = 600.0  # s of sound: 53 MB as numbers and 26 MB as WAV
# What a control that is clearly off the usual is called: (less, more).
LEANINGS = {"energy": ("calmer", "livelier"), "brightness": ("darker", "brighter"),
            "density": ("sparser", "busier")}  # fmt: skip
CLEARLY = 0.25  # standard deviations
CLEARLY_TEMPO = 0.04  # of the usual tempo


@dataclass(eq=False)
class Piece:
    """Music that was painted, as the page shows it."""

    artefact: "Artefact"
    clip: "Clip"
    wish: "Wish | None"  # None: a spectrogram that came without a recipe we can read
    file_name: str  # without an ending
    origin: str = ""  # how it came about, for people: "like No. 3"
    number: int = 0  # counts from 1, given by the gallery
    verdict: "Verdict | None" = None  # what the classifier hears, once it was asked

    @classmethod
    def of(cls, dream: "Dream", origin: str = "") -> "Piece":
        from gan.artefact import Artefact
        from gan.mel import GAN_MEL

        artefact = Artefact(dream.mel_db, GAN_MEL, dream.recipe())
        return cls(artefact, dream.clip, dream.wish, dream.name, origin)

    @classmethod
    def brought_back(cls, content: bytes) -> "Piece":
        """From the bytes of an .npz file. Raises ArtefactError with a sentence."""
        from gan.artefact import load
        from gan.sample import again
        from gan.sound import sound_of
        from gan.wish import WishError
        from genre.audio import Clip

        artefact = load(content)
        try:
            wish = again(artefact.recipe)
        except WishError:
            wish = None
        samples = sound_of(artefact.mel_db, artefact.params)
        clip = Clip(samples, len(samples) / artefact.params.sample_rate)
        return cls(artefact, clip, wish, "earmark-again", "brought back")

    @cached_property
    def id(self) -> str:
        """Of what is seen and heard: the same wish is the same piece, and so is its file."""
        return sha256(self.artefact.mel_db.astype(np.float16).tobytes()).hexdigest()[:12]

    @cached_property
    def wav(self) -> bytes:
        """16-bit PCM, to play."""
        return self.clip.to_wav()

    @property
    def seconds(self) -> float:
        return self.clip.duration_s

    @property
    def title(self) -> str:
        """What was typed, or else the genres."""
        if self.wish is None:
            return "A spectrogram without its recipe"
        return self.wish.prompt.strip() or genres_in_words(self.wish).capitalize()

    @property
    def name(self) -> str:
        """"No. 3: jazz and blues"."""
        return f"No. {self.number}: {self.title}"


class Gallery:
    """What a visitor has made, until the page is closed."""

    def __init__(self, kept_s: float = KEPT_S) -> None:
        self._pieces: dict[str, Piece] = {}  # in the order they were made
        self._kept_s = kept_s
        self._count = 0
        self.let_go = 0  # pieces that were dropped for want of room

    def __len__(self) -> int:
        return len(self._pieces)

    def __iter__(self) -> Iterator[Piece]:
        return reversed(self._pieces.values())

    def get(self, id_: str | None) -> Piece | None:
        return self._pieces.get(id_) if id_ else None

    def add(self, piece: Piece) -> Piece:
        """Take in a piece -> it, or the very same one that was there before, now the newest."""
        known = self._pieces.pop(piece.id, None)
        if known is None:
            self._count += 1
            piece.number = self._count
        self._pieces[piece.id] = known or piece
        while len(self._pieces) > 1 and sum(each.seconds for each in self) > self._kept_s:
            del self._pieces[next(iter(self._pieces))]
            self.let_go += 1
        return known or piece

    def remove(self, id_: str) -> None:
        self._pieces.pop(id_, None)


def genres_in_words(wish: "Wish") -> str:
    """{"jazz": 0.7, "blues": 0.3} -> "jazz and blues", the largest share first."""
    names = [spoken(genre) for genre, _ in _largest(wish)]
    if len(names) > 3:
        return f"a blend of {len(names)} genres"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def facts_in_words(piece: Piece) -> str:
    """What a piece is, in a line: "No. 4 · 70 % jazz, 30 % blues · 10 s · calmer · seed 3"."""
    wish, facts = piece.wish, [f"No. {piece.number}"]
    shares = _largest(wish) if wish else []
    if len(shares) > 1:
        facts.append(", ".join(f"{round(100 * share)}\u00a0% {spoken(genre)}" for genre, share in shares[:4]))
    facts.append(f"{piece.seconds:.0f} s")
    if wish:
        facts += [LEANINGS[name][shift > 0] for name, shift in wish.controls.items()
                  if name in LEANINGS and abs(shift) > CLEARLY]
        if abs(wish.tempo - 1) > CLEARLY_TEMPO:
            facts.append("faster" if wish.tempo > 1 else "slower")
        facts.append(f"seed {wish.seed}")
    if piece.origin:
        facts.append(piece.origin)
    return " · ".join(facts)


def _largest(wish: "Wish") -> list[tuple[str, float]]:
    return sorted(wish.genres.items(), key=lambda item: -item[1])

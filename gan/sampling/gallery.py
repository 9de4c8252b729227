"""The clips of one visit, the newest first, bounded by the memory of their audio.

gallery = Gallery()
item = gallery.add(GalleryItem.from_generated(sampler.generate(request)))
gallery.get(item.id), gallery.remove(item.id), gallery.n_dropped
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from gan.controls import CONTROL_WORDS
from gan.keys import key_in_words
from genre.text import genre_name

if TYPE_CHECKING:  # these import torch, which a page needs only once there is music
    from gan.request import GenerationRequest
    from gan.sampling.sampler import GeneratedClip
    from gan.sampling.spectrogram_file import SpectrogramFile
    from genre.audio.clip import Clip
    from genre.inference.classifier import Prediction

MAX_TOTAL_S = 600.0  # seconds of audio: 53 MB as samples and 26 MB as WAV
MIN_NOTABLE_SHIFT = 0.25  # standard deviations
MIN_NOTABLE_TEMPO = 0.04  # relative to the usual tempo


@dataclass(eq=False)
class GalleryItem:
    """A generated clip, and everything about it that the page shows."""

    spectrogram: "SpectrogramFile"
    clip: "Clip"
    request: "GenerationRequest | None"  # None: an uploaded spectrogram without a readable recipe
    file_name: str  # name without a suffix
    origin: str = ""  # a text for people, such as "like No. 3"
    number: int = 0  # position in the gallery, from 1
    prediction: "Prediction | None" = None  # prediction of the classifier, once it has run
    earlier_wav: bytes = b""  # audio of its request by the earlier network, once that is there
    earlier_mel_db: np.ndarray | None = None  # and its spectrogram (128, frames), dB below the maximum

    @classmethod
    def from_generated(cls, generated_clip: "GeneratedClip", origin: str = "") -> "GalleryItem":
        from gan.mel import GAN_MEL
        from gan.sampling.spectrogram_file import SpectrogramFile

        spectrogram = SpectrogramFile(generated_clip.mel_db, GAN_MEL, generated_clip.recipe())
        return cls(spectrogram, generated_clip.clip, generated_clip.request, generated_clip.name, origin)

    @classmethod
    def from_file(cls, content: bytes) -> "GalleryItem":
        """Restore an item from the bytes of an .npz file. Raises ArtefactError with a sentence."""
        from gan.request import RequestError
        from gan.sampling.sampler import play_spectrogram, request_from_recipe
        from gan.sampling.spectrogram_file import read_spectrogram
        from genre.audio.clip import Clip

        spectrogram = read_spectrogram(content)
        try:
            request = request_from_recipe(spectrogram.recipe)
        except RequestError:
            request = None
        samples = play_spectrogram(spectrogram)
        clip = Clip(samples, len(samples) / spectrogram.params.sample_rate)
        return cls(spectrogram, clip, request, "earmark-again", "brought back")

    @cached_property
    def id(self) -> str:
        """A hash of the spectrogram and the key; it is the same for the same request, and for its file."""
        key = self.request.key if self.request else ""
        return sha256(self.spectrogram.mel_db.astype(np.float16).tobytes() + key.encode()).hexdigest()[:12]

    @cached_property
    def wav(self) -> bytes:
        """The audio as 16-bit PCM, to play."""
        return self.clip.to_wav()

    @property
    def seconds(self) -> float:
        return self.clip.duration_s

    @property
    def held_s(self) -> float:
        """Seconds of audio in memory."""
        return self.seconds * (2 if self.earlier_wav else 1)

    @property
    def title(self) -> str:
        """The prompt, or else the genres."""
        if self.request is None:
            return "A spectrogram without its recipe"
        return self.request.prompt.strip() or describe_genres(self.request).capitalize()

    @property
    def name(self) -> str:
        """The name on the page: "No. 3: jazz and blues"."""
        return f"No. {self.number}: {self.title}"


class Gallery:
    """The items of one visitor, until the page is closed."""

    def __init__(self, max_total_s: float = MAX_TOTAL_S) -> None:
        self._items: dict[str, GalleryItem] = {}  # id -> item, in the order in which they were added
        self.max_total_s = max_total_s
        self._count = 0
        self.n_dropped = 0  # items dropped to stay below max_total_s

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[GalleryItem]:
        return reversed(self._items.values())

    @property
    def held_s(self) -> float:
        """Seconds of audio in memory."""
        return sum(item.held_s for item in list(self._items.values()))

    def get(self, id_: str | None) -> GalleryItem | None:
        return self._items.get(id_) if id_ else None

    def add(self, item: GalleryItem) -> GalleryItem:
        """Add an item as the newest; return it, or the identical item that the gallery has already."""
        existing = self._items.pop(item.id, None)
        if existing is None:
            self._count += 1
            item.number = self._count
        self._items[item.id] = existing or item
        while len(self._items) > 1 and self.held_s > self.max_total_s:
            del self._items[next(iter(self._items))]
            self.n_dropped += 1
        return existing or item

    def remove(self, id_: str) -> None:
        self._items.pop(id_, None)


def describe_genres(request: "GenerationRequest") -> str:
    """Name the genres, the largest weight first: {"jazz": 0.7, "blues": 0.3} -> "jazz and blues"."""
    names = [genre_name(genre) for genre, _ in _by_weight(request)]
    if len(names) > 3:
        return f"a blend of {len(names)} genres"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def describe_item(item: GalleryItem) -> str:
    """Describe an item in a line: "No. 4 · 70 % jazz, 30 % blues · 10 s · calmer · seed 3".

    It names the genre where the title is a prompt, which may not name it.
    """
    request, parts = item.request, [f"No. {item.number}"]
    weights = _by_weight(request) if request else []
    if len(weights) > 1:
        parts.append(
            ", ".join(f"{round(100 * weight)}\u00a0% {genre_name(genre)}" for genre, weight in weights[:4])
        )
    elif request and request.prompt.strip():
        parts.append(describe_genres(request))
    parts.append(f"{item.seconds:.0f} s")
    if request:
        parts += [
            CONTROL_WORDS[name][shift > 0]
            for name, shift in request.controls.items()
            if name in CONTROL_WORDS and abs(shift) > MIN_NOTABLE_SHIFT
        ]
        if request.bpm is not None:
            parts.append(f"{request.bpm:.0f} beats a minute")
        elif abs(request.tempo - 1) > MIN_NOTABLE_TEMPO:
            parts.append("faster" if request.tempo > 1 else "slower")
        if request.key:
            parts.append(f"in {key_in_words(request.key)}")
        if request.form:
            parts.append("with sections")
        parts.append(f"seed {request.seed}")
    if item.origin:
        parts.append(item.origin)
    return " · ".join(parts)


def _by_weight(request: "GenerationRequest") -> list[tuple[str, float]]:
    return sorted(request.genres.items(), key=lambda item: -item[1])

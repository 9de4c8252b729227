"""A clip in, a verdict out: the trained network with everything around it that makes an answer.

    clip = load_clip("song.mp3")
    verdict = Classifier.load().classify(clip)
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from genre.artefacts import ArtefactError, load_artefact
from genre.audio import SAMPLE_RATE, Clip
from genre.home import PROMOTED, WEIGHTS, home
from genre.models.listen import COLUMNS_PER_CELL, MIN_COLUMNS, WINDOW_CELLS, ListenNet
from genre.names import spoken
from genre.screening import is_silent, is_steady
from genre.spectrogram import Spectrogram, SpectrogramParams, relative_db

SHIPPED = "listen"
AUDIBLE_DB = 40.0  # a window this far below the loudest one has no vote
MIN_SECONDS = 1.0  # a shorter clip gets no genre
PIECE_SECONDS = 30.0  # longer music is cut into equal pieces about as long as the training clips


@dataclass(frozen=True)
class Verdict:
    """What we heard. `genre` is None when there was nothing to name."""

    status: str  # "music", "unsure", "not_music" or "too_short"
    genre: str | None
    confident: bool
    probabilities: dict[str, float]  # empty unless there is music
    duration_s: float
    message: str  # one plain sentence
    times: np.ndarray = field(default_factory=lambda: np.zeros(0))  # (W,) s, centres of the windows
    over_time: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))  # (W, genres)

    def to_json(self) -> dict:
        """The command line's answer, without the path."""
        return {
            "duration_s": round(self.duration_s, 2), "status": self.status, "genre": self.genre,
            "confident": self.confident,
            "probabilities": {name: round(p, 4) for name, p in self.probabilities.items()},
        }


class Classifier:
    """A trained network and its card, ready to hear clips."""

    def __init__(self, network: ListenNet, card: dict) -> None:
        """Raises KeyError, TypeError or ValueError for a card that lacks something."""
        self.card = card
        self.genres: tuple[str, ...] = tuple(card["genres"])
        self.temperature = float(card["temperature"])
        self.sure_above = float(card["sure_above"])
        if self.temperature <= 0:
            raise ValueError("The temperature must be above 0.")
        self.network = network.eval().to(memory_format=torch.channels_last)  # twice as fast on a CPU
        self.front_end = Spectrogram(SpectrogramParams.from_dict(card["front_end"]))

    @classmethod
    def load(cls, name: str = SHIPPED, folder: Path | None = None) -> "Classifier":
        """The model `name` from `folder`, by default a shipped or else a promoted one.

        Raises ArtefactError with a sentence when it cannot be.
        """
        if not re.fullmatch(r"[\w.-]+", name) or name.startswith("."):
            raise ArtefactError(f"{name!r} is not a model's name.")
        if folder is None:
            promoted = home() / PROMOTED
            folder = promoted if (promoted / name).is_dir() and not (WEIGHTS / name).is_dir() else WEIGHTS
        weights, card = load_artefact(folder / name)
        if (card["model"], card.get("input")) != (SHIPPED, "pictures"):
            from genre.promoted import PromotedClassifier  # it brings the whole model zoo along

            return PromotedClassifier(folder / name)
        try:
            network = ListenNet(card["shape"], len(card["genres"]), **card["options"])
            network.load_state_dict(weights)
            return cls(network, card)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ArtefactError(
                f"The card and the weights of {name!r} do not fit this version of Earmark."
            ) from error

    def classify(self, clip: Clip) -> Verdict:
        """Name the genre of a clip. Never raises for what is in the audio."""
        seconds = len(clip.samples) / SAMPLE_RATE
        if seconds < MIN_SECONDS:
            return _nothing(clip, "too_short", "This is shorter than one second: play us a little "
                            "more, three seconds or longer.")
        if is_silent(clip.samples):
            return _nothing(clip, "not_music", "We hear silence. Is the microphone on, and the "
                            "music loud enough?")
        starts, pieces = _pieces(clip)
        with torch.inference_mode():
            power = self.front_end.power(torch.from_numpy(pieces))
            if is_steady(torch.cat(tuple(power), dim=-1), seconds):
                return _nothing(clip, "not_music", "We hear a steady noise or a single tone, not "
                                "music.")
            times, overall, over_time = self.hear(starts, pieces, power)
            overall, over_time = self.calibrated(overall), self.calibrated(over_time)
        return self._verdict(clip, overall, over_time, times)

    def hear(
        self, starts: list[float], pieces: np.ndarray, power: Tensor
    ) -> tuple[np.ndarray, Tensor, Tensor]:
        """Pieces (P, N), where each begins in the source (s), and their mel power (P, bands, frames)
        -> centres of windows in the source (W,) s, probabilities of the whole (G,), of each (W, G).
        """
        pictures = self.picture(power)
        logits = self.network.windows(pictures).transpose(1, 2)  # (P, W, members, G)
        overall = vote(logits[_audible(power, logits.shape[1])])
        over_time = logits.softmax(dim=-1).mean(dim=2).flatten(0, 1)
        return self._times(starts, pictures.shape[2]), overall, over_time

    def picture(self, power: Tensor) -> Tensor:
        """(P, bands, frames) mel power -> what the network sees, in [0, 1]."""
        range_db = self.front_end.params.range_db
        picture = 1.0 + relative_db(power, range_db) / range_db
        if picture.shape[2] < MIN_COLUMNS:  # a short take is repeated until it fills a window
            repeats = -(-MIN_COLUMNS // picture.shape[2])
            picture = picture.repeat(1, 1, repeats)[:, :, :MIN_COLUMNS]
        return picture

    def calibrated(self, probabilities: Tensor) -> Tensor:
        """Sharpen or soften (..., G) by the temperature of the card."""
        sharpened = probabilities ** (1.0 / self.temperature)
        return sharpened / sharpened.sum(dim=-1, keepdim=True)

    def _times(self, starts: list[float], columns: int) -> np.ndarray:
        """(P * windows,) s: the centre of each window in the source."""
        cells = columns // COLUMNS_PER_CELL
        size = min(WINDOW_CELLS, cells)
        centre = COLUMNS_PER_CELL * (np.arange(cells - size + 1) + size / 2)
        within = centre * self.front_end.params.seconds_per_frame
        return np.concatenate([start + within for start in starts])

    def _verdict(self, clip: Clip, overall: Tensor, over_time: Tensor, times: np.ndarray) -> Verdict:
        best = int(overall.argmax())
        confident = float(overall[best]) >= self.sure_above
        word = spoken(self.genres[best])
        return Verdict(
            status="music" if confident else "unsure",
            genre=self.genres[best],
            confident=confident,
            probabilities=dict(zip(self.genres, overall.tolist(), strict=True)),
            duration_s=clip.duration_s,
            message=f"This sounds like {word}." if confident
            else f"We are not sure. Our best guess is {word}.",
            times=times.clip(max=clip.duration_s),
            over_time=over_time.numpy(),
        )


def vote(logits: Tensor) -> Tensor:
    """(..., windows, members, G) -> probabilities (..., G): the windows vote, then the members."""
    return logits.mean(dim=-3).softmax(dim=-1).mean(dim=-2)


def _nothing(clip: Clip, status: str, message: str) -> Verdict:
    return Verdict(status, None, False, {}, clip.duration_s, message)


def _pieces(clip: Clip) -> tuple[list[float], np.ndarray]:
    """Cut a clip into equal pieces of about 30 s -> (where each starts in s, samples (P, N))."""
    starts, pieces = [], []
    for start, samples in clip.pieces():
        count = max(1, round(len(samples) / SAMPLE_RATE / PIECE_SECONDS))
        size = len(samples) // count
        starts += [start + i * size / SAMPLE_RATE for i in range(count)]
        pieces += [samples[i * size : (i + 1) * size] for i in range(count)]
    stacked = np.stack(pieces)
    return starts, stacked - stacked.mean(axis=1, keepdims=True)  # a cheap sound card adds an offset


def _audible(power: Tensor, windows: int) -> Tensor:
    """(P, bands, frames) -> (P, windows) bool: which windows are not silent beside the loudest."""
    level = 10.0 * torch.log10(power.sum(dim=1) + 1e-20)
    loudest = nn.functional.adaptive_max_pool1d(level, windows)
    return loudest > level.max() - AUDIBLE_DB

"""A clip in, a verdict out: the trained network with everything around it that makes an answer.

    clip = load_clip("song.mp3")
    verdict = Classifier.load().classify(clip)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from genre.artefacts import load_artefact
from genre.audio import SAMPLE_RATE, Clip
from genre.cards import ArtefactError
from genre.hiss import is_noisy, without_noise
from genre.home import PROMOTED, WEIGHTS, home, promoted_models
from genre.models.listen import ListenNet
from genre.names import spoken
from genre.screening import DOUBT_DB, above_speech, is_silent, is_steady
from genre.spectrogram import PICTURE, Spectrogram, SpectrogramParams
from genre.views import VIEWS, View, spread

SHIPPED = "listen"
AUDIBLE_DB = 40.0  # a window this far below the loudest one has no vote
MIN_SECONDS = 1.0  # a shorter clip gets no genre
ENOUGH_SECONDS = 2.9  # of less nothing is said for sure: three seconds were learnt from, and recorders cut
PAUSE_SECONDS = 0.5  # silence as long as this is no part of the music
NEVER = 2.0  # a line that no probability reaches
MUCH_LOWER = 0.02  # a line, so that it is worth while to play more
PLAY_MORE = "Play us more of it: half a minute is best."
SHORT = f"The shorter a piece, the less often we are sure. {PLAY_MORE}"
LIKE_SPEECH = "It sounds almost like someone speaking, and so no genre is sure."
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
    sure_above: float = NEVER  # the probability from which a genre is told as sure
    doubt: str = ""  # a sentence, where we know why we are not sure

    def to_json(self) -> dict:
        """The command line's answer, without the path."""
        return {
            "duration_s": round(self.duration_s, 2), "status": self.status, "genre": self.genre,
            "confident": self.confident,
            "probabilities": {name: round(p, 4) for name, p in self.probabilities.items()},
        }


class Classifier:
    """Trained networks and their card, ready to hear clips."""

    second_hearing = True  # whether noisy music is heard once more without its noise (promoted models: never)

    def __init__(self, views: Sequence[View], card: dict) -> None:
        """Raises KeyError, TypeError or ValueError for a card that lacks something."""
        self.card = card
        self.genres: tuple[str, ...] = tuple(card["genres"])
        self.temperature = float(card["temperature"])
        whole = [(PIECE_SECONDS, float(card["sure_above"]))]
        self._lines = _numbers(sorted(card.get("sure_above_by_length") or whole), (-1, 2))
        weights = card.get("genre_weights") or [1.0] * len(self.genres)
        self.genre_weights = torch.from_numpy(_numbers(weights, (len(self.genres),))).float()
        if not self.temperature > 0:
            raise ValueError("The temperature must be above 0.")
        self.views = views
        self.front_end = Spectrogram(SpectrogramParams())  # every frame; each view takes what it wants

    @classmethod
    def load(cls, name: str = SHIPPED, folder: Path | None = None) -> "Classifier":
        """The model `name` from `folder`, by default a shipped or else a promoted one.

        Raises ArtefactError with a sentence when it cannot be.
        """
        if not re.fullmatch(r"\w[\w .-]*", name):  # a run's folder may have spaces in its name
            raise ArtefactError(f"{name!r} is not a model's name.")
        if folder is None:
            promoted = home() / PROMOTED
            folder = promoted if (promoted / name).is_dir() and not (WEIGHTS / name).is_dir() else WEIGHTS
        if not (folder / name).is_dir():
            known = [path.name for path in WEIGHTS.glob(f"{SHIPPED}*")] + promoted_models()
            raise ArtefactError(f"There is no model {name!r}; there are: {', '.join(sorted(known))}.")
        return cls.of(folder / name)

    @classmethod
    def of(cls, folder: Path) -> "Classifier":
        """The model in `folder`. Raises ArtefactError with a sentence when there is none that hears."""
        weights, card = load_artefact(folder)
        if card["model"] != SHIPPED or (card.get("input") != "pictures" and "views" not in card):
            from genre.promoted import PromotedClassifier  # it brings the whole model zoo along

            return PromotedClassifier(folder)
        try:
            return cls(_views(weights, card), card)
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            raise ArtefactError(
                f"The card and the weights of {folder.name!r} do not fit this version of Earmark."
            ) from error

    def classify(self, clip: Clip) -> Verdict:
        """Name the genre of a clip. Never raises for what is in the audio."""
        seconds = len(clip.samples) / SAMPLE_RATE
        if seconds < MIN_SECONDS:
            return _nothing(clip, "too_short", f"This is shorter than one second. {PLAY_MORE}")
        if is_silent(clip.samples):
            return _nothing(clip, "not_music", "We hear silence. Is the microphone on, and the "
                            "music loud enough?")
        starts, pieces = _pieces(clip)
        with torch.inference_mode():
            power = self.front_end.power(torch.from_numpy(pieces))
            columns = PICTURE.frame_indices((power.shape[2] - 1) * PICTURE.hop_length)
            whole = torch.cat(tuple(power[:, :, columns]), dim=-1)
            if is_steady(whole, seconds):
                return _nothing(clip, "not_music", "We hear a steady noise or a single tone, not "
                                "music.")
            above_speech_db = above_speech(whole, seconds)
            if above_speech_db > 0:
                return _nothing(clip, "not_music", "We hear someone speaking, not music.")
            times, overall, over_time = self.hear(starts, pieces, power)
            overall, over_time = self.calibrated(overall), self.calibrated(over_time)
        sure_above, doubt = self._line(heard_seconds(power, seconds), above_speech_db)
        return self._verdict(clip, sure_above, doubt, overall, over_time, times)

    def hear(
        self, starts: list[float], pieces: np.ndarray, power: Tensor
    ) -> tuple[np.ndarray, Tensor, Tensor]:
        """Pieces (P, N), where each begins in the source (s), and their mel power (P, bands, frames)
        of every frame
        -> centres of windows in the source (W,) s, probabilities of the whole (G,), of each (W, G).
        Noisy pieces are heard once more without their noise; both answers count alike.
        """
        takes = [power]
        if self.second_hearing and (noisy := is_noisy(power)).any():
            takes.append(torch.where(noisy[:, None, None], without_noise(power), power))
        told = zip(*(self._told(take) for take in takes), strict=True)
        overall, over_time = (torch.stack(logarithms).mean(dim=0).softmax(dim=-1) for logarithms in told)
        seconds = self.views[0].centres(power.shape[2]) * self.front_end.params.seconds_per_frame
        times = np.concatenate([start + seconds for start in starts])
        return times, overall, over_time

    def _told(self, power: Tensor) -> tuple[Tensor, Tensor]:
        """Mel power (P, bands, frames) -> what all views say in logarithms: (G,), and by window (W, G)."""
        base, frames = self.views[0], power.shape[2]
        wanted = base.centres(frames)
        reach = wanted[0] - base.params.first_frame  # half a window
        of_all, of_each = self._shares(frames), self._shares(min(frames, round(2 * reach)))
        overall, over_time = 0.0, 0.0  # logarithms: see `genre.evaluate.pooled`
        for view, share, share_of_each in zip(self.views, of_all, of_each, strict=True):
            logits = view.logits(power)
            overall = overall + share * _log(vote(logits[audible(power, logits.shape[1])]))
            if view is not base:
                logits = spread(logits, view.centres(frames), wanted, reach)
            over_time = over_time + share_of_each * _log(logits.softmax(dim=-1).mean(dim=2).flatten(0, 1))
        return overall, over_time

    def _shares(self, frames: int) -> list[float]:
        """How much the word of each view counts on a piece of so many frames; they add up to 1."""
        weights = [view.weight * view.heard(frames) for view in self.views]
        return [weight / sum(weights) for weight in weights]

    def sure_above(self, seconds: float) -> float:
        """The probability from which a genre is told as sure, of so much music: the less, the higher."""
        if seconds < ENOUGH_SECONDS:
            return NEVER
        lengths_s, lines = self._lines.T
        return float(np.interp(np.log(seconds), np.log(lengths_s), lines))

    def _line(self, seconds: float, above_speech_db: float) -> tuple[float, str]:
        """-> (the line of a sure answer, why it may not be reached)."""
        if above_speech_db > -DOUBT_DB:
            return NEVER, LIKE_SPEECH
        line = self.sure_above(seconds)
        return line, SHORT if line > self.sure_above(PIECE_SECONDS) + MUCH_LOWER else ""

    def calibrated(self, probabilities: Tensor) -> Tensor:
        """Sharpen or soften (..., G) by the temperature and the weights of the genres in the card."""
        sharpened = (self.genre_weights * probabilities) ** (1.0 / self.temperature)
        return sharpened / sharpened.sum(dim=-1, keepdim=True)

    def _verdict(
        self, clip: Clip, sure_above: float, doubt: str, overall: Tensor, over_time: Tensor,
        times: np.ndarray,
    ) -> Verdict:
        best = int(overall.argmax())
        confident = float(overall[best]) >= sure_above
        doubt = "" if confident else doubt
        word = spoken(self.genres[best])
        return Verdict(
            status="music" if confident else "unsure",
            genre=self.genres[best],
            confident=confident,
            probabilities=dict(zip(self.genres, overall.tolist(), strict=True)),
            duration_s=clip.duration_s,
            message=f"This sounds like {word}." if confident
            else f"We are not sure. Our best guess is {word}. {doubt}".strip(),
            times=times.clip(max=clip.duration_s),
            over_time=over_time.numpy(),
            sure_above=sure_above,
            doubt=doubt,
        )


def _views(weights: dict[str, Tensor], card: dict) -> list[View]:
    """Several ways of looking where the card tells of several, else the one of its input."""
    cards = card.get("views") or {card["input"]: card | {"weight": 1.0}}
    views = []
    for kind, part in cards.items():
        network = ListenNet(part["shape"], len(card["genres"]), **part["options"])
        lead = f"{kind}." if "views" in card else ""
        network.load_state_dict({name.removeprefix(lead): tensor for name, tensor in weights.items()
                                 if name.startswith(lead)})
        front_end = SpectrogramParams.from_dict(part["front_end"])
        views.append(VIEWS[kind](network, front_end, float(part["weight"])))
    return views


def _numbers(values: object, shape: tuple[int, ...]) -> np.ndarray:
    """Of a card: as many numbers above 0 as `shape` says, -1: any number of. Raises ValueError, TypeError."""
    numbers = np.array(values, float)
    fits = numbers.ndim == len(shape) and all(s in (-1, n) for s, n in zip(shape, numbers.shape, strict=True))
    if not (fits and np.isfinite(numbers).all() and (numbers > 0).all()):
        raise ValueError("A card's lines and weights are numbers above 0.")
    return numbers


def vote(logits: Tensor) -> Tensor:
    """(..., windows, members, G) -> probabilities (..., G): the windows vote, then the members."""
    return logits.mean(dim=-3).softmax(dim=-1).mean(dim=-2)


def _log(probabilities: Tensor) -> Tensor:
    return probabilities.clamp(min=1e-9).log()


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


def heard_seconds(power: Tensor, seconds: float) -> float:
    """How much of the `seconds` in (P, bands, frames) is not silent beside the loudest."""
    cells = max(1, round(seconds / len(power) / PAUSE_SECONDS))
    return seconds * float(audible(power, cells).float().mean())


def audible(power: Tensor, windows: int) -> Tensor:
    """(P, bands, frames) -> (P, windows) bool: which windows are not silent beside the loudest."""
    level = 10.0 * torch.log10(power.sum(dim=1) + 1e-20)
    loudest = nn.functional.adaptive_max_pool1d(level, windows)
    return loudest > level.max() - AUDIBLE_DB

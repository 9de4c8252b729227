"""A wish in, new music out: along a path through the latent space, as long as you like.

    dreamer = Dreamer.load()
    dream = dreamer.dream(Wish({"jazz": 1.0}, seconds=10, seed=3))
    dream.clip.samples       (N,) float32 at 22,050 Hz, levelled
    dream.mel_db             (128, frames) decibels below the loudest point
    dream.recipe()           a dictionary for JSON that gives the same music again: see `again`

The generator learnt pieces of 3 s. Each 0.7 s of a longer piece has fresh local noise, so that it does
not loop, while the style swings slowly around that of the piece, so that it stays one piece without
being the same all along.
"""

import hashlib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator as Random
from torch import Tensor
from torch.nn import functional as F

from gan import artefact
from gan.mel import CONTROLS, FRAMES_A_COLUMN, GAN_MEL, to_db
from gan.network import LOCAL, STYLE, Generator, Latents
from gan.sound import sound_of
from gan.wish import Noise, Wish, WishError
from genre.artefacts import load_artefact
from genre.audio import SAMPLE_RATE, Clip
from genre.cards import ArtefactError
from genre.home import WEIGHTS
from genre.names import spoken
from genre.runs import runs_folder
from genre.spectrogram import SpectrogramParams

SHIPPED = "gan"
VERSION = 1  # raised when the same wish no longer gives the same music
TRUNCATION = 0.7  # of a wish that says nothing: more is as asked for, and hardly less is different
DRIFT = 0.5  # how much of the style swings: the sine of an angle
SWINGS_S = (13.0, 21.0, 34.0)  # how long the swings take; no two in step
MARGIN = 1  # columns painted before and after the piece: time is a circle to the generator
_STYLE_SALT, _RHYTHM_SALT = 0, 1


@dataclass(frozen=True, eq=False)
class Dream:
    """A piece of music that was never played."""

    wish: Wish
    mel_db: np.ndarray  # (128, frames) float32: decibels below the loudest point, -80 to 0
    clip: Clip  # its sound, levelled
    model: str
    weights: str  # the first 16 digits of the SHA-256 of the weights

    @property
    def name(self) -> str:
        """Safe as a file's name: "jazz-3", "jazz-blues-17"."""
        names = sorted(self.wish.genres, key=lambda name: -self.wish.genres[name])[:3]
        return "-".join(re.sub(r"[^\w]+", "", name)[:20] or "music" for name in [*names, str(self.wish.seed)])

    def recipe(self) -> dict:
        """For JSON: everything that gives the same music again."""
        return {"made_by": "Earmark", "version": VERSION, "model": self.model, "weights": self.weights,
                "front_end": GAN_MEL.to_dict(), "wish": self.wish.to_dict()}

    def picture(self) -> bytes:
        """The spectrogram as a PNG, low notes below."""
        return artefact.picture(self.mel_db)

    def spectrogram(self) -> bytes:
        """The spectrogram as an .npz that can be heard again."""
        return artefact.save(artefact.Artefact(self.mel_db, GAN_MEL, self.recipe()))


def fingerprint(folder: Path) -> str:
    """The first 16 digits of the SHA-256 of the weights in `folder`. Raises OSError."""
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()[:16]


class Dreamer:
    """A trained generator, ready to dream."""

    def __init__(self, generator: Generator, card: dict, name: str, weights: str) -> None:
        """Raises KeyError, TypeError or ValueError for a card that lacks something."""
        self.generator, self.card, self.name, self.weights = generator.eval(), card, name, weights
        self.genres: tuple[str, ...] = tuple(card["genres"])
        self.typical = torch.tensor([card["typical"]["mean"], card["typical"]["spread"]])  # (2, genres, 3)
        if self.typical.shape != (2, len(self.genres), len(CONTROLS)):
            raise ValueError("The controls of the card do not fit its genres.")
        if SpectrogramParams.from_dict(card["front_end"]) != GAN_MEL:
            raise ValueError("The spectrograms are of another kind.")

    @classmethod
    def load(cls, name: str = SHIPPED, folder: Path | None = None) -> "Dreamer":
        """The weights `name` of `folder`, by default shipped ones or else a run's. Raises ArtefactError."""
        if not re.fullmatch(r"[\w.-]+", name) or name.startswith("."):
            raise ArtefactError(f"{name!r} is not a model's name.")
        if folder is None:
            folder = runs_folder() if not (WEIGHTS / name).is_dir() else WEIGHTS
        folder = folder / name
        weights, card = load_artefact(folder)
        try:
            generator = Generator(len(card["genres"]))
            generator.load_state_dict(weights)
            return cls(generator, card, name, fingerprint(folder))
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ArtefactError(
                f"The card and the weights of {name!r} do not fit this version of Earmark: train it again."
            ) from error

    def dream(self, wish: Wish) -> Dream:
        """Paint and sound a piece; the same wish always gives the same. Raises WishError."""
        mel = self.mel(wish)
        samples = sound_of(mel, GAN_MEL)
        name = " and ".join(map(spoken, wish.genres))
        return Dream(wish, mel, Clip(samples, len(samples) / SAMPLE_RATE, name=name), self.name, self.weights)

    def mel(self, wish: Wish) -> np.ndarray:
        """The spectrogram alone: (128, frames) float32, -80 to 0 dB. Raises WishError."""
        frames = 1 + round(wish.seconds / GAN_MEL.seconds_per_frame)
        painted_frames = math.ceil(frames * wish.tempo)
        columns = math.ceil(painted_frames / FRAMES_A_COLUMN) + 2 * MARGIN
        with torch.inference_mode():
            latents = self.latents(wish, columns)
            steering = self.generator.steering(latents)[None]  # of every column
            painted = self.generator.paint_along(steering, latents.local)
            start = MARGIN * FRAMES_A_COLUMN
            piece = painted[:, :, start : start + painted_frames]
            piece = F.interpolate(piece, frames, mode="linear", align_corners=True)[0]
            decibels = to_db(piece)
            return (decibels - decibels.max()).clamp_min(-GAN_MEL.range_db).numpy()

    def latents(self, wish: Wish, columns: int) -> Latents:
        """The path of a wish: a row of style, genres and controls for each column, one local for all."""
        shares = self._shares(wish)
        scale = TRUNCATION if wish.truncation is None else wish.truncation
        style = _mixed(wish.noise("style"), _STYLE_SALT, lambda rng: _style_path(columns, rng))
        local = _mixed(wish.noise("rhythm"), _RHYTHM_SALT,
                       lambda rng: torch.randn(columns, LOCAL, generator=rng).T)
        mean, spread = (shares @ values for values in self.typical)
        asked = torch.tensor([wish.controls.get(name, 0.0) for name in CONTROLS])
        controls = mean + scale * spread * style[0, STYLE:] + asked
        return Latents(scale * style[:, :STYLE], local[None],
                       shares.expand(columns, -1), controls.expand(columns, -1))

    def _shares(self, wish: Wish) -> Tensor:
        if unknown := set(wish.genres) - set(self.genres):
            raise WishError(
                f"There is no genre {min(unknown)!r} here: choose from {', '.join(self.genres)}."
            )
        return torch.tensor([wish.genres.get(name, 0.0) for name in self.genres])


def again(recipe: Any) -> Wish:
    """The wish of a .json that `Dream.recipe` gave. Raises WishError."""
    if not isinstance(recipe, dict) or recipe.get("made_by") != "Earmark":
        raise WishError("This is not the recipe of a piece: choose a .json that was downloaded here.")
    if recipe.get("version") != VERSION:
        raise WishError("This piece was made by another version of Earmark, which paints otherwise.")
    return Wish.from_dict(recipe.get("wish"))


def _style_path(columns: int, rng: Random) -> Tensor:
    """(columns, 64 + 3): style, which swings slowly, and the chance in the controls, which stays.

    Each column is standard normal over the seeds.
    """
    centre = torch.randn(STYLE + len(CONTROLS), generator=rng)
    phases = 2 * math.pi * torch.rand(len(SWINGS_S), STYLE, generator=rng)
    seconds = torch.arange(columns) * (FRAMES_A_COLUMN * GAN_MEL.seconds_per_frame)
    turns = 2 * math.pi * seconds[:, None] / torch.tensor(SWINGS_S)
    swing = (turns[:, :, None] + phases).cos().sum(dim=1) * math.sqrt(2 / len(SWINGS_S))
    path = centre.repeat(columns, 1)
    path[:, :STYLE] = math.sqrt(1 - DRIFT**2) * path[:, :STYLE] + DRIFT * swing
    return path


def _mixed(noise: Noise, salt: int, draw: Callable[[Random], Tensor]) -> Tensor:
    """The sum of what each seed draws, times its weight."""
    return sum(weight * draw(Random().manual_seed(2 * seed + salt)) for seed, weight in noise)

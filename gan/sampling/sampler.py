"""The sampler turns a generation request into a clip of any length, along a path through the latent space.

    sampler = Sampler.load()
    generated = sampler.generate(GenerationRequest({"jazz": 1.0}, seconds=10, seed=3))
    generated.clip.samples   (N,) float32 at 22,050 Hz, loudness normalised
    generated.mel_db         (128, frames) decibels below the maximum
    generated.recipe()       a dictionary for JSON that reproduces it: see `request_from_recipe`

The generator was trained on clips of 3 and 6 s. Each 0.7 s of a longer clip has fresh local noise, so that it
does not loop, while the style drifts slowly around the style of the clip, which keeps it coherent. Its beats
are a grid of one tempo; those of a requested tempo are accented as far as they must be to be heard as that
tempo, not half or double of it. The earlier network, whose pieces are played as ever, knows no beat: for a
requested tempo its time is stretched first.
"""

import hashlib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator as Random
from torch import Tensor
from torch.nn import functional as F

from gan.beat_networks import USUAL_BPM, BeatGenerator, BeatLatents, count_beats_at
from gan.controls import CONTROLS
from gan.mel import FRAMES_PER_COLUMN, FRAMES_PER_MINUTE, GAN_MEL, N_BANDS, to_db
from gan.networks import LOCAL_DIM, OLD_GENERATOR_NAMES, STYLE_DIM, Generator, Latents, with_current_names
from gan.request import GenerationRequest, Noise, RequestError
from gan.sampling import spectrogram_file
from gan.sampling.audio import synthesize_audio
from gan.sampling.beat import accent_beats, choose_stretch
from gan.sampling.form import fade_db, plan_form
from genre.audio.clip import SAMPLE_RATE, Clip
from genre.audio.spectrogram import SpectrogramParams
from genre.models.artefacts import load_artefact
from genre.models.cards import ArtefactError, Card
from genre.paths import WEIGHTS
from genre.runs.directory import runs_folder
from genre.text import genre_name

DEFAULT_MODEL, EARLIER_MODEL = "gan", "gan-first"  # the published ones
RECIPE_VERSION = 1  # raise it when the same request no longer gives the same music
# Default scale of the noise. The earlier network's pieces are more often heard as their genre with less.
DEFAULT_TRUNCATION, EARLIER_TRUNCATION = 1.0, 0.7
DRIFT_FRACTION = 0.5  # fraction of the style that drifts: the sine of an angle
DRIFT_PERIODS_S = (13.0, 21.0, 34.0)  # periods of the drift; no two are in a whole ratio
MARGIN_COLUMNS = 1  # columns generated before and after the clip, as time is circular to the generator
_STYLE_SALT, _RHYTHM_SALT = 0, 1
_TEMPO_SALT, _GRAIN_SALT = 1 << 40, (1 << 40) + 1
_POINT_SALT_BITS = 33  # beyond twice the largest seed, so that no other seed has the same noise


@dataclass(frozen=True, eq=False)
class GeneratedClip:
    """A generated clip with its spectrogram and what produced it."""

    request: GenerationRequest
    mel_db: np.ndarray  # (128, frames) float32: decibels below the maximum, -80 to 0
    clip: Clip  # audio of the clip, mastered
    model: str
    fingerprint: str  # the first 16 digits of the SHA-256 of the weights

    @property
    def name(self) -> str:
        """A safe file name: "jazz-3", "jazz-blues-17"."""
        names = sorted(self.request.genres, key=lambda name: -self.request.genres[name])[:3]
        return "-".join(
            re.sub(r"[^\w]+", "", name)[:20] or "music" for name in [*names, str(self.request.seed)]
        )

    def recipe(self) -> dict:
        """Collect everything that reproduces the clip, for JSON."""
        return {
            "made_by": "Earmark",
            "version": RECIPE_VERSION,
            "model": self.model,
            "weights": self.fingerprint,
            "front_end": GAN_MEL.to_dict(),
            "request": self.request.to_dict(),
        }

    def png(self) -> bytes:
        """Render the spectrogram as a PNG, low bands at the bottom."""
        return spectrogram_file.render_png(self.mel_db)

    def spectrogram(self) -> bytes:
        """Pack the spectrogram as an .npz that can be inverted again."""
        return spectrogram_file.pack_spectrogram(
            spectrogram_file.SpectrogramFile(self.mel_db, GAN_MEL, self.recipe())
        )


def weights_fingerprint(folder: Path) -> str:
    """Compute the first 16 digits of the SHA-256 of the weights in `folder`. Raises OSError."""
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()[:16]


def published_model_of(recipe: Any) -> str:
    """Find the published model with the weights of a recipe; the default one where there is none."""
    weights = recipe.get("weights") if isinstance(recipe, dict) else None
    for name in (DEFAULT_MODEL, EARLIER_MODEL):
        folder = WEIGHTS / name
        if folder.is_dir() and weights_fingerprint(folder) == weights:
            return name
    return DEFAULT_MODEL


class Sampler:
    """A trained generator with its card, ready to generate clips."""

    def __init__(self, generator: Generator | BeatGenerator, card: Card, name: str, fingerprint: str) -> None:
        """Take the parts. Raises KeyError, TypeError or ValueError for an incomplete card."""
        self.generator, self.card, self.name, self.fingerprint = generator.eval(), card, name, fingerprint
        self.genres = card.genres
        statistics = card.control_stats_by_genre
        self.control_stats_by_genre = torch.tensor([statistics["mean"], statistics["std"]])  # (2, genres, 3)
        if self.control_stats_by_genre.shape != (2, len(self.genres), len(CONTROLS)):
            raise ValueError("The controls of the card do not fit its genres.")
        if SpectrogramParams.from_dict(card.front_end or {}) != GAN_MEL:
            raise ValueError("The spectrograms are of another kind.")
        if isinstance(generator, BeatGenerator):
            tempos = card.tempo_stats_by_genre
            self.tempo_stats_by_genre = torch.tensor([tempos["mean"], tempos["std"]])  # (2, genres)
            if self.tempo_stats_by_genre.shape != (2, len(self.genres)):
                raise ValueError("The tempos of the card do not fit its genres.")

    @classmethod
    def load(cls, name: str = DEFAULT_MODEL, folder: Path | None = None) -> "Sampler":
        """Load the weights `name` of `folder`, published ones or a run's. Raises ArtefactError."""
        if not re.fullmatch(r"[\w.-]+", name) or name.startswith("."):
            raise ArtefactError(f"{name!r} is not a model's name.")
        if folder is None:
            folder = runs_folder() if not (WEIGHTS / name).is_dir() else WEIGHTS
        folder = folder / name
        weights, card = load_artefact(folder)
        try:
            generator: Generator | BeatGenerator
            if card.network == "beat":
                generator = BeatGenerator(len(card.genres))
                generator.load_state_dict(weights)
            else:
                generator = Generator(len(card.genres))
                generator.load_state_dict(with_current_names(weights, OLD_GENERATOR_NAMES))
            return cls(generator, card, name, weights_fingerprint(folder))
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ArtefactError(
                f"The card and the weights of {name!r} do not fit this version of Earmark: train it again."
            ) from error

    def generate(self, request: GenerationRequest) -> GeneratedClip:
        """Generate a clip, always the same one for the same request. Raises RequestError."""
        generate_mel = self.generate_mel(request)
        samples = synthesize_audio(generate_mel, GAN_MEL, key=request.key, bpm=request.bpm)
        name = " and ".join(map(genre_name, request.genres))
        return GeneratedClip(
            request,
            generate_mel,
            Clip(samples, len(samples) / SAMPLE_RATE, name=name),
            self.name,
            self.fingerprint,
        )

    def generate_mel(self, request: GenerationRequest) -> np.ndarray:
        """Generate the spectrogram alone: (128, frames) float32, -80 to 0 dB. Raises RequestError."""
        if request.bpm is None:
            return self._generate_mel(request)
        period = FRAMES_PER_MINUTE / request.bpm
        if not isinstance(self.generator, BeatGenerator):
            free = replace(request, bpm=None, tempo=1.0)
            stretch = choose_stretch(self._generate_mel(free), period)
            request = replace(free, tempo=stretch)
        return accent_beats(self._generate_mel(request), period)

    def _generate_mel(self, request: GenerationRequest) -> np.ndarray:
        frames = 1 + round(request.seconds / GAN_MEL.seconds_per_frame)
        with torch.inference_mode():
            if isinstance(self.generator, BeatGenerator):
                values = self._paint_to_beat(self.generator, request, frames)
            else:
                values = self._paint(self.generator, request, frames)
            decibels = to_db(values)
            if request.form:
                decibels = decibels + torch.from_numpy(fade_db(frames, GAN_MEL.seconds_per_frame)).float()
            return (decibels - decibels.max()).clamp_min(-GAN_MEL.range_db).numpy()

    def _paint(self, generator: Generator, request: GenerationRequest, frames: int) -> Tensor:
        """Generate (128, frames) with the network's own beats, faster by the factor `tempo`."""
        n_source_frames = math.ceil(frames * request.tempo)
        columns = math.ceil(n_source_frames / FRAMES_PER_COLUMN) + 2 * MARGIN_COLUMNS
        latents = self.compute_latents(request, columns, request.tempo)
        styles = generator.style_vector(latents)[None]  # (1, columns, STYLE_VECTOR_DIM)
        start = MARGIN_COLUMNS * FRAMES_PER_COLUMN
        excerpt = generator.synthesize(styles, latents.local)[:, :, start : start + n_source_frames]
        return F.interpolate(excerpt, frames, mode="linear", align_corners=True)[0]

    def _paint_to_beat(self, generator: BeatGenerator, request: GenerationRequest, frames: int) -> Tensor:
        """Generate (128, frames) with beats at one tempo, the first of them at the beginning."""
        columns = math.ceil(frames / FRAMES_PER_COLUMN) + 2 * MARGIN_COLUMNS
        latents = self.compute_latents(request, columns)
        octaves = self._tempo_octaves(request)
        start = MARGIN_COLUMNS * FRAMES_PER_COLUMN
        beats = count_beats_at(octaves, torch.arange(columns * FRAMES_PER_COLUMN) - start)
        grain = _mix_noise(
            request.noise("rhythm"),
            _GRAIN_SALT,
            lambda rng: torch.randn(columns * FRAMES_PER_COLUMN, N_BANDS, generator=rng).T,
        )
        paced = BeatLatents(
            latents.style,
            latents.local,
            latents.genres,
            latents.controls,
            octaves.expand(columns, 1),
            beats,
            grain,
        )
        styles = generator.style_vector(paced)[None]
        painted = generator.synthesize(styles, latents.local, beats, grain[None])
        return painted[0, :, start : start + frames]

    def _tempo_octaves(self, request: GenerationRequest) -> Tensor:
        """Choose the tempo (1, 1) in octaves above the usual: the requested one, or one of the genre's."""
        if request.bpm is not None:
            return torch.tensor([[math.log2(request.bpm / USUAL_BPM)]])
        mean, std = (self._genre_weights(request) @ values for values in self.tempo_stats_by_genre)
        noise = _mix_noise(
            request.noise("style"), _TEMPO_SALT, lambda rng: torch.randn((), generator=rng).clamp(-1, 1)
        )
        return (mean + std * noise + math.log2(request.tempo)).reshape(1, 1)

    def compute_latents(self, request: GenerationRequest, columns: int, tempo: float = 1.0) -> Latents:
        """Compute the latent path of a request: style, genres and controls per column, one local latent.

        `tempo` is the factor by which time is stretched afterwards.
        """
        genre_weights = self._genre_weights(request)
        usual = DEFAULT_TRUNCATION if isinstance(self.generator, BeatGenerator) else EARLIER_TRUNCATION
        scale = usual if request.truncation is None else request.truncation
        style = _mix_noise(request.noise("style"), _STYLE_SALT, lambda rng: _style_path(columns, rng))
        local = _mix_noise(
            request.noise("rhythm"),
            _RHYTHM_SALT,
            lambda rng: torch.randn(columns, LOCAL_DIM, generator=rng).T,
        )
        mean, std = (genre_weights @ values for values in self.control_stats_by_genre)
        shifts = torch.tensor([request.controls.get(name, 0.0) for name in CONTROLS])
        controls = (mean + scale * std * style[0, STYLE_DIM:] + shifts).expand(columns, -1)
        style = style[:, :STYLE_DIM]
        if request.form:
            column_s = FRAMES_PER_COLUMN * GAN_MEL.seconds_per_frame / tempo
            plan = plan_form(request.seconds, columns, column_s, MARGIN_COLUMNS)
            style, local = self._turned(request, style[plan.source], plan.turns), local[:, plan.source]
            controls = controls + torch.from_numpy(plan.shifts).float()
        return Latents(scale * style, local[None], genre_weights.expand(columns, -1), controls)

    def _turned(self, request: GenerationRequest, style: Tensor, turns: np.ndarray) -> Tensor:
        """Turn the style (columns, 64) of each column towards further points of the request's noise.

        It stays standard normal over the seeds.
        """
        sines = torch.from_numpy(turns).float()
        result = (1 - sines.square().sum(dim=1, keepdim=True)).sqrt() * style
        for k in range(turns.shape[1]):
            salt = (k + 1) << _POINT_SALT_BITS
            point = _mix_noise(
                request.noise("style"), salt, lambda rng: torch.randn(STYLE_DIM, generator=rng)
            )
            result = result + sines[:, k : k + 1] * point
        return result

    def _genre_weights(self, request: GenerationRequest) -> Tensor:
        if unknown := set(request.genres) - set(self.genres):
            raise RequestError(
                f"There is no genre {min(unknown)!r} here: choose from {', '.join(self.genres)}."
            )
        return torch.tensor([request.genres.get(name, 0.0) for name in self.genres])


def request_from_recipe(recipe: Any) -> GenerationRequest:
    """Read the request of a recipe of `GeneratedClip.recipe`, of any version. Raises RequestError."""
    if not isinstance(recipe, dict) or recipe.get("made_by") != "Earmark":
        raise RequestError("This is not the recipe of a piece: choose a .json that was downloaded here.")
    if recipe.get("version") != RECIPE_VERSION:
        raise RequestError("This piece was made by another version of Earmark, which paints otherwise.")
    return GenerationRequest.from_dict(recipe.get("request", recipe.get("wish")))  # "wish" in old recipes


def play_spectrogram(spectrogram: spectrogram_file.SpectrogramFile, seed: int = 0) -> np.ndarray:
    """Synthesise the audio (N,) of a file, in the key of its recipe where that asks for one.

    Raises the ValueError of `invert_mel`.
    """
    try:
        request = request_from_recipe(spectrogram.recipe)
    except RequestError:
        return synthesize_audio(spectrogram.mel_db, spectrogram.params, seed=seed)
    return synthesize_audio(
        spectrogram.mel_db, spectrogram.params, seed=seed, key=request.key, bpm=request.bpm
    )


def _style_path(columns: int, rng: Random) -> Tensor:
    """Draw (columns, 64 + 3): the style, which drifts slowly, and the noise of the controls, which stays.

    Each column is standard normal over the seeds.
    """
    mean_style = torch.randn(STYLE_DIM + len(CONTROLS), generator=rng)
    phases = 2 * math.pi * torch.rand(len(DRIFT_PERIODS_S), STYLE_DIM, generator=rng)
    seconds = torch.arange(columns) * (FRAMES_PER_COLUMN * GAN_MEL.seconds_per_frame)
    angles = 2 * math.pi * seconds[:, None] / torch.tensor(DRIFT_PERIODS_S)
    drift = (angles[:, :, None] + phases).cos().sum(dim=1) * math.sqrt(2 / len(DRIFT_PERIODS_S))
    path = mean_style.repeat(columns, 1)
    path[:, :STYLE_DIM] = math.sqrt(1 - DRIFT_FRACTION**2) * path[:, :STYLE_DIM] + DRIFT_FRACTION * drift
    return path


def _mix_noise(noise: Noise, salt: int, draw: Callable[[Random], Tensor]) -> Tensor:
    """Sum the draws of all seeds, each times its weight."""
    parts = [weight * draw(Random().manual_seed(2 * seed + salt)) for seed, weight in noise]
    return sum(parts[1:], parts[0])

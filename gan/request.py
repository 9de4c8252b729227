"""Generation requests, which determine everything about a clip, and requests derived from others.

    GenerationRequest({"jazz": 1.0}, seconds=10, seed=3)
    GenerationRequest.from_prompt(parse_prompt("calm jazz"), seconds=10, seed=3)
    mix_requests(a, b, 0.5)                      an interpolation
    make_similar_request(request, seed=4)        a style nearby, with new local noise
    vary_request(request, seed=4, keep="style")  one part of the latent stays, the other is drawn anew

The latent of a clip is a sum of noises, each from a seed of its own, with weights whose squares add up
to 1. It stays standard normal however often requests are mixed, and a few numbers reproduce a clip.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, TypedDict

import numpy as np

from gan.controls import CONTROLS
from gan.keys import find_key
from gan.prompt import ParsedPrompt
from genre import GENRES
from genre.text import genre_name

DURATION_RANGE_S = (3.0, 60.0)  # min, max
COUNT_RANGE = (1, 20)
TEMPO_RANGE = (0.5, 2.0)
BPM_RANGE = (60.0, 180.0)  # beats a minute that may be requested
MAX_CONTROL_SHIFT = 4.0  # standard deviations by which a control may move
MAX_SEED = 2**31 - 1
MAX_GENRES = 32
MAX_NOISES = 16  # noises in the sum of one clip; those of the least weight are dropped first
MAX_STORED_PROMPT_CHARS = 1000  # length of the prompt that is stored
MIN_NOISE_WEIGHT = 0.01  # a noise of less weight is dropped
STYLE_SIMILARITY = 0.8  # correlation of the style latents of similar requests
PARTS = ("style", "rhythm")
SECTIONS = "sections"  # the form of gan/sampling/form.py
FORMS = ("", SECTIONS)  # "": none, as in old recipes
MIN_FORM_S = 12.0  # two sections of 6 s

Noise = tuple[tuple[int, float], ...]  # (seed, weight)


class RequestError(ValueError):
    """A request that is out of bounds; the text says what to do."""


@dataclass(frozen=True)
class GenerationRequest:
    """The request that determines a clip. Raises RequestError, with a sentence, where it is out of bounds."""

    genres: dict[str, float]  # weights; normalised to add up to 1
    controls: dict[str, float] = field(default_factory=dict)  # standard deviations from the genre's mean
    tempo: float = 1.0  # factor on the usual tempo
    seconds: float = 10.0
    seed: int = 0
    truncation: float | None = None  # scale of the noise of style and controls; None: default
    style: Noise = ()  # noise of the style latent; by default from the seed
    rhythm: Noise = ()  # noise of the local latent; by default from the seed
    prompt: str = ""  # prompt behind the request, for display
    form: str = ""  # one of FORMS
    bpm: float | None = None  # requested beats a minute; None: as they come, times `tempo`
    key: str = ""  # the requested one of gan.keys.KEYS; "": none

    def __post_init__(self) -> None:
        set_field = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        set_field("genres", _check_genres(self.genres))
        set_field("controls", _check_controls(self.controls))
        set_field("tempo", _check_number("The tempo", self.tempo, *TEMPO_RANGE))
        set_field("seconds", _check_number("The length in seconds", self.seconds, *DURATION_RANGE_S))
        set_field("seed", _check_seed(self.seed))
        if self.truncation is not None:
            set_field("truncation", _check_number("The truncation", self.truncation, 0.0, 1.5))
        for part in PARTS:
            set_field(part, _check_noise(getattr(self, part)) if getattr(self, part) else ())
        if not isinstance(self.prompt, str) or len(self.prompt) > MAX_STORED_PROMPT_CHARS:
            raise RequestError(
                f"The prompt is a text of at most {MAX_STORED_PROMPT_CHARS} letters: make it shorter."
            )
        if self.form not in FORMS:
            raise RequestError("The form of a piece is “sections”, or none.")
        if self.form and self.seconds < MIN_FORM_S:
            raise RequestError(f"A piece with sections takes {MIN_FORM_S:g} s or more: choose a longer one.")
        if self.bpm is not None:
            set_field("bpm", _check_number("The beats a minute", self.bpm, *BPM_RANGE))
        set_field("key", _check_key(self.key))
        set_field(
            "prompt", self.prompt.encode(errors="replace").decode()
        )  # lone surrogates cannot be encoded

    def noise(self, part: str) -> Noise:
        """Return the noise of "style" or "rhythm", by default that of the seed."""
        return getattr(self, part) or ((self.seed, 1.0),)

    @classmethod
    def from_prompt(
        cls,
        parsed_prompt: ParsedPrompt,
        seconds: float = 10.0,
        seed: int = 0,
        available: Sequence[str] = GENRES,
    ) -> "GenerationRequest":
        """Build the request of a prompt for the `available` genres; the seed draws one where none is named.

        Raises RequestError where all genres of the prompt are unavailable.
        """
        genres = {name: weight for name, weight in parsed_prompt.genres.items() if name in available}
        if parsed_prompt.has_genre and not genres:
            names = " or ".join(map(genre_name, parsed_prompt.genres))
            raise RequestError(f"There is no {names} here; there is {', '.join(map(genre_name, available))}.")
        if not parsed_prompt.has_genre:
            choices = [name for name in available if name in genres or name not in GENRES] or list(available)
            genres = {choices[int(np.random.default_rng(_check_seed(seed)).integers(len(choices)))]: 1.0}
        return cls(
            genres,
            dict(parsed_prompt.controls),
            parsed_prompt.tempo,
            seconds,
            seed,
            prompt=parsed_prompt.prompt[:MAX_STORED_PROMPT_CHARS],
            bpm=parsed_prompt.bpm,
            key=parsed_prompt.key,
        )

    def to_dict(self) -> dict:
        """Convert to plain values for JSON; without form, beats and key as before there were any."""
        values = asdict(self)
        return {name: value for name, value in values.items() if value or name not in ("form", "bpm", "key")}

    @classmethod
    def from_dict(cls, values: Any) -> "GenerationRequest":
        """Read the values of `to_dict`. Raises RequestError for anything else."""
        names = {attribute.name for attribute in fields(cls)}
        if not isinstance(values, dict) or "genres" not in values or set(values) - names:
            raise RequestError(
                "This is not a recipe of this version of Earmark: choose a .json that it wrote."
            )
        return cls(**values)


def require_count(count: int) -> int:
    """Check the number of clips of one request. Raises RequestError."""
    low, high = COUNT_RANGE
    if isinstance(count, bool) or not isinstance(count, int) or not low <= count <= high:
        raise RequestError(f"Choose {low} to {high} pieces at a time.")
    return count


def mix_requests(a: GenerationRequest, b: GenerationRequest, weight: float) -> GenerationRequest:
    """Interpolate two requests, their noises spherically: weight 0 gives the first, 1 the second."""
    weight = _check_number("The share of the second", weight, 0.0, 1.0)
    if weight in (0.0, 1.0):
        return b if weight else a
    interpolate = lambda x, y: min(max(x, y), max(min(x, y), x + weight * (y - x)))  # noqa: E731
    truncation_of = lambda request: 1.0 if request.truncation is None else request.truncation  # noqa: E731
    truncation = (
        None
        if a.truncation is None and b.truncation is None
        else interpolate(truncation_of(a), truncation_of(b))
    )
    seconds = interpolate(a.seconds, b.seconds)
    nearer = a if weight < 0.5 else b
    return GenerationRequest(
        {
            name: interpolate(a.genres.get(name, 0.0), b.genres.get(name, 0.0))
            for name in [*a.genres, *b.genres]
        },
        {name: interpolate(a.controls.get(name, 0.0), b.controls.get(name, 0.0)) for name in CONTROLS},
        math.exp(interpolate(math.log(a.tempo), math.log(b.tempo))),
        seconds,
        a.seed,
        truncation,
        form=nearer.form if seconds >= MIN_FORM_S else "",
        bpm=_mix_bpm(a, b, weight),
        key=nearer.key,
        **_noises_by_part(
            lambda part: _mix_noises(
                (a.noise(part), math.cos(weight * math.pi / 2)),
                (b.noise(part), math.sin(weight * math.pi / 2)),
            )
        ),
    )


def make_similar_request(request: GenerationRequest, seed: int) -> GenerationRequest:
    """Derive a request with a style latent nearby and a new local latent."""
    new_noise = ((_check_seed(seed), 1.0),)
    style = _mix_noises(
        (request.noise("style"), STYLE_SIMILARITY), (new_noise, math.sqrt(1 - STYLE_SIMILARITY**2))
    )
    return replace(request, seed=seed, style=style, rhythm=())


def vary_request(request: GenerationRequest, seed: int, keep: str) -> GenerationRequest:
    """Keep the latent "style" or "rhythm" and draw the other anew."""
    if keep not in PARTS:
        raise RequestError(f"Lock one of these: {', '.join(PARTS)}.")
    noises = _noises_by_part(lambda part: request.noise(part) if part == keep else ())
    return replace(request, seed=seed, **noises)


class _Noises(TypedDict):
    """The noise of each of PARTS."""

    style: Noise
    rhythm: Noise


def _noises_by_part(noise_of: Callable[[str], Noise]) -> _Noises:
    return {"style": noise_of("style"), "rhythm": noise_of("rhythm")}


def _mix_bpm(a: GenerationRequest, b: GenerationRequest, weight: float) -> float | None:
    """Interpolate the beats a minute; where one request asks for none, those of the nearer one."""
    if a.bpm is None or b.bpm is None:
        return (a if weight < 0.5 else b).bpm
    low, high = sorted((a.bpm, b.bpm))
    return min(high, max(low, a.bpm * (b.bpm / a.bpm) ** weight))


def _mix_noises(*parts: tuple[Noise, float]) -> Noise:
    """Sum noises times their factors, normalised to variance 1."""
    total: dict[int, float] = {}
    for noise, factor in parts:
        for seed, weight in noise:
            total[seed] = total.get(seed, 0.0) + factor * weight
    largest = sorted(total.items(), key=lambda item: (-abs(item[1]), item[0]))[:MAX_NOISES]
    norm = math.sqrt(sum(weight**2 for _, weight in largest))
    if norm < MIN_NOISE_WEIGHT:  # the noises cancel out
        return parts[0][0]
    return tuple((seed, weight / norm) for seed, weight in largest if abs(weight) > MIN_NOISE_WEIGHT * norm)


def _check_genres(genres: Any) -> dict[str, float]:
    if not isinstance(genres, Mapping) or not 0 < len(genres) <= MAX_GENRES:
        raise RequestError(f"Music needs at least one genre: choose from {', '.join(GENRES)}.")
    weights = {
        str(name): _check_number("The share of a genre", weight, 0.0, 1e6) for name, weight in genres.items()
    }
    total = sum(weights.values())
    if total <= 0:
        raise RequestError("The shares of the genres add up to nothing: make one larger.")
    if abs(total - 1) < 1e-9:  # an exact sum keeps a round trip through JSON exact
        total = 1.0
    return {name: weight / total for name, weight in weights.items() if weight > 0}


def _check_controls(controls: Any) -> dict[str, float]:
    if not isinstance(controls, Mapping) or set(controls) - set(CONTROLS):
        raise RequestError(f"The controls are {', '.join(CONTROLS)}.")
    return {
        name: _check_number(f"The {name}", shift, -MAX_CONTROL_SHIFT, MAX_CONTROL_SHIFT)
        for name, shift in controls.items()
    }


def _check_noise(noise: Any) -> Noise:
    if not isinstance(noise, (list, tuple)) or not 0 < len(noise) <= MAX_NOISES:
        raise RequestError(f"A piece is mixed of at most {MAX_NOISES} others.")
    if not all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in noise):
        raise RequestError("Each noise of a piece is a seed and a weight.")
    parts = [
        (_check_seed(seed), _check_number("The weight of a noise", weight, -1.001, 1.001))
        for seed, weight in noise
    ]
    if not 0.9 < sum(weight**2 for _, weight in parts) < 1.1:
        raise RequestError("The squares of the weights of a noise add up to 1.")
    return tuple(parts)


def _check_seed(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed <= MAX_SEED:
        raise RequestError(f"The seed is a whole number from 0 to {MAX_SEED}.")
    return int(seed)


def _check_key(key: Any) -> str:
    if key == "":
        return ""
    if not (isinstance(key, str) and find_key(key)):
        raise RequestError(
            "A key is a tone and “major” or “minor”, such as “A minor” or “B flat major”: "
            "choose one of the 24."
        )
    return find_key(key)


def _check_number(name: str, value: Any, low: float, high: float) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float, np.number))
        or not (low <= value <= high)
    ):
        raise RequestError(f"{name} must be from {low:g} to {high:g}.")
    return float(value)

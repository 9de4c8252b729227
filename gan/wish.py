"""What decides a piece of music, and the wishes that come of others.

    Wish({"jazz": 1.0}, seconds=10, seed=3)
    Wish.read(understand("calm jazz"), seconds=10, seed=3)
    mix(a, b, 0.5)                    between two
    another_like(wish, seed=4)        near in style, with other events
    vary(wish, seed=4, keep="style")  the one part locked, the other drawn anew

The noise a piece is painted from is a sum of noises, each from a seed of its own, with weights whose
squares add up to 1: so it stays standard normal however often pieces are mixed, and numbers are all
that must be kept to have the piece again.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np

from gan.mel import CONTROLS
from gan.prompt import Understanding
from genre import GENRES
from genre.names import spoken

SECONDS = (3.0, 60.0)  # least and most
COUNTS = (1, 20)
TEMPOS = (0.5, 2.0)
MOST_SHIFT = 4.0  # standard deviations, of a control
MOST_SEED = 2**31 - 1
MOST_GENRES = 32
MOST_NOISES = 16  # that one piece is mixed of; the faintest go first
MOST_LETTERS = 1000  # of the prompt that is kept
FAINT = 0.01  # a noise of less weight is left out
NEARNESS = 0.8  # how much of its style "another like this" keeps; the rest is new
PARTS = ("style", "rhythm")

Noise = tuple[tuple[int, float], ...]  # (seed, weight)


class WishError(ValueError):
    """A wish that cannot be granted; the text says what to do."""


@dataclass(frozen=True)
class Wish:
    """Everything that decides a piece. Raises WishError, with a sentence, for what is out of bounds."""

    genres: dict[str, float]  # shares; brought to add up to 1
    controls: dict[str, float] = field(default_factory=dict)  # standard deviations from the genre's usual
    tempo: float = 1.0  # times the usual
    seconds: float = 10.0
    seed: int = 0
    truncation: float | None = None  # scale of style and of chance in the controls; None: as shipped
    style: Noise = ()  # what the whole is like; by default from the seed
    rhythm: Noise = ()  # what happens when; by default from the seed
    prompt: str = ""  # that it was read from, for display

    def __post_init__(self) -> None:
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        put("genres", _shares(self.genres))
        put("controls", _controls(self.controls))
        put("tempo", _number("The tempo", self.tempo, *TEMPOS))
        put("seconds", _number("The length in seconds", self.seconds, *SECONDS))
        put("seed", _seed(self.seed))
        if self.truncation is not None:
            put("truncation", _number("The truncation", self.truncation, 0.0, 1.5))
        for part in PARTS:
            put(part, _noise(getattr(self, part)) if getattr(self, part) else ())
        if not isinstance(self.prompt, str) or len(self.prompt) > MOST_LETTERS:
            raise WishError(f"The prompt is a text of at most {MOST_LETTERS} letters: make it shorter.")
        put("prompt", self.prompt.encode(errors="replace").decode())  # half characters cannot be written

    def noise(self, part: str) -> Noise:
        """Of "style" or "rhythm", what the seed stands for included."""
        return getattr(self, part) or ((self.seed, 1.0),)

    @classmethod
    def read(
        cls, heard: Understanding, seconds: float = 10.0, seed: int = 0, known: Sequence[str] = GENRES
    ) -> "Wish":
        """What a prompt asks of a painter who has `known` genres. Where it names none, the seed chooses.

        Raises WishError where it names none but unknown ones.
        """
        genres = {name: share for name, share in heard.genres.items() if name in known}
        if heard.named and not genres:
            named = " or ".join(map(spoken, heard.genres))
            raise WishError(f"There is no {named} here; there is {', '.join(map(spoken, known))}.")
        if not heard.named:
            names = [name for name in known if name in genres or name not in GENRES] or list(known)
            genres = {names[int(np.random.default_rng(_seed(seed)).integers(len(names)))]: 1.0}
        return cls(genres, dict(heard.controls), heard.tempo, seconds, seed,
                   prompt=heard.prompt[:MOST_LETTERS])

    def to_dict(self) -> dict:
        """For JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Any) -> "Wish":
        """Raises WishError for anything that `to_dict` did not make."""
        known = {each.name for each in fields(cls)}
        if not isinstance(values, dict) or "genres" not in values or set(values) - known:
            raise WishError("This is not a wish of this version of Earmark: choose a .json that it wrote.")
        return cls(**values)


def checked_count(count: int) -> int:
    """How many pieces are made at once. Raises WishError."""
    least, most = COUNTS
    if isinstance(count, bool) or not isinstance(count, int) or not least <= count <= most:
        raise WishError(f"Choose {least} to {most} pieces at a time.")
    return count


def mix(a: Wish, b: Wish, share: float) -> Wish:
    """Between two pieces: 0 gives the first, 1 the second, on the shortest way between their noises."""
    share = _number("The share of the second", share, 0.0, 1.0)
    if share in (0.0, 1.0):
        return b if share else a
    between = lambda x, y: min(max(x, y), max(min(x, y), x + share * (y - x)))  # noqa: E731
    wide = lambda wish: 1.0 if wish.truncation is None else wish.truncation  # noqa: E731
    truncation = None if a.truncation is None and b.truncation is None else between(wide(a), wide(b))
    return Wish(
        {name: between(a.genres.get(name, 0.0), b.genres.get(name, 0.0)) for name in [*a.genres, *b.genres]},
        {name: between(a.controls.get(name, 0.0), b.controls.get(name, 0.0)) for name in CONTROLS},
        math.exp(between(math.log(a.tempo), math.log(b.tempo))),
        between(a.seconds, b.seconds), a.seed, truncation,
        *(_sum((a.noise(part), math.cos(share * math.pi / 2)), (b.noise(part), math.sin(share * math.pi / 2)))
          for part in PARTS),
    )  # fmt: skip


def another_like(wish: Wish, seed: int) -> Wish:
    """The same wish, a style nearby and other events."""
    new = ((_seed(seed), 1.0),)
    style = _sum((wish.noise("style"), NEARNESS), (new, math.sqrt(1 - NEARNESS**2)))
    return replace(wish, seed=seed, style=style, rhythm=())


def vary(wish: Wish, seed: int, keep: str) -> Wish:
    """Keep "style" or "rhythm" and draw the other anew."""
    if keep not in PARTS:
        raise WishError(f"Lock one of these: {', '.join(PARTS)}.")
    return replace(wish, seed=seed, **{part: wish.noise(part) if part == keep else () for part in PARTS})


def _sum(*parts: tuple[Noise, float]) -> Noise:
    """Noises times their weights, brought back to variance 1."""
    total: dict[int, float] = {}
    for noise, share in parts:
        for seed, weight in noise:
            total[seed] = total.get(seed, 0.0) + share * weight
    loud = sorted(total.items(), key=lambda item: (-abs(item[1]), item[0]))[:MOST_NOISES]
    size = math.sqrt(sum(weight**2 for _, weight in loud))
    if size < FAINT:  # one is the other turned round
        return parts[0][0]
    return tuple((seed, weight / size) for seed, weight in loud if abs(weight) > FAINT * size)


def _shares(genres: Any) -> dict[str, float]:
    if not isinstance(genres, Mapping) or not 0 < len(genres) <= MOST_GENRES:
        raise WishError(f"A wish needs at least one genre: choose from {', '.join(GENRES)}.")
    shares = {str(name): _number("The share of a genre", share, 0.0, 1e6) for name, share in genres.items()}
    whole = sum(shares.values())
    if whole <= 0:
        raise WishError("The shares of the genres add up to nothing: make one larger.")
    if abs(whole - 1) < 1e-9:  # what was written and read again stays the same to the last digit
        whole = 1.0
    return {name: share / whole for name, share in shares.items() if share > 0}


def _controls(controls: Any) -> dict[str, float]:
    if not isinstance(controls, Mapping) or set(controls) - set(CONTROLS):
        raise WishError(f"The controls are {', '.join(CONTROLS)}.")
    return {name: _number(f"The {name}", shift, -MOST_SHIFT, MOST_SHIFT) for name, shift in controls.items()}


def _noise(noise: Any) -> Noise:
    if not isinstance(noise, (list, tuple)) or not 0 < len(noise) <= MOST_NOISES:
        raise WishError(f"A piece is mixed of at most {MOST_NOISES} others.")
    if not all(isinstance(each, (list, tuple)) and len(each) == 2 for each in noise):
        raise WishError("Each noise of a piece is a seed and a weight.")
    parts = [(_seed(seed), _number("The weight of a noise", weight, -1.001, 1.001)) for seed, weight in noise]
    if not 0.9 < sum(weight**2 for _, weight in parts) < 1.1:
        raise WishError("The squares of the weights of a noise add up to 1.")
    return tuple(parts)


def _seed(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed <= MOST_SEED:
        raise WishError(f"The seed is a whole number from 0 to {MOST_SEED}.")
    return int(seed)


def _number(what: str, value: Any, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not (
            least <= value <= most):  # fmt: skip
        raise WishError(f"{what} must be from {least:g} to {most:g}.")
    return float(value)

"""The card beside a trained model's weights: plain JSON with the model's use, origin and metrics.

It is read without torch, so that a page can describe a model before it loads one.
"""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from genre.legacy import CARD_KEYS, GAN_CARD_KEYS, renew_keys
from genre.paths import write_atomic
from genre.reading import read_json

ENSEMBLE = "listen"  # the registry's name of the from-scratch ensemble's network
TAGGER = "musicnn"  # the pretrained network
VGG = "vgg"  # another of the same release, against which the generator is trained
TRANSFER = "transfer"  # pretrained networks with heads of our own
REQUIRED = ("model", "genres")


class ArtefactError(ValueError):
    """A folder holds no usable model; the message is a sentence with the next step."""


@dataclass(frozen=True)
class Card:
    """The description of a trained model; empty parts are not stored."""

    model: str  # the registry's name, "emotion" or "gan"
    genres: tuple[str, ...]  # the classes, in the order of the outputs
    # The use of the model.
    options: dict[str, Any] = field(default_factory=dict)  # options of the network
    input: str = ""  # kind of input
    shape: tuple[int, ...] = ()  # shape of one example
    seconds: float | None = None  # duration of the audio in one example, in s
    front_end: dict[str, Any] | None = None  # SpectrogramParams
    scale: float = 1.0
    offset: float = 0.0
    temperature: float = 1.0
    confidence_threshold: float = 0.5
    confidence_thresholds_by_duration: tuple[tuple[float, float], ...] = ()  # (s, threshold)
    class_bias: tuple[float, ...] = ()
    branches: dict[str, dict[str, Any]] = field(default_factory=dict)  # input kind -> branch, in an ensemble
    # Of pretrained networks with heads: the other models, the windows, the limits of tags and feelings.
    pretrained: dict[str, Any] = field(default_factory=dict)
    classical: dict[str, Any] | None = None  # the parts of a classical model other than arrays
    network: str = ""  # generator's architecture: "beat", "earmark" or "dcgan"
    size: Any = None  # size of an image, in pixels or (bands, frames)
    controls: tuple[str, ...] = ()  # controls of a generator; the next two are their statistics in the music
    control_mean: tuple[float, ...] = ()
    control_std: tuple[float, ...] = ()
    control_stats_by_genre: dict[str, Any] = field(default_factory=dict)  # "mean", "std": (genres, 3)
    tempo_stats_by_genre: dict[str, Any] = field(default_factory=dict)  # the same in octaves: (genres,)
    # The training of the model.
    data: dict[str, Any] = field(default_factory=dict)
    split: dict[str, Any] = field(default_factory=dict)
    windows: str = ""  # name of the way in which windows were cut
    recipe: dict[str, Any] = field(default_factory=dict)
    previous_recipes: list[dict[str, Any]] = field(default_factory=list)
    seeds: tuple[int, ...] = ()
    teacher: str | None = None
    size_schedule: Any = None  # sizes in progressive resizing
    note: str = ""
    # The quality of the model.
    metrics: dict[str, Any] = field(default_factory=dict)
    metrics_from: str = ""  # the model of the same recipe on which the metrics were measured
    calibration: dict[str, Any] = field(default_factory=dict)
    ablation: dict[str, Any] = field(default_factory=dict)
    # The provenance of the model.
    weights_sha256: str = ""  # hash of the model.safetensors that the card belongs to
    versions: dict[str, str] = field(default_factory=dict)  # versions of Python and libraries
    commit: str = ""
    date: str = ""

    def __post_init__(self) -> None:
        """Check the parts. Raises ValueError or TypeError for those of another type or out of range."""
        numbers = [threshold for pair in self.confidence_thresholds_by_duration for threshold in pair]
        numbers += [self.temperature, self.confidence_threshold, *self.class_bias]
        if any(isinstance(number, bool) or not 0 < number < 1e300 for number in numbers):
            raise ValueError("A card's temperature, thresholds and biases are numbers above 0.")
        if any(len(pair) != 2 for pair in self.confidence_thresholds_by_duration):
            raise ValueError("A card's thresholds by duration are pairs of seconds and a probability.")
        for name in (
            "options",
            "data",
            "split",
            "recipe",
            "metrics",
            "calibration",
            "branches",
            "pretrained",
        ):
            if not isinstance(getattr(self, name), dict):
                raise TypeError(f"A card's {name} is an object.")

    @property
    def is_ensemble(self) -> bool:
        """Return whether this is a from-scratch model: branches, or one network on 30 s mels."""
        return self.model == ENSEMBLE and (bool(self.branches) or self.input == "mel_30s")

    def to_dict(self) -> dict[str, Any]:
        """Convert the card to plain JSON values, without its empty parts."""
        empty: tuple[Any, ...] = ({}, [], (), "", None)
        values = {key: value for key, value in asdict(self).items() if value not in empty or key in REQUIRED}
        return json.loads(json.dumps(values))

    @classmethod
    def from_dict(cls, values: Any) -> "Card":
        """Read values of `to_dict`, also of older versions. Raises KeyError, TypeError or ValueError."""
        if not isinstance(values, dict):
            raise TypeError("A card is a JSON object.")
        values = renew_keys(values, GAN_CARD_KEYS if values.get("model") == "gan" else CARD_KEYS)
        card_fields = {part.name: part for part in fields(cls)}
        missing_names = [name for name in REQUIRED if name not in values]
        if missing_names:
            raise KeyError(missing_names[0])
        parts: dict[str, Any] = {
            name: _tuples(value) if name in _TUPLES else value
            for name, value in values.items()
            if name in card_fields
        }
        return cls(**parts)


_TUPLES = {part.name for part in fields(Card) if str(part.type).startswith("tuple")}


def _tuples(value: Any) -> tuple:
    """Convert a JSON list to a tuple, with its lists as tuples. Raises TypeError for anything else."""
    if not isinstance(value, (list, tuple)):
        raise TypeError("A list was expected in the card.")
    return tuple(_tuples(item) if isinstance(item, (list, tuple)) else item for item in value)


def load_card(folder: Path) -> Card:
    """Read the folder's card. Raises ArtefactError with a sentence when there is none or it is damaged."""
    try:
        values = read_json(folder / "card.json")
    except (OSError, ValueError) as error:
        raise ArtefactError(
            f"The model {folder.name!r} has no readable card.json. Choose another model or train it again."
        ) from error
    if not isinstance(values, dict) or not set(REQUIRED) <= set(values):
        raise ArtefactError(f"The card of the model {folder.name!r} is not one of ours.")
    try:
        return Card.from_dict(values)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtefactError(
            f"The card of {folder.name!r} does not fit this version of Earmark: train it again."
        ) from error


def write_card(folder: Path, card: Card) -> None:
    """Replace the folder's card.json in one step."""
    write_atomic(folder / "card.json", json.dumps(card.to_dict(), indent=1, ensure_ascii=False) + "\n")

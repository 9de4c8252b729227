"""The model zoo: all published systems behind one interface.

    spec = MODELS["cnn-simple"]
    network = spec.build(spec.input("mel").shape, n_classes=10, dropout=0.2)

To add a model, write one class that takes `(shape, n_classes, **options)` and returns logits from
`forward` (in any module of this package), and add one entry to the list below. The registry holds
the inputs that each model takes; genre.data computes them. Published metrics are the papers' own, with
their protocol, and are not comparable with each other.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import Any

from torch import nn

from genre.audio.constants import HOP_LENGTH, N_FFT, N_MELS, SAMPLE_RATE
from genre.data.input_spec import InputSpec
from genre.legacy import INPUT_ALIASES
from genre.models import classical
from genre.models.convolutional import CaoCNN, DawraCNN, Linear, ResNet18, SmallCNN, ZhangCNN
from genre.models.hybrid import PRCNN, ResBiGRU
from genre.models.listen import ListenNet
from genre.models.recipe import Augmentation, Recipe
from genre.models.recurrent import LSTM, BiGRU


@dataclass(frozen=True)
class Published:
    """A metric as the paper gives it, with the protocol of its measurement as far as we know.

    `reproduce` repeats it with `split`, `windows` and `seconds`, which are our best reading. Papers that cut
    windows first and split them afterwards test on recordings of the training part ("segment").
    """

    figure: str
    protocol: str
    split: str = "segment"
    windows: str = "even"
    seconds: float | None = None  # length in s of the windows from which features are computed


@dataclass(frozen=True)
class ModelSpec:
    """An entry of the registry. `builder` is called as `builder(shape, n_classes, **options)`."""

    name: str
    description: str  # one plain line for a visitor
    source: str
    builder: Callable[..., Any]
    inputs: dict[str, InputSpec]  # kind -> input; the first is the default
    published: dict[str, Published]  # kind of input -> published figure; empty for our own models
    kind: str = "network"  # "network" or "classical"
    options: dict[str, Any] = field(default_factory=dict)  # options given to the builder unless overridden
    recipe: Recipe = field(default_factory=Recipe)  # default recipe, unless overridden
    recipes: dict[str, Recipe] = field(default_factory=dict)  # kind of input -> its own recipe

    @property
    def default_input(self) -> str:
        """The first kind of input."""
        return next(iter(self.inputs))

    def input(self, kind: str | None = None) -> InputSpec:
        """Find the input of this kind, also under its old name. Raises ValueError if there is none."""
        kind = INPUT_ALIASES.get(kind or "", kind) or self.default_input
        if kind not in self.inputs:
            raise ValueError(
                f"{self.name} does not take the input {kind!r}; it takes {', '.join(self.inputs)}."
            )
        return self.inputs[kind]

    def recipe_for(self, kind: str) -> Recipe:
        """Return the default recipe on this kind of input."""
        return self.recipes.get(kind, self.recipe)

    def build(self, shape: tuple[int, ...], n_classes: int, /, **options: Any) -> Any:
        """Build an untrained network (logits out) or scikit-learn pipeline.

        Raises ValueError for an option that the model does not have, or a value that it does not accept.
        """
        parameters = dict(signature(self.builder).parameters)
        del parameters["shape"], parameters["n_classes"]
        if unknown := set(options) - set(parameters):
            raise ValueError(
                f"{self.name} has no option {', '.join(sorted(unknown))};"
                f" it has: {', '.join(sorted(parameters)) or 'none'}."
            )
        for name, value in options.items():
            minimum = 0 if name == "seed" else 1
            if isinstance(parameters[name].default, int) and (type(value) is not int or value < minimum):
                requirement = f"a whole number, at least {minimum}"
                raise ValueError(f"The option {name} of {self.name} is {requirement}, not {value}.")
        try:
            return self.builder(tuple(shape), n_classes, **(self.options | options))
        except (TypeError, RuntimeError) as error:
            pairs = ", ".join(f"{name}={value}" for name, value in options.items())
            raise ValueError(
                f"{self.name} cannot be built with {pairs or 'these shapes'}: {error}"
            ) from error


def find_model(name: str) -> ModelSpec:
    """Find the model of this name. Raises ValueError with all names if there is none."""
    if name not in MODELS:
        raise ValueError(f"There is no model {name!r}; there are: {', '.join(MODELS)}.")
    return MODELS[name]


def count_parameters(network: nn.Module) -> int:
    """Count the trainable parameters, without frozen ones."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def _by_kind(*inputs: InputSpec) -> dict[str, InputSpec]:
    return {spec.kind: spec for spec in inputs}


def _mel(bands: int, frames: int, seconds: float, hop_length: int) -> dict[str, InputSpec]:
    """Make a log-mel input of the model's own size, and the two stand-ins stretched to it."""
    shape = (bands, frames)
    return _by_kind(
        InputSpec("mel", shape, seconds, N_FFT, hop_length, bands),
        InputSpec("mel_30s", shape, 30.0, N_FFT, hop_length, bands),
        InputSpec("mel_3s_zscored", shape, 3.0, N_FFT, hop_length, bands),
    )


_RAW = InputSpec("raw", (3 * SAMPLE_RATE,), 3.0)
_STFT = InputSpec("stft", (N_FFT // 2 + 1, 130), 3.0, N_FFT, HOP_LENGTH)
_MEL = InputSpec("mel", (N_MELS, 130), 3.0, N_FFT, HOP_LENGTH, N_MELS)
_MEL_30S = InputSpec("mel_30s", (N_MELS, 334), 30.0, N_FFT, 1976, N_MELS)
_MEL_3S_ZSCORED = InputSpec("mel_3s_zscored", (N_MELS, 130), 3.0, N_FFT, HOP_LENGTH, N_MELS)
_MEL_3S = InputSpec("mel_3s", (N_MELS, 130), 3.0, N_FFT, HOP_LENGTH, N_MELS)
_FEATURES = InputSpec("features", (58,), 30.0, N_FFT, HOP_LENGTH, N_MELS)
_SEQUENCE = InputSpec("features", (58, 1), 30.0, N_FFT, HOP_LENGTH, N_MELS)  # one feature a step

_ANY = _by_kind(_FEATURES, _MEL, _STFT, _RAW, _MEL_30S, _MEL_3S_ZSCORED)
_ZHANG_INPUTS = _by_kind(_MEL, _STFT, _MEL_30S, _MEL_3S_ZSCORED)
_APM_MEL = _mel(64, 100, 3.0, 667)  # the report gives 64 x 100; the 3 s are our choice

# These are our recipes, since nearly all papers state none.
_SMALL = Recipe(epochs=40, batch_size=32, patience=10)
_LARGE = Recipe(
    epochs=30,
    batch_size=32,
    patience=8,
    bfloat16=True,
    augmentation=Augmentation(mask_bands=12, mask_frames=12, mixup=0.2),
)
_LISTEN = Recipe(
    epochs=200,
    batch_size=32,
    learning_rate=2e-3,
    weight_decay=0.05,
    label_smoothing=0.1,
    average=0.995,
    augmentation=Augmentation(
        crop_frames=128,
        stretch=0.2,
        pitch_bands=3,
        equaliser_db=4,
        renormalize=0.5,
        noise_floor=0.3,
        phone=0.3,
        mask_bands=16,
        mask_frames=21,
        mixup=0.3,
    ),
)

_LISTEN_ON_WINDOWS = replace(
    _LISTEN,
    epochs=100,
    average=0.998,
    balance=False,
    windows_per_track=4,
    bfloat16=True,
    augmentation=replace(_LISTEN.augmentation, stretch=0.15, noise=0.03, mask_frames=16, band_limit=0.4),
)

_ZHANG = "Zhang, Music Genre Classification with ResNet and Bi-GRU Using Visual Spectrograms, 2023"
_FENG = "Feng, Liu and Yao, arXiv:1712.08370, 2017; as the baseline of Dawra et al."
_APM = "APM 598 course report"
_BY_ZHANG = "GTZAN, five random 3 s windows a track (window 2048, hop 512, 128 mels)"
_BY_DAWRA = "GTZAN, 3 s windows with 50 % overlap"
_BY_APM = "GTZAN, the report's own held-out part"
_BY_AURNOB = "Kaggle's GTZAN feature table, seven settings of epochs, batch size and learning rate"


def _zhang(stft: str, mel: str, protocol: str = _BY_ZHANG) -> dict[str, Published]:
    return {
        "stft": Published(stft, protocol, windows="random"),
        "mel": Published(mel, protocol, windows="random"),
    }


_SPECS = (
    ModelSpec(
        "knn",
        "Looks up the ten most similar pieces it knows and takes a vote.",
        f"{_ZHANG}; Dawra et al.",
        classical.knn,
        _ANY,
        {
            "raw": Published("0.25", f"{_BY_ZHANG}; k = 10", windows="random"),
            **_zhang("0.67", "0.66", f"{_BY_ZHANG}; k = 10"),
            "features": Published(
                "0.55", "GTZAN, Dawra et al.; the best of k = 10, 15, 20", windows="overlap", seconds=3.0
            ),
        },
        kind="classical",
    ),
    ModelSpec(
        "svm",
        "Draws smooth borders between the genres, as far from all pieces as can be.",
        f"{_ZHANG}; {_APM}",
        classical.svm,
        _ANY,
        {
            "raw": Published("0.12", _BY_ZHANG, windows="random"),
            **_zhang("0.69", "0.65"),
            "features": Published("0.57", _BY_APM, split="track"),
        },
        kind="classical",
    ),
    ModelSpec(
        "forest",
        "Asks hundreds of chains of yes-or-no questions about the sound and averages.",
        f"cited by {_ZHANG}",
        classical.forest,
        _by_kind(_FEATURES),
        {"features": Published("0.81", "GTZAN features, as cited by Zhang", seconds=3.0)},
        kind="classical",
    ),
    ModelSpec(
        "linear",
        "Adds up every point of the picture of the sound, each with a weight. No model is simpler.",
        _APM,
        Linear,
        _APM_MEL,
        {"mel": Published("0.505", _BY_APM, split="track")},
        recipe=_SMALL,
    ),
    ModelSpec(
        "cnn-simple",
        "A very small network that looks for local patterns in the picture.",
        _APM,
        SmallCNN,
        _APM_MEL,
        {"mel": Published("0.545", _BY_APM, split="track")},
        options={"channels": 8},
        recipe=_SMALL,
    ),
    ModelSpec(
        "cnn-complex",
        "The very small network with twice as many patterns.",
        _APM,
        SmallCNN,
        _APM_MEL,
        {"mel": Published("0.625", _BY_APM, split="track")},
        options={"channels": 16},
        recipe=_SMALL,
    ),
    ModelSpec(
        "cnn-dawra",
        "Two layers of patterns, then three layers that weigh them up.",
        "Dawra et al.",
        DawraCNN,
        _mel(100, 150, 3.0, 441),
        {"mel": Published("0.705", f"{_BY_DAWRA}; the paper's baseline CNN has 0.51", windows="overlap")},
        recipe=_SMALL,
    ),
    ModelSpec(
        "prcnn",
        "One part sees the picture whole, another reads it from left to right.",
        _FENG,
        PRCNN,
        _by_kind(InputSpec("stft", (513, 128), 3.0, 1024, 512)),
        {"stft": Published("0.37", f"{_BY_DAWRA}; as run by Dawra et al.", windows="overlap")},
        recipe=replace(_SMALL, bfloat16=True),
    ),
    ModelSpec(
        "lstm",
        "Reads 58 measurements of the sound one after the other and remembers.",
        "Aurnob et al.",
        LSTM,
        _by_kind(_SEQUENCE),
        {"features": Published("0.3345 to 0.9178", _BY_AURNOB, seconds=3.0)},
        recipe=Recipe(epochs=60, batch_size=64, patience=15),
    ),
    ModelSpec(
        "cnn-zhang",
        "A plain network of local patterns.",
        _ZHANG,
        ZhangCNN,
        _ZHANG_INPUTS,
        _zhang("0.61", "0.66"),
        recipe=_LARGE,
    ),
    ModelSpec(
        "bigru",
        "Reads the picture frame by frame, forwards and backwards.",
        _ZHANG,
        BiGRU,
        _ZHANG_INPUTS,
        _zhang("0.71", "0.78"),
        recipe=_LARGE,
    ),
    ModelSpec(
        "resnet18",
        "A deep network for photographs, looking at the picture of the sound.",
        _ZHANG,
        ResNet18,
        _ZHANG_INPUTS,
        _zhang("0.70", "0.87"),
        recipe=_LARGE,
    ),
    ModelSpec(
        "res-bigru",
        "The deep network for photographs and the frame-by-frame reader, joined.",
        _ZHANG,
        ResBiGRU,
        _ZHANG_INPUTS,
        _zhang("0.86", "0.90"),
        recipe=_LARGE,
    ),
    ModelSpec(
        "cnn-cao",
        "Takes half a minute at once, looking for patterns along time.",
        "Cao",
        CaoCNN,
        _mel(128, 599, 27.8, 1024),
        {"mel": Published("F1 0.78", "GTZAN, 599 frames of 128 mels", split="track")},
        recipe=_LARGE,
    ),
    ModelSpec(
        "listen",
        "The Listen page's network: a few small ones look at the picture and vote.",
        "ours",
        ListenNet,
        _by_kind(_MEL_30S, InputSpec("mel", (N_MELS, 334), 30.0, N_FFT, 1976, N_MELS), _MEL_3S),
        {},
        recipe=_LISTEN,
        recipes={"mel_3s": _LISTEN_ON_WINDOWS},
    ),
)

MODELS: dict[str, ModelSpec] = {spec.name: spec for spec in _SPECS}

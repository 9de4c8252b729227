"""The settings of a GAN training, and the recipes of its networks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from gan.training.dataset import GAN_SPLITS
from genre.legacy import GAN_RECIPE_KEYS, renew_keys
from genre.models.recipe import require_seed
from genre.runs.settings import RunSettings

# "beat" plays to a beat and is the published one; it takes a GPU. "earmark" is its small predecessor, which a
# processor trains in an hour, and "dcgan" the baseline.
TRAINABLE_NETWORKS = ("beat", "earmark", "dcgan")
CONTROL_NOISE_STD = 0.3  # standard deviation of target controls around those of the real clip


@dataclass(frozen=True)
class GanSettings(RunSettings):
    """The hyperparameters of a GAN training."""

    data: str
    split: str = "filtered"
    network: str = "earmark"
    epochs: int = 40
    steps_per_epoch: int = 200
    batch_size: int = 24
    generator_learning_rate: float = 3e-4
    discriminator_learning_rate: float = 4e-4
    adam_beta1: float = 0.0  # first moment decay of Adam
    ema_decay: float = 0.998  # decay of the moving average of the generator's weights; 0 for none
    r1_gamma: float = 0.15  # weight of R1: about 0.0002 pixels / batch (Karras et al. 2020)
    r1_interval: int = 16  # steps between two penalties
    r1_batch_size: int = 8
    diff_augment: bool = True
    genre_loss_weight: float = 0.3  # weight of the auxiliary genre loss, for both networks
    control_loss_weight: float = 0.3  # weight of the mean squared error of the controls, for the generator
    bfloat16: bool = True  # autocast to bfloat16, on processors that have it
    seed: int = 0

    def __post_init__(self) -> None:
        if self.split not in GAN_SPLITS or self.network not in TRAINABLE_NETWORKS:
            raise ValueError(
                f"The split is one of {', '.join(GAN_SPLITS)}, "
                f"the network one of {', '.join(TRAINABLE_NETWORKS)}."
            )
        if min(self.epochs, self.steps_per_epoch) < 1 or self.batch_size < 2:
            raise ValueError("Epochs and steps must be at least 1, the batch 2.")
        require_seed(self.seed)

    @classmethod
    def from_dict(cls, values: dict) -> Self:
        """Read the settings of a config.json of any version. Raises SettingsError."""
        return super().from_dict(renew_keys(values, GAN_RECIPE_KEYS))


def dcgan_settings(data: str, split: str = "filtered", **values: Any) -> GanSettings:
    """Build the settings of Radford et al. (2016): no condition, penalty, averaging or augmentation."""
    recipe: dict[str, Any] = {
        "generator_learning_rate": 2e-4,
        "discriminator_learning_rate": 2e-4,
        "adam_beta1": 0.5,
        "ema_decay": 0.0,
        "r1_gamma": 0.0,
        "diff_augment": False,
        "genre_loss_weight": 0.0,
        "control_loss_weight": 0.0,
    }
    return GanSettings(data, split, "dcgan", **{**recipe, **values})


def beat_settings(data: str, split: str = "filtered", **values: Any) -> GanSettings:
    """Build the settings of the network that plays to a beat, which are those of a GPU."""
    recipe: dict[str, Any] = {
        "epochs": 24,
        "batch_size": 48,
        "generator_learning_rate": 3e-4,
        "discriminator_learning_rate": 3e-4,
        "ema_decay": 0.999,
        "r1_gamma": 0.3,
        "r1_batch_size": 16,
    }
    return GanSettings(data, split, "beat", **{**recipe, **values})


RECIPES: dict[str, Callable[..., GanSettings]] = {
    "earmark": GanSettings,
    "dcgan": dcgan_settings,
    "beat": beat_settings,
}

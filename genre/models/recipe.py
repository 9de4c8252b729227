"""The recipe of a training: its hyperparameters and the augmentation of its spectrograms."""

from dataclasses import dataclass, field

from genre.runs.settings import RunSettings


def require_seed(seed: int) -> None:
    """Check a seed. Raises ValueError for a number that torch or NumPy cannot be seeded with."""
    if not 0 <= seed < 2**32:
        raise ValueError("A seed is a whole number from 0 to 4,294,967,295.")


@dataclass(frozen=True)
class Augmentation:
    """The strength of each augmentation; 0 turns it off."""

    crop_frames: int = 0  # length of a random crop in frames; 0 keeps the whole
    stretch: float = 0.0  # tempo between exp(-stretch) and exp(stretch); needs a crop
    pitch_bands: float = 0.0  # largest shift in bands, up or down
    equaliser_db: float = 0.0  # standard deviation of a smooth random equaliser
    band_limit: float = 0.0  # probability of losing bass and treble, as through a phone; mel only
    renormalize: float = 0.0  # probability that a crop is measured against its own maximum
    noise_floor: float = 0.0  # probability that everything below a random level is raised to it
    phone: float = 0.0  # probability of a simulated phone recording instead of these three; mel only
    noise: float = 0.0  # standard deviation of noise added to each value, in units of the input
    gain_db: float = 0.0  # standard deviation of a gain of the whole
    mask_bands: int = 0  # largest width of each of two masked stripes of bands (SpecAugment)
    mask_frames: int = 0  # largest width of each of two masked stripes of frames
    mixup: float = 0.0  # alpha of the Beta distribution that blends pairs of a batch


@dataclass(frozen=True)
class Recipe(RunSettings):
    """The hyperparameters of a network's training."""

    epochs: int = 30
    batch_size: int = 32
    learning_rate: float = 1e-3  # the maximum, after a warm-up over the first tenth, before a cosine
    weight_decay: float = 0.01
    label_smoothing: float = 0.0
    average: float = 0.0  # decay of the moving average of the weights; 0 keeps the last weights
    patience: int = 0  # epochs without a better validation accuracy before stopping; 0 never stops
    windows_per_track: int = 0  # windows drawn in each epoch, so that all tracks count alike; 0: all
    balance: bool = True  # rarer classes weigh more in the loss
    keep_best: bool = True  # with validation examples: the best epoch's weights instead of the last
    bfloat16: bool = False  # convolutions in bfloat16, on processors that have it
    seed: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 2 or self.patience < 0:
            raise ValueError("Epochs must be at least 1, the batch size 2 and the patience 0 or more.")
        if not 0 < self.learning_rate <= 100:
            raise ValueError("The learning rate must be above 0, and 100 at most; 0.001 is usual.")
        require_seed(self.seed)

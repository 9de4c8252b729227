"""Music generation: a conditional GAN of log-mel spectrograms, and their inversion to audio."""

import genre  # noqa: F401  sets how idle threads wait, before torch is imported

"""Music generation: a conditional GAN of log-mel spectrograms, and their inversion to audio."""

import genre  # noqa: F401  settles how many threads idle, before torch is there

"""Music that was never played: log-mel spectrograms dreamt by a GAN, and the sound of them."""

import genre  # noqa: F401  settles how many threads idle, before torch is there

"""The mood on a face, and the playlist for it."""

import genre  # noqa: F401  settles how many threads idle, before torch is there

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

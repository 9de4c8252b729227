"""The mood on a face, and the playlist for it."""

import genre  # noqa: F401  sets how idle threads wait, before torch is imported

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
BACKENDS = ("own", "deepface")  # backends of emotion recognition: our network, or DeepFace's

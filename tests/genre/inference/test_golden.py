"""A stored clip still gives the stored log-mel and the stored probabilities.

After a change on purpose: `python -m tests.golden.make`, and commit what it writes.
"""

import numpy as np

from genre.audio.clip import load_clip
from tests.golden.make import CLIP, EXPECTED, log_mel, probabilities

LOG_MEL_TOLERANCE_DB = 0.02  # float16 keeps 40 dB to 0.016
PROBABILITY_TOLERANCE = 0.01  # other processors sum in another order


def test_log_mel() -> None:
    expected = np.load(EXPECTED)["log_mel"].astype(np.float32)
    np.testing.assert_allclose(log_mel(load_clip(CLIP)), expected, atol=LOG_MEL_TOLERANCE_DB)


def test_probabilities() -> None:
    expected = np.load(EXPECTED)["probabilities"]
    np.testing.assert_allclose(probabilities(load_clip(CLIP)), expected, atol=PROBABILITY_TOLERANCE)

"""Work for processes of a pool that takes long.

python -m tests.support.stand_ins.slow_work built-in|cache
"""

import sys
import time

from genre.cache import compute_missing
from genre.paths import home
from genre.synth import dataset as synth


def sleep(seconds: float) -> bytes:
    time.sleep(seconds)
    return b""


if __name__ == "__main__":
    if sys.argv[1] == "cache":
        compute_missing("slow", {str(number): 30.0 for number in range(16)}, sleep)
    else:
        synth.build(home() / "datasets" / "builtin", per_genre=30, seconds=30.0, workers=2)

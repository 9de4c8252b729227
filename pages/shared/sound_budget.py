"""The memory for sound that visits share: late visits get less, and at least some.

budget.share_s(gallery, 600.0)     s that this gallery may hold now, beside all the others
"""

import threading
from typing import Protocol
from weakref import WeakSet

LEAST_S = 60.0  # seconds of sound that every visit can hold, however many there are
CLIPS_OF_ALL_S = 3 * 3600.0  # seconds; 475 MB of 16-bit samples (genre/inference/session.py)
PIECES_OF_ALL_S = 3600.0  # seconds; 475 MB of samples and WAV (gan/sampling/gallery.py)


class Holder(Protocol):
    """An object of one visit that holds sound."""

    @property
    def held_s(self) -> float:
        """Seconds of sound in memory."""


class SoundBudget:
    """The holders of all visits; one whose visit is over no longer counts."""

    def __init__(self, of_all_s: float) -> None:
        self._of_all_s = of_all_s
        self._holders: WeakSet[Holder] = WeakSet()
        self._lock = threading.Lock()

    def share_s(self, holder: Holder, most_s: float) -> float:
        """Compute what the holder may hold, at most `most_s`: the rest of what all may."""
        with self._lock:
            self._holders.add(holder)
            others_s = sum(other.held_s for other in list(self._holders) if other is not holder)
        return min(most_s, max(LEAST_S, self._of_all_s - others_s))


clips_budget = SoundBudget(CLIPS_OF_ALL_S)
pieces_budget = SoundBudget(PIECES_OF_ALL_S)

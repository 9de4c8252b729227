"""The time left as a page shows it: it only ever falls, at a pace that follows the estimates."""

import time
from dataclasses import dataclass, field

import streamlit as st

from genre.training.estimate import duration_text

STALE_S = 30.0  # seconds without a look after which the present estimate is believed again
_KEY = "countdowns"  # in the session state


@dataclass
class Countdown:
    """The time left that was shown last, of one piece of work.

    An estimate jumps: from one minute to five while the machine is busy, and back. What is shown instead goes
    down by `shown / estimate` in each second. It reaches zero together with the estimates, and never rises.
    """

    shown_s: float | None = None
    looked_at_s: float = field(default_factory=time.monotonic)

    def update(self, estimate_s: float, now_s: float) -> float:
        """Take in an estimate of the time left -> the time left to show, in s."""
        passed_s, self.looked_at_s = now_s - self.looked_at_s, now_s
        if self.shown_s is None or passed_s > STALE_S:
            self.shown_s = estimate_s
        else:
            pace = self.shown_s / max(estimate_s, 1e-3)
            self.shown_s = max(0.0, self.shown_s - passed_s * pace)
        return self.shown_s


def time_left(work: str, estimate_s: float) -> str:
    """Write the time left of a piece of work, known by a name of its own: "40 seconds"."""
    countdown = st.session_state.setdefault(_KEY, {}).setdefault(work, Countdown())
    return duration_text(countdown.update(estimate_s, time.monotonic()))

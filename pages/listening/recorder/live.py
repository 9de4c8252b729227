"""Live: the recorder goes on, and the genre is named while the music plays. Of the sound nothing is kept, of
what it was named only the times.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from genre.inference.live import LiveClassifier, LivePrediction
from pages.listening.recorder.take import SoundMessage

if TYPE_CHECKING:
    from genre.audio.clip import Clip
    from genre.inference.classifier import Prediction

MIN_SPAN_S = 3.0  # a shorter one belongs to the one before


@dataclass
class Span:
    """A time in which one genre was named."""

    genre: str
    start_s: float
    end_s: float


class LiveTake:
    """Sound that is named and forgotten: one take without an end."""

    def __init__(self, classify: "Callable[[Clip], Prediction]") -> None:
        self.received = 0  # samples in the browser's rate
        self.done = False
        self._spans: list[Span] = []
        self._live = LiveClassifier(classify)

    def add(self, message: SoundMessage) -> None:
        """Push what is new in a message. What is missing before it will not come again."""
        new = message.samples[max(0, self.received - message.start) :]
        self.received = max(self.received, message.start + len(message.samples))
        self.done = message.done
        if len(new):
            self._live.push(new, message.rate)
        self._note(self._live.latest().genre, self.received / message.rate)

    def latest(self) -> LivePrediction:
        """Return the prediction by now."""
        return self._live.latest()

    def spans(self) -> list[Span]:
        """List what was named and when, without what was named for a moment only."""
        spans: list[Span] = []
        for span in self._spans:
            if spans and (span.genre == spans[-1].genre or span.end_s - span.start_s < MIN_SPAN_S):
                spans[-1].end_s = span.end_s
            else:
                spans.append(Span(span.genre, span.start_s, span.end_s))
        return spans

    def _note(self, genre: str | None, now_s: float) -> None:
        """A genre holds until the next one; what comes before the first is its own."""
        if self._spans:
            self._spans[-1].end_s = now_s
        if genre and (not self._spans or genre != self._spans[-1].genre):
            self._spans.append(Span(genre, now_s if self._spans else 0.0, now_s))

    def stop(self) -> None:
        """Let the sound go."""
        self._live.stop()

"""Live: the recorder goes on, and the genre is named while the music plays. Nothing of it is kept."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from genre.inference.live import LiveClassifier, LivePrediction
from pages.listening.recorder.take import SoundMessage

if TYPE_CHECKING:
    from genre.audio.clip import Clip
    from genre.inference.classifier import Prediction


class LiveTake:
    """Sound that is named and forgotten: one take without an end."""

    def __init__(self, classify: "Callable[[Clip], Prediction]") -> None:
        self.received = 0  # samples in the browser's rate
        self.done = False
        self._live = LiveClassifier(classify)

    def add(self, message: SoundMessage) -> None:
        """Push what is new in a message. What is missing before it will not come again."""
        new = message.samples[max(0, self.received - message.start) :]
        self.received = max(self.received, message.start + len(message.samples))
        self.done = message.done
        if len(new):
            self._live.push(new, message.rate)

    def latest(self) -> LivePrediction:
        """Return the prediction by now."""
        return self._live.latest()

    def stop(self) -> None:
        """Let the sound go."""
        self._live.stop()

"""The machine's guess in a round, and its reasons."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from genre.text import genre_name

if TYPE_CHECKING:
    from genre.audio.clip import Clip
    from genre.inference.classifier import Classifier, Prediction

MIN_RIVAL = 0.1  # probability from which another answer is worth a word
MAX_TAGS = 3


@dataclass(frozen=True)
class MachineAnswer:
    """The machine's guess among the answers that people have, too."""

    choice: str | None  # None where it hears no music
    shares: dict[str, float]  # of the answers, which add up to 1
    reasons: tuple[str, ...]  # sentences


def machine_answer(classifier: "Classifier", clip: "Clip", options: tuple[str, ...]) -> MachineAnswer:
    """Let a classifier guess. It knows ten genres; of these only the answers count, as for people."""
    prediction = classifier.classify(clip)
    shares = {option: prediction.probabilities.get(option, 0.0) for option in options}
    total = sum(shares.values())
    if prediction.genre is None or total <= 0:
        return MachineAnswer(None, dict.fromkeys(options, 0.0), (prediction.message,))
    shares = {option: share / total for option, share in shares.items()}
    choice = max(shares, key=shares.__getitem__)
    return MachineAnswer(choice, shares, tuple(_reasons(prediction, shares, choice)))


def _reasons(prediction: "Prediction", shares: dict[str, float], choice: str) -> list[str]:
    reasons = []
    if tags := list(prediction.description.tags)[:MAX_TAGS]:  # first: a room sees one reason
        reasons.append(f"Listeners call such songs {_quoted(tags)}.")
    rivals = sorted((option for option in shares if option != choice), key=lambda o: -shares[o])
    is_close = shares[rivals[0]] >= MIN_RIVAL
    reasons.append(
        f"It hears some {genre_name(rivals[0])} in it as well."
        if is_close
        else "None of the other answers comes close."
    )
    if prediction.genre and prediction.genre not in shares:
        reasons.append(f"Left to itself it would have said {genre_name(prediction.genre)}.")
    return reasons


def _quoted(tags: list[str]) -> str:
    words = [f"“{tag}”" for tag in tags]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"

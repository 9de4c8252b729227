"""The starting line: the lanes of a race, and what a room sees of a step with Start."""

from dataclasses import dataclass
from html import escape

from pages.training.run_display import LEAK

EXAM = "it has seen its exam"  # of a model that is tested with a leak
MAX_NAMES = 4  # models that are named; of more, the last line counts the rest
COUNTS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}


@dataclass(frozen=True)
class Racer:
    """A model in its lane."""

    name: str
    words: str
    colour: str = "#1F9C9C"
    is_running: bool = False


def lanes_html(racers: list[Racer], question: str = "") -> str:
    """Draw who races, in lanes that lead to the finishing line; with the question once the race is on."""
    lanes = "".join(
        f'<li{" class=is-running" if racer.is_running else ""} style="--colour: {racer.colour}">'
        f'<i aria-hidden="true">{"directions_run" if racer.is_running or not question else "directions_walk"}'
        f"</i><p><b>{escape(racer.name)}</b>{escape(racer.words)}</p></li>"
        for racer in racers
    )
    if not question:
        return f'<ol class="lanes">{lanes}</ol>'
    return f'<p class="race-question">{escape(question)}</p><ol class="lanes is-racing">{lanes}</ol>'


def line_up_html(names: list[str], n_genres: int, music: str) -> str:
    """Write who starts, and what they learn from; shown in the presenter's view alone."""
    if len(names) > MAX_NAMES:
        names = [*names[: MAX_NAMES - 1], f"and {len(names) - MAX_NAMES + 1} more"]
    rows = "".join(f"<li>{escape(name)}{_exam(name)}</li>" for name in names)
    task = f"Who learns best to tell {COUNTS.get(n_genres, str(n_genres))} kinds of music apart?"
    return (
        f'<div class="line-up"><p class="line-up-task">{task}</p><ol>{rows}</ol><p>{escape(music)}</p></div>'
    )


def _exam(name: str) -> str:
    """Say what a leak is behind the name of a model that has one."""
    return f" <small>({EXAM})</small>" if name.endswith(LEAK) else ""

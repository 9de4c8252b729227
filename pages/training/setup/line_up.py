"""The starting line: the lanes of a race, and what a room sees of a step with Start."""

from html import escape

MAX_NAMES = 4  # models that are named; of more, the last line counts the rest
COUNTS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}


def lanes_html(racers: list[tuple[str, str]], is_running: bool = False) -> str:
    """Draw who races, (name, words) each, in a lane that leads to the finishing line."""
    lanes = "".join(
        f'<li><i aria-hidden="true">directions_run</i><p><b>{escape(name)}</b>{escape(words)}</p></li>'
        for name, words in racers
    )
    return f'<ol class="lanes{" is-running" if is_running else ""}">{lanes}</ol>'


def line_up_html(names: list[str], n_genres: int, music: str) -> str:
    """Write who starts, and what they learn from; shown in the presenter's view alone."""
    if len(names) > MAX_NAMES:
        names = [*names[: MAX_NAMES - 1], f"and {len(names) - MAX_NAMES + 1} more"]
    rows = "".join(f"<li>{escape(name)}</li>" for name in names)
    task = f"Who learns best to tell {COUNTS.get(n_genres, str(n_genres))} kinds of music apart?"
    return (
        f'<div class="line-up"><p class="line-up-task">{task}</p><ol>{rows}</ol><p>{escape(music)}</p></div>'
    )

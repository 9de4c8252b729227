"""The starting line: what a room sees of the step Set up, whose widgets the presenter's view hides."""

from html import escape

from genre.data.listing import Listing
from pages.shared.style import LINE_UP
from pages.training.plan import Plan
from pages.training.run_display import MODEL_NAMES

MAX_NAMES = 4  # models that are named; of more, the last line counts the rest


def line_up_html(plan: Plan, music: Listing, music_label: str) -> str:
    """Write who starts, and on which music; shown in the presenter's view alone."""
    names = [MODEL_NAMES.get(model, model) for model in plan.models]
    if len(names) > MAX_NAMES:
        names[MAX_NAMES - 1 :] = [f"and {len(names) - MAX_NAMES + 1} more"]
    rows = "".join(f"<li>{escape(name)}</li>" for name in names)
    task = f"Who learns best to tell {len(music.by_genre)} kinds of music apart?"
    return (
        f'{LINE_UP}<div class="line-up"><p class="line-up-task">{task}</p><ol>{rows}</ol>'
        f"<p>{music.count:,} pieces: {escape(music_label)}.</p></div>"
    )

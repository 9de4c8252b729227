"""What the Mood screen calls each mood, the face that stands for it, and how scores are drawn."""

from html import escape

import streamlit as st

from genre.plots import percent
from mood.drawing import COLOURS, TAUGHT
from mood.query import LEAD_TO
from pages._shared import escaped

# Of each: the icon, the word for it, and the word in "You look ...". The pleasant ones first.
MOODS = {
    "happy": ("sentiment_very_satisfied", "Happy", "happy"),
    "neutral": ("sentiment_neutral", "Neutral", "neutral"),
    "surprise": ("sentiment_excited", "Surprised", "surprised"),
    "sad": ("sentiment_sad", "Sad", "sad"),
    "angry": ("sentiment_frustrated", "Angry", "angry"),
    "fear": ("sentiment_worried", "Afraid", "afraid"),
    "disgust": ("sick", "Disgusted", "disgusted"),
}  # fmt: skip
CHANGES = {  # what mood/query.py leads to, as a wish
    "calm": ("Calm me down", ":material/spa:"), "cheerful": ("Lift me up", ":material/trending_up:"),
    "comforting": ("Comfort me", ":material/volunteer_activism:"),
    "energetic": ("Give me energy", ":material/bolt:"),
}  # fmt: skip
_BARS_STYLE = """<style>
    .mood-bars { display: grid; grid-template-columns: max-content 1fr 2.9rem; gap: .3rem .7rem;
                 align-items: center; font-size: .92rem; line-height: 1.25; }
    .mood-bars i { display: block; height: .62rem; border-radius: .31rem; min-width: 2px; }
    .mood-bars i.track { background: #8A909926; }
    .mood-bars b { font-weight: 500; text-align: right; font-variant-numeric: tabular-nums; }
    .mood-bars .rest { opacity: .62; }
</style>"""


def icon(mood: str) -> str:
    """The face of an emotion, a star for a mood of one's own."""
    return f":material/{MOODS[mood][0]}:" if mood in MOODS else ":material/star:"


def label(mood: str) -> str:
    """A mood as a button says it, safe as markdown."""
    return f"{icon(mood)} {MOODS[mood][1] if mood in MOODS else escaped(mood)}"


def looks(mood: str) -> str:
    """As in "You look ...", safe as markdown."""
    return MOODS[mood][2] if mood in MOODS else escaped(mood)


def change(mood: str) -> tuple[str, str]:
    """The wish for another mood than this, and its icon."""
    return CHANGES[LEAD_TO.get(mood.casefold(), "cheerful")]


def score_bars(scores: dict[str, float]) -> str:
    """HTML: a bar a mood, always in the same order, so that live ones do not jump."""
    lead = max(scores, key=scores.get)
    names = [mood for mood in MOODS if mood in scores] + [mood for mood in scores if mood not in MOODS]
    rows = []
    for mood in names:
        rest = "" if mood == lead else ' class="rest"'
        name = MOODS[mood][1] if mood in MOODS else mood
        rows.append(
            f'<span{rest}>{escape(name)}</span><i class="track"><i style="width:'
            f'{100 * scores[mood]:.1f}%;background:{COLOURS.get(mood, TAUGHT)}"></i></i>'
            f"<b{rest}>{percent(scores[mood])}</b>"
        )
    return f'{_BARS_STYLE}<div class="mood-bars">{"".join(rows)}</div>'


def say_mood(mood: str, sure: bool) -> None:
    """What was read, in large letters."""
    words = f"You look {looks(mood)}" if sure else f"Hard to say: perhaps {looks(mood)}"
    st.subheader(f"{icon(mood)} {words}", anchor=False)

"""The labels of the Mood screen: each mood's name and face, and how probabilities are drawn."""

from html import escape

import streamlit as st

from genre.models.cards import load_card
from genre.paths import WEIGHTS
from genre.text import percent
from mood.emotion.drawing import CUSTOM_MOOD_COLOUR, EMOTION_COLOURS
from mood.playlist.query import TARGET_MOODS
from pages.shared.style import MOOD_BARS, mood_heading_colour
from pages.shared.widgets import escaped

# The icon, the name, and the word in "You look ...". The pleasant ones come first. The icons are chosen by
# their looks, not by their names: sentiment_worried has the open mouth of surprise.
MOODS = {
    "happy": ("sentiment_very_satisfied", "Happy", "happy"),
    "neutral": ("sentiment_neutral", "Neutral", "neutral"),
    "surprise": ("sentiment_worried", "Surprised", "surprised"),
    "sad": ("sentiment_sad", "Sad", "sad"),
    "angry": ("sentiment_extremely_dissatisfied", "Angry", "angry"),
    "fear": ("sentiment_frustrated", "Afraid", "afraid"),
    "disgust": ("sentiment_stressed", "Disgusted", "disgusted"),
}
MEASURED = "emotion-train"  # the same recipe as our own network, trained on the train list alone
CHANGE_LABELS = {  # target mood of mood/playlist/query.py -> (label, icon)
    "calm": ("Calm me down", ":material/spa:"),
    "cheerful": ("Lift me up", ":material/trending_up:"),
    "comforting": ("Comfort me", ":material/volunteer_activism:"),
    "energetic": ("Give me energy", ":material/bolt:"),
}


def mood_symbol(mood: str) -> str:
    """Return the name of an emotion's face among the Material symbols, a star for a custom mood."""
    return MOODS[mood][0] if mood in MOODS else "star"


def mood_icon(mood: str) -> str:
    """Return the face of an emotion, a star for a custom mood."""
    return f":material/{mood_symbol(mood)}:"


def mood_label(mood: str) -> str:
    """Write a mood as a button does, safe as markdown."""
    return f"{mood_icon(mood)} {MOODS[mood][1] if mood in MOODS else escaped(mood)}"


def mood_word(mood: str) -> str:
    """Write a mood as in "You look ...", as plain text."""
    return MOODS[mood][2] if mood in MOODS else mood


def look_word(mood: str) -> str:
    """Write a mood as in "You look ...", safe as markdown."""
    return escaped(mood_word(mood))


def change_label(mood: str) -> tuple[str, str]:
    """Return the label for songs that lead to another mood than this, and its icon."""
    return CHANGE_LABELS[TARGET_MOODS.get(mood.casefold(), "cheerful")]


def score_bars(scores: dict[str, float]) -> str:
    """Write the HTML of a bar a mood, always in the same order, so that live ones do not jump."""
    best = max(scores, key=scores.__getitem__)
    names = [mood for mood in MOODS if mood in scores] + [mood for mood in scores if mood not in MOODS]
    rows = []
    for mood in names:
        css_class = "" if mood == best else ' class="rest"'
        name = MOODS[mood][1] if mood in MOODS else mood
        rows.append(
            f'<span{css_class}>{escape(name)}</span><i class="track"><i style="width:'
            f'{100 * scores[mood]:.1f}%;background:{EMOTION_COLOURS.get(mood, CUSTOM_MOOD_COLOUR)}"></i></i>'
            f"<b{css_class}>{percent(scores[mood])}</b>"
        )
    return f'{MOOD_BARS}<div class="mood-bars">{"".join(rows)}</div>'


def show_mood_heading(mood: str, is_confident: bool, correction: str | None = None) -> None:
    """Show the mood in large letters: the visitor's correction, or else the one that was recognized."""
    if correction and correction != mood:
        _show_heading(correction, f"You say {look_word(correction)}")
        st.caption(f"Earmark read {look_word(mood)} on your face, as the bars show. Your word counts.")
        return
    if mood not in MOODS:
        _show_heading(
            mood, f"Your “{look_word(mood)}”" if is_confident else f"Perhaps your “{look_word(mood)}”"
        )
        return
    _show_heading(
        mood, f"You look {look_word(mood)}" if is_confident else f"Hard to say: perhaps {look_word(mood)}"
    )


def show_record(mood: str) -> None:
    """Say how often a face is rightly read as this emotion, or that no test has counted that."""
    if mood not in MOODS:
        st.caption(
            f"“{look_word(mood)}” was taught to this Earmark, and no test has counted how often it is right. "
            "Take it off under **Teach it your face** if it comes too often."
        )
        return
    card = load_card(WEIGHTS / MEASURED)
    n_right = round(10 * float(card.metrics["valid"]["genres"][mood]["precision"]))
    st.caption(
        f"Of ten faces called {look_word(mood)}, about {n_right} are "
        f"({int(card.metrics['valid']['count']):,} faces tested)."
    )


def show_choice(mood: str) -> None:
    """Say for which mood the songs on the page are, beside a face that says another one, or nothing."""
    st.caption(f"The songs below are for feeling {look_word(mood)}.")


def _show_heading(mood: str, words: str) -> None:
    st.html(mood_heading_colour(EMOTION_COLOURS.get(mood, CUSTOM_MOOD_COLOUR)))
    with st.container(key="mood_now"):
        st.subheader(f"{mood_icon(mood)} {words}", anchor=False)

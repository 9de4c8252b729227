"""What the songs should be: the mood, whether it should stay, the language, the artist."""

from dataclasses import dataclass

import streamlit as st

from mood.playlist import Playlist, find
from mood.query import DEFAULT_LANGUAGE, LANGUAGES, PHRASE_CHARACTERS, find_language
from pages._mood_words import MOODS, change, label

MATCH, CHANGE = "match", "change"


@dataclass(frozen=True)
class Wish:
    """What the visitor wants to hear."""

    mood: str
    direction: str
    language: str
    artist: str

    def find(self) -> Playlist:
        """Ask YouTube, or a list found within a day."""
        return find(self.mood, self.language, self.artist, self.direction)

    @property
    def title(self) -> str:
        if self.direction == CHANGE:
            return {"Calm me down": "Songs to calm you down", "Lift me up": "Songs to lift you up",
                    "Comfort me": "Songs to comfort you",
                    "Give me energy": "Songs to give you energy"}[change(self.mood)[0]]  # fmt: skip
        return "Songs that match your mood"


def choose_mood(taught: list[str]) -> str | None:
    """Seven faces and the moods that were taught; the one that was read is chosen already."""
    moods = list(dict.fromkeys([*MOODS, *taught]))
    if st.session_state.get("mood") not in moods:  # a taught one that was deleted meanwhile
        st.session_state.pop("mood", None)
    return st.pills(
        "Not right? Say it yourself" if st.session_state.get("mood") else "Or say it yourself",
        moods, format_func=label, key="mood", required=True, persist_state="session",
    )  # fmt: skip


def choose_wish(mood: str) -> Wish:
    words, face = change(mood)
    direction = st.segmented_control(
        "What should the music do?", [MATCH, CHANGE], default=MATCH, required=True, key="direction",
        format_func={MATCH: ":material/favorite: Match my mood", CHANGE: f"{face} {words}"}.get,
        persist_state="session",
    )  # fmt: skip
    left, right = st.columns(2)
    with left:
        language = st.selectbox(
            "Language", [language.label for language in LANGUAGES], key="language",
            index=[language.name for language in LANGUAGES].index(DEFAULT_LANGUAGE),
            accept_new_options=True, persist_state="session",
            help="Choose one, or type any other.",
        )  # fmt: skip
    with right:
        artist = st.text_input(
            "Artist, if you like", key="artist", max_chars=PHRASE_CHARACTERS, persist_state="session",
            placeholder="Anybody",
        )  # fmt: skip
    if language and find_language(language) is None:
        st.caption("We have no words of our own in that language: we ask in English for it.")
    return Wish(mood, direction, language or DEFAULT_LANGUAGE, artist.strip())

"""The choice of songs: the mood, whether it should stay, the language, the artist."""

from dataclasses import dataclass

import streamlit as st

from mood.emotion.drawing import CUSTOM_MOOD_COLOUR, EMOTION_COLOURS
from mood.playlist.playlist import Playlist, find_playlist
from mood.playlist.query import DEFAULT_LANGUAGE, LANGUAGES, MAX_PHRASE_CHARS, TARGET_MOODS, find_language
from pages.moods.labels import MOODS, change_label, mood_label, mood_symbol, mood_word
from pages.moods.state import mood_state
from pages.shared.browser.memory import recall, remember
from pages.shared.sharing.song_card import CardHeading
from pages.shared.style import mood_cards
from pages.shared.widgets import escaped, renew, widget_key

MATCH, CHANGE = "match", "change"
# Target moods of the search -> directions of genre/library/playlists/mood_path.py, which knows fewer.
LIBRARY_DIRECTIONS = {"calm": "calm", "comforting": "calm", "cheerful": "lift", "energetic": "lift"}
# Moods of which hardly a song is named: words.json has others for them, and a room asks why.
OTHER_WORDS = {"surprise": "surprise", "disgust": "disgust", "fear": "fear", "neutral": "a neutral mood"}
CHOICE = "mood_choice"  # the buttons of the moods, as a widget that can be renewed
REMEMBERED = "songs"  # name of what the browser remembers


@dataclass(frozen=True)
class PlaylistRequest:
    """The songs that the visitor wants."""

    mood: str
    direction: str
    language: str
    artist: str

    def find_playlist(self) -> Playlist:
        """Search YouTube, or the playlists fetched within a day."""
        return find_playlist(self.mood, self.language, self.artist, self.direction)

    @property
    def heading(self) -> CardHeading:
        """The songs' heading, on the page and on their picture."""
        return CardHeading(self._title(), self.mood, mood_symbol(self.mood))

    @property
    def library_direction(self) -> str:
        """Where songs of the library lead: one of genre/library/playlists/mood_path.py."""
        if self.direction == MATCH:
            return MATCH
        return LIBRARY_DIRECTIONS[TARGET_MOODS.get(self.mood.casefold(), "cheerful")]

    @property
    def aim(self) -> str:
        """The mood, if songs that match it are searched for with other words than its name."""
        return OTHER_WORDS.get(self.mood, "") if self.direction == MATCH else ""

    def _title(self) -> str:
        """The mood is named: what is on the page above may have moved on."""
        feeling = mood_word(self.mood) if self.mood in MOODS else f"“{self.mood}”"
        if self.direction == CHANGE:
            aim = {
                "Calm me down": "calm you down",
                "Lift me up": "lift you up",
                "Comfort me": "comfort you",
                "Give me energy": "give you energy",
            }[change_label(self.mood)[0]]
            return f"Songs to {aim} when you feel {feeling}"
        return f"Songs for when you feel {feeling}"


def remember_request(request: PlaylistRequest) -> None:
    """Let the browser remember language and artist. At the end of the page: a script takes up a line."""
    remember(REMEMBERED, {"language": request.language, "artist": request.artist})


def _recall() -> None:
    """Begin with the language and the artist of the last visit, which this browser remembers."""
    last = recall(REMEMBERED)
    if "language" not in st.session_state:
        default = next(language.label for language in LANGUAGES if language.name == DEFAULT_LANGUAGE)
        st.session_state.language = last.get("language", "")[:MAX_PHRASE_CHARS].strip() or default
    if "artist" not in st.session_state:
        st.session_state.artist = last.get("artist", "")[:MAX_PHRASE_CHARS]


def choose_mood(custom_moods: list[str]) -> str | None:
    """Show buttons for the seven emotions and the custom moods; the recognized one is chosen already."""
    moods = list(dict.fromkeys([*MOODS, *custom_moods]))
    if st.session_state.get("mood") not in moods:  # the chosen custom mood was deleted meanwhile
        st.session_state.mood = None
    state = mood_state()
    st.html(mood_cards([EMOTION_COLOURS.get(mood, CUSTOM_MOOD_COLOUR) for mood in moods]))
    key = widget_key(CHOICE)
    st.session_state[key] = st.session_state.get("mood")
    with st.container(key="mood"):
        return st.pills(
            "Not right? Say it yourself" if state.photo and state.photo.faces else "How do you feel?",
            moods,
            format_func=mood_label,
            key=key,
            required=True,
            on_change=_note_choice,
            args=(key,),
        )


def _note_choice(key: str) -> None:
    """Take a pressed mood. None is no choice: a browser that is slow to show the recognized one sends it."""
    if st.session_state[key] is None:
        return
    state = mood_state()
    st.session_state.mood = st.session_state[key]
    state.is_mood_new, state.is_face_wanted = True, False


def forget_mood() -> None:
    """Take the choice back. A browser keeps what it shows chosen, unless the buttons are others."""
    st.session_state.mood = None
    renew(CHOICE)


def choose_direction(mood: str) -> str:
    """Show whether the songs match the mood or change it -> MATCH or CHANGE."""
    change_words, change_icon = change_label(mood)
    labels = {MATCH: ":material/favorite: Match my mood", CHANGE: f"{change_icon} {change_words}"}
    return st.segmented_control(
        "What should the music do?",
        [MATCH, CHANGE],
        default=MATCH,
        required=True,
        key="direction",
        format_func=labels.__getitem__,
        label_visibility="collapsed",
        persist_state="session",
        wrap=False,
    )


def choose_words(mood: str, direction: str) -> PlaylistRequest:
    """Show, folded behind what they are, the language and the artist -> all that is wanted."""
    _recall()
    words = [st.session_state.language or DEFAULT_LANGUAGE, st.session_state.artist.strip() or "any artist"]
    with st.popover(escaped(", ".join(words)), icon=":material/tune:", key="song_words"):
        language = st.selectbox(
            "Language",
            [language.label for language in LANGUAGES],
            key="language",
            index=None,
            accept_new_options=True,
            persist_state="session",
            help="Choose one, or type any other.",
        )
        artist = st.text_input(
            "Artist, if you like",
            key="artist",
            max_chars=MAX_PHRASE_CHARS,
            persist_state="session",
            placeholder="Anybody",
        )
        if language and find_language(language) is None:
            st.caption("Earmark has no search words in that language: it asks in English for it.")
    return PlaylistRequest(mood, direction, language or DEFAULT_LANGUAGE, artist.strip())

"""What shall be painted: genres or words, length, number, seed, and the fine tuning."""

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from genre.names import spoken
from pages._generate_studio import SEEDS, ask, new_seed
from pages._shared import escaped

if TYPE_CHECKING:
    from gan.prompt import Understanding
    from gan.wish import Wish

BY_GENRE, IN_WORDS = "genre", "words"
WAYS = {BY_GENRE: ":material/category: Pick a genre", IN_WORDS: ":material/edit_note: Describe it"}
FIRST_GENRE = "jazz"
PROMPTS = ("a calm late-night jazz piano", "faster, angrier metal", "sunny reggae with a bit of disco")
MOST_PIECES = 8
SLIDERS = {  # left end, right end, what it is
    "energy": ("calm", "lively", "How loud and full it is."),
    "brightness": ("dark", "bright", "Whether low or high notes prevail."),
    "density": ("sparse", "busy", "How much happens in a second."),
}  # fmt: skip


def ask_wish(genres: tuple[str, ...]) -> None:
    """The form. Its buttons ask the painter, who can paint these genres."""
    with st.container(border=True):
        way = st.segmented_control(
            "How", list(WAYS), default=BY_GENRE, required=True, key="wish_way", format_func=WAYS.get,
            label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
        wish = _by_genre(genres) if way == BY_GENRE else _in_words()
        seconds, count = _how_much()
        shifts, tempo = _fine_tuning()
        _buttons(wish, genres, seconds, count, shifts, tempo)
        if way == IN_WORDS:  # below all that can be pressed: nothing may move under the pointer
            _show_understanding(wish)


def _by_genre(genres: tuple[str, ...]) -> "dict[str, float] | None":
    first = FIRST_GENRE if FIRST_GENRE in genres else genres[0]
    before = st.session_state.get("wish_genres", [first])
    if set(before) - set(genres):  # another painter, who cannot paint all of them
        before = [genre for genre in before if genre in genres] or [first]
    st.session_state.wish_genres = before
    chosen = st.pills(
        "Genre: one, or several to be blended", list(genres), selection_mode="multi", key="wish_genres",
        format_func=lambda name: spoken(name).capitalize(), persist_state="session",
    )  # fmt: skip
    if not chosen:
        st.info("Pick at least one genre.", icon=":material/category:")
        return None
    return {genre: 1.0 for genre in chosen}


def _in_words() -> "Understanding":
    st.text_input(
        "Say what you would like to hear", key="prompt", persist_state="session", max_chars=300,
        placeholder=PROMPTS[0], icon=":material/edit_note:",
    )  # fmt: skip
    from gan.prompt import understand

    return understand(st.session_state.prompt)


def _say(prompt: str) -> None:
    st.session_state.prompt = prompt


def _show_understanding(heard: "Understanding") -> None:
    """What was made of each phrase, and which words were not understood; or what could be said."""
    if not st.session_state.prompt.strip():
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="prompts"):
            st.caption("For example:", width="content")
            for example in PROMPTS:
                st.button(example, key=f"prompt_{example}", type="tertiary", on_click=_say, args=(example,))
    with st.container(horizontal=True, gap="small", key="understood"):
        for word in heard.words:
            same = word.text == word.meaning
            st.badge(escaped(word.text if same else f"{word.text} → {word.meaning}"), color="primary",
                     help=f"Taken for “{escaped(word.known_as)}”." if word.guessed else None)  # fmt: skip
        for word in heard.unknown:
            st.badge(escaped(word), icon=":material/question_mark:", color="orange",
                     help="We do not know this word, and leave it out.")  # fmt: skip
    st.caption(escaped(heard.message))


def _how_much() -> tuple[float, int]:
    left, middle, right = st.columns([5, 3, 4], vertical_alignment="bottom")
    with left:
        seconds = st.slider("Length", 3, 60, 10, format="%d s", key="seconds", persist_state="session")
    with middle:
        count = st.number_input("Pieces", 1, MOST_PIECES, 1, key="count", persist_state="session")
    with right, st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        if "wish_seed" not in st.session_state:
            st.session_state.wish_seed = new_seed()
        st.number_input(
            "Seed", 0, SEEDS - 1, key="wish_seed", persist_state="session",
            help="The number that chance starts from. The same seed and wish give the same music, "
            "on any day.",
        )  # fmt: skip
        st.button("Another seed", key="icon_dice", icon=":material/casino:", on_click=_roll,
                  help="Another seed")  # fmt: skip
    return float(seconds), int(count)


def _roll() -> None:
    st.session_state.wish_seed = new_seed()


def _fine_tuning() -> tuple[dict[str, float], float]:
    """-> the shift of each control in standard deviations, and how many times the usual tempo."""
    with st.expander("Fine tuning", icon=":material/tune:"):
        left, right = st.columns(2, gap="large")
        shifts = {}
        for number, (name, (low, high, words)) in enumerate(SLIDERS.items()):
            with (left, right)[number % 2]:
                shifts[name] = st.slider(
                    f"{low.capitalize()} to {high}", -2.0, 2.0, 0.0, 0.5, key=f"control_{name}",
                    help=words, format="%+.1f", persist_state="session",
                )  # fmt: skip
        with right:
            tempo = st.slider("Slow to fast", 60, 160, 100, 5, format="%d %%", key="tempo",
                              help="100 % is as it was painted.", persist_state="session")  # fmt: skip
        st.caption("At 0 and at 100 % they change nothing. What you write in words is added to them.")
    return {name: shift for name, shift in shifts.items() if shift}, tempo / 100


def _buttons(
    wished: "dict[str, float] | Understanding | None", genres: tuple[str, ...], seconds: float, count: int,
    shifts: dict[str, float], tempo: float,
) -> None:  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        generate = st.button("Generate", type="primary", icon=":material/music_note:", key="generate",
                             disabled=wished is None)  # fmt: skip
        surprise = st.button("Surprise me", icon=":material/casino:", key="surprise", on_click=_roll,
                             disabled=wished is None, help="The same wish with another seed")  # fmt: skip
    if not (generate or surprise):
        return
    from gan.wish import WishError, checked_count

    first = int(st.session_state.wish_seed)
    try:
        ask([_wish(wished, genres, seconds, shifts, tempo, (first + k) % SEEDS)
             for k in range(checked_count(count))])
    except WishError as error:
        st.session_state.wish_refused = str(error)


def _wish(
    wished: "dict[str, float] | Understanding", genres: tuple[str, ...], seconds: float,
    shifts: dict[str, float], tempo: float, seed: int,
) -> "Wish":  # fmt: skip
    """Raises WishError."""
    from gan.wish import MOST_SHIFT, TEMPOS, Wish

    if isinstance(wished, dict):
        return Wish(wished, shifts, tempo, seconds, seed)
    wish = Wish.read(wished, seconds, seed, genres)
    names = {**wish.controls, **shifts}
    both = {name: _within(wish.controls.get(name, 0.0) + shifts.get(name, 0.0), -MOST_SHIFT, MOST_SHIFT)
            for name in names}  # fmt: skip
    return replace(wish, controls=both, tempo=_within(wish.tempo * tempo, *TEMPOS))


def _within(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))

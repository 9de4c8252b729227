"""The request form: genres or a prompt, length, count, seed, and fine tuning."""

import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import streamlit as st

from gan.keys import KEYS, key_in_words
from genre.text import genre_name
from pages.generation.state import generate_state
from pages.generation.studio import N_SEEDS, new_seed, submit_requests
from pages.shared.browser.scripts import press_on_enter
from pages.shared.widgets import escaped

if TYPE_CHECKING:
    from gan.prompt import ParsedPrompt
    from gan.request import GenerationRequest

BY_GENRE, IN_WORDS = "genre", "words"
MODE_LABELS = {BY_GENRE: ":material/category: Pick a genre", IN_WORDS: ":material/edit_note: Describe it"}
FIRST_GENRE = "jazz"
PROMPTS = ("a calm late-night jazz piano", "faster, angrier metal", "sunny reggae with a bit of disco")
MAX_CLIPS = 8
SECTIONS, MIN_FORM_S = "sections", 12.0  # those of gan.request, whose import takes a while
MIN_BPM, MAX_BPM, USUAL_BPM = 60, 180, 110  # the first two are those of gan.request
SLIDERS = {  # left end, right end, what it is
    "energy": ("calm", "lively", "How loud and full it is."),
    "brightness": ("dark", "bright", "Whether low or high notes prevail."),
    "density": ("sparse", "busy", "How much happens in a second."),
}


@dataclass(frozen=True)
class FineTuning:
    """What the widgets of the fine tuning say."""

    count: int = 1  # pieces
    shifts: dict[str, float] = field(default_factory=dict)  # of each control, in standard deviations
    tempo: float = 1.0  # relative to the usual
    form: str = ""
    bpm: float | None = None  # beats a minute; None: not chosen
    key: str = ""  # one of gan.keys.KEYS; "": not chosen


def show_request_form(genres: tuple[str, ...]) -> None:
    """Show the form for a model with these genres; its buttons submit requests."""
    with st.container(border=True):
        mode = st.segmented_control(
            "How",
            list(MODE_LABELS),
            default=BY_GENRE,
            required=True,
            key="request_mode",
            format_func=MODE_LABELS.__getitem__,
            label_visibility="collapsed",
            persist_state="session",
            wrap=False,
        )
        source = _by_genre(genres) if mode == BY_GENRE else _in_words()
        seconds = _length_s()
        _buttons(source, genres, seconds, _fine_tuning(seconds))
        if source is not None and not isinstance(source, dict):
            # Below all that can be pressed: nothing may move under the pointer.
            _show_parsed_prompt(source)


def _by_genre(genres: tuple[str, ...]) -> "dict[str, float] | None":
    first = FIRST_GENRE if FIRST_GENRE in genres else genres[0]
    previous = st.session_state.get("request_genres", [first])
    if set(previous) - set(genres):  # some genres belong to another model
        previous = [genre for genre in previous if genre in genres] or [first]
    st.session_state.request_genres = previous
    selected = st.pills(
        "Genre: one, or several to be blended",
        list(genres),
        selection_mode="multi",
        key="request_genres",
        format_func=lambda name: genre_name(name).capitalize(),
        persist_state="session",
    )
    if not selected:
        st.info("Pick at least one genre.", icon=":material/category:")
        return None
    return {genre: 1.0 for genre in selected}


def _in_words() -> "ParsedPrompt":
    st.text_input(
        "Say what you would like to hear",
        key="prompt",
        persist_state="session",
        max_chars=300,
        placeholder=PROMPTS[0],
        icon=":material/edit_note:",
    )
    press_on_enter("prompt", "generate")
    from gan.prompt import parse_prompt

    return parse_prompt(st.session_state.prompt)


def _use_example(prompt: str) -> None:
    st.session_state.prompt = prompt


def _show_parsed_prompt(parsed: "ParsedPrompt") -> None:
    """Show the meaning of each phrase and the unknown words; or example prompts."""
    if not st.session_state.prompt.strip():
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="prompts"):
            st.caption("For example:", width="content")
            for example in PROMPTS:
                st.button(example, key=f"prompt_{example}", on_click=_use_example, args=(example,))
    st.markdown(escaped(parsed.message))
    with st.container(horizontal=True, gap="small", key="phrases"):
        for phrase in parsed.phrases:
            is_same = phrase.text == phrase.meaning
            st.badge(
                escaped(phrase.text if is_same else f"{phrase.text} → {phrase.meaning}"),
                color="green",
                help=f"Taken for “{escaped(phrase.vocabulary_phrase)}”." if phrase.is_corrected else None,
            )
        for word in parsed.unknown_words:
            st.badge(
                escaped(word),
                icon=":material/question_mark:",
                color="orange",
                help="Earmark does not know this word, and leaves it out.",
            )


def _length_s() -> float:
    return float(st.slider("Length", 3, 60, 10, format="%d s", key="seconds", persist_state="session"))


def _count_and_seed() -> int:
    left, right = st.columns(2, gap="large", vertical_alignment="bottom")
    with left:
        count = st.number_input("Pieces", 1, MAX_CLIPS, 1, key="count", persist_state="session")
    with right, st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        if "request_seed" not in st.session_state:
            st.session_state.request_seed = new_seed()
        st.number_input(
            "Seed",
            0,
            N_SEEDS - 1,
            key="request_seed",
            persist_state="session",
            help="The number that chance starts from. The same seed and wish give the same music, "
            "on any day.",
        )
        st.button(
            "Another seed",
            key="icon_dice",
            icon=":material/casino:",
            on_click=_draw_seed,
            help="Another seed",
        )
    return int(count)


def _draw_seed() -> None:
    st.session_state.request_seed = new_seed()


def _draw_genre_and_seed(genres: tuple[str, ...]) -> None:
    """Choose another genre, and another seed; where words say what is wished, the seed alone."""
    _draw_seed()
    if st.session_state.request_mode == BY_GENRE:
        others = [genre for genre in genres if [genre] != st.session_state.request_genres]
        st.session_state.request_genres = [random.choice(others or list(genres))]


def _fine_tuning(seconds: float) -> FineTuning:
    """Show the widgets and return what they say."""
    with st.expander("Fine tuning", icon=":material/tune:"):
        count = _count_and_seed()
        left, right = st.columns(2, gap="large")
        shifts = {}
        for number, (name, (low, high, words)) in enumerate(SLIDERS.items()):
            with (left, right)[number % 2]:
                shifts[name] = st.slider(
                    f"{low.capitalize()} to {high}",
                    -2.0,
                    2.0,
                    0.0,
                    0.5,
                    key=f"control_{name}",
                    help=words,
                    format="%g",
                    persist_state="session",
                )
        with right:
            has_bpm = bool(st.session_state.get("has_bpm"))  # its toggle stands below
            tempo = st.slider(
                "Slow to fast",
                60,
                160,
                100,
                5,
                format="%d %%",
                key="tempo",
                help="100 % is as it was painted.",
                persist_state="session",
                disabled=has_bpm,
            )
        left, right = st.columns(2, gap="large")
        with left:
            bpm = _beats_a_minute()
        with right:
            key = _key()
        has_sections = st.toggle(
            "Give it sections and an end",
            key="has_sections",
            persist_state="session",
            disabled=seconds < MIN_FORM_S,
            help="The music changes after ten seconds or so, comes back to where it began, and fades out. "
            f"This takes {MIN_FORM_S:g} s or more.",
        )
        st.caption("At 0 and at 100 % they change nothing. What you write in words is added to them.")
    return FineTuning(
        count,
        {name: shift for name, shift in shifts.items() if shift},
        1.0 if bpm else tempo / 100,
        SECTIONS if has_sections and seconds >= MIN_FORM_S else "",
        bpm,
        key,
    )


def _beats_a_minute() -> float | None:
    """Show the toggle and, when it is on, the number of beats a minute."""
    if not st.toggle(
        "Choose how fast it beats",
        key="has_bpm",
        persist_state="session",
        help="The music gets a steady beat of its own, as fast as you say. Tap your foot: at 60 you tap once "
        "a second, at 120 twice.",
    ):
        return None
    return float(
        st.slider(
            "Beats a minute",
            MIN_BPM,
            MAX_BPM,
            USUAL_BPM,
            format="%d",
            key="bpm",
            help="A slow song has some 70, a song to dance to some 120.",
            persist_state="session",
        )
    )


def _key() -> str:
    """Show the keys to choose from."""
    return st.selectbox(
        "Key: the notes it is made of",
        ["", *KEYS],
        format_func=lambda key: key_in_words(key) if key else "As it comes",
        key="music_key",
        persist_state="session",
        help="The music gets chords and notes of this key. A major key sounds bright, a minor key sad.",
    )


def _buttons(
    source: "dict[str, float] | ParsedPrompt | None",
    genres: tuple[str, ...],
    seconds: float,
    tuning: FineTuning,
) -> None:
    with st.container(horizontal=True, gap="small"):
        generate = st.button(
            "Generate", type="primary", icon=":material/music_note:", key="generate", disabled=source is None
        )
        surprise = st.button(
            "Surprise me",
            icon=":material/casino:",
            key="surprise",
            on_click=_draw_genre_and_seed,
            args=(genres,),
            disabled=source is None,
            help="Another genre" if isinstance(source, dict) else "The same words with another seed",
        )
    if source is None or not (generate or surprise):
        return
    from gan.request import RequestError, require_count

    first = int(st.session_state.request_seed)
    try:
        submit_requests(
            [
                _build_request(source, genres, seconds, tuning, (first + k) % N_SEEDS)
                for k in range(require_count(tuning.count))
            ]
        )
    except RequestError as error:
        generate_state().error = str(error)


def _build_request(
    source: "dict[str, float] | ParsedPrompt",
    genres: tuple[str, ...],
    seconds: float,
    tuning: FineTuning,
    seed: int,
) -> "GenerationRequest":
    """Build a request from the form. Raises RequestError."""
    from gan.request import MAX_CONTROL_SHIFT, TEMPO_RANGE, GenerationRequest

    if isinstance(source, dict):
        return GenerationRequest(
            source,
            tuning.shifts,
            tuning.tempo,
            seconds,
            seed,
            form=tuning.form,
            bpm=tuning.bpm,
            key=tuning.key,
        )
    request = GenerationRequest.from_prompt(source, seconds, seed, genres)
    shifts = tuning.shifts
    names = {**request.controls, **shifts}
    both = {
        name: _within(
            request.controls.get(name, 0.0) + shifts.get(name, 0.0), -MAX_CONTROL_SHIFT, MAX_CONTROL_SHIFT
        )
        for name in names
    }
    return replace(
        request,
        controls=both,
        tempo=_within(request.tempo * tuning.tempo, *TEMPO_RANGE),
        form=tuning.form,
        bpm=request.bpm if tuning.bpm is None else tuning.bpm,
        key=tuning.key or request.key,
    )


def _within(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))

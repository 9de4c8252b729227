"""Music for a mood by Earmark's own generator: at once where YouTube cannot be reached, else on request."""

import streamlit as st

from genre.errors import error_sentence
from mood.playlist.query import TARGET_MOODS
from pages.generation.studio import load_published_sampler, new_seed
from pages.moods.choices import CHANGE, PlaylistRequest
from pages.moods.labels import MOODS, look_word
from pages.shared.play_button.component import play_with_button
from pages.shared.widgets import escaped

SECONDS = 12.0
PROMPTS = {  # of each mood; what is asked of the generator
    "happy": "happy disco",
    "neutral": "relaxed jazz",
    "surprise": "exciting pop",
    "sad": "sad blues",
    "angry": "angry metal",
    "fear": "gentle classical",
    "disgust": "dark rock",
}
TARGET_PROMPTS = {
    "calm": "very calm classical",
    "cheerful": "cheerful pop",
    "comforting": "gentle warm country",
    "energetic": "energetic disco",
}
_KEY = "own_music"  # in the session state: (request, WAV bytes)


def show_own_music(request: PlaylistRequest, at_once: bool) -> None:
    """A piece for the mood with its player; `at_once` without being asked for."""
    key = (request.mood, request.direction)
    entry = st.session_state.get(_KEY)
    is_made = entry is not None and entry[0] == key
    with st.container(border=True, horizontal=True, wrap=False, vertical_alignment="center", key="own_music"):
        button, about = st.container(width="content"), st.container(gap="xsmall")
        with about:
            word = look_word(request.mood) if request.mood in MOODS else f"“{look_word(request.mood)}”"
            if at_once:
                st.markdown(f"**Earmark plays for you, as you feel {word}.** {_origin(request)}")
            elif is_made:
                st.markdown(f"**A piece that Earmark made up, as you feel {word}.** {_origin(request)}")
            label = "Another one" if is_made or at_once else "Let Earmark make up a piece itself"
            is_pressed = st.button(label, icon=":material/music_note:", key="make_own_music")
            if is_pressed or (at_once and not is_made):
                try:
                    with st.spinner("Making up a piece"):
                        entry = st.session_state[_KEY] = (key, _make(request))
                except (ValueError, OSError) as error:  # no weights
                    st.caption(escaped(error_sentence(error)))
                    return
                is_made = True
        if is_made and entry:
            with button:
                play_with_button(entry[1], "own_music", begins=f"{key}, {hash(entry[1])}")


def _origin(request: PlaylistRequest) -> str:
    """Say what the generator was asked for, or that it does not know the word."""
    from gan.prompt import parse_prompt

    prompt = prompt_for(request)
    if parse_prompt(prompt).phrases:
        return f"Its generator was asked for “{escaped(prompt)}”."
    return f"Its generator does not know “{escaped(prompt)}”, so that chance chose the genre."


def prompt_for(request: PlaylistRequest) -> str:
    """What the generator is asked for. A custom mood's own name may mean something to it."""
    if request.direction == CHANGE:
        return TARGET_PROMPTS[TARGET_MOODS.get(request.mood.casefold(), "cheerful")]
    return PROMPTS.get(request.mood, request.mood)


def _make(request: PlaylistRequest) -> bytes:
    from gan.prompt import parse_prompt
    from gan.request import GenerationRequest

    sampler = load_published_sampler()
    wanted = GenerationRequest.from_prompt(
        parse_prompt(prompt_for(request)), SECONDS, new_seed(), sampler.genres
    )
    return sampler.generate(wanted).clip.to_wav()

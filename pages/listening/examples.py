"""Examples: real recordings that may be shared, and pieces played by the synthesiser, one a genre."""

import csv
from dataclasses import dataclass
from functools import partial

import streamlit as st

from genre import GENRES
from genre.paths import REPOSITORY
from genre.text import genre_name
from pages.listening.predict import ReadAudio, predict_files
from pages.listening.state import listen_state

MUSIC = REPOSITORY / "assets" / "music"  # SOURCES.tsv in it has title, artist, licence and source of each
EXAMPLE_S = 24.0
# Of the first eight seeds of each style the one whose piece the network finds most like it: these
# show what a prediction looks like and measure nothing.
EXAMPLE_SEEDS = {
    "blues": 4,
    "classical": 4,
    "country": 7,
    "disco": 7,
    "hiphop": 7,
    "jazz": 4,
    "metal": 2,
    "pop": 3,
    "reggae": 1,
    "rock": 2,
}


@dataclass(frozen=True)
class Recording:
    """A real recording that may be shared."""

    file: str
    title: str
    artist: str
    licence: str
    source_url: str


@st.cache_data(show_spinner=False)
def recordings() -> list[Recording]:
    """List the recordings in assets/music."""
    with open(MUSIC / "SOURCES.tsv", newline="", encoding="utf-8") as file:
        names = ("file", "title", "artist", "licence", "source_url")
        return [Recording(*(row[name] for name in names)) for row in csv.DictReader(file, delimiter="\t")]


@st.cache_data(show_spinner=False, max_entries=len(GENRES))
def render_example(genre: str) -> bytes:
    """Render a piece in the style, as a WAV file."""
    from genre.audio.clip import Clip
    from genre.synth.dataset import render

    return Clip(render(genre, EXAMPLE_SEEDS[genre], EXAMPLE_S), EXAMPLE_S).to_wav()


def show_examples() -> None:
    """Show a button for each recording and each genre, and predict the requested example."""
    state = listen_state()
    st.caption("No music at hand? Try a real song:")
    with st.container(horizontal=True, gap="xsmall", key="songs"):
        for recording in recordings():
            st.button(
                recording.title,
                key=f"song_{recording.file}",
                icon=":material/play_circle:",
                on_click=_request,
                args=(recording.file,),
                help=f"{recording.artist}. {recording.licence}: {recording.source_url}",
            )
    st.caption("or a piece played by our own synthesiser:")
    with st.container(horizontal=True, gap="xsmall", key="examples"):
        for genre in GENRES:
            label = genre_name(genre).capitalize()
            st.button(label, key=f"example_{genre}", on_click=_request, args=(genre,))
    if requested := list(state.requested_examples):
        predict_files(
            [_example(name) for name in requested],
            "example",
            lambda number: state.requested_examples.remove(requested[number]),
            opens_last=True,
        )
        st.rerun()


def _example(name: str) -> tuple[str, ReadAudio]:
    """A recording or a genre -> (the name of the clip, how to read it)."""
    song = next((song for song in recordings() if song.file == name), None)
    if song:
        title = f"{song.title}, {song.artist} ({song.licence})".replace(" / ", ", ")  # no path
        return title, (MUSIC / song.file).read_bytes
    return f"{genre_name(name).capitalize()}, synthesised", partial(render_example, name)


def _request(name: str) -> None:
    """Note the example: uploads in work come first, and a button's press would be forgotten by then.

    So would be one of several quick clicks, each of which ends the run that serves the one before.
    """
    requested = listen_state().requested_examples
    if name not in requested:
        requested.append(name)

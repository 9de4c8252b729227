"""Music for a model that has just been trained: recorded, uploaded or an example, answers on the spot."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from genre import GENRES
from genre.audio.constants import SAMPLE_RATE
from genre.data.dataset import BUILT_IN
from genre.data.recordings import recordings
from genre.errors import error_sentence
from genre.text import genre_name, percent
from pages.shared.browser.permissions import is_insecure
from pages.shared.flash import set_flash, show_flash
from pages.shared.models import shared_model
from pages.shared.play_button.component import play_with_button
from pages.shared.turns import visitor_turn
from pages.shared.widgets import STILL, escaped, renew, widget_key
from pages.training.run_display import ChartEntry, show_swatch
from pages.training.state import PlayedMusic, train_state

if TYPE_CHECKING:
    from genre.audio.clip import Clip
    from genre.inference.classifier import Classifier, Prediction

NEW_SEED = 10_000  # of the synthesiser; the built-in music, which models learn from, has seeds below 100
EXAMPLE_S = 20.0
N_BARS = 3


def show_play(models: list[ChartEntry]) -> None:
    """Show the ways to play music to these models, and their answers."""
    with st.container(border=True, key="play_it"):
        st.subheader(":material/hearing: Now play it something", anchor=False)
        st.markdown("Play the trained models a piece of music: they name its genre.")
        if _know_no_real_music(models):
            st.markdown("**They have only ever heard a synthesiser: real music is new to them.**")
        answers = st.container(key="answers")  # above what was pressed: they are in view
        _show_inputs(models)
        with answers:
            show_flash("play")
            if (music := train_state().music) and any(item.entry.id in music.predictions for item in models):
                _show_answers(music, models)


def _know_no_real_music(models: list[ChartEntry]) -> bool:
    return all(item.entry.data == BUILT_IN for item in models)


def _show_inputs(models: list[ChartEntry]) -> None:
    st.caption("A new piece by the synthesiser, which none of them has learnt from:")
    with st.container(horizontal=True, gap="xsmall", key="play_new"):
        for genre in GENRES:
            if st.button(genre_name(genre).capitalize(), key=f"play_new_{genre}"):
                _play_new(genre, models)
    st.caption("Or a real song:")
    with st.container(horizontal=True, gap="xsmall", key="play_songs"):
        for song in recordings():
            if st.button(
                song.title, key=f"play_{song.file}", icon=":material/play_circle:", help=escaped(song.credit)
            ):
                _play(song.credit, song.path.read_bytes, models, song.genre)
    left, right = st.columns(2)
    with left:
        recording = st.audio_input(
            "Or record what is playing",
            sample_rate=SAMPLE_RATE,
            key=widget_key("play_recorder"),
            disabled=is_insecure(),
            help="Browsers give the microphone to secure addresses alone." if is_insecure() else None,
        )
    with right:
        upload = st.file_uploader("Or choose an audio file", key=widget_key("play_upload"))
    for widget, file in (("play_recorder", recording), ("play_upload", upload)):
        if file is not None:
            name = "Your recording" if file is recording else file.name
            _play(name, file.getvalue, models)
            renew(widget)
            st.rerun()


def play_next(models: list[ChartEntry]) -> None:
    """Let each model name the genre of a new piece: of the genre after that of the latest one."""
    music = train_state().music
    number = GENRES.index(music.truth) + 1 if music and music.truth in GENRES else 0
    _play_new(GENRES[number % len(GENRES)], models)


def _play_new(genre: str, models: list[ChartEntry]) -> None:
    """Let each model name the genre of a new piece by the synthesiser."""
    _play("A new piece. Which genre is it?", partial(_new_piece, genre), models, genre, is_real=False)


def _new_piece(genre: str) -> bytes:
    from genre.audio.clip import Clip
    from genre.synth.dataset import render

    state = train_state()
    state.n_played += 1
    return Clip(render(genre, NEW_SEED + state.n_played, EXAMPLE_S), EXAMPLE_S).to_wav()


def _play(
    name: str, read: Callable[[], bytes], models: list[ChartEntry], truth: str = "", is_real: bool = True
) -> None:
    """Let each model name the genre."""
    from genre.audio.clip import load_clip

    state = train_state()
    try:
        with st.spinner("Listening"), visitor_turn():
            clip = load_clip(read(), name)
            predictions = {item.entry.id: _load(item).classify(clip) for item in models}
            state.music = PlayedMusic(name, _wav_of(clip), truth, is_real, predictions)
    except (ValueError, OSError) as error:
        state.music = None
        set_flash("play", escaped(error_sentence(error)))


def _wav_of(clip: "Clip") -> bytes:
    return clip.trimmed(0.0, min(30.0, clip.duration_s)).to_wav()


def _load(item: ChartEntry) -> "Classifier":
    """Load a training's model. Raises ArtefactError."""
    from genre.inference.load import load_classifier_from

    folder = item.entry.run.folder
    changed_ns = (folder / "card.json").stat().st_mtime_ns
    return shared_model("trained", (str(folder), changed_ns), lambda: load_classifier_from(folder))


def _show_answers(music: PlayedMusic, models: list[ChartEntry]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="played"):
        play_with_button(music.wav, "played", begins=f"played {hash(music.wav)}")
        with st.container(key="played_name"):
            st.markdown(f"**{escaped(music.name)}**")
    with st.container(horizontal=True, key="play_on"):
        if st.button("Play another piece", key="play_another", icon=":material/skip_next:", type="primary"):
            play_next(models)
            st.rerun()
        st.button("Back to the race", key="play_back", icon=":material/arrow_back:", on_click=_stop_playing)
    answers = [item for item in models if item.entry.id in music.predictions]
    for number, item in enumerate(answers):
        if number % 3 == 0:
            columns = st.columns(min(3, len(answers)))
        with columns[number % 3], st.container(border=True, height="stretch", key=f"answer_{number}"):
            _show_answer(item, music.predictions[item.entry.id], music.truth, number)
    if music.is_real and _know_no_real_music(answers):
        st.caption(
            "On real music they can only guess, however sure they sound. The model of the Listen page has "
            "learnt from real songs."
        )


def _stop_playing() -> None:
    train_state().music = None


def _show_answer(item: ChartEntry, prediction: "Prediction", truth: str, number: int) -> None:
    from genre.plots import prediction as plots

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_swatch(item.colour)
        st.text(item.name)
    if prediction.genre is None:
        st.markdown(escaped(prediction.message))
        return
    best = sorted(prediction.probabilities, key=prediction.probabilities.__getitem__)[-N_BARS:]
    share = percent(prediction.probabilities[prediction.genre])
    mark = ""
    if truth in prediction.probabilities:
        is_right = prediction.genre == truth
        mark = (
            " :material/check_circle: right" if is_right else f" :material/cancel: it is {genre_name(truth)}"
        )
    st.markdown(f"### {genre_name(prediction.genre).capitalize()} {share}")
    if mark:
        st.markdown(mark)
    figure = plots.probability_bars({genre: prediction.probabilities[genre] for genre in best})
    figure.update_layout(height=120)
    figure.update_traces(marker_color=plots.QUIET)  # a genre's colour would be taken for that of a model
    st.plotly_chart(
        figure,
        config=STILL,
        key=f"played_bars_{number}",
        alt=", ".join(f"{genre_name(g)} {percent(prediction.probabilities[g])}" for g in best[::-1]),
    )

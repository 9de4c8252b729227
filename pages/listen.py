"""The Listen screen: record, upload or try an example, and see which genre it is.

The page is painted without torch, which takes seconds to load: that happens in the background.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from genre import GENRES
from genre.cards import ArtefactError
from genre.files import AUDIO_SUFFIXES
from genre.home import promoted_models
from genre.names import spoken
from pages._ear import chosen_ear, classifier, classifier_named, ear_as_it_is, ear_genres
from pages._model_card import show_model_card
from pages._scroll import scroll_to
from pages._secure import devices_refused, say_refused
from pages._shared import escaped, renew, widget_key

if TYPE_CHECKING:
    from genre.answers import Answers
    from genre.audio import Clip
    from genre.classifier import Verdict

EXAMPLE_S = 24.0
# Of the first eight seeds of each style the one whose piece the network finds most like it: these
# show what an answer looks like and measure nothing.
EXAMPLE_SEEDS = {
    "blues": 4, "classical": 4, "country": 7, "disco": 7, "hiphop": 7,
    "jazz": 4, "metal": 2, "pop": 3, "reggae": 1, "rock": 2,
}  # fmt: skip
# Uploads stay in the server's memory as long as the uploader lists them; beyond this it is emptied.
HELD_UPLOADS = 200 << 20
# The uploader goes on listing its files: three of them are enough, refused ones come first.
SHORT_FILE_LIST = """<style>
    [data-testid=stFileChips] > div { max-height: 9.5rem !important; }
</style>"""


def classify(clip: "Clip") -> "Verdict":
    """The verdict of the chosen network."""
    return classifier().classify(clip)


@st.cache_resource(show_spinner=False)
def warm_up() -> None:
    """Load what the first answer needs while the visitor still looks around."""
    # Not in the background: plotly looks for pandas in sys.modules and would use one half loaded.
    import pandas  # noqa: F401

    def load() -> None:
        with suppress(ValueError, OSError):  # weights that are damaged: the first click says so
            classifier_named(None, 0)
        import genre.overview
        import genre.synth  # noqa: F401

    threading.Timer(0.5, load).start()


@st.cache_data(show_spinner=False, max_entries=len(GENRES))
def example(genre: str) -> bytes:
    """A piece in the style, as a WAV file."""
    from genre.audio import Clip
    from genre.synth import render

    return Clip(render(genre, EXAMPLE_SEEDS[genre], EXAMPLE_S), EXAMPLE_S).to_wav()


def answers() -> "Answers":
    """The answers of this visit."""
    if "answers" not in st.session_state:
        from genre.answers import Answers

        st.session_state.answers = Answers()
    return st.session_state.answers


def listen_to(
    files: list[tuple[str, Callable[[], bytes]]], source: str,
    answered: Callable[[int], None] = lambda number: None, resumed: bool = False,
) -> None:  # fmt: skip
    """Answer each file, given by its name and how to read it, and open the first answer.

    `answered` is told the number of each as soon as it has its answer: a click may cut the rest short, which
    are `resumed` then, and leave open what is.
    """
    opened = st.session_state.get("opened") if resumed else None
    with st.spinner("Listening"):
        try:
            classifier()
        except ArtefactError as error:
            st.error(str(error))
            st.stop()
        progress = st.progress(0.0) if len(files) > 1 else None
        for done, (name, read) in enumerate(files):
            if progress:
                progress.progress(done / len(files), f"Clip {done + 1} of {len(files)}")
            answer = answers().add(name, read(), source, classify)
            answered(done)
            if opened is None:
                opened = st.session_state.opened = answer.id
    st.session_state.arrived = True
    if not resumed:
        renew("table")


def follow_ear() -> None:
    """All answers are today's ear's: it may have been chosen here or on the Train page, and anybody may
    have withdrawn it or put another in its place. One that is damaged is refused.
    """
    played = st.session_state.get("answers", ())
    while len(played) and st.session_state.get("heard_with") != (ear := ear_as_it_is()):
        try:
            with st.spinner("Listening again"):
                played.judge_again(classify)
        except ArtefactError as error:
            if not ear[0]:  # the shipped one: nobody is left to hear
                st.error(str(error), icon=":material/error:")
                st.stop()
            st.session_state.ear_refused = str(error)
            st.session_state.ear = None
        else:
            st.session_state.heard_with = ear
            for answer in played:
                if (key := f"part_{answer.id}") in st.session_state:  # a chosen part is the whole again
                    st.session_state[key] = (0.0, answer.longest_part_s)
    st.session_state.heard_with = ear_as_it_is()


def choose_ear() -> None:
    """A choice once there is one: runs that were promoted on the Train page."""
    promoted = promoted_models()
    if not promoted:
        return
    st.selectbox(
        "Which ear?", [None, *promoted], key="ear", persist_state="session",
        format_func=lambda name: name or "the one that came with Earmark",
        help="Models trained on the Train page. The latest half hour of what you have played is heard again.",
    )  # fmt: skip
    if refused := st.session_state.pop("ear_refused", None):
        st.error(refused, icon=":material/error:")


def recorder() -> None:
    with st.container(border=True, height="stretch"):
        st.markdown("**Record what is playing**")
        refused = devices_refused()
        take = st.audio_input(
            "Record", sample_rate=22_050, key=widget_key("recorder"), disabled=refused,
            label_visibility="collapsed",
        )  # fmt: skip
        if refused:
            say_refused("microphone", "upload a file")
        else:
            st.caption("Press the microphone and hold your device near the music. 30 seconds are "
                       "best, 10 are enough.")  # fmt: skip
            st.toggle("Name it live, while it plays", key="live")
    if take is not None:
        number = st.session_state.get("takes", 0) + 1
        listen_to([(f"Recording {number}", take.getvalue)], "recording")
        st.session_state.takes = number
        renew("recorder")  # ready for the next take
        st.rerun()


def live() -> None:
    """The open microphone, for whoever asked for it."""
    if st.session_state.get("live"):
        from pages._live import listen_live

        try:
            ear = classifier()
        except ArtefactError as error:
            st.error(str(error), icon=":material/error:")
        else:
            listen_live(ear)
    elif "live_ear" in st.session_state:
        from pages._live import leave_live

        leave_live()


def uploader() -> None:
    with st.container(border=True, height="stretch"):
        st.markdown(
            "**Or choose audio files**",
            help="MP3, WAV, FLAC, OGG, M4A, video with sound and most others; one or many.",
        )
        folder = st.session_state.get("whole_folder", False)
        files = st.file_uploader(
            "Audio files", key=widget_key("uploader_folder" if folder else "uploader"),
            accept_multiple_files="directory" if folder else True,
            type=sorted(AUDIO_SUFFIXES) if folder else None, label_visibility="collapsed",
        )  # fmt: skip
        st.html(SHORT_FILE_LIST)
        st.toggle("A whole folder", key="whole_folder")
    answered = st.session_state.setdefault("answered_uploads", set())
    new = [file for file in files if file.file_id not in answered]
    if new:
        ids = {file.file_id for file in new}
        resumed = ids <= st.session_state.get("hearing", set())
        st.session_state.hearing = ids
        listen_to([(file.name, file.getvalue) for file in new], "upload",
                  lambda number: answered.add(new[number].file_id), resumed)  # fmt: skip
        del st.session_state.hearing
        if sum(file.size for file in files) > HELD_UPLOADS:
            renew("uploader_folder" if folder else "uploader")
        st.rerun()


def _wish(what: str, value: str) -> None:
    """Of a button: files that are being heard come first, and a button's press would be forgotten by then."""
    st.session_state[f"wished_{what}"] = value


def examples() -> None:
    st.caption("No music at hand? Try a piece played by our own synthesiser:")
    with st.container(horizontal=True, gap="xsmall", key="examples"):
        for genre in GENRES:
            st.button(spoken(genre).capitalize(), key=f"example_{genre}",
                      on_click=_wish, args=("example", genre))  # fmt: skip
    if genre := st.session_state.pop("wished_example", None):
        name = f"{spoken(genre).capitalize()}, synthesised"
        listen_to([(name, partial(example, genre))], "example")
        st.rerun()


def empty_state() -> None:
    """What an answer looks like, in grey. It also brings plotly to the browser early."""
    from genre.plots import bars_to_come

    with st.container(border=True):
        st.markdown(
            "**Your answer appears here:** the genre and how sure we are, how it changes through "
            "the piece, and what the sound looks like."
        )
        st.plotly_chart(bars_to_come(GENRES), config={"staticPlot": True}, key="to_come",
                        alt="Ten empty bars, one a genre")  # fmt: skip


def _forget_all() -> None:
    """What is being heard too."""
    del st.session_state.answers
    _let_go()


def _let_go() -> None:
    """Of what else would still hold a clip that is deleted."""
    from pages._closer import forget_closer_looks

    forget_closer_looks()
    for widget in ("uploader", "uploader_folder", "table"):
        renew(widget)


def results() -> None:
    """The table of several answers, and the opened one in full."""
    from pages._answer import show_answer
    from pages._table import choose_answer, show_downloads

    opened = st.session_state.get("opened")
    with st.container(key="results"):
        if len(answers()) > 1:
            opened = st.session_state.opened = choose_answer(answers(), opened, widget_key("table"))
        answer = answers().get(opened) or next(iter(answers()))
        show_answer(answer, answers(), classifier, partial(_wish, "delete", answer.id))
        if len(answers()) == 1 and answer.whole:
            show_downloads(answers())
        genre = answer.correction or (answer.verdict and answer.verdict.genre)
        if genre in GENRES:
            from pages._playlist_view import cheer_up

            cheer_up(genre)
        if len(answers()) > 1:
            st.button("Forget all clips", icon=":material/delete_sweep:", on_click=_forget_all)
    if st.session_state.pop("arrived", False):
        scroll_to("results")


def introduction() -> None:
    known = [spoken(genre) for genre in ear_genres()]
    count = "ten" if len(known) == 10 else str(len(known))
    st.markdown(f"Play Earmark some music and it names the genre. It knows {count} and no more: "
                f"{escaped(', '.join(known[:-1]))} and {escaped(known[-1])}.")  # fmt: skip


st.title("What genre is this?")
follow_ear()
introduction()
choose_ear()
left, right = st.columns(2)
with left:
    recorder()
with right:
    uploader()
live()
examples()
if deleted := st.session_state.pop("wished_delete", None):
    answers().remove(deleted)
    _let_go()
    st.rerun()
if len(st.session_state.get("answers", ())):
    results()
else:
    empty_state()
show_model_card(chosen_ear())
warm_up()

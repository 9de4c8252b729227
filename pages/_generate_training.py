"""How the painter learnt: a film of its pieces, the balance with its critic, and trainings of one's own."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import streamlit as st

from gan.history import History, read_history
from gan.pictures import strip
from genre import runs
from genre.dataset import BUILT_IN
from genre.names import spoken
from genre.runs import Run, RunError
from pages._generate_studio import lessons, own_painters, own_trainings
from pages._runs import STATES
from pages._shared import escaped, fragment

LIVE_S, QUIET_S = 2.0, 20.0  # between two looks: while something learns, and else
FIRST_EPOCHS, MOST_EPOCHS = 20, 2_000
LISTED = 8  # trainings, and all that are under way; the older ones stay on disk


def show_training() -> None:
    """The panel under the music. What learns is looked at again and again."""
    st.subheader("How it learnt to paint")
    busy = any(run.active for run in own_trainings().values())
    fragment(run_every=LIVE_S if busy else QUIET_S)(_live)(busy, own_painters())
    # Not an expander, whose content would be made, and torch loaded, also while it is closed.
    if st.toggle("Train a painter of your own", key="train_one", persist_state="session"):
        with st.container(border=True):
            _start_one()


def _live(busy: bool, offered: dict[str, str]) -> None:
    own, painters = own_trainings(), own_painters()
    if any(run.active for run in own.values()) != busy or painters != offered or (
            "painter_wanted" in st.session_state):  # fmt: skip
        st.rerun()  # to look more or less often, to offer the painters there are, or to take one
    _one_training(own)
    if own:
        st.markdown("**Your trainings**")
    listed = [(title, run) for place, (title, run) in enumerate(own.items()) if place < LISTED or run.active]
    for title, run in listed:
        with st.container(border=True, key=f"own_{run.name}"):
            _own(title, run, run.name in painters)
    if refused := st.session_state.get("refused_training"):
        st.error(refused, icon=":material/error:")


def _one_training(own: dict[str, Run]) -> None:
    """The film and the curves of the shipped painter, or of a training of one's own."""
    folders = {"": lessons()} | {run.name: run.folder for run in own.values()}
    titles = {run.name: title for title, run in own.items()}
    chosen = ""
    if own:
        if begun := st.session_state.pop("lessons_begun", None):
            st.session_state.lessons = begun
        chosen = st.selectbox(
            "Whose lessons?", list(folders), key="lessons", persist_state="session",
            format_func=lambda name: titles.get(name, "the one that came with Earmark"),
        )  # fmt: skip
    history = read_history(folders.get(chosen, folders[""]))
    if not history.epochs:
        st.caption("There is nothing to see of it yet: the film begins with the first epoch." if chosen
                   else "The painter that came with Earmark brought no pictures of its lessons.")  # fmt: skip
        return
    _film(history)
    _balance(history)


def _film(history: History) -> None:
    if not history.genres:
        return
    st.markdown(
        "It painted the same wishes after every round of lessons. At first there is noise, then "
        "rhythm and bass lines, then music."
    )
    genre = st.pills(
        "Film of", list(history.genres), default=history.genres[0], required=True, key="film_genre",
        format_func=lambda name: spoken(name).capitalize(), label_visibility="collapsed",
    )  # fmt: skip
    film = history.film(history.genres.index(genre) if genre in history.genres else 0)
    with st.container(key="film"):
        st.html(strip([(tile, f"round {epoch}") for epoch, tile in film]))


def _balance(history: History) -> None:
    rows, description = history.balance()
    if not rows:
        return
    st.markdown(
        "**Painter against critic**",
        help="A second network, the critic, is shown real and painted music and says how real each "
        "looks: 100 % is surely real, 0 % surely painted. The painter learns to deceive it. Papers "
        "write D(x) for the line of real music and D(G(z)) for that of painted music, and call it "
        "equilibrium when the two come together.",
    )
    with st.container(key="balance"):
        st.vega_lite_chart(
            pd.DataFrame(rows), description,
            alt="The critic's opinion of real and of painted music over the rounds",
        )  # fmt: skip
    st.caption(history.in_words())


def _start_one() -> None:
    from pages._data import choose_data

    st.markdown("It learns from music you choose, and then paints here. Count on a minute or two for each "
                "round; it goes on when you close this page.")  # fmt: skip
    found = choose_data()
    left, right = st.columns(2)
    with left:
        epochs = st.number_input("Rounds of lessons", 1, MOST_EPOCHS, FIRST_EPOCHS, key="gan_epochs",
                                 persist_state="session")  # fmt: skip
    with right:
        title = st.text_input("Its name", "My painter", max_chars=40, key="gan_title",
                              persist_state="session")  # fmt: skip
    if st.button("Start the lessons", icon=":material/play_arrow:", key="start_gan",
                 disabled=found is None or not title.strip()):  # fmt: skip
        from gan.train import Settings  # takes seconds

        try:
            asked = Settings(found.data, "all", epochs=int(epochs))
            # One core stays free, so that music can be painted meanwhile.
            cores = max(1, runs.all_cores() - 1)
            folder = runs.create("gan", asked.to_dict(), title.strip(), cores=cores)
            runs.start(folder)
        except (ValueError, OSError) as error:
            st.error(str(error), icon=":material/error:")
        else:
            st.session_state.lessons_begun = folder.name  # to be chosen above, where it is drawn already
            st.rerun()


def _own(title: str, run: Run, paints: bool) -> None:
    what, how, buttons = st.columns([4, 5, 3], vertical_alignment="center")
    with what, st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text(title)
        word, colour = STATES.get(run.state, (run.state, "gray"))
        st.badge(word, color=colour)
    with how:
        if run.state == "done":
            st.caption(f"{run.settings.get('epochs', '?')} rounds with {_music(run)}.")
        else:
            st.progress(min(1.0, max(0.0, run.progress)), text=_progress(run))
    with buttons:
        if run.active:
            _act("Stop", "stop", runs.stop, run)
            return
        if run.resumable:
            _act("Resume", "resume", runs.start, run)
        elif paints and st.session_state.get("painter") != run.name:
            st.button("Paint with it", key=f"use_{run.name}", icon=":material/brush:", width="stretch",
                      on_click=_use, args=(run,))  # fmt: skip
        with st.popover("Delete", icon=":material/delete:", width="stretch"):
            st.markdown(f"Delete **{escaped(title)}** and its pictures? It cannot be brought back.")
            _act("Yes, delete it", "delete", runs.delete, run)


def _music(run: Run) -> str:
    data = str(run.settings.get("data", ""))
    return "the built-in music" if data == BUILT_IN else escaped(Path(data).name)


def _progress(run: Run) -> str:
    if run.state == "waiting":
        return "Waiting for its turn"
    if run.state != "running" or not run.last.get("epoch"):
        return escaped(run.message)
    words = f"Round {run.last['epoch']} of {run.settings.get('epochs', '?')}"
    if run.eta_s:
        from genre import estimate

        words += f", about {estimate.in_words(run.eta_s)} left"
    return words


def _act(label: str, icon: str, act: Callable[[Path], None], run: Run) -> None:
    st.button(label, key=f"{act.__name__}_{run.name}", icon=f":material/{icon}:", width="stretch",
              on_click=_try, args=(act, run))  # fmt: skip


def _try(act: Callable[[Path], None], run: Run) -> None:
    """Another visitor may have been quicker."""
    st.session_state.pop("refused_training", None)
    try:
        act(run.folder)
    except (RunError, OSError) as error:
        st.session_state.refused_training = str(error)


def _use(run: Run) -> None:
    """Remembered until the page is made anew. Were it the choice already, the next look, which brings what
    the browser shows chosen, would undo it.
    """
    st.session_state.painter_wanted = run.name

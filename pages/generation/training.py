"""The training panel: a timeline of samples, the discriminator's balance, and the visitors' trainings."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import streamlit as st

from gan.training.history import TrainingHistory, read_training_history
from genre.compute import all_cores
from genre.data.dataset import BUILT_IN
from genre.runs.directory import Run, create_run_folder
from genre.runs.process import delete_run, restart_run, start_run, stop_run
from genre.text import genre_name
from pages.access.roles import is_operator, require_operator
from pages.generation.charts import balance_chart, describe_balance
from pages.generation.html import render_strip
from pages.generation.state import generate_state
from pages.generation.studio import list_models, list_trainings, published_history
from pages.shared.widgets import escaped, fragment
from pages.training.run_display import STATE_BADGES

ACTIVE_REFRESH_S, IDLE_REFRESH_S = 2.0, 20.0  # seconds between two refreshes: while a run is active, and else
FIRST_EPOCHS, MAX_EPOCHS = 20, 2_000
MAX_LISTED = 8  # trainings listed besides the active ones; older ones stay on disk


def show_training() -> None:
    """Show the panel; the trainings are refreshed periodically."""
    st.subheader("How it learnt to paint")
    is_busy = any(run.active for run in list_trainings().values())
    fragment(run_every=ACTIVE_REFRESH_S if is_busy else IDLE_REFRESH_S)(_show_trainings)(
        is_busy, list_models()
    )
    # Not an expander, whose content would be made, and torch loaded, also while it is closed.
    if is_operator() and st.toggle("Train a painter of your own", key="train_one", persist_state="session"):
        with st.container(border=True):
            _start_training()


def _show_trainings(is_busy: bool, previous_models: dict[str, str]) -> None:
    trainings, models = list_trainings(), list_models()
    if (
        any(run.active for run in trainings.values()) != is_busy
        or models != previous_models
        or generate_state().next_model is not None
    ):
        st.rerun()  # the interval, the models or the selected one changed
    _show_history(trainings)
    if trainings:
        st.markdown("**Your trainings**" if is_operator() else "**Trainings**")
    histories = [
        (title, run)
        for place, (title, run) in enumerate(trainings.items())
        if place < MAX_LISTED or run.active
    ]
    for title, run in histories:
        with st.container(border=True, key=f"training_{run.name}"):
            _show_training(title, run, run.name in models)
    if training_error := generate_state().training_error:
        st.error(training_error, icon=":material/error:")


def _show_history(trainings: dict[str, Run]) -> None:
    """Show the timeline and the balance of the published model, or of a training."""
    folders = {"": published_history()} | {run.name: run.folder for run in trainings.values()}
    titles = {run.name: title for title, run in trainings.items()}
    selected = ""
    if trainings:
        state = generate_state()
        if state.next_history:
            st.session_state.history_run, state.next_history = state.next_history, None
        selected = st.selectbox(
            "Which painter's lessons?",
            list(folders),
            key="history_run",
            persist_state="session",
            format_func=lambda name: titles.get(name, "the one that came with Earmark"),
        )
    history = read_training_history(folders.get(selected, folders[""]))
    if not history.epochs:
        st.caption(
            "There is nothing to see of it yet: the film begins with the first lesson."
            if selected
            else "The painter that came with Earmark brought no pictures of its lessons."
        )
        return
    _show_timeline(history, not selected)
    _show_balance(history)


def _show_timeline(history: TrainingHistory, is_published: bool) -> None:
    if not history.genres:
        return
    st.markdown(
        "It painted the same wishes after every lesson. At first there is noise, then "
        "rhythm and bass lines, then music. These are the lessons of the earlier painter; of the present "
        "one, which learnt on a graphics processor in six minutes, no pictures were kept."
        if is_published
        else "It painted the same wishes after every lesson. At first there is noise, then "
        "rhythm and bass lines, then music."
    )
    _follow_piece(history)
    if st.session_state.get("timeline_genre") not in history.genres:
        st.session_state.timeline_genre = history.genres[0]
    genre = st.pills(
        "The lessons for this genre",
        list(history.genres),
        required=True,
        key="timeline_genre",
        format_func=lambda name: genre_name(name).capitalize(),
    )
    timeline = history.timeline(history.genres.index(genre) if genre in history.genres else 0)
    with st.container(key="timeline"):
        st.html(render_strip([(tile, f"lesson {epoch}") for epoch, tile in timeline]))


def _follow_piece(history: TrainingHistory) -> None:
    """Show the lessons for the genre of the piece that was opened last."""
    state = generate_state()
    item = state.gallery.get(state.opened_id)
    if item is None or item.request is None or state.lessons_of == item.id:
        return
    state.lessons_of = item.id
    genre = max(item.request.genres, key=item.request.genres.__getitem__)
    if genre in history.genres:
        st.session_state.timeline_genre = genre


def _show_balance(history: TrainingHistory) -> None:
    rows, description = balance_chart(history)
    if not rows:
        return
    st.markdown(
        "**Painter against critic.** A second network, the critic, is shown real and painted music, and says "
        "how real each looks. The painter learns to deceive it.",
        help="100 % is surely real, 0 % surely painted. Papers write D(x) for the line of real music and "
        "D(G(z)) for that of painted music, and call it equilibrium when the two come together.",
    )
    with st.container(key="balance"):
        st.vega_lite_chart(
            pd.DataFrame(rows),
            description,
            alt="The critic's opinion of real and of painted music over the lessons",
        )
    st.caption(describe_balance(history))


def _start_training() -> None:
    from pages.training.setup.data import choose_data

    st.markdown(
        "It learns from music you choose, and then paints here. Count on a minute or two for each "
        "lesson; it goes on when you close this page."
    )
    listing = choose_data()
    left, right = st.columns(2)
    with left:
        epochs = st.number_input(
            "Lessons", 1, MAX_EPOCHS, FIRST_EPOCHS, key="gan_epochs", persist_state="session"
        )
    with right:
        title = st.text_input(
            "Its name", "My painter", max_chars=40, key="gan_title", persist_state="session"
        )
    is_pressed = st.button(
        "Start the lessons",
        icon=":material/play_arrow:",
        key="start_gan",
        disabled=listing is None or not title.strip(),
    )
    if is_pressed and listing:
        from gan.training.settings import GanSettings  # importing takes seconds

        try:
            require_operator("train painters")
            settings = GanSettings(listing.data, "all", epochs=int(epochs))
            # One core stays free, so that music can be painted meanwhile.
            cores = max(1, all_cores() - 1)
            folder = create_run_folder("gan", settings.to_dict(), title.strip(), cores=cores)
            start_run(folder)
        except (ValueError, OSError) as error:
            st.error(str(error), icon=":material/error:")
        else:
            generate_state().next_history = folder.name  # its selectbox is drawn already
            st.rerun()


def _show_training(title: str, run: Run, is_model: bool) -> None:
    what, how, buttons = st.columns([4, 5, 3], vertical_alignment="center")
    with what, st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text(title)
        word, colour = STATE_BADGES.get(run.state, (run.state, "gray"))
        st.badge(word, color=colour)
    with how:
        if run.state == "done":
            st.caption(f"{run.settings.get('epochs', '?')} lessons with {_music(run)}.")
        else:
            st.progress(min(1.0, max(0.0, run.progress)), text=_progress(run))
    with buttons:
        if run.active and is_operator():
            _action_button("Stop", "stop", stop_run, run)
            return
        if run.resumable and is_operator():
            _action_button("Resume", "resume", start_run, run)
            if run.state == "failed":  # a damaged checkpoint, for one, fails it
                _action_button("Begin anew", "restart_alt", restart_run, run)
        elif is_model and st.session_state.get("model") != run.name:
            st.button(
                "Paint with it",
                key=f"use_{run.name}",
                icon=":material/brush:",
                width="stretch",
                on_click=_select_model,
                args=(run,),
            )
        if not is_operator():
            return
        with st.popover("Delete", icon=":material/delete:", width="stretch"):
            st.markdown(f"Delete **{escaped(title)}** and its pictures? It cannot be brought back.")
            _action_button("Yes, delete it", "delete", delete_run, run)


def _music(run: Run) -> str:
    data = str(run.settings.get("data", ""))
    return "the built-in music" if data == BUILT_IN else escaped(Path(data).name)


def _progress(run: Run) -> str:
    if run.state == "waiting":
        return "Waiting for its turn"
    if run.state != "running" or not run.last.get("epoch"):
        return escaped(run.message)
    text = f"Lesson {run.last['epoch']} of {run.settings.get('epochs', '?')}"
    if run.eta_s:
        from pages.shared.countdown import time_left

        text += f", about {time_left(run.name, run.eta_s)} left"
    return text


def _action_button(label: str, icon: str, act: Callable[[Path], object], run: Run) -> None:
    st.button(
        label,
        key=f"{act.__name__}_{run.name}",
        icon=f":material/{icon}:",
        width="stretch",
        on_click=_run_action,
        args=(act, run),
    )


def _run_action(act: Callable[[Path], object], run: Run) -> None:
    """Run an action, which fails where another visitor was quicker."""
    state = generate_state()
    state.training_error = ""
    try:
        require_operator("stop, resume and delete trainings of painters")
        act(run.folder)
    except (ValueError, OSError) as error:
        state.training_error = str(error)


def _select_model(run: Run) -> None:
    """Select a model when the page is drawn anew.

    The next refresh, which brings the browser's value of the selectbox, would undo it here.
    """
    generate_state().next_model = run.name

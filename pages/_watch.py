"""The step Watch: the queue, each training's progress, and how well they learn, live."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from genre import estimate, plots_training, runs
from genre.catalogue import Entry
from genre.dataset import BUILT_IN
from genre.plots_training import RUN_COLOURS, Learning
from genre.runs import RunError
from pages._data import listing_of
from pages._runs import TOOLS, entries, plain, state_badge, swatch

LIVE_S, QUIET_S = 1.5, 6.0  # between two looks: while something learns, and else
SHOWN = 10  # trainings; the older ones are under Compare


def show_watch() -> None:
    busy = any(entry.run.active for entry in _watched())
    st.fragment(_live, run_every=LIVE_S if busy else QUIET_S)(busy)


def _watched() -> list[Entry]:
    """The newest trainings, and all that are under way, the oldest of them first."""
    own = [entry for entry in entries() if not entry.recorded and entry.run.state != "damaged"]
    newest = own[:SHOWN]
    return [*newest, *(entry for entry in own[SHOWN:] if entry.run.active)][::-1]


def _live(busy: bool) -> None:
    watched = _watched()
    if any(entry.run.active for entry in watched) != busy:
        st.rerun()  # to look more or less often
    if not watched:
        st.info("Nothing has been trained here yet. Choose some models and press Start.",
                icon=":material/timeline:")  # fmt: skip
        if st.button("Set up", icon=":material/tune:", key="to_set_up"):
            st.session_state.go_to = "Set up"
            st.rerun()
        return
    _all(watched)
    _curves(watched)
    for number, entry in enumerate(watched):
        with st.container(border=True, key=f"watched_{number}"):
            _one(entry, RUN_COLOURS[number % len(RUN_COLOURS)])
    if refused := st.session_state.pop("refused", None):
        st.error(refused, icon=":material/error:")


def _all(watched: list[Entry]) -> None:
    """How it stands, and the buttons for all."""
    count = {state: sum(entry.run.state == state for entry in watched)
             for state in ("running", "waiting", "done")}  # fmt: skip
    active = [entry for entry in watched if entry.run.active]
    resumable = [entry for entry in watched if entry.run.resumable]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{count['running']} learning, {count['waiting']} waiting, "
                    f"{count['done']} done**", width="stretch")  # fmt: skip
        if active:  # the waiting ones are stopped first, so that none of them starts meanwhile
            st.button("Stop all", icon=":material/stop:", key="stop_all", on_click=_each,
                      args=(runs.stop, active[::-1]))  # fmt: skip
        if resumable:
            st.button("Resume all", icon=":material/resume:", key="resume_all", on_click=_each,
                      args=(runs.start, resumable))  # fmt: skip


def _curves(watched: list[Entry]) -> None:
    learnings = [Learning(_name(entry), runs.metrics(entry.run.folder)) for entry in watched]
    learnings = [each if _has_curve(each) else Learning(each.name, []) for each in learnings]
    if not any(each.epochs for each in learnings):
        st.caption("The curves begin with the first epoch.")
        return
    left, right = st.columns(2)
    with left:
        st.markdown("**Right answers**", help="Of single windows. Solid: on music kept aside, "
                    "dotted: on the music it learns from. Where the two part, it learns by heart.")
        st.plotly_chart(plots_training.learning_curve(learnings, "accuracy"), config=TOOLS,
                        key="live_accuracy", alt="Share of right answers over the epochs")
    with right:
        st.markdown("**Loss**", help="How surprised it is by the right answers. Lower is better; "
                    "2.3 is guessing among ten genres.")  # fmt: skip
        st.plotly_chart(plots_training.learning_curve(learnings, "loss"), config=TOOLS,
                        key="live_loss", alt="Loss over the epochs")


def _has_curve(learning: Learning) -> bool:
    """Whether it is a network's: the classical models learn in one go."""
    return any("loss" in line for line in learning.epochs)


def _name(entry: Entry) -> str:
    return f"{entry.title} (leaky)" if entry.leaky else entry.title


def _one(entry: Entry, colour: str) -> None:
    run = entry.run
    what, how, button = st.columns([4, 6, 2], vertical_alignment="center")
    with what:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            swatch(colour)
            st.text(_name(entry))
            state_badge(entry)
        st.caption(_facts(entry))
    with how:
        st.progress(min(1.0, max(0.0, run.progress)), text=_progress(entry))
        if figures := _figures(entry):
            st.caption(figures)
    with button:
        if run.active:
            st.button("Stop", key=f"stop_{run.name}", icon=":material/stop:", width="stretch",
                      on_click=_each, args=(runs.stop, [entry]))  # fmt: skip
        elif run.resumable:
            st.button("Resume", key=f"resume_{run.name}", icon=":material/resume:", width="stretch",
                      on_click=_each, args=(runs.start, [entry]))  # fmt: skip


def _facts(entry: Entry) -> str:
    facts = [entry.input, "leaky split" if entry.leaky else f"{entry.split} split"]
    if "batch_size" in entry.recipe and any("loss" in line for line in [entry.run.last]):
        facts += [f"batch {entry.recipe['batch_size']}", f"rate {entry.recipe['learning_rate']:g}"]
    return ", ".join(facts).replace("$", "\\$")


def _progress(entry: Entry) -> str:
    run = entry.run
    if run.state == "waiting":
        return "Waiting for its turn"
    if run.state != "running":
        return run.message.replace("$", "\\$")
    epoch, epochs = run.last.get("epoch"), entry.recipe.get("epochs")
    if not epoch:
        to_play = listing_of(BUILT_IN).to_play if entry.data == BUILT_IN else 0
        return f"Playing the built-in music: {to_play} pieces to go" if to_play else run.message
    words = f"Epoch {epoch} of {epochs}" if "loss" in run.last else run.message
    if part := run.last.get("part", 1) - 1:
        words += f", part {part + 1}"
    if run.eta_s:
        words += f", about {estimate.in_words(run.eta_s)} left"
    return words


def _figures(entry: Entry) -> str:
    """The latest figures; of a finished training its result is the message."""
    last = entry.run.last
    if entry.run.state == "done" or "loss" not in last:
        return ""
    words = f"{last['accuracy']:.0%} right while learning, loss {last['loss']:.2f}"
    if "valid_accuracy" in last:
        words += f"; {last['valid_accuracy']:.0%} right on music kept aside"
    return words


def _each(act: Callable[[Path], None], chosen: list[Entry]) -> None:
    """Start or stop them; another visitor may have been quicker."""
    for entry in chosen:
        try:
            act(entry.run.folder)
        except (RunError, OSError) as error:
            st.session_state.refused = f"{plain(entry.title)}: {error}"

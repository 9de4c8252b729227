"""The step Watch: the queue, each training's progress, and how well they learn, live."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import streamlit as st

from genre import estimate, plots_training, runs
from genre.catalogue import Entry
from genre.dataset import BUILT_IN
from genre.plots import percent
from genre.plots_training import RUN_COLOURS, Learning
from genre.runs import RunError
from pages._data import listing_of
from pages._runs import UNFILTERED, entries, names_of, state_badge, swatch
from pages._shared import escaped, fragment

LIVE_S, QUIET_S = 1.5, 6.0  # between two looks: while something learns, and else
SHOWN = 10  # trainings; the older ones are under Compare
CURVES = (
    ("accuracy", "Right answers", "Of single windows. Strong: on music kept aside, fine: on the music "
     "it learns from. Where the two part, it learns by heart. Ctrl and the wheel zoom, dragging moves, "
     "a double click shows it whole."),
    ("loss", "Loss", "How surprised it is by the right answers. Lower is better; 2.3 is guessing "
     "among ten genres."),
)  # fmt: skip


def show_watch() -> None:
    busy = any(entry.run.active for entry in _watched())
    fragment(run_every=LIVE_S if busy else QUIET_S)(_live)(busy)


def _watched() -> list[Entry]:
    """The newest trainings, and all that are under way, the oldest of them first."""
    own = [entry for entry in entries() if not entry.recorded and entry.run.state != "damaged"]
    newest = own[:SHOWN]
    return [*newest, *(entry for entry in own[SHOWN:] if entry.run.active)][::-1]


def _live(busy: bool) -> None:
    watched = _watched()
    if any(entry.run.active for entry in watched) != busy or "go_to" in st.session_state:
        st.rerun()  # to look more or less often, or to go to another step
    if refused := st.session_state.get("run_refused"):
        st.error(refused, icon=":material/error:")
    if not watched:
        st.info("Nothing has been trained here yet. Choose some models and press Start.",
                icon=":material/timeline:")  # fmt: skip
        st.button("Set up", icon=":material/tune:", key="to_set_up", on_click=_go_to, args=("Set up",))
        return
    _all(watched)
    names = names_of(watched)
    _curves(watched, names)
    for number, (entry, name) in enumerate(zip(watched, names, strict=True)):
        with st.container(border=True, key=f"watched_{number}"):
            _one(entry, name, RUN_COLOURS[number % len(RUN_COLOURS)])


def _all(watched: list[Entry]) -> None:
    """How it stands, and the buttons for all."""
    count = {state: sum(entry.run.state == state for entry in watched)
             for state in ("running", "waiting", "done", "stopped")}  # fmt: skip
    stopped = f", {count['stopped']} stopped" if count["stopped"] else ""
    active = [entry for entry in watched if entry.run.active]
    resumable = [entry for entry in watched if entry.run.resumable]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{count['running']} learning, {count['waiting']} waiting, "
                    f"{count['done']} done{stopped}**", width="stretch")  # fmt: skip
        if active:  # the waiting ones are stopped first, so that none of them starts meanwhile
            st.button("Stop all", icon=":material/stop:", key="stop_all", on_click=_each,
                      args=(runs.stop, active[::-1]))  # fmt: skip
        if resumable:
            st.button("Resume all", icon=":material/resume:", key="resume_all", on_click=_each,
                      args=(runs.start, resumable))  # fmt: skip
        done = [entry.id for entry in watched if entry.run.state == "done"]
        if done and not active:
            label = "Compare them" if len(done) > 1 else "See what it learnt"
            st.button(label, type="primary", icon=":material/compare_arrows:", key="to_compare",
                      on_click=_go_to, args=("Compare",), kwargs={"compared": done[::-1], **UNFILTERED})


def _go_to(step: str, **state: object) -> None:
    st.session_state.update(state, go_to=step)


def _curves(watched: list[Entry], names: list[str]) -> None:
    """The classical models learn in one go and have none."""
    learnings = [
        Learning(name, [line for line in runs.metrics(entry.run.folder) if "loss" in line])
        for name, entry in zip(names, watched, strict=True)
    ]
    if not any(each.epochs for each in learnings):
        st.caption("The curves begin with the first epoch.")
        return
    for column, (measure, title, words) in zip(st.columns(2), CURVES, strict=True):
        with column, st.container(key=f"live_{measure}"):
            st.markdown(f"**{title}**", help=words)
            rows, description = plots_training.live_curve(learnings, measure)
            # Streamlit takes back, at the next epoch, what was zoomed into, unless it is a selection.
            st.vega_lite_chart(pd.DataFrame(rows), description, key=f"zoom_{measure}", on_select="rerun",
                               selection_mode="zoom", alt=f"{title} over the epochs")  # fmt: skip


def _one(entry: Entry, name: str, colour: str) -> None:
    run = entry.run
    what, how, button = st.columns([4, 6, 2], vertical_alignment="center")
    with what:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            swatch(colour)
            st.text(name)
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
    return escaped(", ".join(facts))


def _progress(entry: Entry) -> str:
    run, message = entry.run, escaped(entry.run.message)
    if run.state == "waiting":
        return "Waiting for its turn"
    if run.state != "running":
        return message
    epoch, epochs = run.last.get("epoch"), entry.recipe.get("epochs")
    if not epoch:
        to_play = listing_of(BUILT_IN).to_play if entry.data == BUILT_IN else 0
        return f"Playing the built-in music in, once: {to_play} pieces to go" if to_play else message
    words = f"Epoch {epoch} of {epochs}" if "loss" in run.last else message
    if part := run.last.get("part", 1) - 1:
        words += f", part {part + 1}"
    if run.eta_s:
        words += f", about {estimate.in_words(run.eta_s)} left"
    return words


def _figures(entry: Entry) -> str:
    """The latest figures; of a finished training its result is the message."""
    last = entry.run.last
    if entry.run.state == "done" or not {"loss", "accuracy"} <= set(last):
        return ""
    words = f"{percent(last['accuracy'])} right while learning, loss {last['loss']:.2f}"
    if "valid_accuracy" in last:
        words += f"; {percent(last['valid_accuracy'])} right on music kept aside"
    return words


def _each(act: Callable[[Path], None], chosen: list[Entry]) -> None:
    """Start or stop them; another visitor may have been quicker."""
    st.session_state.pop("run_refused", None)
    for entry in chosen:
        try:
            act(entry.run.folder)
        except (RunError, OSError) as error:
            st.session_state.run_refused = f"{escaped(entry.title)}: {error}"

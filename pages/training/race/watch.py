"""The step Watch: the queue, each training's progress, and how well they learn, live."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import streamlit as st

from genre.data import listing
from genre.data.builtin import comes_with_earmark
from genre.data.dataset import BUILT_IN
from genre.errors import error_sentence
from genre.plots import training as plots_training
from genre.runs import process
from genre.runs.catalogue import Entry
from genre.text import percent
from genre.training.experiment import ExperimentSettings
from pages.shared.countdown import time_left
from pages.shared.style import LANES
from pages.shared.widgets import escaped, fragment
from pages.training.race.finish import QUESTION, latest_heat, show_finish, show_race
from pages.training.run_display import (
    ABOUT_EXCERPTS,
    CURVES,
    SPLIT_NAMES,
    ChartEntry,
    chart_entries,
    load_entries,
    plain_title,
    show_state,
    show_swatch,
)
from pages.training.setup import quota
from pages.training.setup.line_up import Racer, lanes_html
from pages.training.state import go_to, train_state

ACTIVE_REFRESH_S, IDLE_REFRESH_S = 1.5, 6.0  # seconds between two refreshes: while something learns, and else
MAX_ENTRIES = 10  # trainings shown; the older ones are under Compare
ABOUT_CURVES = {
    "accuracy": f"{ABOUT_EXCERPTS} Strong: on music kept aside, fine: on the music it learns from. Where "
    "they part, it learns by heart. Ctrl and the wheel zoom, dragging moves, a double click shows it whole.",
    "loss": "Lower is better; 2.3 is guessing among ten genres.",
}
STATE_WORDS = {"running": "learning", "waiting": "waiting", "done": "done", "stopped": "stopped"}


def show_watch() -> None:
    """Show the step: the race while it lasts, and then how it ended."""
    entries, state = _recent_entries(), train_state()
    is_active = any(entry.run.active for entry in entries)
    if entries and not is_active:
        show_finish(chart_entries(entries), is_news=state.is_racing)
    state.is_racing = is_active
    fragment(run_every=ACTIVE_REFRESH_S if is_active else IDLE_REFRESH_S)(_show_present)(is_active)


def _recent_entries() -> list[Entry]:
    """List the newest trainings, and all that are under way, the oldest of them first."""
    readable = [entry for entry in load_entries() if not entry.recorded and entry.run.state != "damaged"]
    newest = readable[:MAX_ENTRIES]
    return [*newest, *(entry for entry in readable[MAX_ENTRIES:] if entry.run.active)][::-1]


def _show_present(was_active: bool) -> None:
    """Show all trainings in their present state; the whole page runs again when that changes the rhythm."""
    entries, state = _recent_entries(), train_state()
    if any(entry.run.active for entry in entries) != was_active or state.requested_step:
        st.rerun()  # the rhythm of refreshing, or the step, changes
    if state.run_error:
        st.error(state.run_error, icon=":material/error:")
    if not entries:
        st.info(
            "Nothing has been trained here yet. Start a race of three models, or choose your own.",
            icon=":material/timeline:",
        )
        with st.container(horizontal=True):
            st.button("Start a race", icon=":material/flag:", key="to_minute", on_click=go_to, args=("Race",))
            st.button("Set up", icon=":material/tune:", key="to_set_up", on_click=go_to, args=("Set up",))
        return
    _show_totals(entries)
    items = chart_entries(entries)
    heat = latest_heat(items)
    if was_active and not show_race(heat, is_running=True):
        st.html(LANES + lanes_html([_racer(item) for item in heat if item.entry.run.active], QUESTION))
        st.caption("The lines begin with the first lesson, in which a model goes once through the music.")
    for number, item in enumerate(items):
        with st.container(border=True, key=f"watched_{number}"):
            _show_run(item)
    if st.toggle(
        "All curves",
        key="all_curves",
        persist_state="session",
        help="Accuracy and loss, with the music learnt from.",
    ):
        _show_curves(items)


def _racer(item: ChartEntry) -> Racer:
    """A model before its first lesson: it runs once its process does, and until then it waits."""
    is_running = item.entry.run.state == "running"
    _, colon, count = item.entry.run.message.rstrip(".").partition(":")  # how many recordings are ready
    words = f"gets the music ready{colon}{count}" if is_running else "waits for its turn"
    return Racer(item.name, words, item.colour, is_running)


def _show_totals(entries: list[Entry]) -> None:
    """Show how many trainings are in which state, and the buttons for all."""
    counts = {word: sum(entry.run.state == state for entry in entries) for state, word in STATE_WORDS.items()}
    text = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    active = [entry for entry in entries if entry.run.active]
    resumable = [entry for entry in entries if entry.run.resumable and quota.may_change(entry.run)]
    stoppable = [entry for entry in active if quota.may_change(entry.run)]
    with st.container(horizontal=True, vertical_alignment="center", key="totals"):
        st.markdown(f"**Trainings{': ' if text else ''}{text}**", width="stretch")
        if stoppable:  # waiting ones stop first, so that none starts meanwhile
            st.button(
                "Stop all",
                icon=":material/stop:",
                key="stop_all",
                on_click=_stop_all,
                args=(stoppable[::-1],),
            )
        if resumable:
            st.button(
                "Resume all",
                icon=":material/resume:",
                key="resume_all",
                on_click=_apply,
                args=(process.start_run, resumable),
            )


def _show_curves(items: list[ChartEntry]) -> None:
    """Show the learning curves. The classical models learn in one go and have none."""
    learnings = [item.learning() for item in items]
    if not any(learning.epochs for learning in learnings):
        st.caption("The curves begin with the first lesson.")
        return
    with st.container(key="curves"):
        for column, (measure, title) in zip(st.columns(2), CURVES, strict=True):
            with column, st.container(key=f"live_{measure}"):
                st.markdown(f"**{title}**", help=ABOUT_CURVES[measure])
                rows, description = plots_training.live_curve(learnings, measure)
                # Streamlit would reset the zoom at the next epoch, unless it is a selection.
                st.vega_lite_chart(
                    pd.DataFrame(rows),
                    description,
                    key=f"zoom_{measure}",
                    on_select="rerun",
                    selection_mode="zoom",
                    alt=f"{title} over the lessons",
                )


def _show_run(item: ChartEntry) -> None:
    entry, run = item.entry, item.entry.run
    name_column, progress_column, button_column = st.columns([4, 6, 2], vertical_alignment="center")
    with name_column:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            show_swatch(item.colour)
            st.text(item.name)
            show_state(entry)
        st.caption(f"Tested {escaped(SPLIT_NAMES.get(entry.split, entry.split))}", help=_settings_text(entry))
    with progress_column:
        st.progress(_progress(entry), text=_progress_text(entry))
        if metrics := _metrics_text(entry):
            st.caption(metrics)
    if not quota.may_change(run):
        return
    with button_column:
        if run.active:
            st.button(
                "Stop",
                key=f"stop_{run.name}",
                icon=":material/stop:",
                width="stretch",
                on_click=_apply,
                args=(process.stop_run, [entry]),
            )
        elif run.resumable:
            st.button(
                "Resume",
                key=f"resume_{run.name}",
                icon=":material/resume:",
                width="stretch",
                on_click=_apply,
                args=(process.start_run, [entry]),
            )
            if run.state == "failed":
                st.button(
                    "Begin anew",
                    key=f"anew_{run.name}",
                    icon=":material/restart_alt:",
                    width="stretch",
                    on_click=_apply,
                    args=(process.restart_run, [entry]),
                    help="Gives up what it has learnt so far: a damaged checkpoint, for one.",
                )


def _settings_text(entry: Entry) -> str:
    """Write the settings for who knows them."""
    facts = [f"Technical name {entry.model}"]
    if "batch_size" in entry.recipe and "loss" in entry.run.last:
        size, rate = entry.recipe["batch_size"], entry.recipe["learning_rate"]
        facts += [f"batch size {size}", f"learning rate {rate:g}"]
    return escaped(", ".join(facts))


def _to_play(entry: Entry) -> tuple[int, int]:
    """(pieces of the built-in music that a training still waits for, pieces in all)."""
    run = entry.run
    if run.state != "running" or run.last.get("epoch") or entry.data != BUILT_IN:
        return 0, 1
    settings = ExperimentSettings.from_dict(run.settings)
    if comes_with_earmark(settings.data, settings.input_spec, settings.windows):
        return 0, 1
    music = listing.look(BUILT_IN)  # as it is now: this moves the bar
    return music.to_play, music.count


def _progress(entry: Entry) -> float:
    """The length of the bar, 0 to 1: how much is done of the training, or before it of the music that is
    played in; once it is tested, the share that it named right.
    """
    if entry.run.state == "done" and "accuracy" in entry.metrics:
        return min(1.0, max(0.0, entry.metrics["accuracy"]))
    to_play, count = _to_play(entry)
    return 1 - to_play / count if to_play else min(1.0, max(0.0, entry.run.progress))


def _progress_text(entry: Entry) -> str:
    run, message = entry.run, escaped(entry.run.message)
    if run.state == "waiting":
        return "Waiting for its turn"
    if run.state == "done" and "accuracy" in entry.metrics:
        tested = f"Test: {percent(entry.metrics['accuracy'])} of {entry.metrics['count']} tracks right"
        return f"{tested}. It leaks: this says nothing about new music" if entry.leaky else tested
    if run.state != "running":
        return message
    epoch, epochs = run.last.get("epoch"), entry.recipe.get("epochs")
    if not epoch:
        to_play, count = _to_play(entry)
        return (
            f"Playing the built-in music, once: {count - to_play} of {count} tracks" if to_play else message
        )
    text = f"Lesson {epoch} of {epochs}" if "loss" in run.last else message
    if part := run.last.get("part", 1) - 1:
        text += f", part {part + 1}"
    if run.eta_s:
        text += f", about {time_left(run.name, run.eta_s)} left"
    return text


def _metrics_text(entry: Entry) -> str:
    """Write the latest metrics; of a finished training the progress says the result."""
    last = entry.run.last
    if entry.run.state == "done" or not {"loss", "accuracy"} <= set(last):
        return ""
    text = f"Excerpts right: {percent(last['accuracy'])} of the music it learns from"
    if "valid_accuracy" in last:
        text += f", {percent(last['valid_accuracy'])} of music kept aside"
    return text


def _stop_all(entries: list[Entry]) -> None:
    """Stop all at the same time: one after the other, forty would hold the page up for minutes."""
    state = train_state()
    state.run_error = ""
    try:
        for entry in entries:
            quota.require_changeable(entry.run)
        process.stop_runs([entry.run.folder for entry in entries])
    except (ValueError, OSError) as error:
        state.run_error = escaped(error_sentence(error))


def _apply(change: Callable[[Path], None], entries: list[Entry]) -> None:
    """Start or stop runs; another visitor may have been quicker."""
    state = train_state()
    state.run_error = ""
    for entry in entries:
        try:
            quota.require_changeable(entry.run)
            change(entry.run.folder)
        except (ValueError, OSError) as error:
            state.run_error = f"{escaped(plain_title(entry))}: {error}"

"""The step Compare: the table of all trainings, and the chosen ones side by side."""

import streamlit as st

from genre.plots import training as plots_training
from genre.runs.catalogue import Entry, to_csv
from genre.runs.report import Report
from pages.shared.widgets import download_button
from pages.training.comparison import (
    TestedRun,
    read_report,
    show_disagreements,
    show_standings,
    show_winner,
    tested_runs,
)
from pages.training.run_card import show_run
from pages.training.run_display import (
    ABOUT_EXCERPTS,
    CURVES,
    FILTERS,
    SPLIT_NAMES,
    ChartEntry,
    chart_entries,
    load_entries,
    model_label,
    show_chart,
)
from pages.training.run_table import MAX_COMPARED, read_selection, show_run_table
from pages.training.state import go_to

MEASURES = {
    "recall": ("Found", "Of this genre's tracks, how many it finds (recall)."),
    "precision": ("Right when named", "When it names this genre, how often it is right (precision)."),
    "f1": ("Both in one", "High only if both of the others are (F1)."),
}


def show_compare() -> None:
    """Show the step."""
    entries = load_entries()
    if not entries:
        st.info("There is nothing to compare yet. Start a race first.", icon=":material/compare_arrows:")
        st.button("Start a race", icon=":material/flag:", key="to_minute", on_click=go_to, args=("Race",))
        return
    selection = read_selection(_passing(entries))
    items = chart_entries(selection[:MAX_COMPARED])
    reports = [read_report(item.entry) for item in items]
    tested = tested_runs(items, reports)
    if tested:  # who has won comes before the table that it is chosen in
        _show_outcome(tested)
    if all(entry.recorded for entry in entries):
        st.info(
            "These are **recorded** trainings that came with Earmark, on its built-in music. "
            "Yours will stand above them.",
            icon=":material/history:",
        )
    st.markdown("**All trainings.** Tick one to see it, two or more to compare them.")
    if [entry.id for entry in show_run_table(_show_tools(entries))] != [entry.id for entry in selection]:
        st.rerun()
    if not selection:
        return
    _show_side_by_side(items, reports, tested)
    if len(selection) > MAX_COMPARED:
        st.caption(f"The first {MAX_COMPARED} of the {len(selection)} chosen ones are shown.")


def _passing(entries: list[Entry]) -> list[Entry]:
    """Return the entries that pass the filters, which stand further below."""
    for _, attribute in FILTERS:
        if selection := st.session_state.get(f"only_{attribute}"):
            entries = [entry for entry in entries if getattr(entry, attribute) in selection]
    return entries


def _show_outcome(tested: list[TestedRun]) -> None:
    with st.container(key="outcome"):
        show_standings(tested, show_winner(tested))
        st.button(
            "See how a test leaks",
            icon=":material/water_drop:",
            key="to_leak",
            on_click=go_to,
            args=("The leak",),
        )


def _show_tools(entries: list[Entry]) -> list[Entry]:
    """Show the tools of the table -> the entries that pass the filters."""
    with st.container(horizontal=True, vertical_alignment="center", key="run_tools"):
        with st.popover("Filter", icon=":material/filter_list:", key="run_filters"):
            _show_filters(entries)
        passing = _passing(entries)
        st.toggle("All figures", key="all_figures", persist_state="session")
        download_button(
            "Download CSV", lambda: to_csv(passing), "earmark-trainings.csv", "text/csv", key="trainings_csv"
        )
        if len(passing) < len(entries):
            st.caption(f"Filtered: {len(passing)} of {len(entries)}.", width="content")
    return passing


def _show_filters(entries: list[Entry]) -> None:
    """Show the filters, each with what passes those before it."""
    for label, attribute in FILTERS:
        selection = st.multiselect(
            label,
            sorted({getattr(entry, attribute) for entry in entries} - {""}),
            key=f"only_{attribute}",
            placeholder="All",
            persist_state="session",
            format_func=lambda value: SPLIT_NAMES.get(value) or model_label(value),
        )
        if selection:
            entries = [entry for entry in entries if getattr(entry, attribute) in selection]


def _show_side_by_side(
    items: list[ChartEntry], reports: list[Report | None], tested: list[TestedRun]
) -> None:
    entries = [item.entry for item in items]
    _show_curves(items)
    columns = st.columns(min(len(items), 3 if len(items) % 3 == 0 else 2))
    for number, (item, report) in enumerate(zip(items, reports, strict=True)):
        with columns[number % len(columns)]:
            show_run(item, report, number)
    if any(entry.leaky for entry in entries) and not all(entry.leaky for entry in entries):
        st.warning(
            "One of them was tested with a leak: its figures look better than they are, see **The leak**.",
            icon=":material/water_drop:",
        )
    if tested:
        _show_genres(tested)
    if len(tested) > 1:
        show_disagreements(tested)


def _show_curves(items: list[ChartEntry]) -> None:
    learnings = [item.learning() for item in items]
    if not any(learning.epochs for learning in learnings):
        return
    st.subheader("How they learnt")
    for column, (measure, title) in zip(st.columns(2), CURVES, strict=True):
        with column:
            show_chart(
                plots_training.learning_curve(learnings, measure),
                key=f"curve_{measure}",
                alt=f"{title} over the lessons",
                title=f"**{title}**",
            )
    st.caption(
        f"{ABOUT_EXCERPTS} Solid: on music kept aside to choose the best lesson (epoch); "
        "dotted: on the music learnt from. The less surprise, the better. Models that learn in one go have "
        "no curve."
    )


def _show_genres(tested: list[TestedRun]) -> None:
    st.subheader("Genre by genre")
    measure = st.segmented_control(
        "Measure",
        list(MEASURES),
        default="recall",
        required=True,
        key="measure",
        format_func=lambda name: MEASURES[name][0],
        label_visibility="collapsed",
        wrap=False,
    )
    show_chart(
        plots_training.genre_bars(
            [run.name for run in tested],
            [run.report.by_track for run in tested],
            measure,
            [run.colour for run in tested],
        ),
        key="genre_bars",
        alt=f"{MEASURES[measure][0]} of each genre",
        title=MEASURES[measure][1],
    )

"""The end of a race: the winner's sentence, the race once more, and who has cheated."""

import pandas as pd
import streamlit as st

from genre.plots.race import race_chart
from genre.plots.training import Learning
from genre.runs import directory as runs
from genre.runs.catalogue import Entry
from genre.text import percent
from pages.shared.widgets import escaped
from pages.training.comparison import TestedRun, read_report, show_winner, tested_runs
from pages.training.race.play import show_play
from pages.training.run_display import chart_names, run_colour
from pages.training.state import go_to

HEAT_S = 20.0  # seconds between trainings that were started together, at most


def latest_heat(entries: list[Entry]) -> list[Entry]:
    """Return the trainings that were started together with the newest one, the oldest first."""
    by_age = sorted(entries, key=lambda entry: entry.run.created, reverse=True)
    heat: list[Entry] = []
    for entry in by_age:
        if heat and heat[-1].run.created - entry.run.created > HEAT_S:
            break
        heat.append(entry)
    return heat[::-1]


def show_finish(entries: list[Entry]) -> None:
    """Show how the latest race ended, and let its models be played to."""
    heat = latest_heat(entries)
    names = chart_names(heat)
    results = tested_runs(heat, names, [read_report(entry) for entry in heat])
    if results:
        _show_result(results)
    if show_race(heat):
        st.caption(
            "How many pieces of a few seconds each model names right, on music that it does not learn from. "
            "Guessing gets 10 %."
        )
    models = [(name, entry) for name, entry in zip(names, heat, strict=True) if entry.run.state == "done"]
    if models:
        show_play(_best_first(models, results))


def _show_result(results: list[TestedRun]) -> None:
    honest = [run for run in results if not run.report.split["leaky"]]
    if len(honest) > 1:
        show_winner(results)
    elif honest:
        share = percent(honest[0].report.by_track["accuracy"])
        st.success(
            f"### {escaped(honest[0].name)} has learnt\n\nIt names {share} of the tracks right that were "
            "kept aside for the test. Guessing would get 10 %.",
            icon=":material/trophy:",
        )
    _show_cheats(results, honest)


def _show_cheats(results: list[TestedRun], honest: list[TestedRun]) -> None:
    """Say that a leaky training is no winner, whatever its figure."""
    for cheat in results:
        if not cheat.report.split["leaky"]:
            continue
        figure = percent(cheat.report.by_track["accuracy"])
        best = max((run.report.by_track["accuracy"] for run in honest), default=0.0)
        is_ahead = cheat.report.by_track["accuracy"] > best
        st.warning(
            f"**{escaped(cheat.name)} {'looks better' if is_ahead else 'cannot win'}: {figure} right. "
            "But it cheats.** In its test it met other pieces of the recordings that it had learnt from.",
            icon=":material/water_drop:",
        )
        st.button(
            "See how it cheats",
            icon=":material/water_drop:",
            key="to_leak",
            on_click=go_to,
            args=("The leak",),
        )
        return


def show_race(heat: list[Entry]) -> bool:
    """Show the race as growing lines -> whether there is one. Models that learn in one go have no line."""
    names = chart_names(heat)
    learnings = [
        Learning(
            name, [line for line in runs.read_metrics(entry.run.folder) if "loss" in line], run_colour(entry)
        )
        for name, entry in zip(names, heat, strict=True)
    ]
    epochs = [line["epoch"] for learning in learnings for line in learning.epochs]
    if not epochs:
        return False
    epoch_limits = [entry.recipe.get("epochs") for entry in heat]
    finish = max(*epochs, *(number for number in epoch_limits if isinstance(number, int)))
    rows, description = race_chart(learnings, finish)
    with st.container(key="race"):
        # The text for a screen reader stays: Streamlit draws a chart anew whose text changes.
        st.vega_lite_chart(
            pd.DataFrame(rows),
            description,
            height=description["height"],  # which the presenter's view overrules
            key="race_lines",
            alt="The race: how many windows each training names right after each epoch",
        )
    return True


def _best_first(models: list[tuple[str, Entry]], results: list[TestedRun]) -> list[tuple[str, Entry]]:
    """The honest ones first, and of these the best."""
    accuracy = {run.name: run.report.by_track["accuracy"] for run in results}
    return sorted(models, key=lambda pair: (pair[1].leaky, -accuracy.get(pair[0], 0.0)))

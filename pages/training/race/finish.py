"""The end of a race: the winner's sentence, the race once more, and who has cheated."""

import pandas as pd
import streamlit as st

from genre.plots.race import race_chart
from genre.plots.training import Learning
from genre.text import percent
from pages.shared.browser.scripts import scroll_to
from pages.shared.style import RACE
from pages.shared.widgets import escaped
from pages.training.comparison import (
    Outcome,
    TestedRun,
    read_report,
    show_standings,
    show_winner,
    tested_runs,
)
from pages.training.race.celebration import show_celebration
from pages.training.race.play import play_next, show_play
from pages.training.run_display import UNFILTERED, ChartEntry
from pages.training.state import go_to, train_state

QUESTION = "Which one names most new tracks right?"
HEAT_S = 20.0  # seconds between trainings that were started together, at most


def latest_heat(items: list[ChartEntry]) -> list[ChartEntry]:
    """Return the trainings that were started together with the newest one, the oldest first."""
    by_age = sorted(items, key=lambda item: item.entry.run.created, reverse=True)
    heat: list[ChartEntry] = []
    for item in by_age:
        if heat and heat[-1].entry.run.created - item.entry.run.created > HEAT_S:
            break
        heat.append(item)
    return heat[::-1]


def show_finish(items: list[ChartEntry], is_news: bool = False) -> None:
    """Show how the latest race ended, and let its models be played to; `is_news`: it has ended just now."""
    heat = latest_heat(items)
    results = tested_runs(heat, [read_report(item.entry) for item in heat])
    outcome = None
    if results:
        outcome = _show_result(results)
        if is_news:
            show_celebration(heat, results, outcome)
    models = _best_first([item for item in heat if item.entry.run.state == "done"], results)
    _show_next_steps(models, items, any(run.is_leaky for run in results))
    if results:
        show_standings(results, outcome)
        _show_cheats(results)
    if models:
        show_play(models)
    show_race(heat)


def _show_next_steps(models: list[ChartEntry], items: list[ChartEntry], has_cheat: bool) -> None:
    """Show what can be done now, right below who has won: on the page and on the stage."""
    done = models if len(models) > 1 else [item for item in items if item.entry.run.state == "done"]
    if not done:
        return
    with st.container(horizontal=True, gap="small", key="next_steps"):
        is_pressed = models and st.button(
            "Play it a new piece" if len(models) == 1 else "Play them a new piece",
            type="primary",
            icon=":material/play_arrow:",
            key="play_first",
            help="The synthesiser makes one up, and they name its genre.",
        )
        st.button(
            "Compare them" if len(done) > 1 else "See what it learnt",
            icon=":material/compare_arrows:",
            key="to_compare",
            on_click=_compare,
            args=([item.entry.id for item in done],),
        )
        if has_cheat:
            st.button(
                "See how it cheats",
                icon=":material/water_drop:",
                key="to_leak",
                on_click=go_to,
                args=("The leak",),
            )
    if is_pressed:
        play_next(models)
        scroll_to("play_it", within=0.4)


def _compare(ids: list[str]) -> None:
    st.session_state.update(UNFILTERED)
    train_state().compared = ids
    go_to("Compare")


def _show_result(results: list[TestedRun]) -> Outcome | None:
    """Show who has won, or what the only one that was tested honestly has learnt."""
    honest = [run for run in results if not run.is_leaky]
    outcome = None
    if len(honest) > 1:
        outcome = show_winner(results)
    elif honest:
        st.success(
            f"### {escaped(honest[0].name)} has learnt\n\nIn the test it names "
            f"{percent(honest[0].accuracy)} of the tracks right, which were kept aside for that.",
            icon=":material/trophy:",
        )
    return outcome


def _show_cheats(results: list[TestedRun]) -> None:
    """Say that a leaky training is no winner, whatever its figure."""
    for cheat in results:
        if not cheat.is_leaky:
            continue
        st.warning(
            f"**{escaped(cheat.name)}, cheats, so its {percent(cheat.accuracy)} does not count.** "
            "In its test it met other excerpts of recordings that it had learnt from.",
            icon=":material/water_drop:",
        )
        return


def show_race(heat: list[ChartEntry], is_running: bool = False) -> bool:
    """Show the race as growing lines, each with the result of its test at the end -> whether there is one.

    Models that learn in one go have no line.
    """
    learnings = [item.learning() for item in heat]
    epochs = [line["epoch"] for learning in learnings for line in learning.epochs]
    if not epochs:
        return False
    epoch_limits = [item.entry.recipe.get("epochs") for item in heat]
    finish = max(*epochs, *(number for number in epoch_limits if isinstance(number, int)))
    rows, description = race_chart(learnings, finish)
    st.html(RACE)
    with st.container(key="race"):
        if is_running:
            with st.container(key="race_question"):
                st.markdown(f"### {QUESTION}")
        st.markdown("**Short excerpts named right while they learn, whole tracks in the final test**")
        # The text for a screen reader stays: Streamlit draws a chart anew whose text changes.
        st.vega_lite_chart(
            pd.DataFrame(rows),
            description,
            height=description["height"],  # which the presenter's view overrules
            key="race_lines",
            alt="The race: how many excerpts each training names right after each lesson, "
            "and how many whole tracks in its final test",
        )
        if _is_test_easier(learnings):
            st.html(
                '<p class="race-why">Why the final test looks easier: there a model hears the whole track. '
                "In a lesson it hears a few seconds.</p>"
            )
    st.caption(
        "The lines count excerpts of a few seconds, of music kept aside while a model learns. The dots count "
        "whole tracks of the final test. In a lesson (epoch) a model goes once through the music. Guessing "
        "gets 10\u00a0%."
    )
    return True


def _is_test_easier(learnings: list[Learning]) -> bool:
    """Whether a model does better in its test than in its last lesson."""
    return any(
        learning.result is not None
        and learning.epochs
        and learning.result > learning.epochs[-1].get("valid_accuracy", 1.0)
        for learning in learnings
    )


def _best_first(models: list[ChartEntry], results: list[TestedRun]) -> list[ChartEntry]:
    """The honest ones first, and of these the best."""
    accuracy = {run.name: run.accuracy for run in results}
    return sorted(models, key=lambda item: (item.entry.leaky, -accuracy.get(item.name, 0.0)))

"""The step Set up: the trainings that the plan makes, their estimated time, and Start."""

import itertools
from typing import Any

import streamlit as st

from genre.compute import all_cores
from genre.data.builtin import comes_with_earmark
from genre.data.listing import Listing
from genre.errors import error_sentence
from genre.runs import directory as runs
from genre.runs import process
from genre.runs.catalogue import LEAKY
from genre.training import estimate
from genre.training.experiment import ExperimentSettings, experiment_settings, parse_augmentation
from pages.access.roles import require_operator
from pages.shared.widgets import escaped
from pages.training.run_display import MODEL_NAMES, UNFILTERED, free_title, load_entries
from pages.training.setup import quota
from pages.training.setup.data import choose_data, chosen_data, data_label, load_listing
from pages.training.setup.line_up import line_up_html
from pages.training.setup.place import Place, choose_place
from pages.training.setup.plan import Plan, choose_plan, input_for
from pages.training.state import train_state

MAX_RUNS = 40  # trainings in one go: each waits as a small process of its own
MIN_PREPARATION_S = 20  # seconds; a shorter preparation is not worth a word


def show_set_up() -> None:
    """Show the step. As it stands, Start works at once."""
    music = _choose_music()
    plan = choose_plan(music)
    if music is None or not plan.models:
        st.button("Start", type="primary", disabled=True, icon=":material/play_arrow:")
        return
    experiments, errors = _experiments(plan, chosen_data())
    for error in errors:
        st.error(error, icon=":material/error:")
    place = choose_place()
    _show_start(experiments, plan, music, place)


def _choose_music() -> Listing | None:
    """Show the chosen music, to be changed in place."""
    data = chosen_data()
    music = None
    if data:
        try:
            music = load_listing(data)
        except (ValueError, OSError):
            music = None
    size = f"{music.count} tracks, {len(music.by_genre)} genres" if music else "cannot be used"
    label = f"Music: {escaped(data_label(data))} ({size})" if data else "Music: choose a folder"
    with st.expander(label, icon=":material/library_music:", expanded=music is None):
        return choose_data()


def _experiments(plan: Plan, data: str) -> tuple[list[ExperimentSettings], list[str]]:
    """Build the plan's experiments -> (the experiments, sentences on those that cannot be)."""
    experiments, errors = [], []
    recipes = plan.recipes
    grid = list(itertools.product(recipes.epochs, recipes.batch_sizes, recipes.learning_rates))
    if not grid:
        errors.append("Choose at least one number of epochs, one batch size and one learning rate.")
    recipe: dict[str, Any] = {"patience": recipes.patience, "seed": recipes.seed}
    for split, model in itertools.product(plan.splits, plan.models):
        protocol: dict[str, Any] = {
            "input": input_for(model, plan.input),
            "split": split,
            "artists": plan.artists or None,
        }
        try:
            if recipes.augmentations:
                recipe["augmentation"] = parse_augmentation(",".join(recipes.augmentations))
            base = experiment_settings(model, data, **protocol, **recipe)
            if base.spec.kind != "network":
                experiments.append(base)
                continue
            experiments += [
                experiment_settings(
                    model, data, **protocol, epochs=epochs, batch_size=size, learning_rate=rate, **recipe
                )
                for epochs, size, rate in grid
            ]
        except (ValueError, OSError) as error:
            errors.append(str(error))
    return experiments, list(dict.fromkeys(errors))


def _show_start(
    experiments: list[ExperimentSettings], plan: Plan, music: Listing, place: Place | None
) -> None:
    count = len(experiments)
    if count > MAX_RUNS:
        st.error(
            f"These are {count} trainings. Choose a smaller grid: {MAX_RUNS} at most in one go.",
            icon=":material/error:",
        )
    is_ready = 0 < count <= MAX_RUNS and place is not None
    names = [MODEL_NAMES.get(model, model) for model in plan.models]
    learnt_from = f"They learn from {music.count:,} tracks: {data_label(chosen_data())}."
    st.html(line_up_html(names, len(music.by_genre), learnt_from))
    with st.container(horizontal=True, vertical_alignment="center"):
        label = "Start" if count == 1 else f"Start {count} trainings"
        if st.button(label, type="primary", disabled=not is_ready, icon=":material/play_arrow:", key="start"):
            start_runs(experiments, plan.recipes.cores, place.cluster if place else None)
            st.rerun()
        if is_ready and place:
            _show_estimate(experiments, plan.recipes.cores, music, place)


def start_runs(experiments: list[ExperimentSettings], cores: int, cluster: str | None = None) -> None:
    """Start all experiments, and go to Watch, which shows those that did start.

    `cluster` is the address of the Ray cluster that trains them; None: this machine.
    """
    state = train_state()
    state.run_error = ""
    try:
        if cluster:
            require_operator("train on the cluster")
        quota.require_quota(experiments, cores, [entry.run for entry in load_entries() if entry.run.active])
        for experiment in experiments:
            title = free_title(experiment.model, experiment.split == LEAKY)
            folder = runs.create_run_folder(
                "genre", experiment.to_dict(), title, cores=cores, cluster=cluster
            )
            quota.note_started(folder.name, state.started)
            process.start_run(folder)
    except (ValueError, OSError) as error:
        state.run_error = error_sentence(error)
    state.compared = None  # the new runs are of more interest
    state.requested_step = "Watch"
    st.session_state.update(UNFILTERED)


def _show_estimate(experiments: list[ExperimentSettings], cores: int, music: Listing, place: Place) -> None:
    n_parallel = max(1, place.n_cores // cores)
    with st.spinner("Measuring a few steps"):
        seconds = [
            estimate.training_time_s(experiment, music.count, _window_s(experiment.model, experiment.input))
            for experiment in experiments
        ]
    total_s = max(max(seconds), sum(seconds) / n_parallel)
    text = f"Estimate: **{estimate.duration_text(total_s)}** for all on {place.name}"
    inputs = {
        experiment.input
        for experiment in experiments
        if not comes_with_earmark(experiment.data, experiment.input_spec, experiment.windows)
    }
    to_play = music.to_play if inputs else 0
    busy_cores = min(all_cores(), len(experiments) * cores)
    preparation_s = estimate.preparation_time_s(inputs, music.count, to_play, busy_cores)
    if preparation_s > MIN_PREPARATION_S:
        text += f", and the first time {estimate.duration_text(preparation_s)} to prepare the music"
    st.caption(
        text + ".",
        help="From a few steps measured just now, for recordings of 30 s and all epochs. "
        "With patience it is often less, and more while the machine is busy.",
    )


@st.cache_data(show_spinner=False, ttl=600)
def _window_s(model: str, kind: str) -> float:
    return estimate.measure_window_s(model, kind)

"""The widgets of the step Set up: which models, on which input, tested how, with which recipes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from genre.compute import all_cores
from genre.data.listing import Listing
from genre.models.registry import MODELS, count_parameters
from pages.access.roles import is_operator
from pages.training.run_display import (
    INPUT_LABELS,
    MODEL_NAMES,
    SPLIT_NAMES,
    SPLITS,
    model_label,
    published_percent,
)
from pages.training.setup import quota

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig

FIRST_MODELS = ["linear", "cnn-simple"]  # their input of the built-in music comes with Earmark: no wait
AUGMENTATION_LABELS = {
    "mask": "blank out stripes of the picture",
    "mixup": "blend two excerpts and both their genres",
    "noise": "add noise",
    "gain": "make it louder or softer",
    "pitch": "shift it up or down",
    "stretch": "play some of it slower",
    "equaliser": "turn the tone knobs",
}
GRID: dict[str, tuple[list, list]] = {  # choices, preselected choices
    "epochs": ([1, 2, 5, 10, 15, 20, 40, 80, 160], [5, 15]),
    "batch": ([8, 16, 32, 64, 128, 256], [32]),
    "rate": ([0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03], [0.001, 0.003]),
}


FINE_TUNING = {  # label, and what it does
    "epochs": ("Epochs", "Lessons: how often the model goes through all the music."),
    "batch": ("Batch size", "How many excerpts it looks at before it changes its mind a little."),
    "rate": (
        "Learning rate",
        "How far it changes its mind each time. Too small is slow, too large never settles.",
    ),
}
MODEL_COLUMNS: "dict[str, ColumnConfig]" = {
    "Model": st.column_config.TextColumn(width=170),
    "Technical name": st.column_config.TextColumn(
        width=115, help="What papers and the command line call it."
    ),
    "Hears": st.column_config.TextColumn(
        width=110, help=", ".join(f"{kind}: {about}" for kind, about in INPUT_LABELS.items())
    ),
    "Parameters": st.column_config.NumberColumn(
        format="localized",
        width=95,
        help="Numbers that are learnt. Nearest neighbours, "
        "support vectors and forests have none in this sense.",
    ),
    "Published": st.column_config.TextColumn(
        width=100,
        help="The paper's own figure, under its own protocol: not comparable "
        "with one another, nor with yours.",
    ),
}
LEAKY_WARNING = (
    "**This test leaks.** It holds excerpts of recordings that the model has learnt from, so that it can "
    "recognise the recording instead of the genre: its figures look good and say nothing about new music. "
    "It is here to repeat what papers did."
)


@dataclass(frozen=True)
class RecipePlan:
    """The recipes: every combination of epochs, batch size and learning rate."""

    epochs: list[int]
    batch_sizes: list[int]
    learning_rates: list[float]
    patience: int
    augmentations: list[str]
    seed: int
    cores: int  # cores for each training


@dataclass(frozen=True)
class Plan:
    """The values of all widgets."""

    models: list[str]
    input: str
    splits: list[str]
    artists: str
    recipes: RecipePlan


def choose_plan(music: Listing | None) -> Plan:
    """Show the widgets -> their values."""
    models = st.multiselect(
        "Models",
        quota.allowed(MODELS, quota.MODELS),
        FIRST_MODELS,
        key="models",
        format_func=model_label,
        persist_state="session",
        help="From the simplest to the deepest, most from papers, which call them by their second names.",
    )
    if models:
        _show_models(models)
    else:
        st.info("Choose at least one model.", icon=":material/category:")
    left, right = st.columns(2)
    with left:
        kind = st.selectbox(
            "What the models hear",
            _available_inputs(music),
            format_func=INPUT_LABELS.__getitem__,
            key="input",
            persist_state="session",
            help="A model that cannot use this gets what it was made for instead.",
        )
    with right:
        split, artists = _choose_split()
    if split == "segment":
        st.warning(LEAKY_WARNING, icon=":material/water_drop:")
    with_leaky = split == "track" and st.toggle(
        "Train each once more with a leak, to see the difference",
        key="both_splits",
        persist_state="session",
        help="It is then tested on excerpts of recordings that it has learnt from. See The leak.",
    )
    # Its state is kept here: what appears above it would otherwise close it.
    with st.expander("Fine tuning", icon=":material/tune:", key="fine_tuning", on_change="rerun"):
        recipes = _choose_recipes()
    return Plan(models, kind, [split, "segment"] if with_leaky else [split], artists, recipes)


def _choose_split() -> tuple[str, str]:
    """Choose the split -> (the split, the path of the list of artists if it needs one)."""
    split = st.selectbox(
        "How they are tested",
        quota.allowed(SPLITS, quota.SPLITS),
        format_func=SPLIT_NAMES.__getitem__,
        key="split",
        persist_state="session",
        help="Which part of the music is kept aside for the test.",
    )
    st.caption(SPLITS[split])
    if split != "artist":
        return split, ""
    artists = st.text_input(
        "List of artists", key="artists", persist_state="session", help="A file with lines `track,artist`."
    )
    return split, artists


def _choose_recipes() -> RecipePlan:
    is_grid = is_operator() and st.toggle(
        "Try a grid: every combination of several epochs, batch sizes and learning rates",
        key="grid",
        persist_state="session",
    )
    choose = _choose_several if is_grid else _choose_one
    values = {}
    for column, name in zip(st.columns(len(FINE_TUNING)), FINE_TUNING, strict=True):
        with column:
            values[name] = choose(name)
    left, middle, right = st.columns(3)
    with left:
        patience = _number_input(
            "Patience",
            0,
            100,
            8,
            "patience",
            "Stop when that many epochs in a row were no better. 0 never stops early.",
        )
    with middle:
        seed = _number_input(
            "Seed",
            0,
            999_999,
            0,
            "seed",
            "The same seed gives the same training to the last digit, on the same machine.",
        )
    with right:
        cores = _number_input(
            "Cores for each",
            1,
            all_cores() if is_operator() else quota.MAX_CORES,
            1,
            "cores",
            f"Earmark may use {all_cores()}. As many trainings run at once as fit; the others "
            "wait for their turn.",
        )
    augmentations = st.multiselect(
        "Augmentation",
        list(AUGMENTATION_LABELS),
        [],
        key="augmentation",
        persist_state="session",
        format_func=lambda name: f"{name}: {AUGMENTATION_LABELS[name]}",
        placeholder="As each model's own recipe has it",
        help="Small random changes while learning, so that a model learns the music and not the "
        "recording. Only for models that see pictures of the sound.",
    )
    return RecipePlan(values["epochs"], values["batch"], values["rate"], patience, augmentations, seed, cores)


def _choose_several(name: str) -> list:
    """Choose values for one axis of the grid."""
    label, about = FINE_TUNING[name]
    choices, preselected = GRID[name]
    return st.multiselect(
        label, choices, preselected, key=f"grid_{name}", help=about, persist_state="session"
    )


def _choose_one(name: str) -> list:
    """Choose a single value, as a grid of one."""
    label, about = FINE_TUNING[name]
    match name:
        case "rate":
            value: float = st.number_input(
                label, 1e-6, 1.0, 1e-3, 1e-4, format="%.4f", key="rate", help=about, persist_state="session"
            )
        case "epochs":
            value = _number_input(label, 1, 1000 if is_operator() else quota.MAX_EPOCHS, 15, name, about)
        case _:
            value = _number_input(label, 2 if is_operator() else quota.MIN_BATCH_SIZE, 1000, 32, name, about)
    return [value]


def _number_input(label: str, lowest: int, highest: int, value: int, key: str, about: str) -> int:
    return st.number_input(label, lowest, highest, value, key=key, help=about, persist_state="session")


def _available_inputs(music: Listing | None) -> list[str]:
    """List the inputs; without recordings, they are the ready-made arrays only."""
    if music and not music.recordings:
        return [kind for kind in INPUT_LABELS if kind in music.kinds]
    return list(INPUT_LABELS)


def input_for(model: str, kind: str) -> str:
    """Return the chosen input if the model takes it, else its own."""
    spec = MODELS[model]
    return kind if kind in spec.inputs else spec.default_input


def _show_models(models: list[str]) -> None:
    """Say what each chosen model is; all figures on request."""
    with st.container(horizontal=True, gap="small", key="about_models"):
        for name in models:
            with st.container(border=True, gap="xsmall", width=330):
                st.markdown(f"**{MODEL_NAMES.get(name, name)}** :gray[{name}]")
                st.caption(MODELS[name].description)
    if st.toggle("All figures of the models", key="model_figures", persist_state="session"):
        _show_figures(models)


def _show_figures(models: list[str]) -> None:
    """Show a row for each model: its input, its size, its paper."""
    kind = st.session_state.get("input", next(iter(INPUT_LABELS)))
    rows = []
    for name in models:
        spec, model_input = MODELS[name], input_for(name, kind)
        published = spec.published.get(model_input)  # a figure for another input would mislead
        rows.append(
            {
                "Model": MODEL_NAMES.get(name, name),
                "Technical name": name,
                "Hears": model_input,
                "Parameters": _n_parameters(name, model_input),
                "Published": published_percent(published.figure) if published else "",
                "Published under": f"{spec.source}; {published.protocol}" if published else spec.source,
            }
        )
    st.dataframe(
        rows,
        hide_index=True,
        key="model_figures_table",
        alt="The figures of the chosen models",
        placeholder="",
        column_config=MODEL_COLUMNS,
    )


@st.cache_data(show_spinner=False)
def _n_parameters(model: str, kind: str) -> int | None:
    spec = MODELS[model]
    if spec.kind != "network":
        return None
    return count_parameters(spec.build(spec.input(kind).shape, 10))

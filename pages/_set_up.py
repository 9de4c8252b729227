"""The step Set up: which models, and how they are trained. As it stands, Start works at once."""

import itertools
from dataclasses import dataclass

import streamlit as st

from genre import estimate, runs
from genre.experiment import Settings, settings
from genre.failure import explain
from genre.listing import Listing
from genre.models import MODELS, count_parameters
from genre.runs import RunError
from genre.zoo import augmentation
from pages._data import choose_data, chosen_data, in_words, listing_of
from pages._runs import INPUTS, SPLIT_NAMES, SPLITS, UNFILTERED, entries, in_percent
from pages._shared import escaped

FIRST_MODELS = ["knn", "linear", "cnn-simple"]
MOST_RUNS = 40  # in one go: each waits as a small process of its own
AUGMENTATIONS = {
    "mask": "blank out stripes of the picture", "mixup": "blend two pieces and both their genres",
    "noise": "add hiss", "gain": "make it louder or softer", "pitch": "shift it up or down",
    "stretch": "play some of it slower", "equaliser": "turn the tone knobs",
}  # fmt: skip
GRID = {  # what can be chosen from, and what is chosen at first
    "epochs": ([1, 2, 5, 10, 15, 20, 40, 80, 160], [5, 15]),
    "batch": ([8, 16, 32, 64, 128, 256], [32]),
    "rate": ([0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03], [0.001, 0.003]),
}


@dataclass(frozen=True)
class Plan:
    """What the widgets say."""

    models: list[str]
    input: str
    splits: list[str]
    artists: str
    epochs: list[int]
    batch_sizes: list[int]
    rates: list[float]
    patience: int
    augmentations: list[str]
    seed: int
    cores: int


def show_set_up() -> None:
    found = _data()
    plan = _ask(found)
    if found is None or not plan.models:
        st.button("Start", type="primary", disabled=True, icon=":material/play_arrow:")
        return
    asked, refused = _experiments(plan, chosen_data())
    for sentence in refused:
        st.error(sentence, icon=":material/error:")
    _start(asked, plan, found)
    if not any(not entry.recorded for entry in entries()):
        st.caption("Your first time here? Press Start as it stands. Meanwhile there are recorded "
                   "trainings to look at, under **Compare** and **The leak**.")  # fmt: skip


def _data() -> Listing | None:
    """The chosen music, to be changed in place."""
    data = chosen_data()
    found = None
    if data:
        try:
            found = listing_of(data)
        except (ValueError, OSError):
            found = None
    title = f"{found.count} tracks, {len(found.by_genre)} genres" if found else "cannot be used"
    label = f"Music: {escaped(in_words(data))} ({title})" if data else "Music: choose a folder"
    with st.expander(label, icon=":material/library_music:", expanded=found is None):
        return choose_data()


def _ask(found: Listing | None) -> Plan:
    models = st.multiselect(
        "Models", list(MODELS), FIRST_MODELS, key="models", persist_state="session",
        help="From the simplest to the deepest, most from published papers.",
    )  # fmt: skip
    if models:
        _about(models)
    else:
        st.info("Choose at least one model.", icon=":material/category:")
    left, right = st.columns(2)
    with left:
        kinds = _inputs_at_hand(found)
        kind = st.selectbox(
            "What they hear", kinds, format_func=INPUTS.get, key="input", persist_state="session",
            help="A model that cannot hear this gets what it was made for instead.",
        )  # fmt: skip
    with right:
        split = st.selectbox(
            "How they are tested", list(SPLITS), format_func=SPLIT_NAMES.get, key="split",
            persist_state="session",
            help="Which part of the music is kept aside for the test.",
        )  # fmt: skip
        st.caption(SPLITS[split])
        artists = ""
        if split == "artist":
            artists = st.text_input("List of artists", key="artists", persist_state="session",
                                    help="A file with lines `track,artist`.")  # fmt: skip
    if split == "segment":
        st.warning(
            "**This split leaks.** The test then holds pieces of recordings that the model has "
            "learnt from, so it can recognise the recording instead of the genre: its figures "
            "look good and say nothing about new music. It is here to repeat what papers did.",
            icon=":material/water_drop:",
        )
    both = split == "track" and st.toggle(
        "Train each once more with the leaky split, to see the difference", key="both_splits",
        persist_state="session",
        help="Pieces of the same recording are then on both sides. See The leak.",
    )  # fmt: skip
    with st.expander("Fine tuning", icon=":material/tune:"):
        recipe = _ask_recipe()
    splits = [split, "segment"] if both else [split]
    return Plan(models, kind, splits, artists, **recipe)


def _ask_recipe() -> dict:
    grid = st.toggle(
        "Try a grid: every combination of several epochs, batch sizes and learning rates",
        key="grid", persist_state="session",
    )  # fmt: skip
    columns = st.columns(3)
    words = {
        "epochs": ("Epochs", "How often the model goes through all the music."),
        "batch": ("Batch size", "How many pieces it looks at before it changes its mind a little."),
        "rate": ("Learning rate", "How far it changes its mind each time. Too small is slow, too "
                 "large never settles."),
    }  # fmt: skip
    chosen = {}
    for column, (name, (label, words_for_it)) in zip(columns, words.items(), strict=True):
        with column:
            if grid:
                chosen[name] = st.multiselect(
                    label, *GRID[name], key=f"grid_{name}", help=words_for_it,
                    persist_state="session",
                )  # fmt: skip
            elif name == "rate":
                chosen[name] = [st.number_input(label, 1e-6, 1.0, 1e-3, 1e-4, format="%.4f", key="rate",
                                                help=words_for_it, persist_state="session")]
            else:
                least, first = (1, 15) if name == "epochs" else (2, 32)
                chosen[name] = [st.number_input(label, least, 1000, first, key=name, help=words_for_it,
                                                persist_state="session")]
    left, middle, right = st.columns(3)
    with left:
        patience = st.number_input(
            "Patience", 0, 100, 8, key="patience", persist_state="session",
            help="Stop when that many epochs in a row were no better. 0 never stops early.",
        )  # fmt: skip
    with middle:
        seed = st.number_input(
            "Seed", 0, 999_999, 0, key="seed", persist_state="session",
            help="The same seed gives the same training to the last digit, on the same machine.",
        )  # fmt: skip
    with right:
        cores = st.number_input(
            "Cores for each", 1, runs.all_cores(), 1, key="cores", persist_state="session",
            help=f"Earmark may use {runs.all_cores()}. As many trainings run at once as fit; the "
            "others wait for their turn.",
        )  # fmt: skip
    augmentations = st.multiselect(
        "Augmentation", list(AUGMENTATIONS), [], key="augmentation", persist_state="session",
        format_func=lambda name: f"{name}: {AUGMENTATIONS[name]}",
        placeholder="As each model's own recipe has it",
        help="Small random changes while learning, so that a model learns the music and not the "
        "recording. Only for models that see pictures of the sound.",
    )  # fmt: skip
    return {"epochs": chosen["epochs"], "batch_sizes": chosen["batch"], "rates": chosen["rate"],
            "patience": patience, "augmentations": augmentations, "seed": seed, "cores": cores}


def _inputs_at_hand(found: Listing | None) -> list[str]:
    if found and not found.recordings:
        return [kind for kind in INPUTS if kind in found.kinds]
    return list(INPUTS)


def _input_for(model: str, kind: str) -> str:
    """The chosen input if the model takes it, else its own."""
    spec = MODELS[model]
    return kind if kind in spec.inputs else spec.default_input


def _about(models: list[str]) -> None:
    """A line for each chosen model."""
    kind = st.session_state.get("input", next(iter(INPUTS)))
    rows = []
    for name in models:
        spec, hears = MODELS[name], _input_for(name, kind)
        published = spec.published.get(hears)  # that of another input would mislead
        rows.append({
            "Model": name, "How it works": spec.description, "Hears": hears,
            "Parameters": _parameters(name, hears),
            "Published": in_percent(published.figure) if published else "",
            "Published under": f"{spec.source}; {published.protocol}" if published else spec.source,
        })
    st.dataframe(
        rows, hide_index=True, key="about_models", alt="The chosen models", placeholder="",
        column_config={
            "Model": st.column_config.TextColumn(width=100),
            "How it works": st.column_config.TextColumn(width=520),
            "Hears": st.column_config.TextColumn(width=75),
            "Parameters": st.column_config.NumberColumn(
                format="localized", width=95, help="Numbers that are learnt. Nearest neighbours, "
                "support vectors and forests have none in this sense."),
            "Published": st.column_config.TextColumn(
                width=100, help="The paper's own figure, under its own protocol: not comparable "
                "with one another, nor with yours."),
        },
    )  # fmt: skip


@st.cache_data(show_spinner=False)
def _parameters(model: str, kind: str) -> int | None:
    spec = MODELS[model]
    if spec.kind != "network":
        return None
    return count_parameters(spec.build(spec.input(kind).shape, 10))


def _experiments(plan: Plan, data: str) -> tuple[list[Settings], list[str]]:
    """What the plan amounts to -> (experiments, sentences on what cannot be)."""
    asked, refused = [], []
    if not (plan.epochs and plan.batch_sizes and plan.rates):
        refused.append("Choose at least one number of epochs, one batch size and one learning rate.")
    for split, model in itertools.product(plan.splits, plan.models):
        recipe = {"patience": plan.patience, "seed": plan.seed}
        try:
            if plan.augmentations:
                recipe["augmentation"] = augmentation(",".join(plan.augmentations))
            base = settings(model, data, _input_for(model, plan.input), split,
                            artists=plan.artists or None, **recipe)  # fmt: skip
            if base.spec.kind != "network":
                asked.append(base)
                continue
            combinations = itertools.product(plan.epochs, plan.batch_sizes, plan.rates)
            asked += [
                settings(model, data, base.input, split, artists=plan.artists or None, epochs=epochs,
                         batch_size=size, learning_rate=rate, **recipe)
                for epochs, size, rate in combinations
            ]  # fmt: skip
        except (ValueError, OSError) as error:
            refused.append(str(error))
    return asked, list(dict.fromkeys(refused))


def _start(asked: list[Settings], plan: Plan, found: Listing) -> None:
    count = len(asked)
    if count > MOST_RUNS:
        st.error(f"These are {count} trainings. Choose a smaller grid: {MOST_RUNS} at most in one go.",
                 icon=":material/error:")  # fmt: skip
    ready = 0 < count <= MOST_RUNS
    with st.container(horizontal=True, vertical_alignment="center"):
        label = "Start" if count == 1 else f"Start {count} trainings"
        if st.button(label, type="primary", disabled=not ready, icon=":material/play_arrow:",
                     key="start"):  # fmt: skip
            st.session_state.pop("run_refused", None)
            try:
                for each in asked:
                    runs.start(runs.create("genre", each.to_dict(), each.model, cores=plan.cores))
            except (RunError, OSError) as error:  # Watch shows those that did start
                st.session_state.run_refused = explain(error)
            st.session_state.pop("compared", None)  # the new ones will be of more interest
            st.session_state.update(UNFILTERED, go_to="Watch")
            st.rerun()
        if ready:
            _estimate(asked, plan, found)


def _estimate(asked: list[Settings], plan: Plan, found: Listing) -> None:
    at_once = max(1, runs.all_cores() // plan.cores)
    with st.spinner("Measuring a few steps"):
        seconds = [
            estimate.training_s(each, found.count, _window_s(each.model, each.input)) for each in asked
        ]
    total = max(max(seconds), sum(seconds) / at_once)
    words = f"Estimate: **{estimate.in_words(total)}** for all on this machine"
    kinds = {each.input for each in asked}
    working = min(runs.all_cores(), len(asked) * plan.cores)
    before = estimate.preparation_s(kinds, found.count, found.to_play, working)
    if before > 20:
        words += f", and the first time {estimate.in_words(before)} to prepare the music"
    st.caption(
        words + ".", help="From a few steps measured just now, for recordings of 30 s and all epochs. "
        "With patience it is often less, and more while the machine is busy."
    )


@st.cache_data(show_spinner=False, ttl=600)
def _window_s(model: str, kind: str) -> float:
    return estimate.seconds_a_window(model, kind)

"""Elements of several steps of the Train screen: the catalogue of runs, their names and colours, charts."""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go
import streamlit as st

from genre.data.dataset import BUILT_IN
from genre.paths import home
from genre.plots.training import RUN_COLOURS, Learning
from genre.runs.catalogue import Catalogue, Entry
from genre.runs.directory import read_metrics
from genre.text import genre_name, percent
from pages.shared import style
from pages.shared.widgets import download_button, unique_names

Colour = Literal["red", "orange", "green", "gray", "blue"]
STATE_BADGES: dict[str, tuple[str, Colour]] = {  # state -> label and colour of the badge
    "waiting": ("waiting", "gray"),
    "running": ("learning", "blue"),
    "done": ("done", "green"),
    "failed": ("failed", "red"),
    "stopped": ("stopped", "orange"),
    "interrupted": ("interrupted", "orange"),
    "damaged": ("damaged", "red"),
}
INPUT_LABELS = {
    "mel": "a picture of 3 s of sound, pitch spaced as the ear does",
    "stft": "a picture of 3 s of sound, all pitches evenly spaced",
    "features": "58 measurements: tempo, loudness, brightness and so on",
    "raw": "the sound wave itself, 3 s of it",
    "mel_30s": "a picture of half a minute at once",
    "mel_3s_zscored": "a picture of the first 3 s only",
    "mel_3s": "pictures of 3 s, a few of each recording in every round",
}
# The registry's names are those of papers and of the command line.
MODEL_NAMES = {
    "knn": "Nearest neighbours",
    "svm": "Smooth borders",
    "forest": "Forest of questions",
    "linear": "Adding up",
    "cnn-simple": "Small pattern finder",
    "cnn-complex": "Larger pattern finder",
    "cnn-dawra": "Pattern finder that weighs up",
    "prcnn": "Whole picture and left to right",
    "lstm": "Reader of measurements",
    "cnn-zhang": "Plain pattern finder",
    "bigru": "Reader in both directions",
    "resnet18": "Deep photograph network",
    "res-bigru": "Deep network and reader",
    "cnn-cao": "Half-minute pattern finder",
    "listen": "The Listen page's vote",
}
LEAK = ", with a leak"  # behind the name of a training that was tested on recordings it knew
RECORDED = ", recorded"  # behind the name of one that came with Earmark, beside one of yours
# What is counted, on all charts, tables and cards: whole tracks of the test, and beside them excerpts.
TRACKS, EXCERPTS = "Tracks right", "Excerpts right"
ABOUT_EXCERPTS = "Of single excerpts of a few seconds. A track's answer is the vote of its excerpts."
CURVES = (("accuracy", "Excerpts right while learning"), ("loss", "Surprise at the right answer (loss)"))
SPLITS = {
    "track": "One recording in five is kept aside for the test. Honest, and the usual choice.",
    "kfold": "Five rounds, each testing on another fifth of the recordings. Honest, and five times the work.",
    "blocks": "Five rounds with neighbouring recordings kept together, since they are often by one "
    "artist. The strictest without a list of artists.",
    "filtered": "GTZAN's published lists, without its faulty recordings. Only for GTZAN.",
    "artist": "No artist is both learnt from and tested. Needs a list of who plays what.",
    "segment": "It leaks: excerpts of the same recording are learnt from and tested.",
    "all": "Everything is learnt from and nothing tested: for a model you only want to use.",
}
SPLIT_NAMES = {
    "track": "on new recordings",
    "kfold": "on new recordings, five times",
    "blocks": "on new blocks of recordings",
    "filtered": "on GTZAN's published list",
    "artist": "on new artists",
    "segment": "with a leak",
    "all": "not at all",
}
# The filters of the table under Compare: label, and attribute of an Entry.
FILTERS = (("Model", "model"), ("Music", "data"), ("Tested", "split"))
# Widget keys of the filters, all empty: a filter could hide the newest trainings.
UNFILTERED: dict[str, list[str]] = {f"only_{attribute}": [] for _, attribute in FILTERS}
# Plotly's own toolbar, for zoom and a picture.
TOOLBAR = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
    "toImageButtonOptions": {"format": "png", "scale": 2, "filename": "earmark"},
}


@st.cache_resource(show_spinner=False)
def _catalogue(earmark_home: str) -> Catalogue:
    """Return the catalogue that all visitors share, as long as EARMARK_HOME stays."""
    return Catalogue()


def load_entries() -> list[Entry]:
    """Load all runs in their present state."""
    return _catalogue(str(home())).entries()


def model_label(model: str) -> str:
    """A model's plain name and its technical one: in a list it is found by either."""
    return f"{MODEL_NAMES[model]}, {model}" if model in MODEL_NAMES else model


def plain_title(entry: Entry) -> str:
    """A training's title; the technical name of its model, with or without a number, in plain words."""
    model, _, number = entry.title.rpartition(" ") if entry.title[-1:].isdecimal() else (entry.title, "", "")
    if model != entry.model or model not in MODEL_NAMES:
        return entry.title
    return f"{MODEL_NAMES[model]} {number}".rstrip()


def track_name(data: str, track: str) -> str:
    """A track's name on screen: that of its file, and in the built-in music, which has none, a number."""
    genre, _, number = track.rpartition(".")
    if data != BUILT_IN or not number.isdecimal():
        return track
    return f"{genre_name(genre).capitalize()}, number {int(number) + 1}"


def chart_names(entries: list[Entry]) -> list[str]:
    """A name for each, all different, and the same wherever a run is shown: numbered among all runs."""
    runs = sorted(load_entries(), key=_by_age)
    own = {_label(entry) for entry in runs if not entry.recorded}
    labels = [_label(entry) for entry in runs]
    names = unique_names(
        [
            label + RECORDED if entry.recorded and label in own else label
            for label, entry in zip(labels, runs, strict=True)
        ]
    )
    by_id = dict(zip((entry.id for entry in runs), names, strict=True))
    return [by_id.get(entry.id, _label(entry)) for entry in entries]


def free_title(model: str, leaky: bool) -> str:
    """A title for a new run of a model. It keeps its number when earlier ones are deleted."""
    labels = {(entry.title, entry.leaky) for entry in load_entries() if not entry.recorded}
    titles = itertools.chain([model], (f"{model} {number}" for number in itertools.count(2)))
    return next(title for title in titles if (title, leaky) not in labels)


def _label(entry: Entry) -> str:
    return f"{plain_title(entry)}{LEAK}" if entry.leaky else plain_title(entry)


@dataclass(frozen=True)
class ChartEntry:
    """A training with its name and its colour, the same on all charts and cards of a view."""

    entry: Entry
    name: str
    colour: str

    def learning(self) -> Learning:
        """Read its learning curve. The models that learn in one go have none."""
        epochs = [line for line in read_metrics(self.entry.run.folder) if "loss" in line]
        return Learning(self.name, epochs, self.colour, self.entry.metrics.get("accuracy"))


def chart_entries(entries: list[Entry]) -> list[ChartEntry]:
    """Name and colour the trainings of a view."""
    colours = _colours(entries)
    return [
        ChartEntry(entry, name, colours[entry.id])
        for entry, name in zip(entries, chart_names(entries), strict=True)
    ]


def _colours(entries: list[Entry]) -> dict[str, str]:
    """Choose a colour for each -> colours by id: its own or, where another one of them has that, the next
    free one. The recorded ones give way to yours, and later ones to earlier ones.
    """
    count, numbers = len(RUN_COLOURS), dict[str, int]()
    for entry in sorted(entries, key=_by_age):
        choices = ((entry.run.colour + step) % count for step in range(count))
        free = (number for number in choices if number not in numbers.values())
        numbers[entry.id] = next(free, entry.run.colour % count)
    return {id_: RUN_COLOURS[number] for id_, number in numbers.items()}


def _by_age(entry: Entry) -> tuple:
    return entry.recorded, entry.run.created, entry.id


def published_percent(figure: str) -> str:
    """Format a paper's accuracy in percent: 0.545 is 55 %. An F1 stays."""
    return re.sub(r"(?<!F1 )\b0\.\d+", lambda share: percent(float(share[0])), figure)


def show_swatch(colour: str) -> None:
    """Show a small square in the colour of a run's lines."""
    st.html(style.swatch(colour), width="content")


def show_state(entry: Entry) -> None:
    """Show a run's state as a badge."""
    label, colour = STATE_BADGES.get(entry.run.state, (entry.run.state, "gray"))
    st.badge(label, color=colour, help=entry.run.message or None)


def show_chart(figure: go.Figure, key: str, alt: str, title: str) -> None:
    """Show a chart with Plotly's toolbar, its title (markdown), and a download of it as an HTML page."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(title, width="stretch")
        download_button(
            "Save chart",
            _html_of(figure),
            f"{key}.html",
            "text/html",
            key=f"{key}_html",
            type="tertiary",
            help="This chart as a page of its own that needs no network. The camera in the chart's "
            "corner saves a picture.",
        )
    st.plotly_chart(figure, config=TOOLBAR, key=key, alt=alt)


def _html_of(figure: go.Figure) -> Callable[[], str]:
    """Return a function that makes the HTML, on the click only: it takes a while."""
    return lambda: figure.to_html(include_plotlyjs=True, config=TOOLBAR)

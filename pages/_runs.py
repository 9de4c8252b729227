"""What the steps of the Train screen share: the catalogue of runs, their states in words, charts."""

import re
from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from genre.catalogue import Catalogue, Entry
from genre.home import home
from pages._shared import told_apart

STATES = {  # in words, and the colour of the badge
    "waiting": ("waiting", "gray"), "running": ("learning", "primary"), "done": ("done", "green"),
    "failed": ("failed", "red"), "stopped": ("stopped", "orange"),
    "interrupted": ("interrupted", "orange"), "damaged": ("damaged", "red"),
}  # fmt: skip
INPUTS = {
    "mel": "mel-spectrogram, 3 s: pitch as the ear spaces it",
    "stft": "STFT, 3 s: the plain spectrogram, all pitches evenly spaced",
    "features": "58 measurements: tempo, loudness, brightness and so on",
    "raw": "raw samples, 3 s: the wave itself",
    "pictures": "mel-spectrogram of 30 s at once",
    "mel3s": "mel-spectrogram of the first 3 s only",
    "excerpts": "mel-spectrogram of 3 s, a few pieces of each recording in every epoch",
}
SPLITS = {
    "track": "One recording in five is kept for the test. Honest, and the usual choice.",
    "kfold": "Five rounds, each testing on another fifth of the recordings. Honest, and five times "
    "the work.",
    "blocks": "Five rounds with neighbouring recordings kept together, since they are often by one "
    "artist. The strictest without a list of artists.",
    "filtered": "GTZAN's published lists, without its faulty recordings. Only for GTZAN.",
    "artist": "No artist is both learnt from and tested. Needs a list of who plays what.",
    "segment": "Leaky: pieces of the same recording are learnt from and tested.",
    "all": "Everything is learnt from and nothing tested: for a model you only want to use.",
}
SPLIT_NAMES = {
    "track": "by recording", "kfold": "by recording, five rounds", "blocks": "by blocks of recordings",
    "filtered": "GTZAN's filtered lists", "artist": "by artist", "segment": "by window (leaky)",
    "all": "not at all",
}  # fmt: skip
# Of the table under Compare: name, and what of a training it is about.
FILTERS = (("Model", "model"), ("Data", "data"), ("Split", "split"))
# None of them chosen: one that was would hide the newest trainings, of another model perhaps.
UNFILTERED = {f"only_{attribute}": [] for _, attribute in FILTERS}
# Plotly's own toolbar, for zoom and a picture.
TOOLS = {
    "displaylogo": False, "responsive": True,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
    "toImageButtonOptions": {"format": "png", "scale": 2, "filename": "earmark"},
}  # fmt: skip


@st.cache_resource(show_spinner=False)
def _catalogue(of: str) -> Catalogue:
    """One for all visitors, as long as EARMARK_HOME is `of`."""
    return Catalogue()


def entries() -> list[Entry]:
    """All runs as they stand now."""
    return _catalogue(str(home())).entries()


def names_of(chosen: list[Entry]) -> list[str]:
    """What to call each of them in a chart."""
    return told_apart([f"{entry.title} (leaky)" if entry.leaky else entry.title for entry in chosen])


def in_percent(figure: str) -> str:
    """A paper's accuracy as ours are shown: 0.545 is 54.5 %. What it calls an F1 stays."""
    return re.sub(r"(?<!F1 )\b0\.\d+", lambda share: f"{100 * float(share[0]):.3g}\u00a0%", figure)


def swatch(colour: str) -> None:
    """A small square in the colour of a run's lines."""
    st.html(f'<span style="display:inline-block;width:.8rem;height:.8rem;border-radius:.2rem;'
            f'background:{colour}"></span>', width="content")  # fmt: skip


def state_badge(entry: Entry) -> None:
    word, colour = STATES.get(entry.run.state, (entry.run.state, "gray"))
    st.badge(word, color=colour, help=entry.run.message or None)


def chart(figure: go.Figure, key: str, alt: str, title: str) -> None:
    """A chart with Plotly's toolbar, its title (markdown), and beside that the same as a page of its own."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(title, width="stretch")
        st.download_button(
            "HTML", _as_html(figure), f"{key}.html", "text/html", key=f"{key}_html", type="tertiary",
            icon=":material/download:", on_click="ignore",
            help="This chart as a page of its own that needs no network. The camera in the chart's "
            "corner saves a picture.",
        )  # fmt: skip
    st.plotly_chart(figure, config=TOOLS, key=key, alt=alt)


def _as_html(figure: go.Figure) -> Callable[[], str]:
    return lambda: figure.to_html(include_plotlyjs=True, config=TOOLS)

"""The table of all trainings under Compare."""

from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from genre.models.registry import MODELS
from genre.runs.catalogue import Entry
from genre.text import percent, whole_percent
from pages.shared.style import place_kept
from pages.shared.widgets import escaped
from pages.training.run_display import (
    ABOUT_EXCERPTS,
    EXCERPTS,
    INPUT_LABELS,
    SPLIT_NAMES,
    STATE_BADGES,
    TRACKS,
    chart_names,
    published_percent,
)
from pages.training.state import train_state
from pages.training.style import RUN_CARDS

if TYPE_CHECKING:
    from streamlit.elements.arrow import DataframeState
    from streamlit.elements.lib.column_types import ColumnConfig

MAX_COMPARED = 6
MAX_CARDS = 20  # on a phone
N_PRESELECTED = 3
ROW_PX, MAX_TABLE_PX = 35, 400  # as Streamlit draws a table
MAX_PRESELECTION = 30  # with more trainings, a visitor looks for some: nothing is drawn until a row is ticked

_Text, _Number = st.column_config.TextColumn, st.column_config.NumberColumn
RUN_COLUMNS: "dict[str, ColumnConfig]" = {
    "Name": _Text(width=230),
    "Model": _Text(width=100, help="What papers and the command line call it."),
    "State": _Text(width=80),
    TRACKS: st.column_config.ProgressColumn(
        format="%d %%",
        min_value=0,
        max_value=100,
        width=105,
        help="The share of test tracks whose genre it names right.",
    ),
    EXCERPTS: _Number(format="%d %%", width=105, help=ABOUT_EXCERPTS),
    "95 % interval": _Text(
        width=105,
        help="With so few tracks chance plays a part: if "
        "the intervals of two trainings overlap much, neither has won.",
    ),
    "F1": _Number(
        format="%.2f",
        width=60,
        help="How well it finds each genre, and how often it is right when it names one: both in one figure, "
        "the mean over the genres. 1 is best.",
    ),
    "Hears": _Text(width=80, help=", ".join(f"{kind}: {about}" for kind, about in INPUT_LABELS.items())),
    "Tested": _Text(
        width=150,
        help="How the music to be tested on was kept aside. "
        + ", ".join(f"{split}: {about}" for split, about in SPLIT_NAMES.items()),
    ),
    "Music": _Text(width=90),
    "Parameters": _Number(format="localized", width=95),
    "Time": _Number(format="compact", width=75, help="Spent learning: hours, minutes, seconds."),
    "Published": _Text(width=100, help="The paper's own figure, under its own protocol."),
    "Epochs": _Number(width=70, help="Lessons: in each, a model goes once through the music."),
    "Batch": _Number(width=70, help="Excerpts looked at before each small change."),
    "Rate": _Number(format="%g", width=70, help="Learning rate: how large each change is."),
    "Note": _Text(width=150),
}


# The others come with the switch "All figures".
FIRST_COLUMNS = ("Name", "State", TRACKS, "Tested")


def read_selection(entries: list[Entry]) -> list[Entry]:
    """Return those whose rows are ticked, before the table of these entries is shown."""
    state = train_state()
    requested = st.query_params.get_all("runs")
    if requested != state.address_runs:  # Back, Forward, a reload or a copied address
        state.address_runs, state.compared = requested, None
        state.n_tables += 1
    if state.compared is None:
        state.compared = _preselection(entries)
    if (ticked := st.session_state.get(_table_key(entries))) is not None:
        return _ticked(entries, ticked)
    return [entry for entry in entries if entry.id in state.compared]


def _table_key(entries: list[Entry]) -> str:
    """A selection counts rows: with other rows it is another table."""
    ids = "\n".join(entry.id for entry in entries)
    return f"runs_{train_state().n_tables}_{sha256(ids.encode()).hexdigest()[:12]}"


def _ticked(entries: list[Entry], event: "DataframeState") -> list[Entry]:
    return [entries[row] for row in event["selection"]["rows"] if row < len(entries)]


def show_run_table(entries: list[Entry]) -> list[Entry]:
    """Show a row for each -> those whose rows are ticked."""
    state = train_state()
    requested, compared = state.address_runs, state.compared or []
    st.html(place_kept("run_table", min(MAX_TABLE_PX, ROW_PX * (1 + len(entries)))))
    with st.container(key="run_table"):
        selection = st.dataframe(
            pd.DataFrame(list(map(_cells, entries, chart_names(entries)))),
            hide_index=True,
            key=_table_key(entries),
            on_select="rerun",
            selection_mode="multi-row",
            selection_default={
                "selection": {"rows": [n for n, entry in enumerate(entries) if entry.id in compared]}
            },
            placeholder="",
            alt="All trainings and their figures",
            column_order=_columns(),
            column_config=RUN_COLUMNS,
        )
    selection_rows = _ticked(entries, selection)
    state.compared = [entry.id for entry in selection_rows]
    if not _has_all_figures():
        _show_cards(entries)
    names = [entry.run.name for entry in selection_rows[:MAX_COMPARED]]
    present = requested or _names(entries, _newest(entries))
    if sorted(names) != sorted(present):  # each writing is one step for Back
        state.address_runs = names
        st.query_params.from_dict({"step": "Compare", "runs": names})
    return selection_rows


def _show_cards(entries: list[Entry]) -> None:
    """Show a card for each, to tick; a phone has them in the place of the table."""
    compared = train_state().compared or []
    st.html(RUN_CARDS)
    with st.container(key="run_cards"):
        for entry, name in list(zip(entries, chart_names(entries), strict=True))[:MAX_CARDS]:
            key = sha256(entry.id.encode()).hexdigest()[:12]
            st.session_state[f"tick_{key}"] = entry.id in compared
            with st.container(border=True, key=f"run_card_{key}"):
                st.checkbox(f"**{escaped(name)}**", key=f"tick_{key}", on_change=_tick, args=(entry.id,))
                st.html(_fact(entry))
        if len(entries) > MAX_CARDS:
            st.caption(f"The first {MAX_CARDS} of {len(entries)}: **All figures** shows the table.")


def _tick(entry_id: str) -> None:
    """Tick an entry or take its tick away; the table is another one then, with the same ticks."""
    state = train_state()
    compared = state.compared or []
    others = [id_ for id_ in compared if id_ != entry_id]
    state.compared = others if entry_id in compared else [*others, entry_id]
    state.n_tables += 1


def _fact(entry: Entry) -> str:
    """Draw how much it names right, and say how it was tested."""
    words = ["recorded" if entry.recorded else STATE_BADGES[entry.run.state][0]]
    words.append(escape(f"tested {SPLIT_NAMES.get(entry.split, entry.split)}"))
    bar = ""
    if "accuracy" in entry.metrics:
        share = percent(entry.metrics["accuracy"])
        bar = f'<span aria-hidden="true"><i style="width: {100 * entry.metrics["accuracy"]:.1f}%"></i></span>'
        words.insert(0, f"<b>{share}</b> right")
    return f'<div class="run-fact">{bar}<div>{", ".join(words)}</div></div>'


def _names(entries: list[Entry], ids: list[str]) -> list[str]:
    return [entry.run.name for entry in entries if entry.id in ids]


def _preselection(entries: list[Entry]) -> list[str]:
    """The runs in the page's address, else the newest."""
    names = st.query_params.get_all("runs")
    return [entry.id for entry in entries if entry.run.name in names] if names else _newest(entries)


def _newest(entries: list[Entry]) -> list[str]:
    """The newest finished ones of different models, so that there is something to see.

    With a race of the visitor's own, only those of it: a recorded training did not take part.
    """
    if len(entries) > MAX_PRESELECTION:
        return []
    finished = [entry for entry in entries if entry.metrics and not entry.leaky]
    own = [entry for entry in finished if not entry.recorded]
    newest: dict[str, str] = {}
    for entry in own if len({entry.model for entry in own}) > 1 else finished:
        newest.setdefault(entry.model, entry.id)
    return list(newest.values())[:N_PRESELECTED]


def _columns() -> list[str]:
    """Choose the columns: four that say who is right how often, or all."""
    return [name for name in RUN_COLUMNS if _has_all_figures() or name in FIRST_COLUMNS]


def _has_all_figures() -> bool:
    return st.session_state.get("all_figures", False)


def _cells(entry: Entry, name: str) -> dict:
    metrics = entry.metrics
    published = MODELS[entry.model].published.get(entry.input) if entry.model in MODELS else None
    low, high = metrics.get("accuracy_interval", (None, None))
    seconds = metrics.get("training_s")
    recipe = entry.recipe if metrics.get("parameters") else {}
    return {
        "Name": name,
        "Model": entry.model,
        "State": "recorded" if entry.recorded else STATE_BADGES[entry.run.state][0],
        TRACKS: whole_percent(metrics["accuracy"]) if "accuracy" in metrics else None,
        EXCERPTS: whole_percent(metrics["window_accuracy"]) if "window_accuracy" in metrics else None,
        "95 % interval": f"{100 * low:3.0f} to {100 * high:.0f} %" if low is not None else "",  # sorts
        "F1": metrics.get("macro_f1"),
        "Hears": entry.input,
        "Tested": SPLIT_NAMES.get(entry.split, entry.split),
        "Music": entry.data,
        "Parameters": metrics.get("parameters"),
        "Time": pd.Timedelta(seconds=round(seconds)) if seconds is not None else None,
        "Published": published_percent(published.figure) if published else "",
        "Epochs": entry.run.last.get("epoch") if recipe else None,  # as the curve has them
        "Batch": recipe.get("batch_size"),
        "Rate": recipe.get("learning_rate"),
        "Note": entry.run.note,
    }

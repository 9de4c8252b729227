"""The step Compare: the table of all trainings, and the chosen ones side by side."""

from hashlib import sha256
from pathlib import Path

import pandas as pd
import streamlit as st

from genre import plots_training, runs
from genre.audio import AudioError
from genre.catalogue import Entry, disagreements, duel, in_common, to_csv
from genre.dataset import DataError
from genre.home import home
from genre.listing import sound_of
from genre.models import MODELS
from genre.names import spoken, whole_percent
from genre.plots_training import RUN_COLOURS, Learning
from genre.runs import RunError
from pages._one_run import show_run
from pages._runs import FILTERS, INPUTS, SPLIT_NAMES, STATES, chart, entries, in_percent, names_of
from pages._shared import escaped

MEASURES = {
    "f1": ("F1", "Both of the others in one: high only if both are."),
    "precision": ("Precision", "When it says this genre, how often it is right."),
    "recall": ("Recall", "Of this genre's tracks, how many it finds."),
}
MOST_COMPARED = 6
MOST_AT_FIRST = 3
FEW = 30  # with more trainings, whoever comes looks for some: nothing is drawn until a row is ticked
CHANCE = 0.05  # a difference that chance makes more often than this is none
WIDTHS = {
    "Name": 150, "Model": 100, "State": 80, "Accuracy": 105, "95 % interval": 105, "F1": 60, "Hears": 80,
    "Split": 85, "Data": 90, "Parameters": 95, "Time": 75, "Published": 100,
}  # fmt: skip


def show_compare() -> None:
    every = entries()
    if not every:
        st.info("There is nothing to compare yet. Choose some models under Set up and press Start.",
                icon=":material/compare_arrows:")  # fmt: skip
        return
    if all(entry.recorded for entry in every):
        st.info("These are **recorded** trainings that came with Earmark, on its built-in music. "
                "Yours will stand above them.", icon=":material/history:")  # fmt: skip
    shown = _filtered(every)
    chosen = _table(shown)
    if not chosen:
        return
    _together(chosen[:MOST_COMPARED])
    if len(chosen) > MOST_COMPARED:
        st.caption(f"The first {MOST_COMPARED} of the {len(chosen)} chosen ones are shown.")


def _filtered(every: list[Entry]) -> list[Entry]:
    columns = st.columns(3)
    for column, (label, attribute) in zip(columns, FILTERS, strict=True):
        values = sorted({getattr(entry, attribute) for entry in every} - {""})
        with column:
            wanted = st.multiselect(label, values, key=f"only_{attribute}", placeholder="All",
                                    persist_state="session")  # fmt: skip
        if wanted:
            every = [entry for entry in every if getattr(entry, attribute) in wanted]
    return every


def _table(shown: list[Entry]) -> list[Entry]:
    """All of them -> those whose rows are ticked."""
    ids = [entry.id for entry in shown]
    # Rows are known by their places only: with other rows it is another table.
    key = "runs_" + sha256("\n".join(ids).encode()).hexdigest()[:12]
    if "compared" not in st.session_state:
        st.session_state.compared = _to_begin_with(shown)
    compared = st.session_state.compared
    before = [place for place, id_ in enumerate(ids) if id_ in compared]
    selection = st.dataframe(
        pd.DataFrame([_row(entry) for entry in shown]), hide_index=True, key=key, on_select="rerun",
        selection_mode="multi-row", selection_default={"selection": {"rows": before}},
        placeholder="", alt="All trainings and their figures", column_order=_columns(shown),
        column_config={
            **{name: st.column_config.TextColumn(width=width) for name, width in WIDTHS.items()},
            "Accuracy": st.column_config.ProgressColumn(
                format="%d %%", min_value=0, max_value=100, width=WIDTHS["Accuracy"],
                help="The share of test tracks whose genre it names right."),
            "95 % interval": st.column_config.TextColumn(
                width=WIDTHS["95 % interval"], help="With so few tracks chance plays a part: if "
                "the intervals of two trainings overlap much, neither has won."),
            "F1": st.column_config.NumberColumn(
                format="%.2f", width=WIDTHS["F1"],
                help="Precision and recall in one, the mean over the genres: 1 is best."),
            "Hears": st.column_config.TextColumn(
                width=WIDTHS["Hears"], help=", ".join(f"{kind}: {words}" for kind, words in INPUTS.items())),
            "Split": st.column_config.TextColumn(
                width=WIDTHS["Split"], help="How the music to be tested on was kept aside. " + ", ".join(
                    f"{split}: {words}" for split, words in SPLIT_NAMES.items())),
            "Parameters": st.column_config.NumberColumn(format="localized", width=WIDTHS["Parameters"]),
            "Time": st.column_config.NumberColumn(
                format="compact", width=WIDTHS["Time"], help="Spent learning: hours, minutes, seconds."),
            "Published": st.column_config.TextColumn(
                width=WIDTHS["Published"], help="The paper's own figure, under its own protocol."),
            "Epochs": st.column_config.NumberColumn(width=70),
            "Batch": st.column_config.NumberColumn(width=70),
            "Rate": st.column_config.NumberColumn(format="%g", width=70),
            "Note": st.column_config.TextColumn(width=150),
        },
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button("Download CSV", lambda: to_csv(shown), "earmark-trainings.csv", "text/csv",
                           icon=":material/download:", on_click="ignore")  # fmt: skip
        st.caption("Tick one row to see a training, two or more to compare them. The name of a column "
                   "sorts by it.")  # fmt: skip
    chosen = [shown[row] for row in selection["selection"]["rows"] if row < len(shown)]
    st.session_state.compared = [entry.id for entry in chosen]
    st.query_params["runs"] = [entry.run.name for entry in chosen[:MOST_COMPARED]]  # for a reload
    return chosen


def _to_begin_with(shown: list[Entry]) -> list[str]:
    """What the address asks for, else the newest finished trainings of different models, so that
    there is something to see.
    """
    asked = st.query_params.get_all("runs")
    if asked or len(shown) > FEW:
        return [entry.id for entry in shown if entry.run.name in asked]
    newest: dict[str, str] = {}
    for entry in shown:
        if entry.figures and not entry.leaky:
            newest.setdefault(entry.model, entry.id)
    return list(newest.values())[:MOST_AT_FIRST]


def _columns(shown: list[Entry]) -> list[str]:
    """The model is a column of its own as soon as somebody has given a training another name."""
    renamed = any(entry.title != entry.model for entry in shown)
    return [name for name in (*WIDTHS, "Epochs", "Batch", "Rate", "Note") if renamed or name != "Model"]


def _row(entry: Entry) -> dict:
    figures = entry.figures
    published = MODELS[entry.model].published.get(entry.input) if entry.model in MODELS else None
    low, high = figures.get("accuracy_interval", (None, None))
    seconds = figures.get("training_s")
    recipe = entry.recipe if figures.get("parameters") else {}
    return {
        "Name": entry.title, "Model": entry.model,
        "State": "recorded" if entry.recorded else STATES[entry.run.state][0],
        "Accuracy": round(100 * figures["accuracy"]) if "accuracy" in figures else None,
        "95 % interval": f"{100 * low:3.0f} to {100 * high:.0f} %" if low is not None else "",  # sorts
        "F1": figures.get("macro_f1"), "Hears": entry.input,
        "Split": "LEAKY" if entry.leaky else entry.split, "Data": entry.data,
        "Parameters": figures.get("parameters"),
        "Time": pd.Timedelta(seconds=round(seconds)) if seconds is not None else None,
        "Published": in_percent(published.figure) if published else "",
        "Epochs": recipe.get("epochs"), "Batch": recipe.get("batch_size"),
        "Rate": recipe.get("learning_rate"), "Note": entry.run.note,
    }


def _together(chosen: list[Entry]) -> None:
    names = names_of(chosen)
    reports = [_report(entry) for entry in chosen]
    _winner(names, reports)
    _curves(chosen, names)
    columns = st.columns(min(len(chosen), 3 if len(chosen) % 3 == 0 else 2))
    for number, (entry, report) in enumerate(zip(chosen, reports, strict=True)):
        with columns[number % len(columns)]:
            show_run(entry, names[number], report, RUN_COLOURS[number % len(RUN_COLOURS)], number)
    if any(entry.leaky for entry in chosen) and not all(entry.leaky for entry in chosen):
        st.warning("A leaky split is among them: its figures look better than they are, see "
                   "**The leak**.", icon=":material/water_drop:")  # fmt: skip
    tested = [(name, report) for name, report in zip(names, reports, strict=True)
              if report and "by_track" in report]  # fmt: skip
    if not tested:
        return
    st.subheader("Genre by genre")
    measure = st.segmented_control(
        "Measure", list(MEASURES), default="f1", required=True, key="measure",
        format_func=lambda name: MEASURES[name][0], label_visibility="collapsed",
    )  # fmt: skip
    chart(
        plots_training.genre_bars([name for name, _ in tested],
                                  [report["by_track"] for _, report in tested], measure),
        key="genre_bars", alt=f"{MEASURES[measure][0]} of each genre", title=MEASURES[measure][1],
    )  # fmt: skip
    if len(tested) > 1:
        _disagree(tested)


def _winner(names: list[str], reports: list[dict | None]) -> None:
    """Which one wins and why, if the best two were tested fairly and on the same tracks."""
    fair = [(name, report) for name, report in zip(names, reports, strict=True)
            if report and "by_track" in report and not report["split"]["leaky"]]  # fmt: skip
    fair.sort(key=lambda pair: pair[1]["by_track"]["accuracy"], reverse=True)
    if len(fair) < 2:
        return
    (best, report), (second, runner_up) = fair[:2]
    result = duel(report, runner_up)
    if result.second > result.first:  # where their tests overlap it is the other way round
        best, second, result = second, best, duel(runner_up, report)
    if not result.common:
        st.info("The best two were tested on different music: none of them has won.",
                icon=":material/balance:")  # fmt: skip
        return
    best, second = escaped(best), escaped(second)
    counted = (f"Of the {result.common} tracks that both were tested on, {best} alone names "
               f"{result.first} right and {second} alone {result.second}")  # fmt: skip
    if result.chance > CHANCE:
        st.info(f"**{best} and {second} are level.** {counted}: so small a difference may be chance.",
                icon=":material/balance:")  # fmt: skip
        return
    why = " and ".join(spoken(genre) for genre in result.gained[:2])
    st.success(f"**{best} wins.** {counted}, which is more than chance. It gains most in {why}.",
               icon=":material/trophy:")  # fmt: skip


def _report(entry: Entry) -> dict | None:
    """With where the music is that it was tested on; None where its figures could not be read."""
    try:
        report = runs.load_report(entry.run.folder) if entry.figures else None
        return report and report | {"tested_on": str(entry.run.settings.get("data"))}
    except RunError:
        return None


def _curves(chosen: list[Entry], names: list[str]) -> None:
    learnings = [
        Learning(name, [line for line in runs.metrics(entry.run.folder) if "loss" in line])
        for name, entry in zip(names, chosen, strict=True)
    ]
    if not any(each.epochs for each in learnings):
        return
    st.subheader("How they learnt")
    for column, (measure, title) in zip(
        st.columns(2), (("accuracy", "Right answers"), ("loss", "Loss")), strict=True
    ):
        with column:
            chart(plots_training.learning_curve(learnings, measure), key=f"curve_{measure}",
                  alt=f"{title} over the epochs", title=f"**{title}**")  # fmt: skip
    st.caption("Solid: on music kept aside to choose the best epoch; dotted: on the music learnt "
               "from. Models without epochs have no curve.")  # fmt: skip


def _disagree(tested: list[tuple[str, dict]]) -> None:
    st.subheader("Where they disagree")
    reports = [report for _, report in tested]
    common, rows = in_common(reports), disagreements(reports)
    if not common:
        st.caption("They were tested on different music: there is none to compare.")
        return
    if not rows:
        st.caption(f"They give the same answer on all {common} tracks that all were tested on.")
        return
    st.caption(f"On {len(rows)} of the {common} tracks that all were tested on. Tick one to hear it.")
    names = [name for name, _ in tested]
    table = [
        {"Track": row["track"], "It is": spoken(row["genre"])}
        | {f"{name} says": f"{'✓' if answer == row['genre'] else '✗'} {spoken(answer)} "
           f"({whole_percent(probability)} %)"
           for name, (answer, probability) in zip(names, row["answers"], strict=True)}
        for row in rows
    ]  # fmt: skip
    key = "disagree_" + sha256(repr([names, len(rows), rows[0]["track"]]).encode()).hexdigest()[:12]
    selection = st.dataframe(
        pd.DataFrame(table), hide_index=True, key=key, on_select="rerun", height=280,
        selection_mode="single-row", alt="Tracks on which the models disagree",
    )  # fmt: skip
    for place in selection["selection"]["rows"]:
        _play(rows[place]["data"], rows[place]["track"], rows[place]["genre"])


def _play(data: str, track: str, genre: str) -> None:
    try:
        sound = _sound(data, track, str(home()))
    except (DataError, AudioError, OSError) as error:
        st.info(str(error), icon=":material/music_off:")
        return
    st.text(f"{Path(track).name}, {spoken(genre)}")
    st.audio(sound, format="audio/wav")


@st.cache_data(show_spinner="Fetching the track", max_entries=12)
def _sound(data: str, track: str, of: str) -> bytes:
    clip = sound_of(data, track)
    return clip.trimmed(0.0, min(30.0, clip.duration_s)).to_wav()

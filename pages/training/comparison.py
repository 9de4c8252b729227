"""Trainings against one another, track by track: which one wins, and where they disagree."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import pandas as pd
import streamlit as st

from genre.audio.clip import AudioError
from genre.data.examples import DataError
from genre.data.listing import sound_of
from genre.paths import home
from genre.runs.catalogue import Entry
from genre.runs.comparison import TrackPredictions, common_tracks, compare_pair, find_disagreements
from genre.runs.report import Report, ReportError, load_report
from genre.text import genre_name, percent
from pages.shared.widgets import escaped
from pages.training.run_display import ChartEntry, track_name

SIGNIFICANCE = 0.05  # chance above which a difference counts as none
CLIP_S = 30.0


@dataclass(frozen=True)
class TestedRun:
    """A run whose report has a test."""

    name: str  # name on the page
    report: Report
    data: str  # "builtin" or a folder
    colour: str = ""

    @cached_property
    def predictions(self) -> TrackPredictions:
        """The predictions of its test."""
        return TrackPredictions.of(self.report, self.data)


def read_report(entry: Entry) -> Report | None:
    """The report of a finished run; None where it cannot be read."""
    try:
        return load_report(entry.run.folder) if entry.metrics else None
    except ReportError:
        return None


def tested_runs(entries: list[ChartEntry], reports: list[Report | None]) -> list[TestedRun]:
    """Those that were tested."""
    return [
        TestedRun(item.name, report, str(item.entry.run.settings.get("data")), item.colour)
        for item, report in zip(entries, reports, strict=True)
        if report and report.is_tested
    ]


def show_winner(tested: list[TestedRun]) -> None:
    """Show which one wins and why, if the best two were tested fairly and on the same tracks."""
    fair = [run for run in tested if not run.report.split["leaky"]]
    fair.sort(key=lambda run: run.report.by_track["accuracy"], reverse=True)
    if len(fair) < 2:
        return
    first, second = fair[:2]
    result = compare_pair(first.predictions, second.predictions)
    if result.n_second > result.n_first:  # the other way round where their tests overlap
        first, second = second, first
        result = compare_pair(first.predictions, second.predictions)
    if not result.n_common:
        st.info(
            "The best two were tested on different music: none of them has won.", icon=":material/balance:"
        )
        return
    winner, runner_up = escaped(first.name), escaped(second.name)
    figures = (
        f"In the test {winner} names {percent(first.report.by_track['accuracy'])} of the tracks right, "
        f"against {percent(second.report.by_track['accuracy'])} for {runner_up}."
    )
    counts = (
        f"{figures} Of the {result.n_common} tracks that both were tested on, {winner} alone names "
        f"{result.n_first} right and {runner_up} alone {result.n_second}"
    )
    if result.p_value > SIGNIFICANCE:
        is_even = result.n_first == result.n_second
        headline = f"A dead heat: {winner} and {runner_up}" if is_even else f"{winner} comes in first, just"
        st.info(
            f"### {headline}\n\n{counts}: so small a difference may be chance.",
            icon=":material/balance:" if is_even else ":material/flag:",
        )
        return
    genres = " and ".join(genre_name(genre) for genre in result.better_genres[:2])
    st.success(
        f"### {winner} wins\n\n{counts}, which is more than chance. It gains most in {genres}.",
        icon=":material/trophy:",
    )


def show_disagreements(tested: list[TestedRun]) -> None:
    """Show the tracks that not all of them predict alike, to be played."""
    st.subheader("Where they disagree")
    predictions = [run.predictions for run in tested]
    n_common, rows = len(common_tracks(predictions)), find_disagreements(predictions)
    if not n_common:
        st.caption("They were tested on different music: there is none to compare.")
        return
    if not rows:
        st.caption(f"They give the same answer on all {n_common} tracks that all were tested on.")
        return
    st.caption(f"On {len(rows)} of the {n_common} tracks that all were tested on. Tick one to hear it.")
    names = [run.name for run in tested]
    key = "disagree_" + sha256(repr([names, len(rows), rows[0]["track"]]).encode()).hexdigest()[:12]
    selection = st.dataframe(
        pd.DataFrame([_cells(row, names) for row in rows]),
        hide_index=True,
        key=key,
        on_select="rerun",
        height=280,
        selection_mode="single-row",
        alt="Tracks on which the models disagree",
    )
    for number in selection["selection"]["rows"]:
        _show_player(rows[number]["data"], rows[number]["track"], rows[number]["genre"])


def _cells(row: dict, names: list[str]) -> dict[str, str]:
    cells = {"Track": track_name(row["data"], row["track"]), "It is": genre_name(row["genre"])}
    for name, (genre, probability) in zip(names, row["predictions"], strict=True):
        mark = "✓" if genre == row["genre"] else "✗"
        cells[f"{name} says"] = f"{mark} {genre_name(genre)} ({percent(probability)})"
    return cells


def _show_player(data: str, track: str, genre: str) -> None:
    try:
        wav = _load_wav(data, track, str(home()))
    except (DataError, AudioError, OSError) as error:
        st.info(str(error), icon=":material/music_off:")
        return
    st.text(f"{track_name(data, Path(track).name)}, {genre_name(genre)}")
    st.audio(wav, format="audio/wav")


@st.cache_data(show_spinner="Fetching the track", max_entries=12)
def _load_wav(data: str, track: str, earmark_home: str) -> bytes:
    clip = sound_of(data, track)
    return clip.trimmed(0.0, min(CLIP_S, clip.duration_s)).to_wav()

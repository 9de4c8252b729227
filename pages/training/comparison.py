"""Trainings against one another, track by track: which one wins, and where they disagree."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from html import escape
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
from genre.text import genre_name, lead_words, percent
from pages.shared.widgets import escaped
from pages.training.run_display import ChartEntry, track_name
from pages.training.style import STANDINGS

SIGNIFICANCE = 0.05  # chance above which a difference counts as none
SMALL_LEAD = 0.05  # of all tracks: a lead that is called small
CLIP_S = 30.0
FINISHER = {"is-winner": "trophy", "is-leaky": "water_drop", "": "directions_run"}  # symbol at a lane's end


@dataclass(frozen=True)
class TestedRun:
    """A run whose report has a test."""

    name: str  # name on the page
    report: Report
    data: str  # "builtin" or a folder
    colour: str = ""

    @property
    def accuracy(self) -> float:
        """The share of the test's tracks that it names right."""
        return self.report.by_track["accuracy"]

    @property
    def is_leaky(self) -> bool:
        """Whether it had learnt from other parts of the recordings in its test."""
        return self.report.split["leaky"]

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


@dataclass(frozen=True)
class Outcome:
    """How the best two of a comparison stand to one another."""

    headline: str
    first: str  # name of the better run
    is_sure: bool  # whether it is better by more than chance

    @property
    def winner(self) -> str:
        """The name of the run that has won; "" where it may be chance."""
        return self.first if self.is_sure else ""


def show_winner(tested: list[TestedRun]) -> Outcome | None:
    """Show which one wins and why; None unless the best two were tested fairly and on the same tracks."""
    fair = [run for run in tested if not run.is_leaky]
    fair.sort(key=lambda run: run.accuracy, reverse=True)
    if len(fair) < 2:
        return None
    first, second = fair[:2]
    result = compare_pair(first.predictions, second.predictions)
    if result.n_second > result.n_first:  # the other way round where their tests overlap
        first, second = second, first
        result = compare_pair(first.predictions, second.predictions)
    if not result.n_common:
        st.info(
            "The best two were tested on different music: none of them has won.", icon=":material/balance:"
        )
        return None
    winner, runner_up = escaped(first.name), escaped(second.name)
    figures = (
        f"In the test {winner} names {percent(first.accuracy)} of the tracks right, "
        f"against {percent(second.accuracy)} for {runner_up}."
    )
    counts = (
        f"{figures} Of the {result.n_common} tracks that both were tested on, {winner} alone names "
        f"{result.n_first} right and {runner_up} alone {result.n_second}"
    )
    if result.p_value > SIGNIFICANCE:
        is_even = result.n_first == result.n_second
        lead = (result.n_first - result.n_second) / result.n_common
        headline = f"{first.name} comes {lead_words(lead)}"
        if is_even:
            headline = f"A dead heat: {first.name} and {second.name}"
        doubt = "so small a difference" if lead < SMALL_LEAD else "with so few tracks, even such a difference"
        st.info(
            f"### {escaped(headline)} :small[(it may be chance)]\n\n{counts}: {doubt} may be chance.",
            icon=":material/balance:" if is_even else ":material/flag:",
        )
        return Outcome(headline, first.name, is_sure=False)
    genres = " and ".join(genre_name(genre) for genre in result.better_genres[:2])
    headline = f"{first.name} wins"
    st.success(
        f"### {escaped(headline)}\n\n{counts}, which is more than chance. It gains most in {genres}.",
        icon=":material/trophy:",
    )
    return Outcome(headline, first.name, is_sure=True)


def show_standings(tested: list[TestedRun], outcome: Outcome | None) -> None:
    """Show how far each has come, in a lane: the honest ones first, the best on top."""
    order = sorted(tested, key=lambda run: (run.is_leaky, -run.accuracy))
    winner = outcome.winner if outcome else ""
    lanes = "".join(_lane(run, run.name == winner) for run in order)
    about = "Tracks named right in the test."
    if len({len(run.report.by_track["genres"]) for run in tested}) == 1:
        about += f" Guessing would get {percent(1 / len(tested[0].report.by_track['genres']))}."
    st.html(f'{STANDINGS}<ol class="standings">{lanes}</ol><p class="standings-about">{about}</p>')


def _lane(run: TestedRun, is_winner: bool) -> str:
    kind = "is-winner" if is_winner else "is-leaky" if run.is_leaky else ""
    note = "<small>does not count</small>" if run.is_leaky else ""
    style = f"--share: {100 * run.accuracy:.1f}%; --colour: {run.colour}; --mark: '{FINISHER[kind]}'"
    return (
        f'<li class="{kind}" style="{style}"><p>{escape(run.name)}{note}</p>'
        f'<span aria-hidden="true"><i></i></span><b>{percent(run.accuracy)}</b></li>'
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

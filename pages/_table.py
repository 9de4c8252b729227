"""The answers of a visit as a sortable table, with its downloads."""

import pandas as pd
import streamlit as st

from genre.answers import Answer, Answers
from genre.names import spoken, whole_percent
from genre.plots import clock
from pages._answer import correction_in_words


def choose_answer(answers: Answers, opened: str | None, key: str) -> str | None:
    """Show the table -> the id of the answer in the selected row."""
    rows = list(answers)
    ids = [answer.id for answer in rows]
    failed = sum(answer.error is not None for answer in rows)
    st.subheader(f"{len(rows)} clips")
    if failed:
        st.caption(f"{failed} of them could not be read; the table says why.")
    selection = st.dataframe(
        pd.DataFrame([_row(answer) for answer in rows]),
        column_order=_columns(rows),
        key=key,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [ids.index(opened) if opened in ids else 0]}},
        placeholder="",
        alt="The clips and their genres",
        column_config={
            "Clip": st.column_config.TextColumn(width="medium"),
            "Genre": st.column_config.TextColumn(width="small"),
            "Probability": st.column_config.ProgressColumn(
                min_value=0, max_value=100, format="%d %%", width="small"
            ),
            "Length": st.column_config.TextColumn(width="small"),
            "You say": st.column_config.TextColumn(width="small"),
            "Remark": st.column_config.TextColumn(width="medium"),
        },
    )
    show_downloads(answers)
    chosen = selection["selection"]["rows"]
    return ids[chosen[0]] if chosen and chosen[0] < len(ids) else opened


def show_downloads(answers: Answers) -> None:
    with st.container(horizontal=True):
        st.download_button(
            "Download CSV", answers.to_csv(), "earmark.csv", "text/csv",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Download JSON", answers.to_json(), "earmark.json", "application/json",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip


def _columns(rows: list[Answer]) -> list[str]:
    """The columns that say anything: few, so that they fit."""
    columns = ["Clip", "Genre", "Probability", "Length"]
    if any(answer.correction for answer in rows):
        columns.append("You say")
    if any(_remark(answer) for answer in rows):
        columns.append("Remark")
    return columns


def _row(answer: Answer) -> dict:
    verdict = answer.verdict
    genre = verdict.genre if verdict else None
    return {
        "Clip": answer.name,
        "Genre": spoken(genre).capitalize() if genre else "",
        "Probability": whole_percent(verdict.probabilities[genre]) if genre else None,
        "Length": clock(verdict.duration_s) if verdict else "",
        "You say": correction_in_words(answer.correction) if answer.correction else "",
        "Remark": _remark(answer),
    }


def _remark(answer: Answer) -> str:
    if answer.error:
        return answer.error
    if answer.verdict.status != "music":
        return answer.verdict.message
    if answer.part:
        return f"Only {clock(answer.part[0])} to {clock(answer.part[1])}."
    return ""

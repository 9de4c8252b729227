"""All predictions of a visit: the open one in full, and the table with its downloads."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from genre import GENRES
from genre.inference.session import Session, SessionClip
from genre.text import clock, genre_name, whole_percent
from pages.listening.answer.description import feelings_of
from pages.listening.prediction import correction_label, show_prediction
from pages.listening.state import listen_state, visit_session
from pages.shared.browser.scripts import scroll_to
from pages.shared.playlist_view import show_more_songs
from pages.shared.widgets import download_button, renew, widget_key

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig

HISTORY_COLUMNS: "dict[str, ColumnConfig]" = {
    "Clip": st.column_config.TextColumn(width="medium"),
    "Genre": st.column_config.TextColumn(width="small"),
    "Probability": st.column_config.ProgressColumn(min_value=0, max_value=100, format="%d %%", width="small"),
    "Length": st.column_config.TextColumn(width="small"),
    "You say": st.column_config.TextColumn(width="small"),
    "Remark": st.column_config.TextColumn(width="large"),
}


def show_history() -> None:
    """Show the open prediction in full, and below it the table of several."""
    state, session = listen_state(), visit_session()
    with st.container(key="results"):
        to_all = f"[All {len(session)} clips](#all-clips) or " if len(session) > 1 else ""
        st.markdown(
            f":material/arrow_downward: {to_all}[Choose other music](#other-music)", text_alignment="center"
        )
        answer = st.container()
        with st.container(key="clips"):
            if len(session) > 1:
                chosen_id = _choose_row(session, state.open_id, widget_key("table"))
                if chosen_id != state.open_id:
                    state.open_id, state.scroll_target = chosen_id, "results"
            result = session.get(state.open_id) or next(iter(session))
            if len(session) > 1 or result.full_prediction:
                _show_downloads(session)
        with answer:
            show_prediction(result, session, _request_deletion, result.id == state.starting_id)
        genre = result.correction or (result.prediction and result.prediction.genre)
        if genre in GENRES:
            feelings = feelings_of(result.prediction) if result.prediction else []
            show_more_songs(genre, feelings[0] if feelings else "")
        if len(session) > 1:
            st.button("Forget all clips", icon=":material/delete_sweep:", on_click=_forget_all)
    if state.scroll_target:
        scroll_to(state.scroll_target)
        state.scroll_target = None


def delete_requested() -> None:
    """Delete the prediction whose Delete button was pressed, and draw the page anew."""
    state = listen_state()
    if requested := state.requested_deletion:
        state.requested_deletion = None
        visit_session().remove(requested)
        _release_clips()
        st.rerun()


def _request_deletion(id_: str) -> None:
    """Note the deletion: uploads in work come first, and a button's press would be forgotten by then."""
    listen_state().requested_deletion = id_


def _forget_all() -> None:
    """Forget the predictions, and the uploads in work."""
    listen_state().session = None
    _release_clips()


def _release_clips() -> None:
    """Let go of all else that holds the sound of a deleted clip."""
    listen_state().forget_closer_looks()
    for widget in ("uploader", "uploader_folder", "table"):
        renew(widget)


def _choose_row(session: Session, open_id: str | None, key: str) -> str | None:
    """Show the table -> the id of the prediction in the selected row."""
    rows = list(session)
    ids = [row.id for row in rows]
    n_failed = sum(row.error is not None for row in rows)
    st.subheader(f"{len(rows)} clips", anchor="all-clips")
    if n_failed:
        st.caption(f"{n_failed} of them could not be read; the table says why.")
    selection = st.dataframe(
        pd.DataFrame([_cells(row) for row in rows]),
        column_order=_columns(rows),
        column_config=HISTORY_COLUMNS,
        key=key,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [ids.index(open_id) if open_id in ids else 0]}},
        placeholder="",
        alt="The clips and their genres",
    )
    selected = selection["selection"]["rows"]
    return ids[selected[0]] if selected and selected[0] < len(ids) else open_id


def _show_downloads(session: Session) -> None:
    with st.container(horizontal=True):
        download_button("Download CSV", session.to_csv(), "earmark.csv", "text/csv", key="session_csv")
        download_button(
            "Download JSON", session.to_json(), "earmark.json", "application/json", key="session_json"
        )


def _columns(rows: list[SessionClip]) -> list[str]:
    """Choose the columns with content: few, so that they fit."""
    columns = ["Clip", "Genre", "Probability", "Length"]
    if any(row.correction for row in rows):
        columns.append("You say")
    if any(_remark(row) for row in rows):
        columns.append("Remark")
    return columns


def _cells(row: SessionClip) -> dict:
    prediction = row.prediction
    genre = prediction.genre if prediction else None
    return {
        "Clip": row.name,
        "Genre": genre_name(genre).capitalize() if genre else "",
        "Probability": whole_percent(prediction.probabilities[genre]) if prediction and genre else None,
        "Length": clock(prediction.duration_s) if prediction else "",
        "You say": correction_label(row.correction) if row.correction else "",
        "Remark": _remark(row),
    }


def _remark(row: SessionClip) -> str:
    if row.prediction is None:
        return row.error or ""
    if row.prediction.status != "music":
        return row.prediction.message
    return f"Only {clock(row.part[0])} to {clock(row.part[1])}." if row.part else ""

"""The trials of a search on the Train page: parallel coordinates and a table."""

import streamlit as st

from genre.plots.trials import parallel_coordinates, trials_text
from genre.runs.trials import VALUE, read_searches, trial_rows


def show_trials() -> None:
    """Draw the latest search under EARMARK_HOME; nothing where there is none."""
    searches = [trials for trials in read_searches() if trials]
    if not searches:
        return
    rows = trial_rows(searches[0])
    text = trials_text(rows)
    st.subheader("Search for a recipe")
    if any(row[VALUE] is not None for row in rows):
        st.plotly_chart(parallel_coordinates(rows), key="trials", alt=text)
    st.caption(text)
    st.dataframe(rows, hide_index=True, alt="All trials, the best first")

"""The Train screen: choose music, set up trainings, watch them learn, compare them, see the leak.

Everything about a training is read from its directory: a reload, a second browser or a restarted
server shows the same. Each step imports what it needs, so that the first paint is quick.
"""

import streamlit as st

from pages.shared.browser.address import follow_address, write_address
from pages.shared.entry import enter
from pages.training.state import train_state
from pages.training.style import STEPS as STEPS_STYLE

STEPS = {
    "Race": ":material/flag:",
    "Data": ":material/library_music:",
    "Set up": ":material/tune:",
    "Watch": ":material/timeline:",
    "Compare": ":material/compare_arrows:",
    "The papers": ":material/menu_book:",
    "The leak": ":material/water_drop:",
}
enter()
st.title("Which model learns best?")
with st.container(key="train_about"):
    st.markdown(
        "Computer models learn to name the genre of music, and race: **which one gets the most right?** "
        "Start the race, or choose the models and the music yourself."
    )
state = train_state()
follow_address("step", STEPS, "Race")
if state.requested_step:
    st.session_state.step, state.requested_step = state.requested_step, None
st.html(STEPS_STYLE)
choice = st.segmented_control(
    "Step",
    list(STEPS),
    required=True,
    key="step",
    format_func=lambda name: f"{STEPS[name]} {name}",
    label_visibility="collapsed",
    persist_state="session",
)
step = write_address("step", choice, drop="" if choice == "Compare" else "runs")
match step:
    case "Race":
        from pages.training.race.minute import show_minute

        show_minute()
    case "Data":
        from pages.training.setup.data import show_data

        show_data()
    case "Set up":
        from pages.training.setup.step import show_set_up

        show_set_up()
    case "Watch":
        from pages.training.race.watch import show_watch

        show_watch()
    case "Compare":
        from pages.training.compare import show_compare
        from pages.training.trials import show_trials

        show_compare()
        show_trials()
    case "The papers":
        from pages.training.papers.section import show_papers

        show_papers()
    case _:
        from pages.training.leak import show_leak

        show_leak()

"""The Train screen: choose music, set up trainings, watch them learn, compare them, see the leak.

Everything shown of a training is read from its directory: a reload, a second browser or a restarted
server shows the same. Each step imports what it needs, so that the first paint is quick.
"""

import streamlit as st

from pages._front_door import enter

STEPS = {
    "Data": ":material/library_music:", "Set up": ":material/tune:", "Watch": ":material/timeline:",
    "Compare": ":material/compare_arrows:", "The leak": ":material/water_drop:",
}  # fmt: skip
# Wider than the Listen page, for charts side by side, and no wider than lines can be read. As part of
# the text it is there with the first paint; st.html comes later, and the page would jump.
# Plotly's toolbar comes and goes with a pointer; under a finger it would stay and cover the chart.
STYLE = ("<style>[data-testid=stMainBlockContainer] { max-width: 72rem; } "
         "@media (hover: none) { .modebar { display: none !important; } }</style>")

enter()
st.title("Which model learns best?")
st.markdown(
    f"{STYLE}\n\nChoose music and some models, press Start, watch them learn to tell the genres apart, and "
    "see which one wins and what it gets wrong.", unsafe_allow_html=True,
)  # fmt: skip
if "go_to" in st.session_state:  # a step that the one before asked for
    st.session_state.step = st.session_state.pop("go_to")
asked = st.query_params.get("step")
step = st.segmented_control(
    "Step", list(STEPS), default=asked if asked in STEPS else "Set up", required=True, key="step",
    format_func=lambda name: f"{STEPS[name]} {name}", label_visibility="collapsed",
    persist_state="session",
)  # fmt: skip
st.query_params["step"] = step  # a reload stays here
if step != "Compare":
    st.query_params.pop("runs", None)
match step:
    case "Data":
        from pages._data import show_data

        show_data()
    case "Set up":
        from pages._set_up import show_set_up

        show_set_up()
    case "Watch":
        from pages._watch import show_watch

        show_watch()
    case "Compare":
        from pages._compare import show_compare

        show_compare()
    case _:
        from pages._leak import show_leak

        show_leak()

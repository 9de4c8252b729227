"""The Listen screen: record, upload or try an example, and see which genre it is.

The page is painted without torch, which takes seconds to load: that happens in the background.
"""

import streamlit as st

from genre import GENRES
from pages.listening.examples import answer_songs, show_examples, show_songs
from pages.listening.handed import predict_handed
from pages.listening.model_card import show_model_card
from pages.listening.model_choice import show_introduction, show_model_choice
from pages.listening.predict import follow_model
from pages.listening.recorder.panel import show_recorder
from pages.listening.state import listen_state
from pages.listening.uploads import show_uploader
from pages.shared.browser.scripts import ask_before_leaving
from pages.shared.models import chosen_model, default_classifier, warm_up


def show_results() -> None:
    """Show the predictions of this visit."""
    from pages.listening.history import delete_requested, show_history

    delete_requested()
    show_history()


def show_placeholder() -> None:
    """Show what a prediction looks like, in grey. It also brings plotly to the browser early."""
    from genre.plots.prediction import bars_to_come

    with st.container(border=True):
        st.markdown(
            "**Your answer appears here:** the genre and how sure Earmark is, how it changes through "
            "the piece, and what the sound looks like."
        )
        st.plotly_chart(
            bars_to_come(GENRES),
            config={"staticPlot": True},
            key="to_come",
            alt="Ten equal bars, one a genre",
        )


st.title("What genre is this?")
st.markdown("Play Earmark some music, and it names the genre.")
follow_model()
show_recorder()
show_songs()
coming = st.container()  # says that one of them is listened to
answers = st.container()  # filled last, when all that comes below has been predicted
show_introduction()
show_model_choice()
show_uploader()
show_examples(coming)
predict_handed()
if listen_state().has_clips:
    with answers:
        show_results()
else:
    show_placeholder()
show_model_card(chosen_model())
ask_before_leaving()
warm_up(default_classifier, "genre.audio.overview", "genre.synth.dataset", answer_songs)

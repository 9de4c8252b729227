"""Live: the microphone stays open, and the genre is named while the music plays."""

from typing import TYPE_CHECKING, Any

import av
import streamlit as st
import streamlit_webrtc
from streamlit_webrtc import Translations, WebRtcMode

from genre.inference.live import LiveClassifier
from genre.plots import prediction as plots
from genre.text import genre_name
from pages.listening.state import listen_state
from pages.shared.webrtc import rtc_configuration
from pages.shared.widgets import STATIC, fragment

if TYPE_CHECKING:
    from genre.inference.classifier import Classifier

REFRESH_S = 1.0
# The filters by which browsers make speech clearer spoil music.
MICROPHONE = {"echoCancellation": False, "noiseSuppression": False, "autoGainControl": False}
CONSTRAINTS: dict[str, Any] = {"video": False, "audio": MICROPHONE}
BUTTON_LABELS: Translations = {"start": "Start listening", "stop": "Stop"}


def show_live_panel(classifier: "Classifier") -> None:
    """Show a button, and under it the prediction while the microphone is open."""
    try:
        configuration = rtc_configuration()
    except ValueError as error:
        st.error(str(error), icon=":material/error:")
        return
    live = _live_classifier(classifier)

    def push_frame(frame: av.AudioFrame) -> av.AudioFrame:
        """Push a frame, on a thread of streamlit-webrtc: nothing of the page may be touched here."""
        samples = frame.to_ndarray()
        is_packed = not frame.format.is_planar
        live.push(
            samples.reshape(-1, frame.layout.nb_channels) if is_packed else samples.T, frame.sample_rate
        )
        return frame

    with st.container(border=True, key="live_panel"):
        context: Any = streamlit_webrtc.webrtc_streamer(
            "live_sound",
            WebRtcMode.SENDONLY,
            rtc_configuration=configuration,
            media_stream_constraints=CONSTRAINTS,
            translations=BUTTON_LABELS,
            audio_frame_callback=push_frame,
            on_audio_ended=live.stop,
            async_processing=False,
            media_toggle_controls=False,
        )
        if context.state.playing:
            _show_prediction(live)
        else:
            live.stop()
            st.caption(
                "Press **Start listening** and let music play: after three seconds we name it, and from "
                "then on every second, from the last ten. Nothing is kept."
            )


def stop_live() -> None:
    """Close the panel, and let the microphone's sound go."""
    state = listen_state()
    if state.live is not None:
        state.live[1].stop()
        state.live = None


def _live_classifier(classifier: "Classifier") -> LiveClassifier:
    """Return the live classifier of this visit; a new one when the visitor chose another model."""
    state = listen_state()
    if state.live is None or state.live[0] is not classifier:
        stop_live()
        state.live = (classifier, LiveClassifier(classifier.classify))
    return state.live[1]


@fragment(run_every=REFRESH_S)
def _show_prediction(live: LiveClassifier) -> None:
    """Show the present prediction."""
    current = live.latest()
    st.progress(current.level, "How loud it arrives")
    if current.genre is None:
        st.info(current.message, icon=":material/hearing:")
        return
    with st.container(horizontal=True, gap="large"):
        st.metric(
            "This sounds like" if current.confident else "Not sure. Our best guess",
            genre_name(current.genre).capitalize(),
            width="content",
        )
        st.metric("Probability", plots.percent(current.probabilities[current.genre]), width="content")
    st.plotly_chart(
        plots.probability_bars(current.probabilities),
        config=STATIC,
        key="live_bars",
        alt=f"Probabilities by now; {genre_name(current.genre)} is named",
    )

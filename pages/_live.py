"""Live: the microphone stays open, and the genre is named while the music plays."""

from typing import TYPE_CHECKING

import av
import streamlit as st
import streamlit_webrtc
from streamlit_webrtc import WebRtcMode

from genre import plots
from genre.live import LiveEar
from genre.names import spoken
from pages._ice import rtc_configuration
from pages._shared import STATIC, fragment

if TYPE_CHECKING:
    from genre.classifier import Classifier

LOOK_S = 1.0  # between two looks at the verdict
# What browsers do to make speech clearer spoils music.
MICROPHONE = {"echoCancellation": False, "noiseSuppression": False, "autoGainControl": False}
WORDS = {"start": "Start listening", "stop": "Stop"}

def listen_live(classifier: "Classifier") -> None:
    """The panel: a button, and under it the verdict while it listens."""
    try:
        configuration = rtc_configuration()
    except ValueError as error:
        st.error(str(error), icon=":material/error:")
        return
    ear = _ear(classifier)

    def hear(frame: av.AudioFrame) -> av.AudioFrame:
        """On a thread of streamlit-webrtc: nothing of the page may be touched here."""
        samples = frame.to_ndarray()
        packed = not frame.format.is_planar
        ear.push(samples.reshape(-1, frame.layout.nb_channels) if packed else samples.T, frame.sample_rate)
        return frame

    with st.container(border=True, key="live_panel"):
        context = streamlit_webrtc.webrtc_streamer(
            "live_sound", WebRtcMode.SENDONLY, rtc_configuration=configuration,
            media_stream_constraints={"video": False, "audio": MICROPHONE}, translations=WORDS,
            audio_frame_callback=hear, on_audio_ended=ear.stop, async_processing=False,
            media_toggle_controls=False,
        )  # fmt: skip
        if context.state.playing:
            _show(ear)
        else:
            ear.stop()
            st.caption(
                "Press **Start listening** and let music play: after three seconds we name it, and from "
                "then on every second, from the last ten. Nothing is kept."
            )


def leave_live() -> None:
    """The panel is closed: let the microphone's sound go."""
    if ear := st.session_state.pop("live_ear", None):
        ear[1].stop()


def _ear(classifier: "Classifier") -> LiveEar:
    """This visit's ear; another one when the visitor chose another model."""
    kept = st.session_state.get("live_ear")
    if kept is None or kept[0] is not classifier:
        leave_live()
        kept = st.session_state.live_ear = (classifier, LiveEar(classifier.classify))
    return kept[1]


@fragment(run_every=LOOK_S)
def _show(ear: LiveEar) -> None:
    """What is heard by now."""
    heard = ear.heard()
    st.progress(heard.level, "How loud it arrives")
    if heard.genre is None:
        st.info(heard.message, icon=":material/hearing:")
        return
    with st.container(horizontal=True, gap="large"):
        st.metric("This sounds like" if heard.sure else "Not sure. Our best guess",
                  spoken(heard.genre).capitalize(), width="content")  # fmt: skip
        st.metric("Probability", plots.percent(heard.probabilities[heard.genre]), width="content")
    st.plotly_chart(
        plots.probability_bars(heard.probabilities), config=STATIC, key="live_bars",
        alt=f"Probabilities by now; {spoken(heard.genre)} is named",
    )  # fmt: skip

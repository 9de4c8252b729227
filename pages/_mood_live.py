"""Live video: the face framed, the mood as bars and as a line, and a button that takes it."""

import av
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit_webrtc import VideoProcessorBase, WebRtcMode, webrtc_streamer

from mood.drawing import draw_faces, mood_line
from mood.live import REMEMBERED_S, LiveMood
from pages._ice import rtc_configuration
from pages._mood_reader import reader
from pages._mood_words import say_mood, score_bars
from pages._secure import devices_refused, say_refused
from pages._shared import fragment

LOOK_S = 0.5  # between two looks at the mood
# Of 30 frames a second two cores show 20 or more; asked for fewer, a camera often gives far fewer.
CAMERA = {"width": {"ideal": 640}, "height": {"ideal": 480}, "frameRate": {"ideal": 30, "max": 30}}
WORDS = {"start": "Start the camera", "stop": "Stop"}


class Watcher(VideoProcessorBase):
    """Draws on every frame what is known of the face; streamlit-webrtc calls it on its own thread."""

    def __init__(self, live: LiveMood) -> None:
        self.live = live

    def recv(self, frame: av.VideoFrame) -> av.VideoFrame:
        image = frame.to_ndarray(format="rgb24")
        seen = self.live.see(image)
        drawn = draw_faces(image, seen.boxes, seen.leader, seen.emotion)
        return av.VideoFrame.from_ndarray(drawn, format="rgb24")

    def on_ended(self) -> None:
        self.live.close()


def watch() -> tuple[LiveMood | None, DeltaGenerator]:
    """The video -> what watches it, while it runs, and the place beside it."""
    left, right = st.columns(2)
    if devices_refused():
        with left:
            say_refused("camera", "choose a photo")
        return None, right
    try:
        configuration, eyes = rtc_configuration(), reader()
    except ValueError as error:
        left.error(str(error), icon=":material/error:")
        return None, right
    with left:
        context = webrtc_streamer(
            "mood_video", WebRtcMode.SENDRECV, rtc_configuration=configuration,
            media_stream_constraints={"video": CAMERA, "audio": False}, translations=WORDS,
            video_processor_factory=lambda: Watcher(LiveMood(eyes)),
        )  # fmt: skip
    if not (context.state.playing and context.video_processor):
        with right:
            st.markdown("Press **Start the camera** and let it watch your face for a while.")
            st.caption("Each picture of the video is read in the memory of the computer that Earmark "
                       "runs on, and let go. It may take a moment to connect.")  # fmt: skip
        return None, right
    live = context.video_processor.live
    live.reader = eyes  # the settings may have changed since the video began
    return live, right


@fragment(run_every=LOOK_S)
def show_mood(live: LiveMood) -> None:
    """What is read now, and a button that makes it the mood to find songs for."""
    if "took_live_mood" in st.session_state:
        st.rerun()
    mood = live.mood
    if mood.emotion is None:
        st.subheader(":material/face: Looking for your face", anchor=False)
        st.caption(live.refusal or mood.remark)
        return
    say_mood(mood.emotion, mood.sure)
    st.caption(mood.remark or "\u00a0")  # a line in any case: nothing below it may jump
    st.html(score_bars(mood.scores))
    st.button("Songs for this mood", type="primary", icon=":material/queue_music:", width="stretch",
              key="take_live_mood", on_click=_take, args=(mood.emotion,))  # fmt: skip


def _take(emotion: str) -> None:
    """Remembered until the page is made anew. Were it the choice among the moods already, the next look,
    which brings what the browser shows chosen, would undo it.
    """
    st.session_state.took_live_mood = emotion


@fragment(run_every=2 * LOOK_S)
def show_line(live: LiveMood) -> None:
    """The last minute."""
    rows, description = mood_line(live.line(), REMEMBERED_S)
    with st.container(key="mood_line"):
        if rows:
            st.vega_lite_chart(pd.DataFrame(rows), description, alt="The mood over the last minute")
    rates = live.rates()
    st.caption(f"{rates.shown:.0f} pictures a second, {rates.read:.0f} of them read.")

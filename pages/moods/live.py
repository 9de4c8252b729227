"""Live video: frames around faces, the mood as bars and over time, and a button that takes it."""

import av
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit_webrtc import Translations, VideoProcessorBase, WebRtcMode, webrtc_streamer

from mood.emotion.drawing import draw_faces
from mood.emotion.live import HISTORY_S, LiveRecognizer
from pages.moods.charts import mood_history_chart
from pages.moods.labels import score_bars, show_choice, show_mood_heading
from pages.moods.recognizer import current_recognizer
from pages.moods.state import mood_state
from pages.shared.browser.permissions import is_insecure, show_insecure
from pages.shared.browser.webrtc import drop_late_frames, rtc_configuration
from pages.shared.widgets import fragment

REFRESH_S = 0.5  # seconds between two updates of the mood
# Of 30 frames a second two cores show 20 or more; asked for fewer, a camera often gives far fewer.
VIDEO_CONSTRAINTS: dict = {
    "width": {"ideal": 640},
    "height": {"ideal": 480},
    "frameRate": {"ideal": 30, "max": 30},
}
TRANSLATIONS: Translations = {"start": "Start the camera", "stop": "Stop"}


class FaceOverlay(VideoProcessorBase):
    """An overlay of recognized faces on every frame; streamlit-webrtc calls it on its own thread."""

    def __init__(self, live: LiveRecognizer) -> None:
        self.live = live

    def recv(self, frame: av.VideoFrame) -> av.VideoFrame:
        image = frame.to_ndarray(format="rgb24")
        faces = self.live.push_frame(image)
        annotated = draw_faces(image, faces.boxes, faces.tracked_face, faces.emotion)
        return av.VideoFrame.from_ndarray(annotated, format="rgb24")

    def on_ended(self) -> None:
        self.live.close()


def start_video(invitation: str = "") -> tuple[LiveRecognizer | None, DeltaGenerator]:
    """Show the video -> its recognizer while it runs, else None, and the container beside it.

    `invitation` stands there until the video runs.
    """
    left, right = st.columns(2)
    if is_insecure():
        with left:
            show_insecure("camera", "choose a photo")
        return None, right
    try:
        configuration, recognizer = rtc_configuration(), current_recognizer()
    except ValueError as error:
        left.error(str(error), icon=":material/error:")
        return None, right
    drop_late_frames()
    with left:
        context = webrtc_streamer(
            "mood_video",
            WebRtcMode.SENDRECV,
            rtc_configuration=configuration,
            media_stream_constraints={"video": VIDEO_CONSTRAINTS, "audio": False},
            translations=TRANSLATIONS,
            video_processor_factory=lambda: FaceOverlay(LiveRecognizer(recognizer)),
        )
    if not (context.state.playing and context.video_processor):
        with right:
            if invitation:
                st.markdown(invitation)
                st.caption(
                    "Each picture of the video is read in the memory of the computer that Earmark "
                    "runs on, and let go. It may take a moment to connect."
                )
        return None, right
    live = context.video_processor.live
    live.recognizer = recognizer  # the settings may have changed since the video began
    return live, right


@fragment(run_every=REFRESH_S)
def show_live_mood(live: LiveRecognizer) -> None:
    """Show the mood now, and a button that makes it the mood to find songs for."""
    if mood_state().live_mood:
        st.rerun()
    mood = live.mood
    if mood.emotion is None:
        st.subheader(":material/face: Looking for your face", anchor=False)
        st.caption(live.error or mood.message)
        return
    show_mood_heading(mood.emotion, mood.is_confident)
    st.caption(mood.message or "\u00a0")  # a no-break space keeps the line: nothing below it may jump
    st.html(score_bars(mood.scores))
    if (choice := st.session_state.get("mood")) and choice != mood.emotion:
        show_choice(choice)
    st.button(
        "Songs for this mood",
        type="primary",
        icon=":material/queue_music:",
        width="stretch",
        key="take_live_mood",
        on_click=_take,
        args=(mood.emotion,),
    )


def _take(emotion: str) -> None:
    """Remember the mood until the whole page runs again.

    Were it the chosen pill at once, the next update of this fragment, which sends the choice that the
    browser shows, would undo it.
    """
    mood_state().live_mood = emotion


@fragment(run_every=2 * REFRESH_S)
def show_mood_history(live: LiveRecognizer) -> None:
    """Show the mood over the last minute."""
    rows, description = mood_history_chart(live.history(), HISTORY_S)
    with st.container(key="mood_line"):
        if rows:
            st.vega_lite_chart(pd.DataFrame(rows), description, alt="The mood over the last minute")
    rates = live.frame_rates()
    n_read = f"{rates.predictions:.0f}" if rates.predictions >= 0.5 else "less than 1"
    st.caption(f"{rates.camera:.0f} pictures a second, {n_read} of them read.")

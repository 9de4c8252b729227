"""The uploader: audio files, or a whole folder of them."""

import streamlit as st

from genre.audio.files import AUDIO_SUFFIXES
from pages.listening.predict import add_file, predict_clips
from pages.listening.state import listen_state
from pages.shared.style import SHORT_FILE_LIST
from pages.shared.widgets import renew, widget_key

# Files stay in the server's memory as long as the uploader lists them; beyond this it is emptied.
MAX_UPLOAD_BYTES = 200 << 20


def show_uploader() -> None:
    """Show the uploader, and predict its new files."""
    st.html('<div id="other-music"></div>')  # the link above an answer leads here
    with st.container(border=True, height="stretch"):
        st.markdown(
            "**Or choose audio files**",
            help="MP3, WAV, FLAC, OGG, M4A, video with sound and most others; one or many.",
        )
        is_folder = st.session_state.get("whole_folder", False)
        widget = "uploader_folder" if is_folder else "uploader"
        files = st.file_uploader(
            "Audio files",
            key=widget_key(widget),
            accept_multiple_files="directory" if is_folder else True,
            type=sorted(AUDIO_SUFFIXES) if is_folder else None,
            label_visibility="collapsed",
        )
        st.html(SHORT_FILE_LIST)
        st.toggle("A whole folder", key="whole_folder")
    state = listen_state()
    new = [file for file in files if file.file_id not in state.processed_uploads]
    if not new:
        return
    ids = {file.file_id for file in new}
    is_resumed = ids <= state.upload_batch
    state.upload_batch = ids
    predict_clips(
        [add_file(file.name, file.getvalue, "upload") for file in new],
        lambda number: state.processed_uploads.add(new[number].file_id),
        is_resumed,
    )
    state.upload_batch = set()
    if sum(file.size for file in files) > MAX_UPLOAD_BYTES:
        renew(widget)
    st.rerun()

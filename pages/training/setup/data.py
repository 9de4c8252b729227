"""The step Data: the choice of training music, how much of it there is, how it sounds and looks."""

from pathlib import Path

import streamlit as st

from genre.audio.clip import AudioError, Clip
from genre.audio.overview import mel_overview, stft_overview, waveform_envelope
from genre.data import listing
from genre.data.dataset import BUILT_IN
from genre.data.examples import DataError
from genre.data.listing import Listing
from genre.errors import error_sentence
from genre.paths import data_folder, home
from genre.plots import prediction as plots
from genre.plots import training as plots_training
from genre.text import genre_name
from pages.access.roles import is_operator, require_operator
from pages.shared.widgets import STILL, escaped
from pages.training.run_display import track_name
from pages.training.state import go_to, train_state

CHOICES = {
    "builtin": "The built-in music",
    "gtzan": "GTZAN, which lies on this machine",
    "folder": "A folder of mine",
}
CLIP_S = 30.0


def chosen_data() -> str:
    """Return the chosen training music: "builtin" or a folder, "" if none is named yet."""
    if not is_operator():
        return BUILT_IN
    match st.session_state.get("data_choice", "builtin"):
        case "gtzan":
            return str(_gtzan_folder() or "")
        case "folder":
            return st.session_state.get("data_folder", "").strip()
        case _:
            return BUILT_IN


def _gtzan_folder() -> Path | None:
    """Find GTZAN, if it is on this machine."""
    shared = data_folder()
    return shared / "gtzan" if shared and (shared / "gtzan").is_dir() else None


def data_label(data: str) -> str:
    """Write the music as the page does."""
    return "the built-in music" if data == BUILT_IN else data


def load_listing(data: str) -> Listing:
    """List the tracks in `data`, up to 30 s old. Raises DataError; AccessError for a guest and a folder."""
    if data != BUILT_IN:
        require_operator("name folders")
    return _load_listing(data, str(home()))


@st.cache_data(ttl=30, show_spinner="Looking through the folder", max_entries=8)
def _load_listing(data: str, earmark_home: str) -> Listing:
    return listing.look(data)


def choose_data() -> Listing | None:
    """Show the choice of music -> its tracks, or None and the reason on the page."""
    choices = [choice for choice in CHOICES if choice != "gtzan" or _gtzan_folder()]
    if not is_operator():
        return load_listing(BUILT_IN)  # other music, and the names of folders, are the host's
    st.radio(
        "Music to learn from",
        choices,
        format_func=CHOICES.__getitem__,
        key="data_choice",
        horizontal=True,
        persist_state="session",
        help="The built-in music is played by Earmark's own synthesiser, ten styles with thirty "
        "tracks each, so that everything works without a download. It is easier than real music.",
    )
    if st.session_state.data_choice == "folder":
        st.text_input(
            "Folder",
            key="data_folder",
            persist_state="session",
            placeholder="/home/me/music",
            help="On the machine that runs Earmark. It holds one sub-folder for each genre, with "
            "recordings in each; GTZAN's and Kaggle's archives are understood as they are.",
        )
        if not chosen_data():
            st.info(
                "Type the path of a folder that holds one sub-folder for each genre.",
                icon=":material/folder:",
            )
            return None
    try:
        return load_listing(chosen_data())
    except (ValueError, OSError) as error:
        st.error(escaped(error_sentence(error)), icon=":material/error:")
        return None


def show_data() -> None:
    """Show the step."""
    music = choose_data()
    if music is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"{music.count} tracks in {len(music.by_genre)} genres", width="stretch")
        st.button(
            "Next: choose models",
            type="primary",
            icon=":material/arrow_forward:",
            key="to_set_up",
            on_click=go_to,
            args=("Set up",),
        )
    counts = {genre: len(tracks) for genre, tracks in music.by_genre.items()}
    st.plotly_chart(
        plots_training.tracks_of_each_genre(counts),
        config=STILL,
        key="counts",
        alt="Tracks of each genre: " + ", ".join(f"{g} {n}" for g, n in counts.items()),
    )
    if music.to_play:
        st.caption(
            "Most models learn from pictures of the sound, which are here already. The others wait some "
            f"minutes the first time, while Earmark plays {music.to_play} tracks."
        )
    if music.kinds:
        st.caption(
            f"{music.recordings} of the tracks can be heard; of the others there are "
            "ready-made spectrograms only."
        )
    _show_one_clip(music)
    _show_faults(music)


def _show_one_clip(music: Listing) -> None:
    st.subheader("One clip of a genre")
    genre = st.pills(
        "Genre",
        list(music.by_genre),
        default=next(iter(music.by_genre)),
        required=True,
        format_func=lambda name: genre_name(name).capitalize(),
        key="clip_genre",
        label_visibility="collapsed",
    )
    tracks = music.by_genre[genre]
    state = train_state()
    number = state.clip_number % len(tracks)
    try:
        clip = _load_clip(music.data, tracks[number], str(home()))
    except (DataError, AudioError, OSError) as error:
        st.info(escaped(error_sentence(error)), icon=":material/music_off:")
    else:
        _show_clip(clip, track_name(music.data, tracks[number]), plots.COLOURS.get(genre, plots.QUIET))
    if len(tracks) > 1 and st.button("Another one", icon=":material/skip_next:"):
        state.clip_number = number + 1
        st.rerun()


@st.cache_data(show_spinner="Playing", max_entries=12)
def _load_clip(data: str, track: str, earmark_home: str) -> Clip:
    clip = listing.sound_of(data, track)
    return clip.trimmed(0.0, min(CLIP_S, clip.duration_s))


def _show_clip(clip: Clip, name: str, colour: str) -> None:
    st.text(name)
    st.audio(clip.to_wav(), format="audio/wav")
    pictures = (
        (
            "The wave",
            "How the air moves, moment by moment.",
            plots.waveform(*waveform_envelope(clip), clip.duration_s, colour),
        ),
        (
            "The plain spectrogram",
            "Which pitches sound when, all evenly spaced. Brighter is louder.",
            plots.spectrogram(*stft_overview(clip), clip.duration_s),
        ),
        (
            "As the ear spaces it",
            "The same with pitches spaced as the ear does: more room for the low "
            "ones, where most of the music is.",
            plots.spectrogram(*mel_overview(clip), clip.duration_s),
        ),
    )
    for column, (title, about, figure) in zip(st.columns(3), pictures, strict=True):
        with column:
            st.markdown(f"**{title}**", help=about)
            figure.update_layout(height=210)
            st.plotly_chart(figure, config=STILL, key=f"clip_{title}", alt=f"{title} of the clip")


def _show_faults(music: Listing) -> None:
    st.subheader("Damaged and duplicate files")
    if music.data == BUILT_IN:
        st.caption("The built-in music has none: Earmark plays every track itself, and no two are the same.")
        return
    st.caption("Such files are found before every training and left out. Here you see which.")
    checked = train_state().faults
    if st.button(
        "Check again" if music.data in checked else "Check every recording",
        icon=":material/fact_check:",
        key="check",
    ):
        progress = st.progress(0.0, "Listening")
        try:
            for n_done, count in listing.check(music.data):
                progress.progress(n_done / count, f"{n_done} of {count} recordings")
            checked[music.data] = listing.faults(music.data)
        except (DataError, OSError) as error:
            st.error(escaped(error_sentence(error)), icon=":material/error:")
            return
        st.rerun()
    faults = checked.get(music.data)
    if faults is None:
        return
    if not faults:
        st.success("Every recording can be used.", icon=":material/check:")
        return
    st.dataframe(
        [{"Recording": name, "Why it is left out": reason} for name, reason in faults],
        hide_index=True,
        key="faults",
        alt="Recordings that are left out, and why",
    )

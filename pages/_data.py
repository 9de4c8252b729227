"""The step Data: which music is learnt from, how much of it there is, how it sounds and looks."""

import streamlit as st

from genre import listing, plots, plots_training
from genre.audio import AudioError, Clip
from genre.dataset import BUILT_IN, DataError
from genre.failure import explain
from genre.home import data_folder, home
from genre.listing import Listing
from genre.names import spoken
from genre.overview import envelope, mel_picture, stft_picture
from pages._shared import STILL, escaped

CHOICES = {
    "builtin": "The built-in music", "gtzan": "GTZAN, which lies on this machine",
    "folder": "A folder of mine",
}  # fmt: skip
SHOWN_S = 30.0


def chosen_data() -> str:
    """What the visitor wants to learn from: "builtin" or a folder, "" if none is named yet."""
    match st.session_state.get("data_choice", "builtin"):
        case "gtzan":
            return str(data_folder() / "gtzan")
        case "folder":
            return st.session_state.get("data_folder", "").strip()
        case _:
            return BUILT_IN


def in_words(data: str) -> str:
    return "the built-in music" if data == BUILT_IN else data


def listing_of(data: str) -> Listing:
    """Raises DataError."""
    return _listing(data, str(home()))


@st.cache_data(ttl=30, show_spinner="Looking through the folder", max_entries=8)
def _listing(data: str, of: str) -> Listing:
    return listing.look(data)


def choose_data() -> Listing | None:
    """The choice of music -> what lies there, or None with the reason shown."""
    choices = [c for c in CHOICES if c != "gtzan" or (data_folder() / "gtzan").is_dir()]
    st.radio(
        "Music to learn from", choices, format_func=CHOICES.get, key="data_choice", horizontal=True,
        persist_state="session",
        help="The built-in music is played by Earmark's own synthesiser, ten styles with thirty "
        "pieces each, so that everything works without a download. It is easier than real music.",
    )  # fmt: skip
    if st.session_state.data_choice == "folder":
        st.text_input(
            "Folder", key="data_folder", persist_state="session", placeholder="/home/me/music",
            help="On the machine that runs Earmark. It holds one sub-folder for each genre, with "
            "recordings in each; GTZAN's and Kaggle's archives are understood as they are.",
        )  # fmt: skip
        if not chosen_data():
            st.info("Type the path of a folder that holds one sub-folder for each genre.",
                    icon=":material/folder:")  # fmt: skip
            return None
    try:
        return listing_of(chosen_data())
    except (DataError, OSError) as error:
        st.error(escaped(explain(error)), icon=":material/error:")
        return None


def show_data() -> None:
    found = choose_data()
    if found is None:
        return
    st.subheader(f"{found.count} tracks in {len(found.by_genre)} genres")
    counts = {genre: len(tracks) for genre, tracks in found.by_genre.items()}
    st.plotly_chart(
        plots_training.tracks_of_each_genre(counts), config=STILL, key="counts",
        alt="Tracks of each genre: " + ", ".join(f"{g} {n}" for g, n in counts.items()),
    )  # fmt: skip
    if found.to_play:
        st.caption(f"{found.to_play} of the pieces are not on disk yet: they are played when a "
                   "training first wants them, which takes some minutes.")  # fmt: skip
    if found.kinds:
        st.caption(f"{found.recordings} of the tracks can be heard; of the others there are "
                   "ready-made spectrograms only.")  # fmt: skip
    _one_clip(found)
    _faults(found)


def _one_clip(found: Listing) -> None:
    st.subheader("One clip of a genre")
    genre = st.pills(
        "Genre", list(found.by_genre), default=next(iter(found.by_genre)), required=True,
        format_func=lambda name: spoken(name).capitalize(), key="clip_genre",
        label_visibility="collapsed",
    )  # fmt: skip
    tracks = found.by_genre[genre]
    place = st.session_state.get("clip_number", 0) % len(tracks)
    try:
        clip = _clip(found.data, tracks[place], str(home()))
    except (DataError, AudioError, OSError) as error:
        st.info(escaped(explain(error)), icon=":material/music_off:")
    else:
        _show_clip(clip, tracks[place], plots.COLOURS.get(genre, plots.QUIET))
    if len(tracks) > 1 and st.button("Another one", icon=":material/skip_next:"):
        st.session_state.clip_number = place + 1
        st.rerun()


@st.cache_data(show_spinner="Playing", max_entries=12)
def _clip(data: str, track: str, of: str) -> Clip:
    clip = listing.sound_of(data, track)
    return clip.trimmed(0.0, min(SHOWN_S, clip.duration_s))


def _show_clip(clip: Clip, name: str, colour: str) -> None:
    st.text(name)
    st.audio(clip.to_wav(), format="audio/wav")
    pictures = (
        ("The wave", "How the air moves, moment by moment.",
         plots.waveform(*envelope(clip), clip.duration_s, colour)),
        ("STFT", "Which pitches sound when, all evenly spaced. Brighter is louder.",
         plots.spectrogram(*stft_picture(clip), clip.duration_s)),
        ("Mel-spectrogram", "The same with pitches spaced as the ear does: more room for the low "
         "ones, where most of the music is.",
         plots.spectrogram(*mel_picture(clip), clip.duration_s)),
    )  # fmt: skip
    for column, (title, words, figure) in zip(st.columns(3), pictures, strict=True):
        with column:
            st.markdown(f"**{title}**", help=words)
            figure.update_layout(height=210)
            st.plotly_chart(figure, config=STILL, key=f"clip_{title}", alt=f"{title} of the clip")


def _faults(found: Listing) -> None:
    st.subheader("Damaged and duplicate files")
    if found.data == BUILT_IN:
        st.caption("The built-in music has none: Earmark plays every piece itself, and each is "
                   "another one.")  # fmt: skip
        return
    st.caption("Such files are found before every training and left out. Here you see which.")
    checked = st.session_state.setdefault("checked_data", {})
    if st.button("Check again" if found.data in checked else "Check every recording",
                 icon=":material/fact_check:", key="check"):  # fmt: skip
        progress = st.progress(0.0, "Listening")
        try:
            for done, count in listing.check(found.data):
                progress.progress(done / count, f"{done} of {count} recordings")
            checked[found.data] = listing.faults(found.data)
        except (DataError, OSError) as error:
            st.error(escaped(explain(error)), icon=":material/error:")
            return
        st.rerun()
    faults = checked.get(found.data)
    if faults is None:
        return
    if not faults:
        st.success("Every recording can be used.", icon=":material/check:")
        return
    st.dataframe(
        [{"Recording": name, "Why it is left out": why} for name, why in faults], hide_index=True,
        key="faults", alt="Recordings that are left out, and why",
    )  # fmt: skip

"""One prediction in full: the genre, how sure, how it changes, and what the sound looks like."""

from collections.abc import Callable

import streamlit as st

from genre import GENRES
from genre.audio.clip import EXCERPT_S, AudioError
from genre.audio.loudness import is_silent
from genre.audio.overview import mel_overview
from genre.inference.classifier import SPEECH, Prediction
from genre.inference.session import MAX_SOUND_S, OTHER, Session, SessionClip
from genre.models.cards import ArtefactError
from genre.plots import prediction as plots
from genre.text import genre_name, shorten
from pages.listening.answer.description import show_description
from pages.listening.answer.marks import (
    answer_html,
    bars_html,
    genres_over_time,
    moments_html,
    recording_message,
)
from pages.listening.answer.share_card import share_card
from pages.listening.closer_look import show_closer_look
from pages.listening.examples import label_of, recording_of
from pages.listening.figures import once
from pages.listening.model_card import track_record
from pages.listening.player.component import mount_player, player_picture
from pages.listening.predict import classify
from pages.shared.flash import set_flash, show_flash
from pages.shared.models import chosen_model, is_taught_by_synthesiser
from pages.shared.style import ANSWER
from pages.shared.widgets import STILL, download_button

CALIBRATED = (
    "The genres share 100 %, even if the music is none of them. How often such an answer was right on songs "
    "of other people is counted above."
)
UNCALIBRATED = (
    "As the chosen model says it. Whether it is right as often as that, nobody has measured. "
    "The genres share 100 %, even if the music is none of them."
)
MAX_PLAYED = 48  # characters of the name of what was played, for a room
SYNTHETIC = (
    ":material/piano: This model has learnt from Earmark's synthesiser alone: take its answer to real music "
    "for a guess."
)
SOURCES = {
    "recording": "recorded here",
    "upload": "uploaded",
    "example": "an example",
    "generated": "made on the Generate page",
}
HOW_TO_REPLAY = {
    "recording": "Its answer stays; it can be heard no more.",
    "upload": "Upload it again to hear and see it.",
    "example": "Press its button again to hear and see it.",
    "generated": "Open it again from the Generate page to hear and see it.",
}


def show_prediction(
    result: SessionClip, session: Session, on_delete: Callable[[str], None], starts_itself: bool = False
) -> None:
    """Show one of the predictions; `on_delete` gets its id when the visitor wants it deleted.

    Its sound starts by itself on demand, where the browser lets it.
    """
    is_quiet = result.sound is not None and once(result, "silent", lambda: is_silent(result.clip().samples))
    with st.container(border=True, key="answer"):
        prediction = result.prediction
        if prediction is None:
            st.error(result.error or "", icon=":material/error:")
            _show_heading(result)
        else:
            _show_answer(result, prediction)
            if result.sound and not is_quiet:
                with st.container(key="answer_sound"):
                    st.audio(once(result, "sound", lambda: result.wav), format="audio/wav")
            if prediction.genre:
                st.html(bars_html(prediction))
                for caption in _doubts(prediction):
                    st.caption(caption)
                if record := track_record(chosen_model(), prediction.confident):
                    st.markdown(f":small[{record.sentence} [How good is this model?](#how-good)]")
            _show_heading(result)
            if prediction.genre:
                _show_all_genres(result, prediction)
                if result.sound:
                    _offer_share_card(result, prediction)
            if _is_playable(result) and not is_quiet:
                _show_picture(result, prediction, starts_itself)
            if prediction.genre:
                show_description(prediction, result.begin_s)
            if result.sound and not is_quiet:  # there is something to look into and to improve
                show_closer_look(result, session)
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        if result.full_prediction and not is_quiet:
            with left:
                _show_correction(result, result.full_prediction)
        right.button(
            "Delete",
            key=f"delete_{result.id}",
            icon=":material/delete:",
            width="stretch",
            on_click=on_delete,
            args=(result.id,),
            help="Removes this clip from the page and from Earmark's memory.",
        )
        if result.correction:  # below both, which stay level
            st.caption("Your word stands beside Earmark's, at the top of this answer.")


def _show_heading(result: SessionClip) -> None:
    st.text(result.name)  # text, not markdown: the name may be any file name
    if result.full_prediction is None:
        return
    duration_s = result.full_prediction.duration_s
    facts = [SOURCES[result.source]]
    facts.append(f"{plots.clock(duration_s)} long" if duration_s >= 1 else "less than a second long")
    if result.sound and len(result.sound.starts) > 1:
        facts.append(f"so Earmark listened to {len(result.sound.starts)} excerpts of {EXCERPT_S} s")
    if result.part:
        facts.append(f"judged from {plots.clock(result.part[0])} to {plots.clock(result.part[1])}")
    text = ", ".join(facts)
    song = recording_of(result)
    source = f" It comes from [its publisher's page]({song.source_url})." if song else ""
    st.caption(f"{text[0].upper()}{text[1:]}.{source}")


def _played(result: SessionClip) -> str:
    """Say in a few words what was played, for a room."""
    if result.source == "recording":
        return "Your recording"
    song = recording_of(result)
    return shorten(song.title if song else result.name, MAX_PLAYED)


def _their_word(result: SessionClip) -> str:
    """What the visitor says it is, in a sentence; empty where nothing was said."""
    if not result.correction:
        return ""
    if result.prediction and result.prediction.genre == result.correction:
        return "You say the same."
    return f"You say: {correction_label(result.correction).lower()}."


def _show_answer(result: SessionClip, prediction: Prediction) -> None:
    """Show the genre as the largest thing on the page, and how sure it is."""
    if prediction.genre:
        # All answers that are less than sure are one row of the test: no figure for any one of them.
        record = track_record(chosen_model(), True) if prediction.confident else None
        note = _their_word(result) or label_of(result)
        st.html(ANSWER + answer_html(prediction, note, _played(result), record.summary if record else ""))
    else:
        message = prediction.message
        message = recording_message(message) if result.source == "recording" else message
        if message == SPEECH:
            message += " It takes some rap with little music for speech, too."
        st.info(f"{message} {_their_word(result)}".rstrip(), icon=":material/music_off:")


def _doubts(prediction: Prediction) -> list[str]:
    """Say why the answer may be wrong, where that is known."""
    reasons = [SYNTHETIC] if is_taught_by_synthesiser() else []
    return [*reasons, prediction.uncertainty_reason] if prediction.uncertainty_reason else reasons


def _offer_share_card(result: SessionClip, prediction: Prediction) -> None:
    download_button(
        "Save this answer as a picture",
        lambda: once(result, "card", lambda: share_card(prediction, mel_overview(result.clip())[0])),
        "earmark.png",
        "image/png",
        key=f"card_{result.id}",
        icon=":material/image:",
        help="The genre, the likeliest three and the spectrogram, to pass on. The clip's name is not on it.",
    )


def _show_all_genres(result: SessionClip, prediction: Prediction) -> None:
    genre, n_genres = genre_name(prediction.genre or ""), len(prediction.probabilities)
    count = "ten" if n_genres == 10 else str(n_genres)
    label = f"All {count} genres, and moment by moment"
    with st.expander(label, icon=":material/bar_chart:", key="all_genres"):
        probability = plots.percent(prediction.probabilities[prediction.genre or ""])
        st.plotly_chart(
            once(result, "bars", lambda: plots.probability_bars(prediction.probabilities)),
            config=STILL,
            key="bars",
            alt=f"Probabilities of {n_genres} genres; {genre} leads with {probability}",
        )
        st.caption(UNCALIBRATED if chosen_model() else CALIBRATED)
        st.markdown("**Moment by moment**")
        st.html(once(result, "table", lambda: moments_html(genres_over_time(prediction, result.begin_s))))


def _is_playable(result: SessionClip) -> bool:
    """Whether the clip's sound is there; else the reason is on the page."""
    if result.sound is None:
        st.caption(
            f"Earmark keeps the sound of the latest {MAX_SOUND_S // 60} minutes only, and this clip is "
            f"older. {HOW_TO_REPLAY[result.source]}"
        )
    return result.sound is not None


def _show_picture(result: SessionClip, prediction: Prediction, starts_itself: bool) -> None:
    """Show waveform, genre over time and spectrogram on one axis, and the choice of a part."""
    st.markdown(
        "**Over time**",
        help="How loud it is, which genre it sounds like at each moment, and what the model sees: a "
        "mel-spectrogram, in which pitch rises upwards as the ear spaces it and brighter is louder. Drums "
        "are upright lines, held notes level ones. Click to hear it from there.",
    )
    mount_player(
        once(result, "picture", lambda: player_picture(result.id, result.clip(), prediction, result.begin_s)),
        starts_itself,
    )
    _show_part_slider(result)


def _show_part_slider(result: SessionClip) -> None:
    """Show a range slider: the prediction is then that of this part only."""
    if result.sound is None or len(result.sound.starts) > 1 or result.max_part_s < 2:
        return
    key = f"part_{result.id}"

    def classify_part() -> None:
        start_s, end_s = st.session_state[key]
        try:
            result.classify_part(start_s, end_s, classify)
        except (AudioError, ArtefactError) as error:
            set_flash("part", str(error), "warning")

    whole = (0.0, result.max_part_s)
    st.slider(
        "Listen to this part only",
        *whole,
        result.part or whole,
        0.1,
        format="%.1f s",
        key=key,
        on_change=classify_part,
    )
    show_flash("part")


def _show_correction(result: SessionClip, prediction: Prediction) -> None:
    """Show the genre according to the visitor; it stays for the visit and is exported."""
    key = f"correction_{result.id}"

    def store() -> None:
        result.correction = st.session_state[key]

    genres = prediction.probabilities or GENRES
    choices = list(dict.fromkeys((*genres, result.correction or OTHER, OTHER)))
    st.session_state.setdefault(key, result.correction)
    st.selectbox(
        "Did Earmark get it wrong?",
        choices,
        index=None,  # a preselected one could not be taken back
        format_func=correction_label,
        placeholder="Choose the right genre",
        key=key,
        on_change=store,
        help="Your word is kept for this visit and written into the downloads.",
    )


def correction_label(correction: str) -> str:
    """Write a correction as the page does."""
    return "None of these" if correction == OTHER else genre_name(correction).capitalize()

"""A closer look at one prediction: why, more beautiful, what sounds like it. It is computed on request."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import plotly.graph_objects as go
import streamlit as st

from genre.audio.clip import Clip
from genre.inference.classifier import Prediction
from genre.inference.session import Session, SessionClip
from genre.models.cards import ArtefactError
from genre.plots import prediction as plots
from genre.text import genre_name
from pages.library.neighbours import show_library_neighbours
from pages.listening.figures import once
from pages.listening.state import listen_state
from pages.shared.models import current_classifier
from pages.shared.turns import visitor_turn
from pages.shared.widgets import STILL, download_button

if TYPE_CHECKING:
    from streamlit.elements.lib.mutable_expander_container import ExpanderContainer

    from genre.audio.enhance import Enhanced
    from genre.inference.classifier import Classifier
    from genre.inference.explain import Explanation

Result = TypeVar("Result")

WHY, BEAUTIFUL, ALIKE = "why", "beautiful", "alike"
TITLES = {
    WHY: "**Why this genre?** See and hear what spoke for it",
    BEAUTIFUL: "**Clean up the sound.** Hear it before and after",
    ALIKE: "**Find similar music.** Which of your clips are alike",
}
ICONS = {WHY: ":material/lightbulb:", BEAUTIFUL: ":material/auto_awesome:", ALIKE: ":material/hub:"}
RANGES = (
    "the deep notes: bass and kick drum",
    "the middle: voices and most instruments",
    "the bright top: cymbals, edges of strings and consonants",
)
N_NEIGHBOURS = 3


def show_closer_look(result: SessionClip, session: Session) -> None:
    """Offer the closer looks that a clip with sound allows, each behind its title, and show the open ones."""
    prediction = result.prediction
    st.markdown("**Look closer**")
    if prediction and prediction.genre and (look := _opened(WHY, result)):
        with look:
            _with_model(lambda classifier: _show_explanation(result, prediction, classifier))
    if look := _opened(BEAUTIFUL, result):
        with look:
            _show_enhanced(result)
    if prediction and prediction.genre and (look := _opened(ALIKE, result)):
        with look:
            _with_model(lambda classifier: _show_alike(result, session, classifier))


def look_key(look: str, id_: str) -> str:
    """Return the key of one of the looks at a clip, whose value is whether it is open."""
    return f"closer_{look}_{id_}"


def _opened(look: str, result: SessionClip) -> "ExpanderContainer | None":
    """Show the title of a look -> where its content goes, once it is open."""
    box = st.expander(TITLES[look], icon=ICONS[look], key=look_key(look, result.id), on_change="rerun")
    return box if box.open else None


def _with_model(show: "Callable[[Classifier], None]") -> None:
    """Show what needs the model, or why there is none."""
    try:
        classifier = current_classifier()
    except ArtefactError as error:  # its files were damaged since
        st.error(str(error), icon=":material/error:")
        return
    show(classifier)


def _show_alike(result: SessionClip, session: Session, classifier: "Classifier") -> None:
    _show_neighbours(result, session, classifier)
    neighbours = listen_state().neighbours
    show_library_neighbours(neighbours and neighbours[1].embeddings.get(result.id))


def _reuse(latest: tuple[tuple, Result] | None, key: tuple, compute: Callable[[], Result]) -> Result:
    """Return the latest result, unless something that it depends on, the `key`, has changed."""
    if latest is not None and latest[0] == key:
        return latest[1]
    with st.spinner("Looking closer"), visitor_turn():
        return compute()


def _show_explanation(result: SessionClip, prediction: Prediction, classifier: "Classifier") -> None:
    state, probabilities = listen_state(), prediction.probabilities
    genre = st.selectbox(
        "What speaks for",
        sorted(probabilities, key=lambda name: -probabilities[name]),
        key=f"why_{result.id}",
        format_func=lambda name: f"{genre_name(name)} ({plots.percent(probabilities[name])})",
    )
    key = (result.id, result.part, genre, classifier)
    explained = _reuse(state.explanation, key, lambda: _explain(result, genre, classifier))
    state.explanation = (key, explained)
    explanation, figure, best_part = explained
    sentence, details = _explanation_text(explanation, result.begin_s)
    st.markdown(sentence, help=details)
    st.plotly_chart(
        figure,
        config=STILL,
        key="why_picture",
        alt=f"Mel-spectrogram with what speaks for {genre_name(genre)} bright",
    )
    st.markdown(f"**The part that sounded most like {genre_name(genre)}**")
    st.audio(best_part, format="audio/wav")


def _explain(
    result: SessionClip, genre: str, classifier: "Classifier"
) -> "tuple[Explanation, go.Figure, bytes]":
    """Explain a prediction -> (the explanation, its picture, the part that sounded most like it as WAV)."""
    from genre.audio.overview import mel_overview
    from genre.inference.explain import explain

    clip = result.clip()
    explanation = explain(classifier, clip, genre)
    overview = mel_overview(clip.trimmed(*explanation.part))
    figure = plots.why_spectrogram(*overview, explanation, result.begin_s)
    return explanation, figure, clip.trimmed(*explanation.best_span).to_wav()


def _explanation_text(explanation: "Explanation", begin_s: float) -> tuple[str, str]:
    """Explain in a short sentence, and in what stands behind it.

    Times are those of the recording, in which the clip begins at begin_s.
    """
    band_shares = explanation.band_shares()
    first_s, last_s = (plots.clock(begin_s + edge) for edge in explanation.best_span)
    where = f", above all in {RANGES[max(range(3), key=lambda k: band_shares[k])]}" if band_shares else ""
    name = genre_name(explanation.genre)
    details = (
        f"The rest is dimmed. Deep notes are below 250 Hz, bright ones above 2 kHz. The frame, {first_s} to "
        f"{last_s}, is where it sounded most like {name}."
    )
    if explanation.part[0] > 0:
        details += f" The half minute from {plots.clock(begin_s + explanation.part[0])} is shown."
    return f"What is bright spoke for {name}{where}.", details


def _show_enhanced(result: SessionClip) -> None:
    state, key = listen_state(), (result.id, result.part)
    enhancement = _reuse(state.enhancement, key, lambda: _enhance(result.clip()))
    state.enhancement = (key, enhancement)
    enhanced, sound = enhancement
    before, after = enhanced.before, enhanced.after
    if not math.isfinite(before.loudness):
        st.caption("There is only silence here: nothing to make more beautiful.")
        return
    left, right = st.columns(2)
    with left:
        st.markdown("**Before**")
        st.audio(once(result, "sound", lambda: result.wav), format="audio/wav")
    with right:
        st.markdown("**After**")
        st.audio(sound, format="audio/wav")
    change = _loudness_change(after.loudness - before.loudness)
    reduction_db = before.noise_db - after.noise_db
    noise = f"background noise {reduction_db:.0f} dB lower" if reduction_db >= 0.5 else "no noise to remove"
    st.caption(
        f"{noise[0].upper() + noise[1:]}, {change}, and nothing is clipped.",
        help="The tone is led gently towards that of produced music, by 4 dB at most. In mono and up to 11 "
        "kHz, as Earmark hears it."
        + (" The excerpts follow one another." if enhanced.clip.excerpted else "")
        + f" Loudness as broadcasters measure it: {before.loudness:.1f} LUFS became {after.loudness:.1f}. "
        f"The highest peak is {-after.peak_db:.1f} dB below the most there can be.",
    )
    download_button("Download", sound, "earmark-more-beautiful.wav", "audio/wav", key="enhanced_download")


def _enhance(clip: Clip) -> "tuple[Enhanced, bytes]":
    """Enhance a clip -> (the enhanced clip, the same as WAV)."""
    from genre.audio.enhance import enhance

    enhanced = enhance(clip)
    return enhanced, enhanced.clip.to_wav()


def _loudness_change(by_db: float) -> str:
    if abs(by_db) < 0.5:
        return "as loud as before"
    return f"{abs(by_db):.0f} dB {'louder' if by_db > 0 else 'softer'}"


def _show_neighbours(result: SessionClip, session: Session, classifier: "Classifier") -> None:
    from genre.inference.similarity import NeighbourIndex, embed_clip

    state = listen_state()
    if state.neighbours is None or state.neighbours[0] is not classifier:
        state.neighbours = (classifier, NeighbourIndex())
    index = state.neighbours[1]
    index.retain({other.id for other in session})
    new = [
        (other.id, other.sound)
        for other in session
        if other.id not in index and other.sound and other.full_prediction and other.full_prediction.genre
    ]
    if new:
        with st.spinner("Comparing your clips"), visitor_turn():
            for id_, sound in new:
                index.add(id_, embed_clip(classifier, sound.clip()))
    if result.id not in index:
        st.info(
            "Earmark hears no music in the whole clip, and so it finds no clip like it.",
            icon=":material/library_music:",
        )
        return
    nearest = index.nearest(result.id, N_NEIGHBOURS)
    if not nearest:
        st.info(
            "Play a second clip with music: then Earmark can say which of yours are alike.",
            icon=":material/library_music:",
        )
        return
    st.caption("Your own clips, the most alike first.")
    for rank, neighbour in enumerate(nearest, 1):
        other = session.get(neighbour.id)
        if other is None:
            continue
        genre = (other.prediction and other.prediction.genre) or "no music"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(str(rank), color="gray")
            st.text(other.name, width="stretch")
            st.caption(genre_name(genre).capitalize(), width="content")
        if other.sound:
            st.audio(other.sound.wav, format="audio/wav")

"""A closer look at one answer, when it is asked for: why, more beautiful, what sounds like it."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from genre import plots
from genre.answers import Answer, Answers
from genre.audio import Clip
from genre.cards import ArtefactError
from genre.names import spoken
from pages._shared import STILL

if TYPE_CHECKING:
    from genre.beautify import Beautified
    from genre.classifier import Classifier
    from genre.explain import Explanation

WHY, BEAUTIFUL, ALIKE = "Why?", "More beautiful", "Sounds like"
ICONS = {WHY: ":material/lightbulb:", BEAUTIFUL: ":material/auto_awesome:", ALIKE: ":material/hub:"}
RANGES = (
    "the deep notes below 250 Hz, where bass and kick drum are",
    "the middle, from 250 Hz to 2 kHz, where voices and most instruments are",
    "the bright top above 2 kHz, where cymbals, strings' edges and consonants are",
)  # fmt: skip
NEAREST = 3


def look_closer(answer: Answer, answers: Answers, clip: Clip, ear: Callable[[], "Classifier"]) -> None:
    """Offer what can be told of the answer; nothing is worked out before one is chosen."""
    offered = [BEAUTIFUL]
    if answer.verdict.genre:
        offered = [WHY, BEAUTIFUL, ALIKE]
    chosen = st.segmented_control(
        "Look closer", offered, key=f"closer_{answer.id}",
        format_func=lambda choice: f"{ICONS[choice]} {choice}",
    )  # fmt: skip
    if chosen == BEAUTIFUL:
        _beautiful(answer, clip)
    elif chosen:
        try:
            classifier = ear()
        except ArtefactError as error:  # its files were damaged since
            st.error(str(error), icon=":material/error:")
            return
        if chosen == WHY:
            _why(answer, clip, classifier)
        else:
            _alike(answer, answers, classifier)


def forget_closer_looks() -> None:
    """With the clip goes all that was made of it."""
    for what in ("why", "beautiful", "neighbourhood"):
        st.session_state.pop(what, None)


def _kept(what: str, key: tuple, make: Callable[[], object]) -> object:
    """The latest result of a kind: it stays while nothing it depends on changes."""
    kept = st.session_state.get(what)
    if kept is None or kept[0] != key:
        with st.spinner("A moment"):
            kept = st.session_state[what] = (key, make())
    return kept[1]


def _why(answer: Answer, clip: Clip, classifier: "Classifier") -> None:
    from genre.explain import explain
    from genre.overview import mel_picture

    likely = answer.verdict.probabilities
    genre = st.selectbox(
        "What speaks for", sorted(likely, key=likely.get, reverse=True), key=f"why_{answer.id}",
        format_func=lambda name: f"{spoken(name)} ({plots.percent(likely[name])})",
    )  # fmt: skip
    key = (answer.id, answer.part, genre, classifier)
    explanation: Explanation = _kept("why", key, lambda: explain(classifier, clip, genre))
    st.markdown(_in_words(explanation, answer.begin_s))
    st.plotly_chart(
        plots.why_spectrogram(*mel_picture(clip.trimmed(*explanation.part)), explanation, answer.begin_s),
        config=STILL, key="why_picture", alt=f"Mel-spectrogram with what speaks for {spoken(genre)} bright",
    )  # fmt: skip
    first_s, last_s = explanation.best_span
    st.markdown(f"**The part that sounded most like {spoken(genre)}**")
    st.audio(clip.trimmed(first_s, last_s).to_wav(), format="audio/wav")


def _in_words(explanation: "Explanation", begin_s: float) -> str:
    """Times are those of the recording, in which the clip begins at begin_s."""
    shares = explanation.shares()
    first_s, last_s = (plots.clock(begin_s + edge) for edge in explanation.best_span)
    where = f" Most of it lies in {RANGES[max(range(3), key=lambda k: shares[k])]}." if shares else ""
    about = ""
    if explanation.part[0] > 0:
        about = f"The half minute from {plots.clock(begin_s + explanation.part[0])} is shown. "
    return (
        f"{about}What is bright spoke for {spoken(explanation.genre)}; the rest is dimmed.{where} "
        f"The frame, {first_s} to {last_s}, is where it sounded most like it."
    )


def _beautiful(answer: Answer, clip: Clip) -> None:
    from genre.beautify import beautify

    better: Beautified = _kept("beautiful", (answer.id, answer.part), lambda: beautify(clip))
    before, after = better.before, better.after
    if not math.isfinite(before.loudness):
        st.caption("There is only silence here: nothing to make more beautiful.")
        return
    left, right = st.columns(2)
    with left:
        st.markdown("**Before**")
        st.audio(clip.to_wav(), format="audio/wav")
    sound = better.clip.to_wav()
    with right:
        st.markdown("**After**")
        st.audio(sound, format="audio/wav")
    quieter = before.noise_db - after.noise_db
    noise = f"background noise {quieter:.0f} dB lower" if quieter >= 0.5 else "no noise to remove"
    st.caption(
        f"{noise[0].upper() + noise[1:]}, {_louder(after.loudness - before.loudness)}, and nothing is "
        "clipped. The tone is led gently towards that of produced music, by 4 dB at most. In mono and up to "
        "11 kHz, as we hear it." + (" The excerpts follow one another." if clip.excerpted else ""),
        help=f"Loudness as broadcasters measure it: {before.loudness:.1f} LUFS became {after.loudness:.1f}. "
        f"The highest peak is {-after.peak_db:.1f} dB below the most there can be.",
    )
    st.download_button("Download", sound, "earmark-more-beautiful.wav", "audio/wav",
                       icon=":material/download:", on_click="ignore")  # fmt: skip


def _louder(by_db: float) -> str:
    if abs(by_db) < 0.5:
        return "as loud as before"
    return f"{abs(by_db):.0f} dB {'louder' if by_db > 0 else 'softer'}"


def _alike(answer: Answer, answers: Answers, classifier: "Classifier") -> None:
    from genre.neighbours import Neighbourhood, embedding

    kept = st.session_state.get("neighbourhood")
    if kept is None or kept[0] is not classifier:
        kept = st.session_state.neighbourhood = (classifier, Neighbourhood())
    around: Neighbourhood = kept[1]
    around.keep_only({other.id for other in answers})
    new = [
        other for other in answers
        if other.id not in around and other.sound and other.whole and other.whole.genre
    ]  # fmt: skip
    if new:
        with st.spinner("Comparing your clips"):
            for other in new:
                around.add(other.id, embedding(classifier, other.sound.clip()))
    nearest = around.nearest(answer.id, NEAREST) if answer.id in around else []
    if not nearest and answer.id not in around:
        st.info("The clip as a whole is not music to us: what sounds like it is told of whole clips only.",
                icon=":material/library_music:")  # fmt: skip
        return
    if not nearest:
        st.info("Play us a second clip with music: then we can say which of yours are alike.",
                icon=":material/library_music:")  # fmt: skip
        return
    st.caption("Of your own clips, the nearest by how our ear hears them, the most alike first.")
    for place, neighbour in enumerate(nearest, 1):
        other = answers.get(neighbour.id)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(str(place), color="gray")
            st.text(other.name, width="stretch")
            st.caption(spoken(other.verdict.genre or "no music").capitalize(), width="content")
        if other.sound:
            st.audio(other.sound.wav, format="audio/wav")

"""One answer in full: the genre, how sure, how it changes, and what the sound looks like."""

from collections.abc import Callable

import streamlit as st

from genre import GENRES, plots
from genre.answers import KEPT_SOUND_S, OTHER, Answer, Answers, Classify
from genre.audio import EXCERPT_S, AudioError, Clip
from genre.cards import ArtefactError
from genre.classifier import Classifier
from genre.names import spoken
from genre.overview import envelope, mel_picture
from pages._closer import look_closer
from pages._ear import chosen_ear
from pages._shared import STILL

CALIBRATED = ("Of a hundred clips that we were this sure about, we expect to name about this many correctly. "
              "The genres share 100 %, even if the music is none of them.")  # fmt: skip
PROMOTED = ("As the chosen model says it. Whether it is right as often as that, nobody has measured. "
            "The genres share 100 %, even if the music is none of them.")  # fmt: skip
SOURCES = {
    "recording": "recorded here", "upload": "uploaded", "example": "played by our synthesiser",
}  # fmt: skip

BACK = {
    "recording": "Its answer stays; it can be heard no more.",
    "upload": "Upload it again to hear and see it.",
    "example": "Press its button again to hear and see it.",
}  # fmt: skip


def show_answer(
    answer: Answer, answers: Answers, ear: Callable[[], Classifier], delete: Callable[[], None]
) -> None:
    """Show one of the answers; `delete` is called when the visitor wants it deleted."""
    with st.container(border=True):
        _heading(answer)
        if answer.error:
            st.error(answer.error, icon=":material/error:")
        else:
            _verdict(answer)
            if clip := _kept_clip(answer):
                look_closer(answer, answers, clip, ear)
                _sound(answer, clip, lambda part: ear().classify(part))
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        if answer.whole:
            with left:
                _correction(answer)
        right.button(
            "Delete", key=f"delete_{answer.id}", icon=":material/delete:", width="stretch", on_click=delete,
            help="Removes this clip from the page and from our memory.",
        )  # fmt: skip


def _heading(answer: Answer) -> None:
    st.text(answer.name)  # not markdown: it is whatever the file was called
    if answer.error:
        return
    length = answer.whole.duration_s
    facts = [SOURCES[answer.source]]
    facts.append(f"{plots.clock(length)} long" if length >= 1 else "less than a second long")
    if answer.sound and len(answer.sound.starts) > 1:
        facts.append(f"so we listened to {len(answer.sound.starts)} excerpts of {EXCERPT_S} s")
    if answer.part:
        facts.append(f"judged from {plots.clock(answer.part[0])} to {plots.clock(answer.part[1])}")
    st.caption(", ".join(facts).capitalize() + ".")


def _verdict(answer: Answer) -> None:
    verdict = answer.verdict
    if verdict.genre is None:
        st.info(verdict.message, icon=":material/music_off:")
        return
    probability = plots.percent(verdict.probabilities[verdict.genre])
    with st.container(horizontal=True, gap="large"):
        st.metric(
            "This sounds like" if verdict.confident else "Not sure. Our best guess",
            spoken(verdict.genre).capitalize(), width="content",
        )  # fmt: skip
        st.metric(
            "Probability", probability, width="content",
            help=PROMOTED if chosen_ear() else CALIBRATED,
        )  # fmt: skip
    if verdict.doubt:
        st.caption(verdict.doubt)
    st.plotly_chart(
        plots.probability_bars(verdict.probabilities), config=STILL, key="bars",
        alt=f"Probabilities of {len(verdict.probabilities)} genres; {spoken(verdict.genre)} leads with "
        f"{probability}",
    )  # fmt: skip
    st.markdown(
        "**Through the piece**",
        help="The same probabilities, moment by moment, in the colours of the bars above.",
    )
    st.plotly_chart(
        plots.genre_over_time(
            verdict.times, verdict.over_time, tuple(verdict.probabilities), verdict.duration_s,
            answer.begin_s,
        ),
        config=STILL, key="over_time", alt="Genre probabilities over time",
    )  # fmt: skip


def _kept_clip(answer: Answer) -> Clip | None:
    clip = answer.clip()
    if clip is None:
        minutes = KEPT_SOUND_S // 60
        st.caption(f"We keep the sound of the latest {minutes} minutes only, and this clip is older. "
                   f"{BACK[answer.source]}")  # fmt: skip
    return clip


def _sound(answer: Answer, clip: Clip, classify: Classify) -> None:
    st.markdown("**The sound**")
    st.audio(clip.to_wav(), format="audio/wav")
    colour = plots.COLOURS.get(answer.verdict.genre, plots.QUIET)
    st.plotly_chart(
        plots.waveform(*envelope(clip), clip.duration_s, colour, answer.begin_s), config=STILL,
        key="waveform", alt="Waveform",
    )  # fmt: skip
    _part(answer, classify)
    st.markdown(
        "**What we look at**",
        help="A mel-spectrogram: time runs to the right, pitch upwards as the ear spaces it, and "
        "brighter is louder. Drums are upright lines, held notes level ones.",
    )
    st.plotly_chart(
        plots.spectrogram(*mel_picture(clip), clip.duration_s, answer.begin_s), config=STILL,
        key="spectrogram", alt="Mel-spectrogram",
    )  # fmt: skip


def _part(answer: Answer, classify: Classify) -> None:
    """A range slider: judge this part only."""
    if answer.sound is None or len(answer.sound.starts) > 1 or answer.longest_part_s < 2:
        return
    key = f"part_{answer.id}"

    def judge() -> None:
        try:
            answer.judge_part(*st.session_state[key], classify)
        except (AudioError, ArtefactError) as error:
            st.session_state.part_refused = str(error)

    whole = (0.0, answer.longest_part_s)
    st.slider(
        "Listen to this part only", *whole, answer.part or whole, 0.1, format="%.1f s",
        key=key, on_change=judge,
    )  # fmt: skip
    if refused := st.session_state.pop("part_refused", None):
        st.warning(refused)


def _correction(answer: Answer) -> None:
    """What the visitor says it is; kept for the visit and exported."""
    key = f"correction_{answer.id}"

    def keep() -> None:
        answer.correction = st.session_state[key]

    known = answer.whole.probabilities or GENRES
    choices = list(dict.fromkeys((*known, answer.correction or OTHER, OTHER)))
    st.session_state.setdefault(key, answer.correction)
    st.selectbox(
        "Did we get it wrong?", choices, index=None,  # with any other one nothing could be taken back
        format_func=correction_in_words, placeholder="Choose the right genre",
        key=key, on_change=keep,
        help="Your word is kept for this visit and written into the downloads.",
    )  # fmt: skip
    if answer.correction:
        st.caption(f"Noted: you say {correction_in_words(answer.correction)}. It goes into the downloads.")


def correction_in_words(correction: str) -> str:
    return "None of these" if correction == OTHER else spoken(correction).capitalize()

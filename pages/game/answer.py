"""The answer of a round: what it was, who was right, and what the machine heard."""

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from genre.plots import prediction as plots
from genre.plots.prediction import COLOURS, QUIET
from genre.text import percent
from pages.game.rooms import Room
from pages.game.rounds import GENERATED, REAL_MUSIC, option_label
from pages.game.state import ALONE
from pages.shared.play_button.component import play_with_button
from pages.shared.widgets import STILL, escaped

if TYPE_CHECKING:
    import plotly.graph_objects as go

ANSWER_COLOURS = {**COLOURS, REAL_MUSIC: "#1F9C9C", GENERATED: "#D65FA8"}
# (Material symbol, word) of an answer: right or wrong is never told by its colour alone.
VERDICTS = {True: ("check", "right"), False: ("close", "wrong"), None: ("remove", "open")}


def show_answer(room: Room, mode: str, wav: bytes, show_next: Callable[[], None]) -> None:
    """Show the answer of the round that is over; `show_next` shows the way on, above the reasons."""
    current, answer = room.round, room.machine.get(room.number)
    colour = ANSWER_COLOURS.get(current.truth, QUIET)
    st.html(
        f'<p class="game-truth" style="--truth:{colour}"><span>{escape(current.truth_from)}</span> '
        f"<b>{escape(option_label(current.truth).lower())}</b></p>"
    )
    st.caption(escaped(f"{current.credit}."))
    st.html(f'<div class="game-sides">{_people_html(room, mode)}{_rival_html(room, mode)}</div>')
    with st.container(horizontal=True, vertical_alignment="center", key="hear_again"):
        play_with_button(wav, "answer")
        show_next()
    if not answer:
        _show_picture(wav)
    left, right = st.columns(2)
    if mode != ALONE:
        with left, st.container(border=True, height="stretch", key="people_answer"):
            st.markdown("**How you voted**")
            tally = room.tally(room.number)
            total = max(1, sum(tally.values()))
            st.html(_bars({option: votes / total for option, votes in tally.items()}, tally))
    if answer:
        with (
            left if mode == ALONE else right,
            st.container(border=True, height="stretch", key="machine_bars"),
        ):
            st.markdown(f"**How sure the machine is, of these {len(answer.shares)}**")
            st.html(_bars(answer.shares))
            st.caption(
                "It has heard these ten seconds. On the Listen page it hears a whole clip, and knows ten."
            )
            if mode != ALONE:
                st.markdown(f":small[{escaped(answer.reasons[0])}]")
    if answer and mode == ALONE:
        with right, st.container(border=True, height="stretch", key="machine_reasons"):
            st.markdown("**What the machine hears**")
            for reason in answer.reasons:
                st.markdown(escaped(reason))


@st.cache_data(show_spinner=False, max_entries=4)
def _sound_picture(wav: bytes) -> "go.Figure":
    from genre.audio.clip import load_clip
    from genre.audio.overview import mel_overview

    clip = load_clip(wav)
    return plots.spectrogram(*mel_overview(clip), clip.duration_s)


def _show_picture(wav: bytes) -> None:
    """Show the sound of the round as a picture, with a line where it is heard."""
    with st.container(key="game_picture"):
        st.plotly_chart(
            _sound_picture(wav),
            config=STILL,
            key="game_spectrogram",
            alt="Spectrogram of the piece: time to the right, pitch upwards",
        )
        st.caption("What it looks like: time to the right, pitch upwards.")


def _people_html(room: Room, mode: str) -> str:
    choice, who = room.people_choice(room.number), "You" if mode == ALONE else "The room"
    if choice is None:
        return _side_html(f"{who} did not agree on one" if mode != ALONE else f"{who} did not say", None)
    return _side_html(f"{who}:", choice == room.round.truth, choice)


def _rival_html(room: Room, mode: str) -> str:
    """The machine's answer or, where none guesses, whether the generator has fooled people."""
    answer = room.machine.get(room.number)
    if answer:
        is_right = answer.choice == room.round.truth if answer.choice else None
        return _side_html(
            "The machine:" if answer.choice else "The machine hears no music", is_right, answer.choice
        )
    if GENERATED not in room.round.options:
        return _side_html("The machine did not answer", None)
    choice, truth = room.people_choice(room.number), room.round.truth
    if choice in (None, truth):
        return _side_html("No point for the generator", None if choice is None else False)
    whom = "You" if mode == ALONE else "Most of you"
    taken = "its piece for real music" if truth == GENERATED else "real music for its own"
    return _side_html(f"The generator: {whom.lower()} took {taken}", True)


def _side_html(words: str, is_right: bool | None, choice: str | None = None) -> str:
    """Write who said what, with a large tick or cross, and the point that it brings."""
    symbol, word = VERDICTS[is_right]
    named = (
        f' <b style="--genre:{ANSWER_COLOURS.get(choice, QUIET)}">{escape(option_label(choice))}</b>'
        if choice
        else ""
    )
    told = f"<small>{word}</small>" if choice else ""
    point = '<strong class="game-point">+1</strong>' if is_right else ""
    return (
        f'<div class="game-side game-{word}"><span class="game-mark" aria-hidden="true">{symbol}</span>'
        f"<p>{escape(words)}{named} {told}</p>{point}</div>"
    )


def _bars(shares: dict[str, float], counts: dict[str, int] | None = None) -> str:
    """Draw a bar for each answer, in HTML, with its share or its number of votes beside it."""
    rows = []
    for option, share in shares.items():
        figure = str(counts[option]) if counts else percent(share)
        rows.append(
            f"<span>{escape(option_label(option))}</span><i class='track'><i style='width:{100 * share:.1f}%;"
            f"background:{ANSWER_COLOURS.get(option, QUIET)}'></i></i><b>{figure}</b>"
        )
    return f'<div class="game-bars">{"".join(rows)}</div>'

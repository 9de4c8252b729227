"""The answer of a round: what it was, what people said, what the machine said and why; and a game's end."""

from html import escape

import streamlit as st

from genre.plots.prediction import COLOURS, QUIET
from genre.text import percent
from pages.game.rooms import Room
from pages.game.rounds import GENERATED, REAL_MUSIC, option_label
from pages.game.state import ALONE
from pages.shared.widgets import escaped

ANSWER_COLOURS = {**COLOURS, REAL_MUSIC: "#1F9C9C", GENERATED: "#D65FA8"}
N_RANKED = 5
MEDALS = (":material/trophy:", ":material/looks_two:", ":material/looks_3:")


def show_answer(room: Room, mode: str, wav: bytes) -> None:
    """Show the answer of the round that is over."""
    current, number = room.round, room.number
    colour = ANSWER_COLOURS.get(current.truth, QUIET)
    st.html(
        f'<p class="game-truth" style="--truth:{colour}"><span>{escape(current.truth_from)}</span> '
        f"<b>{escape(option_label(current.truth).lower())}</b></p>"
    )
    st.caption(escaped(f"{current.credit}."))
    people, answer = room.people_choice(number), room.machine.get(number)
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch", key="people_answer"):
        who = "You" if mode == ALONE else "The room"
        _show_side(who, people, current.truth)
        if mode != ALONE:
            tally = room.tally(number)
            total = max(1, sum(tally.values()))
            st.html(_bars({option: votes / total for option, votes in tally.items()}, tally))
        st.caption("Hear it once more:")
        st.audio(wav, format="audio/wav")
    with right, st.container(border=True, height="stretch", key="machine_answer"):
        if answer is None and GENERATED not in current.options:
            st.markdown("### The machine did not answer")
            return
        if answer is None:
            is_fooled, who = people != current.truth, "You" if mode == ALONE else "Most of you"
            st.markdown(f"### {'The generator scores' if is_fooled else 'You were not fooled'}")
            st.markdown(f"{who} took it for something else." if is_fooled else f"{who} heard it right.")
            return
        _show_side("The machine", answer.choice, current.truth)
        st.html(_bars(answer.shares))
        for reason in answer.reasons:
            st.markdown(f":small[{escaped(reason)}]")


def _show_side(who: str, choice: str | None, truth: str) -> None:
    if choice is None:
        st.markdown(f"### {who} did not agree on one" if who == "The room" else f"### {who} did not say")
        return
    mark = ":material/check_circle: right" if choice == truth else ":material/cancel: wrong"
    st.markdown(f"### {who} said {option_label(choice)}")
    st.markdown(mark)


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


def show_end(room: Room, mode: str) -> None:
    """Show who has won, each round once more, and the best players."""
    people, machine = room.score()
    who, has = ("You", "have") if mode == ALONE else ("The room", "has")
    rival = "the machine" if any(room.machine.values()) else "the generator"
    if people > machine:
        text = f"{who} {has} won, {people} to {machine}"
    elif people < machine:
        text = f"{rival.capitalize()} has won, {machine} to {people}"
    else:
        text = f"{who} and {rival} are level, {people} each"
    st.html(f'<p class="game-truth" style="--truth:#1F9C9C">{escape(text)}</p>')
    st.dataframe(
        [
            {
                "Piece": f"{number + 1}. {round_.credit}",
                "It was": option_label(round_.truth),
                f"{who} said": _cell(room.people_choice(number), round_.truth),
            }
            | (
                {"The machine said": _cell(answer.choice, round_.truth)}
                if (answer := room.machine.get(number))
                else {}
            )
            for number, round_ in enumerate(room.rounds)
        ],
        hide_index=True,
        key="rounds_played",
        alt="All rounds of the game",
    )
    ranking = [(name, right) for name, right in room.ranking() if mode != ALONE]
    if ranking:
        st.markdown("**The best ears**")
        for place, (name, right) in enumerate(ranking[:N_RANKED]):
            medal = MEDALS[place] if place < len(MEDALS) else ":material/star:"
            st.markdown(f"{medal} {escaped(name)}, {right} right")
    st.caption("The names and votes of this game are forgotten when it ends, or after half an hour.")


def _cell(choice: str | None, truth: str) -> str:
    if choice is None:
        return "nothing"
    return f"{'✓' if choice == truth else '✗'} {option_label(choice)}"

"""The end of a game: the two scores, every round at a glance, and the piece that decided most."""

from collections.abc import Callable
from html import escape

import streamlit as st

from genre.audio.clip import AudioError
from genre.text import genre_name, percent
from pages.access.links import link_to, reaches_others
from pages.game.answer import VERDICTS
from pages.game.library import ORIGINS_OF_PIECES, offer_own_songs
from pages.game.result_card import GameResult, result_card
from pages.game.rooms import Room
from pages.game.rounds import option_label
from pages.game.state import ALONE, clip_wav
from pages.shared.play_button.component import play_with_button
from pages.shared.widgets import download_button, escaped

N_RANKED = 5
MIN_RECORDINGS = 3  # that decide a game whose other pieces are Earmark's own
MEDALS = (":material/trophy:", ":material/looks_two:", ":material/looks_3:")


def show_end(room: Room, mode: str, leave: Callable[[], None]) -> None:
    """Show who has won, each round once more, the best players, and a picture to pass on."""
    result = _result(room, mode)
    st.html(_scores_html(result, room))
    if result.recorded:
        st.caption("The pieces that Earmark made itself decide nothing: its model knows them too well.")
    with st.container(horizontal=True, key="what_next"):
        st.button("Play again", type="primary", icon=":material/replay:", key="again", on_click=leave)
        _offer_picture(result)
    if 2 * sum(round_.recording is not None for round_ in room.rounds) < len(room.rounds):
        st.caption(f"Most of these pieces were made by Earmark. {ORIGINS_OF_PIECES}")
        offer_own_songs()
    _show_highlight(room, mode)
    ranking = [(name, right) for name, right in room.ranking() if mode != ALONE]
    if ranking:
        st.markdown("**The best ears**")
        for place, (name, right) in enumerate(ranking[:N_RANKED]):
            medal = MEDALS[place] if place < len(MEDALS) else ":material/star:"
            st.markdown(f"{medal} {escaped(name)}, {right} right")
    with st.expander("All pieces", icon=":material/list:"):
        _show_pieces(room, result.who)


def _offer_picture(result: GameResult) -> None:
    """Show the button that saves the result as a picture, which is drawn when it is pressed."""
    link = link_to("guess") if reaches_others() else ""
    download_button(
        "Save the result as a picture",
        lambda: result_card(result, link),
        "earmark-guess-first.png",
        "image/png",
        key="save_result",
        icon=":material/image:",
    )


def _result(room: Room, mode: str) -> GameResult:
    people, rival = room.score()
    points = [room.points(number) for number in range(len(room.rounds))]
    has_machine = any(room.machine.values())
    return GameResult(
        "You" if mode == ALONE else "The room",
        "The machine" if has_machine else "The generator",
        people,
        rival,
        tuple(point for point, _ in points),
        tuple(point for _, point in points),
        _recorded_scores(room),
    )


def _recorded_scores(room: Room) -> tuple[int, int] | None:
    """Count the points on recordings alone, where the model guessed and other pieces were Earmark's own.

    The model knows Earmark's pieces better than anyone; so the recordings decide.
    """
    numbers = [number for number, round_ in enumerate(room.rounds) if round_.recording]
    if len(numbers) < MIN_RECORDINGS or len(numbers) == len(room.rounds) or not any(room.machine.values()):
        return None
    points = [room.points(number) for number in numbers]
    return sum(people for people, _ in points), sum(machine for _, machine in points)


def _scores_html(result: GameResult, room: Room) -> str:
    """Write who has won, and a row for each side: its score, and every round as a tick or a cross."""
    rows = ""
    for who, score, points, colour in result.sides:
        marks = "".join(
            f'<i class="game-{VERDICTS[is_right][1]}"><span class="game-mark" role="img" '
            f'title="{escape(round_.credit)}" aria-label="{VERDICTS[is_right][1]}">'
            f"{VERDICTS[is_right][0]}</span></i>"
            for is_right, round_ in zip(points, room.rounds, strict=False)
        )
        rows += f'<p style="--side:{colour}"><span>{escape(who)}</span><b>{score}</b><span>{marks}</span></p>'
    return (
        f'<p class="game-truth" style="--truth:{result.colour}"><b>{escape(result.sentence)}</b></p>'
        f'<div class="game-final">{rows}</div>'
    )


def _show_highlight(room: Room, mode: str) -> None:
    """Show the piece that beat the machine or, without one, the piece that beat people, to be heard again."""
    found = highlight(room)
    if found is None:
        return
    number, has_machine_lost = found
    round_, answer, choice = room.rounds[number], room.machine.get(number), room.people_choice(number)
    who = "You" if mode == ALONE else "The room"
    loser = "the machine" if has_machine_lost else who.lower()
    said = [f"{who} said {genre_name(choice) if answer else option_label(choice).lower()}"] if choice else []
    if answer and answer.choice:
        said.append(f"the machine {genre_name(answer.choice)}, {percent(answer.shares[answer.choice])} sure")
    with st.container(border=True, horizontal=True, wrap=False, vertical_alignment="center", key="highlight"):
        try:
            play_with_button(clip_wav(room, number), "highlight")
        except (AudioError, OSError):
            st.caption("It cannot be played any more.", width="content")
        with st.container(gap="xsmall"):
            st.markdown(
                f"**:material/{'trophy' if has_machine_lost else 'hearing'}: The piece that beat {loser}**"
            )
            st.markdown(escaped(f"{round_.credit}. {', '.join(said)}{'.' if said else ''}"))


def highlight(room: Room) -> tuple[int, bool] | None:
    """(the round in which the machine was surest and wrong while people were right, True); without one, (the
    first in which people were wrong and their rival was not, False).
    """
    points = [room.points(number) for number in range(len(room.rounds))]
    beaten = {
        number: answer.shares[answer.choice]
        for number, answer in room.machine.items()
        if answer and answer.choice and points[number] == (True, False)
    }
    if beaten:
        return max(beaten, key=beaten.__getitem__), True
    lost = (number for number, point in enumerate(points) if point == (False, True))
    return next(((number, False) for number in lost), None)


def _show_pieces(room: Room, who: str) -> None:
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
    st.caption("The names and votes of this game are forgotten when it ends, or after half an hour.")


def _cell(choice: str | None, truth: str) -> str:
    if choice is None:
        return "nothing"
    return f"{'✓' if choice == truth else '✗'} {option_label(choice)}"

"""The game on a phone: a name, a vote in each round, and how one does."""

import streamlit as st

from pages.game.rooms import ANSWER, MAX_NAME_CHARS, OVER, VOTING, Room, RoomError
from pages.game.rounds import option_label
from pages.game.state import game_state, rooms
from pages.game.style import GAME
from pages.shared.widgets import escaped, fragment

REFRESH_S = 1.5  # seconds; fifty phones ask so often


def show_phone(code: str) -> None:
    """Show the room with this code to somebody who plays in it."""
    st.html(GAME)
    room, state = rooms().find(code), game_state()
    if room is None:
        st.warning(
            "There is no game with this code: it has ended, or the code is another one. Look at the screen "
            "once more.",
            icon=":material/search_off:",
        )
        st.button("Back", icon=":material/arrow_back:", key="leave_room", on_click=_leave)
        return
    if state.room_code != room.code or state.player not in room.players:
        _show_door(room)
        return
    fragment(run_every=REFRESH_S)(_show_round)(room.code, state.player)


def _show_door(room: Room) -> None:
    st.markdown("Listen to the piece in the room, and vote here.")
    with st.form("join_room", border=False):
        st.text_input("Your name", key="player_name", max_chars=MAX_NAME_CHARS, placeholder="Ada")
        st.form_submit_button(
            "Join the game", type="primary", key="join_room_now", on_click=_enter, args=(room,)
        )
    if error := game_state().error:
        st.error(escaped(error), icon=":material/error:")


def _enter(room: Room) -> None:
    state = game_state()
    state.error = ""
    try:
        state.player, state.room_code = room.join(st.session_state.player_name), room.code
    except RoomError as error:
        state.error = str(error)


def _leave() -> None:
    st.query_params.pop("room", None)


def _show_round(code: str, player: str) -> None:
    """Show the present round: votes while they count, then whether one was right."""
    room = rooms().find(code)
    if room is None or player not in room.players:
        st.rerun()
    me = room.players[player]
    st.markdown(f"**{escaped(me.name)}**, {room.player_score(player)} right so far")
    if room.phase == OVER:
        _show_end(room, player)
        return
    vote = me.votes.get(room.number)
    st.subheader(f"Piece {room.number + 1} of {len(room.rounds)}", anchor=False)
    if room.phase == VOTING:
        with st.container(gap="small", key="phone_options"):
            for option in room.round.options:
                st.button(
                    option_label(option),
                    key=f"vote_{room.number}_{option}",
                    type="primary" if option == vote else "secondary",
                    icon=":material/check:" if option == vote else None,
                    width="stretch",
                    on_click=_vote,
                    args=(room, player, option),
                )
        st.caption(
            f"You say {option_label(vote)}. You can still change your mind." if vote else "What do you hear?"
        )
        if error := game_state().error:
            st.caption(f":material/error: {escaped(error)}")
    elif room.phase == ANSWER:
        truth = f"{room.round.truth_from} {option_label(room.round.truth).lower()}"
        if vote == room.round.truth:
            st.success(f"Right! {truth}.", icon=":material/check_circle:")
        elif vote:
            st.error(f"{truth}. You said {option_label(vote)}.", icon=":material/cancel:")
        else:
            st.info(f"{truth}. You did not vote in time.", icon=":material/hourglass_empty:")


def _vote(room: Room, player: str, option: str) -> None:
    state = game_state()
    state.error = ""
    try:
        room.vote(player, option)
    except RoomError as error:
        state.error = str(error)


def _show_end(room: Room, player: str) -> None:
    ranking, name = room.ranking(), room.players[player].name
    place = next(number for number, (other, _) in enumerate(ranking, 1) if other == name)
    st.subheader(f"You are number {place} of {len(ranking)}", anchor=False)
    people, machine = room.score()
    st.markdown(f"The room has {people} right, its rival {machine}.")

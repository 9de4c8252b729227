"""The state of a visit to the game: the room that it shows, or the room that it plays in."""

import weakref
from dataclasses import dataclass

import streamlit as st

from pages.game.rooms import Room, Rooms

KEY = "game"
ALONE, HANDS, PHONES = "alone", "hands", "phones"


@dataclass
class GameState:
    """The state of a visit, but for its widgets."""

    code: str = ""  # of the room on this screen
    mode: str = ALONE
    screen_player: str = ""  # the one who clicks on this screen
    clip: tuple[str, int, bytes] | None = None  # (room, round, WAV) of the clip that plays
    error: str = ""
    room_code: str = ""  # code of the room that this phone plays in
    player: str = ""  # its player there


@st.cache_resource(show_spinner=False)
def rooms() -> Rooms:
    """Return the rooms that all visitors share."""
    return Rooms()


def game_state() -> GameState:
    """Return the state of this visit."""
    return st.session_state.setdefault(KEY, GameState())


def shown_room() -> Room | None:
    """Return the room on this screen, if there is one yet."""
    state = game_state()
    return rooms().find(state.code) if state.code else None


def clip_wav(room: Room, number: int) -> bytes:
    """Return the ten seconds of a round as WAV. Raises AudioError and OSError."""
    state = game_state()
    if state.clip is None or state.clip[:2] != (room.code, number):
        with st.spinner("Putting the next piece on"):
            state.clip = (room.code, number, room.rounds[number].load().to_wav())
    return state.clip[2]


def show_room(room: Room, mode: str) -> None:
    """Show this room from now on; it is forgotten with the visit."""
    state = game_state()
    if state.code:
        rooms().close(state.code)
    state.code, state.mode, state.clip, state.error = room.code, mode, None, ""
    state.screen_player = room.join("You") if mode == ALONE else ""
    weakref.finalize(state, rooms().close, room.code)

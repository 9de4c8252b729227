"""The state of one visit to the library, apart from its widgets."""

from dataclasses import dataclass, field

import streamlit as st

KEY = "library_state"


@dataclass(frozen=True)
class Walk:
    """A walk through the map: songs, and the sound of some seconds of each, one after the other."""

    ids: tuple[int, ...]
    wav: bytes


@dataclass
class LibraryState:
    """The state of a visit besides its widgets."""

    playing: int | None = None  # id of the song that plays
    walk: Walk | None = None  # which plays instead of one song
    is_fresh: bool = False  # whether either was chosen just now, and is to begin by itself
    map_selection: list[int] = field(default_factory=list)  # ids of the latest selection on the map
    table_selection: list[int] = field(default_factory=list)  # and in the table
    watches_scan: bool = False  # whether the page was drawn while a scan was under way
    arrivals: dict[str, int] = field(default_factory=dict)  # songs by genre at the latest look at a scan
    error: str = ""  # a sentence about the latest action

    def play(self, id_: int | None) -> None:
        """Play a song from now on."""
        self.is_fresh = id_ is not None and id_ != self.playing
        self.playing, self.walk = id_, None

    def begin(self, walk: Walk) -> None:
        """Play a walk from now on."""
        self.playing, self.walk, self.is_fresh = None, walk, True

    def end_walk(self) -> None:
        """Play it no more."""
        self.walk = None


def library_state() -> LibraryState:
    """Return the state of this visit."""
    return st.session_state.setdefault(KEY, LibraryState())

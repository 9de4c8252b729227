"""The state of one visit to the library, apart from its widgets."""

from dataclasses import dataclass, field

import streamlit as st

from pages.shared.browser.address import page_entry

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
    chosen_in: int = -1  # the page entry (pages.shared.browser.address) in which either was chosen
    map_selection: list[int] = field(default_factory=list)  # ids of the latest selection on the map
    table_selection: list[int] = field(default_factory=list)  # and in the table
    watches_scan: bool = False  # whether the page was drawn while a scan was under way
    arrivals: dict[str, int] = field(default_factory=dict)  # songs by genre at the latest look at a scan
    error: str = ""  # a sentence about the latest action

    def play(self, id_: int | None) -> None:
        """Play a song from now on."""
        self.playing, self.walk, self.chosen_in = id_, None, page_entry()

    def begin(self, walk: Walk) -> None:
        """Play a walk from now on."""
        self.playing, self.walk, self.chosen_in = None, walk, page_entry()

    @property
    def autoplay(self) -> bool:
        """Whether what was chosen begins by itself, once; a player that is told otherwise later stops."""
        return self.chosen_in == page_entry()

    def end_walk(self) -> None:
        """Play it no more."""
        self.walk = None


def library_state() -> LibraryState:
    """Return the state of this visit."""
    return st.session_state.setdefault(KEY, LibraryState())

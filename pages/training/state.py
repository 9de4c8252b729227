"""The state of one visit to the Train page, apart from its widgets."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from genre.inference.classifier import Prediction


@dataclass
class PlayedMusic:
    """What was played last, and each model's answer to it."""

    name: str
    wav: bytes
    truth: str  # the genre, where it is known; "" for a visitor's own music
    is_real: bool  # whether people played it, and not the synthesiser
    predictions: "dict[str, Prediction]"  # by id of the training


@dataclass
class TrainState:
    """The state of a visit besides its widgets."""

    requested_step: str | None = None  # step that a button of another step asked for; served at the next run
    compared: list[str] | None = None  # ids of the runs under Compare; None: not chosen yet
    address_runs: list[str] = field(default_factory=list)  # names in the page's address at the last run
    n_tables: int = 0  # so many times the ticks under Compare were set anew
    run_error: str = ""  # of the latest start or stop; shown until the next one
    started: set[str] = field(default_factory=set)  # names of the runs that this visit has started
    is_racing: bool = False  # whether a training was under way when Watch was drawn last
    clip_number: int = 0  # number of the shown track among the genre's tracks under Data
    music: PlayedMusic | None = None  # music that the trained models have answered last
    n_played: int = 0  # new pieces that the synthesiser has played for this visit
    faults: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # data set -> faults, once checked


def train_state() -> TrainState:
    """Return the state of this visit."""
    if "train" not in st.session_state:
        st.session_state.train = TrainState()
    return st.session_state.train


def go_to(step: str) -> None:
    """Ask for a step, from a button of another one."""
    train_state().requested_step = step

"""The end of a game: the piece that decided most, and the picture to pass on."""

import io

import numpy as np
import pytest
from PIL import Image

from pages.game.end import highlight
from pages.game.machine import MachineAnswer
from pages.game.result_card import PEOPLE_COLOUR, RIVAL_COLOUR, GameResult, result_card
from pages.game.rooms import Room, Rooms
from pages.game.rounds import GENRE, N_ROUNDS, make_rounds
from pages.shared.sharing.canvas import SIZE


def play(*outcomes: tuple[bool, float, bool]) -> Room:
    """A room in which (the machine is right, so sure it is, people are right), one round after the other."""
    room = Rooms().open(make_rounds(GENRE, 1))
    player = room.join("Ada")
    for is_machine_right, share, is_right in outcomes:
        wrong = next(option for option in room.round.options if option != room.round.truth)
        room.vote(player, room.round.truth if is_right else wrong)
        choice = room.round.truth if is_machine_right else wrong
        room.close_round(MachineAnswer(choice, {choice: share}, ()))
        room.next_round()
    return room


@pytest.mark.parametrize(
    ("outcomes", "found"),
    [
        ([(True, 0.9, True), (False, 0.6, True), (False, 0.8, True), (False, 0.9, False)], (2, True)),
        ([(True, 0.9, True), (True, 0.6, False)], (1, False)),
        ([(True, 0.9, True), (False, 0.6, False)], None),
    ],
)
def test_the_piece_that_decided_most(outcomes, found):
    assert highlight(play(*outcomes)) == found


def count(card: bytes, colour: str) -> int:
    pixels = np.array(Image.open(io.BytesIO(card)).convert("RGB"))
    return int((pixels == [int(colour[k : k + 2], 16) for k in (1, 3, 5)]).all(axis=2).sum())


def test_the_picture_is_in_the_winners_colour():
    rounds = (True,) * 7 + (False,) * 3
    won = result_card(GameResult("You", "The machine", 7, 3, rounds, tuple(not point for point in rounds)))
    lost = result_card(GameResult("The room", "The generator", 3, 7, rounds, ()), "http://localhost/guess")
    assert Image.open(io.BytesIO(won)).size == SIZE and len(rounds) == N_ROUNDS
    assert count(won, PEOPLE_COLOUR) > count(lost, PEOPLE_COLOUR) > 0
    assert count(lost, RIVAL_COLOUR) > count(won, RIVAL_COLOUR) > 0
    level = GameResult("You", "The machine", 5, 5, rounds, rounds)
    assert level.sentence == "You and the machine are level"
    decided = GameResult("You", "The machine", 2, 8, rounds, rounds, recorded=(3, 1))
    assert decided.sentence == "You have won 3 to 1 on real recordings" and decided.colour == PEOPLE_COLOUR

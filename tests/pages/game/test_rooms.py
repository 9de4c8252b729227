"""The rooms of the game and its rounds, without a page: votes, scores, bounds, forgetting."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genre import GENRES
from genre.audio.constants import SAMPLE_RATE
from genre.data.recordings import all_recordings
from genre.inference.classifier import Prediction
from genre.inference.description import Description
from pages.game import rooms as rooms_module
from pages.game.machine import MachineAnswer, machine_answer
from pages.game.rooms import IDLE_S, MAX_NAME_CHARS, MAX_PLAYERS, MAX_ROOMS, OVER, Room, RoomError, Rooms
from pages.game.rounds import (
    ATYPICAL,
    CLIP_S,
    GENERATED,
    GENRE,
    N_OPTIONS,
    N_ROUNDS,
    REAL,
    REAL_MUSIC,
    LibrarySong,
    Round,
    make_rounds,
    shares_text,
)


@pytest.fixture
def room() -> Room:
    return Rooms().open(make_rounds(GENRE, 1))


def guess(choice: str | None, room: Room) -> MachineAnswer:
    return MachineAnswer(choice, dict.fromkeys(room.round.options, 0.25), ())


def wrong(room: Room) -> str:
    return next(option for option in room.round.options if option != room.round.truth)


@given(st.integers(0, 2**31))
def test_what_is_right_is_known_and_among_the_answers(seed):
    for game_round in make_rounds(GENRE, seed):
        assert game_round.truth in game_round.options and len(set(game_round.options)) == N_OPTIONS
        assert game_round.recording is None or game_round.recording.genre == game_round.truth
    rounds = make_rounds(REAL, seed)
    assert all((game_round.truth == GENERATED) == (game_round.source == "generated") for game_round in rounds)
    assert {game_round.truth for game_round in rounds} == {REAL_MUSIC, GENERATED}
    for kind in (GENRE, REAL):
        assert len(make_rounds(kind, seed)) == N_ROUNDS and make_rounds(kind, seed) == make_rounds(kind, seed)


def test_no_genre_comes_much_more_often_than_others():
    counts = Counter(game_round.truth for seed in range(30) for game_round in make_rounds(GENRE, seed))
    assert set(counts) == set(GENRES) and max(counts.values()) < 3 * min(counts.values())


@pytest.mark.parametrize("source", ["recording", "generated", "synthesised"])
def test_each_source_gives_ten_seconds_of_sound(source):
    rounds = [game_round for seed in range(5) for game_round in make_rounds(GENRE, seed)]
    clip = next(game_round for game_round in rounds if game_round.source == source).load()
    assert clip.duration_s == pytest.approx(CLIP_S, abs=0.2) and np.abs(clip.samples).max() > 0.01


@given(st.integers(0, 2**31))
def test_no_piece_comes_twice(seed):
    rounds = make_rounds(REAL, seed)
    files = [game_round.recording.file for game_round in rounds if game_round.recording]
    genres = [game_round.genre for game_round in rounds if not game_round.recording]
    assert len({*files}) == len(files) >= 4 and len({*genres}) == len(genres) >= 4
    assert len(rounds) == N_ROUNDS <= len(all_recordings())


def test_songs_of_the_library_go_before_what_earmark_makes(tmp_path, wav):
    path = tmp_path / "song.wav"
    path.write_bytes(wav("rock", 15.0))
    library = [LibrarySong(path, genre, f"{genre} {n}") for n in range(5) for genre in GENRES]
    rounds = make_rounds(GENRE, 1, library)
    assert {game_round.source for game_round in rounds} <= {"library", "recording"}
    assert max(Counter(game_round.truth for game_round in rounds).values()) == 2
    song = next(game_round for game_round in rounds if game_round.source == "library")
    assert song.load().samples.size == pytest.approx(CLIP_S * SAMPLE_RATE, rel=0.01)
    assert song.credit == song.recording.credit and make_rounds(GENRE, 1, library) == rounds
    rounds = make_rounds(REAL, 1, library)
    assert all((game_round.truth == GENERATED) == (game_round.source == "generated") for game_round in rounds)
    songs = [game_round.recording for game_round in rounds if game_round.recording]
    assert len(songs) == len(set(songs)), "none comes twice"
    one_genre = make_rounds(GENRE, 1, library[::10])
    of_library = [game_round.recording for game_round in one_genre if game_round.source == "library"]
    assert len(one_genre) == N_ROUNDS and len(of_library) == len(set(of_library)) <= 3
    rounds = make_rounds(GENRE, 1)
    assert shares_text(rounds) == "4 recordings, 6 pieces that Earmark made"
    for game_round in rounds:
        assert game_round.genre not in ATYPICAL.get(game_round.source, ()), "they are no fair question"


def test_a_machines_piece_is_what_was_requested():
    options = GENRES[:4]
    assert Round("blues", options, "generated", "blues").truth_from == "It is meant to be"
    assert Round("blues", options, "library", "blues").truth_from == "Its own tag says"
    assert Round("blues", options, "recording", "blues").truth_from == "It is"
    assert Round(GENERATED, (GENERATED,), "generated", "blues").truth_from == "It is", "that is certain"


def test_people_against_the_machine(room):
    ada, bob, eve = (room.join(name) for name in ("Ada", "Bob", "Eve"))
    for player in (ada, bob):
        room.vote(player, room.round.truth)
    room.vote(eve, wrong(room))
    assert room.n_voted() == 3 and room.score() == (0, 0), "nothing is told before the round is over"
    room.close_round(guess(wrong(room), room))
    assert room.score() == (1, 0) and room.people_choice(0) == room.round.truth
    room.next_round()
    room.vote(ada, wrong(room))
    room.vote(ada, room.round.truth)  # she has changed her mind
    room.vote(bob, wrong(room))
    room.close_round(guess(room.round.truth, room))
    assert room.people_choice(1) is None, "the room is split"
    assert room.score() == (1, 1)
    assert [room.player_score(player) for player in (ada, bob, eve)] == [2, 1, 0]
    assert room.ranking()[0] == ("Ada", 2)


def test_hands_count_as_votes(room):
    room.count_hands({room.round.truth: 7, wrong(room): 3, "polka": 50})
    room.vote(room.join("Ada"), wrong(room))
    assert room.tally(0)[room.round.truth] == 7 and room.tally(0)[wrong(room)] == 4
    assert "polka" not in room.tally(0)


def test_the_generator_scores_when_people_take_one_for_the_other():
    room = Rooms().open(make_rounds(REAL, 1))
    for number in range(N_ROUNDS):
        is_right = number < 2
        room.count_hands({room.round.truth if is_right else wrong(room): 5})
        room.close_round(None)
        room.next_round()
    assert room.score() == (2, N_ROUNDS - 2)
    silent = Rooms().open(make_rounds(REAL, 1))
    silent.close_round(None)
    assert silent.score() == (0, 0), "who does not vote is not fooled"


def test_a_game_ends_after_its_last_round(room):
    for _ in room.rounds:
        room.next_round()  # does nothing while people vote
        room.close_round(guess(None, room))
        room.next_round()
    assert room.phase == OVER and room.number == N_ROUNDS - 1 and room.score() == (0, 0)


def test_votes_that_do_not_count_are_refused(room):
    ada = room.join("Ada")
    with pytest.raises(RoomError, match="not in this game"):
        room.vote("nobody", room.round.truth)
    with pytest.raises(RoomError, match="another round"):
        room.vote(ada, "polka")
    room.close_round(None)
    with pytest.raises(RoomError, match="over"):
        room.vote(ada, room.round.truth)


def test_names_are_short_printable_and_unlike(room):
    for name in ("Ada", "Ada", "", " \n ", "x" * 500, "\u202eevil\x00", "<b>*Bob*</b>"):
        room.join(name)
    names = [player.name for player in room.players.values()]
    assert len(set(names)) == len(names) and names[:3] == ["Ada", "Ada 2", "Player 3"]
    assert all(len(name) <= MAX_NAME_CHARS + 3 and name.isprintable() for name in names)


def test_rooms_and_players_are_bounded(room):
    for _ in range(MAX_PLAYERS):
        room.join("")
    with pytest.raises(RoomError, match="raise your hand"):
        room.join("one more")
    rooms = Rooms()
    for _ in range(MAX_ROOMS):
        rooms.open([])
    with pytest.raises(RoomError, match="try again"):
        rooms.open([])


def test_idle_rooms_are_forgotten_with_their_names():
    now_s = [0.0]
    rooms = Rooms(lambda: now_s[0])
    watched, idle = rooms.open(make_rounds(GENRE, 1)), rooms.open(make_rounds(GENRE, 2))
    now_s[0] = 0.9 * IDLE_S
    assert rooms.find(f" {watched.code.lower()} ") is watched
    now_s[0] = 1.1 * IDLE_S
    assert rooms.find(idle.code) is None and rooms.find(watched.code) is watched and len(rooms) == 1
    rooms.close(watched.code)
    assert len(rooms) == 0


def test_two_rooms_have_two_codes(monkeypatch):
    drawn = iter("AAAA" + "AAAA" + "BBBB")
    monkeypatch.setattr(rooms_module.secrets, "choice", lambda _: next(drawn))
    rooms = Rooms()
    assert [rooms.open([]).code for _ in range(2)] == ["AAAA", "BBBB"]


class Model:
    """A classifier with a fixed prediction."""

    def __init__(self, **probabilities: float) -> None:
        best = max(probabilities, key=probabilities.get, default=None)
        description = Description({"guitar": 0.8, "slow": 0.4})
        self.prediction = Prediction(
            "music", best, True, probabilities, 10.0, "Earmark hears silence.", description=description
        )

    def classify(self, clip) -> Prediction:
        return self.prediction


def test_the_machine_guesses_among_the_answers_that_people_have():
    answer = machine_answer(Model(rock=0.6, jazz=0.3, blues=0.1), None, ("blues", "jazz", "pop", "disco"))
    assert answer.choice == "jazz" and answer.shares["jazz"] == pytest.approx(0.75)
    assert sum(answer.shares.values()) == pytest.approx(1)
    text = " ".join(answer.reasons)
    assert "some blues" in text and "“guitar” and “slow”" in text and "would have said rock" in text


def test_a_machine_that_hears_no_music_does_not_guess():
    answer = machine_answer(Model(), None, ("blues", "jazz"))
    assert answer.choice is None and answer.reasons == ("Earmark hears silence.",)

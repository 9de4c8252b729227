"""The page Guess first, without a browser: alone, by hands, on phones."""

import gc
import re

import pytest
from streamlit.testing.v1 import AppTest

from genre.inference.load import load_classifier
from genre.library.index import Index, index_path
from pages.access.tokens import Role
from pages.game import screen
from pages.game.library import library_songs
from pages.game.rooms import MAX_ROOMS, Room
from pages.game.rounds import N_ROUNDS, ORIGINS, REAL_MUSIC, TRUTH_FROM, shares_text
from pages.game.state import rooms
from tests.support.pages.app_visits import APP, LONG_S, healthy, labels, press, visit, words
from tests.support.pages.open_house import visiting_as
from tests.support.patience import wait_until
from tests.support.stand_ins.library import make_songs, scan

ADD_SONGS = "Play with songs of your own: add them"


@pytest.fixture(autouse=True)
def no_rooms():
    """No room of an earlier test."""
    rooms.clear()


def room_of(app: AppTest) -> Room:
    return rooms().find(app.session_state["game"].code)


def start(mode: str = "alone", kind: str = "genre") -> AppTest:
    return press(visit("guess", game_mode=mode), f"start_{kind}")


def drawn(app: AppTest) -> str:
    """What the page writes in HTML."""
    return "\n".join(element.proto.body for element in app.get("html"))


def join(code: str, name: str = "Ada") -> AppTest:
    """A phone that has scanned the code."""
    app = AppTest.from_file(APP, default_timeout=LONG_S)
    app.query_params["room"] = code
    healthy(app.switch_page("pages/guess.py").run())
    if not app.text_input:
        return app
    app.text_input(key="player_name").set_value(name)
    return healthy(app.button(key="join_room_now").click().run())


def links(app: AppTest) -> list[str]:
    return [link.proto.label for link in app.get("page_link")]


def test_the_first_view_says_how_a_round_goes_and_how_to_add_songs(monkeypatch):
    app = visit("guess")
    assert screen.ABOUT_ROUNDS in words(app)
    assert re.findall(r"<b>(.*?)</b></li>", drawn(app)) == [step for step, _ in screen.STEPS]
    assert ADD_SONGS in links(app) and "as many recordings as there are" in words(app)
    with visiting_as(Role.GUEST, monkeypatch):
        assert ADD_SONGS not in links(visit("guess"))


def test_the_end_of_a_game_of_made_pieces_says_how_to_play_with_songs():
    app = start()
    room = room_of(app)
    for _ in room.rounds:
        room.close_round(None)
        room.next_round()
    app = healthy(app.run())
    n_songs = sum(round_.recording is not None for round_ in room.rounds)
    assert ("Most of these pieces were made by Earmark" in words(app)) == (2 * n_songs < N_ROUNDS)
    assert (ADD_SONGS in links(app)) == (2 * n_songs < N_ROUNDS)


def test_ten_rounds_alone(monkeypatch):
    monkeypatch.setattr(screen, "machine_answer", lambda model, clip, options: None)  # it is heard elsewhere
    app = start()
    for number in range(N_ROUNDS):
        room = room_of(app)
        assert f"Piece **{number + 1}** of 10" in words(app) and len(app.get("audio")) == 1
        secrets = "It is", *TRUTH_FROM.values(), room.round.credit
        assert not [word for word in secrets if word in words(app)], "nothing is given away"
        assert ORIGINS[room.round.source] in words(app), "but who says what is right"
        assert shares_text(room.rounds) in words(app)
        press(app, f"option_{room.round.truth}")
        assert room.round.credit[1:] in words(app) and app.metric[0].value == str(number + 1)
        assert drawn(app).count("+1") == 1 and not app.metric[0].delta, "a point is told once"
        assert "<small>right</small>" in drawn(app) and len(app.get("audio")) == 1, "it can be heard again"
        press(app, "next")
    assert "said" in "".join(app.dataframe[0].value.columns) and len(app.dataframe[0].value) == N_ROUNDS
    assert "You have won" in drawn(app) and f"<b>{N_ROUNDS}</b>" in drawn(app)
    picture = next(element for element in app.get("download_button"))
    assert "Save the result" in picture.proto.label
    press(app, "again")
    assert "Guess the genres" in labels(app) and len(rooms()) == 0


def test_the_machine_answers_with_its_reasons():
    app = start()
    room = room_of(app)
    press(app, f"option_{room.round.options[0]}")
    answer = room.machine[0]
    expected = load_classifier().classify(room.round.load()).probabilities
    assert answer.choice == max(room.round.options, key=expected.__getitem__)
    assert all(reason in words(app) for reason in answer.reasons)
    verdicts = [option == room.round.truth for option in (room.round.options[0], answer.choice)]
    assert [mark == "check" for mark in re.findall(r"aria-hidden=\"true\">(\w+)<", drawn(app))] == verdicts
    order = [getattr(node, "key", None) or getattr(node, "value", None) for node in app.main]
    assert order.index("next") < order.index("**How sure the machine is, of these 4**"), (
        "in sight without scrolling"
    )


def test_a_room_raises_hands():
    app = start("hands", "real")
    room = room_of(app)
    for option, count in zip(room.round.options, (3, 8), strict=True):
        app.number_input(key=f"hands_0_{option}").set_value(count)
    healthy(app.button(key="hands_counted").click().run())
    assert room.tally(0) == dict(zip(room.round.options, (3, 8), strict=True))
    is_real = room.round.truth == REAL_MUSIC  # most said generated
    assert ("most of you took real music for its own" in drawn(app)) == is_real
    assert ("No point for the generator" in drawn(app)) != is_real
    assert drawn(app).count("+1") == 1, "each round is worth a point, to people or to the generator"


def test_a_game_on_phones_needs_phones_that_can_reach_it():
    app = visit("guess", game_mode="phones")
    assert app.button(key="start_genre").disabled
    assert "Phones cannot reach" in words(app) and "README" in words(app)
    app = healthy(app.segmented_control(key="game_mode").set_value("hands").run())
    assert not app.button(key="start_genre").disabled


def test_songs_of_the_library_come_first_for_its_owner_alone(tmp_path, monkeypatch):
    make_songs(tmp_path, 20)
    scan([tmp_path])
    assert not library_songs(), "their tags name no genre"
    assert library_songs(needs_genre=False), "but they are real music"
    with Index() as index:
        index.db.execute("UPDATE songs SET tag_genre = 'Heavy Metal', title = 'Anvil'")
    songs = library_songs()
    assert len(songs) == 20 and {song.genre for song in songs} == {"metal"}
    assert {song.credit for song in songs} == {"Anvil"}
    with visiting_as(Role.GUEST, monkeypatch):
        assert not library_songs()
    for path in index_path().parent.glob("index*"):
        path.write_bytes(b"no database" * 100)
    assert not library_songs(), "a damaged library spoils no game"


@pytest.fixture
def reachable(monkeypatch):
    """Phones can open this Earmark."""
    monkeypatch.setattr(screen, "reaches_others", lambda: True)


def test_phones_vote(reachable):
    app = start("phones", "real")
    room = room_of(app)
    assert f"guess?room={room.code}" in words(app) and room.code in words(app)
    ada, bob = join(room.code), join(room.code.lower(), "Bob")
    assert "0 of 2" in words(healthy(app.run()))
    press(ada, f"vote_0_{room.round.truth}")
    assert "You can still change your mind" in words(ada)
    healthy(app.run())
    assert "1 of 2" in words(app)
    press(app, "show_answer")
    assert "Right! It is" in words(healthy(ada.run())) and "1 right so far" in words(ada)
    assert "You did not vote in time" in words(healthy(bob.run()))
    press(app, "end_game")
    assert "Play again" in labels(app) and room.score()[0] == 1 and len(room.rounds) == 1, "it has a winner"
    press(app, "again")
    assert "There is no game with this code" in words(healthy(ada.run()))
    press(ada, "leave_room")
    assert "Guess the genres" in labels(ada)


def test_a_game_without_an_answer_ends_where_it_began():
    app = start("hands", "real")
    press(app, "end_game")
    assert "Guess the genres" in labels(app) and len(rooms()) == 0


def test_a_room_is_forgotten_with_the_visit_of_its_screen(reachable):
    app = start("phones", "real")
    assert len(rooms()) == 1
    del app
    wait_until(lambda: gc.collect() >= 0 and not rooms())  # a thread of its last run may end a little later


def test_generate_leads_to_its_own_game():
    app = visit("generate")
    (link,) = [link for link in app.get("page_link") if "Real or generated" in link.proto.label]
    assert link.proto.query_string == "kind=real"
    app = AppTest.from_file(APP, default_timeout=LONG_S)
    app.query_params["kind"] = "real"
    healthy(app.switch_page("pages/guess.py").run())
    starts = [button.key for button in app.button if button.key in ("start_real", "start_genre")]
    assert starts == ["start_real", "start_genre"], "the one that was chosen comes first"


def test_a_code_can_be_typed(reachable):
    screen_app = start("phones", "real")
    room = room_of(screen_app)
    app = visit("guess")
    app.text_input(key="join_code").set_value(room.code.lower())
    press(app, "join")
    assert "Your name" in [box.label for box in app.text_input]


@pytest.mark.parametrize("code", ["XXXX", "<script>", "A" * 500])
def test_a_wrong_code_leads_back(code):
    assert "no game with this code" in words(join(code))


def test_a_hostile_name_is_only_a_name(reachable):
    screen_app = start("phones", "real")
    room = room_of(screen_app)
    app = join(room.code, "**<b>x</b>** [a](b)")
    (player,) = room.players.values()
    assert player.name == "**<b>x</b>** [a](b)"[:20] and player.name in words(app)


def test_too_many_games_are_a_sentence():
    for _ in range(MAX_ROOMS):
        rooms().open([])
    assert "try again in a while" in start().error[0].value

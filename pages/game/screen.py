"""The screen of a game: its start, its rounds, and its end."""

import random
from html import escape

import streamlit as st

from genre.audio.clip import AudioError
from genre.errors import error_sentence
from genre.models.cards import ArtefactError
from pages.access.links import link_to, reaches_others
from pages.game.answer import show_answer
from pages.game.end import show_end
from pages.game.library import ORIGINS_OF_PIECES, library_songs, offer_own_songs
from pages.game.machine import machine_answer
from pages.game.rooms import ANSWER, OVER, Room, RoomError
from pages.game.rounds import GENRE, ORIGINS, REAL, REAL_MUSIC, make_rounds, option_label, shares_text
from pages.game.state import ALONE, HANDS, PHONES, clip_wav, game_state, rooms, show_room, shown_room
from pages.game.style import GAME
from pages.shared.models import default_classifier
from pages.shared.play_button.component import play_with_button
from pages.shared.sharing.qr_code import qr_code
from pages.shared.turns import visitor_turn
from pages.shared.widgets import escaped, fragment

KINDS = (GENRE, REAL)
TITLES = {GENRE: "Which genre is it?", REAL: "Real or generated?"}
STARTS = {GENRE: "Guess the genres", REAL: "Tell real from generated"}
MODES = {
    ALONE: ":material/person: I play alone",
    HANDS: ":material/back_hand: The room raises hands",
    PHONES: ":material/smartphone: The room votes on phones",
}
ABOUT = {
    GENRE: "You choose among four genres, and so does the model of the Listen page. Who knows more music?",
    REAL: "Some pieces were made by people, and some were made up by Earmark's generator. You score when you "
    "tell which; the generator scores when you take one for the other.",
}
ABOUT_ROUNDS = "You hear ten seconds of music. You say what it is. Then the machine says what it hears."
# A round in three steps: what one does, and a small picture of it.
STEPS = (
    ("Hear ten seconds", '<u class="game-how-sound"></u>'),
    ("Say what it is", "<s></s><s class='game-how-chosen'></s><s></s><s></s>"),
    ("See who is right", "<em>You</em><em>Machine</em>"),
)
# Material symbols of what is told apart, with the genre that gives the colour.
SYMBOLS = {
    GENRE: (("nightlife", "jazz"), ("bolt", "metal"), ("beach_access", "reggae"), ("piano", "classical")),
    REAL: (("groups", ""), ("auto_awesome", "")),
}
QUESTIONS = {GENRE: "Which genre is it?", REAL: "Did people play this, or did the generator make it up?"}
RIVALS = {GENRE: "The machine", REAL: "The generator"}
REFRESH_S = 1.0


def show_screen() -> None:
    """Show the screen in its present state."""
    st.html(GAME)
    state, room = game_state(), shown_room()
    if state.error:
        st.error(escaped(state.error), icon=":material/error:")
    if room is None:
        _show_start()
        return
    if room.phase == OVER:
        show_end(room, state.mode, _end)
        return
    _show_score(room)
    match room.phase:
        case "answer":
            show_answer(room, state.mode, clip_wav(room, room.number), lambda: _offer_next(room))
        case _:
            _show_vote(room)
    st.button(
        "End the game",
        icon=":material/close:",
        key="end_game",
        type="tertiary",
        on_click=_end_early,
        args=(room,),
    )


def _show_start() -> None:
    st.markdown(f"**{ABOUT_ROUNDS}** Ten rounds.")
    st.html(_steps())
    mode = st.segmented_control(
        "Who plays?",
        list(MODES),
        default=ALONE,
        required=True,
        key="game_mode",
        format_func=MODES.__getitem__,
        persist_state="session",
    )
    is_out_of_reach = mode == PHONES and not reaches_others()
    if is_out_of_reach:
        st.info(
            "Phones cannot reach this Earmark: it serves its own computer alone. Let the room raise hands.",
            icon=":material/wifi_off:",
        )
        with st.container(key="how_phones_come_in"):
            st.caption("The README says how phones are let in, under “Exposure”.")
    first = REAL if st.query_params.get("kind") == REAL else GENRE
    kinds = sorted(KINDS, key=lambda kind: kind != first)
    for column, kind in zip(st.columns(2), kinds, strict=True):
        with (
            column,
            st.container(
                border=True, height="stretch", vertical_alignment="distribute", key=f"game_of_{kind}"
            ),
        ):
            with st.container():
                st.html(_symbols(kind))
                st.subheader(TITLES[kind], anchor=False)
                st.markdown(ABOUT[kind])
            st.button(
                STARTS[kind],
                type="primary",
                icon=":material/play_arrow:",
                key=f"start_{kind}",
                on_click=_start,
                args=(kind,),
                width="stretch",
                disabled=is_out_of_reach,
            )
    st.caption(ORIGINS_OF_PIECES)
    offer_own_songs()
    if reaches_others():
        with st.container(horizontal=True, vertical_alignment="bottom", key="join_by_code"):
            st.text_input(
                "Code of a game to join", key="join_code", max_chars=8, placeholder="ABCD", width=220
            )
            st.button("Join", icon=":material/login:", key="join", on_click=_join)


def _steps() -> str:
    """Draw how a round goes."""
    steps = "".join(f"<li><i aria-hidden='true'>{picture}</i><b>{words}</b></li>" for words, picture in STEPS)
    return f'<ol class="game-how">{steps}</ol>'


def _symbols(kind: str) -> str:
    """Draw what is told apart: genres in their colours, or people and the generator."""
    from genre.plots.prediction import COLOURS, QUIET  # takes a while

    marks = [
        f'<span style="--genre: {COLOURS.get(genre, QUIET)}">{symbol}</span>'
        for symbol, genre in SYMBOLS[kind]
    ]
    return f'<p class="game-symbols" aria-hidden="true">{"".join(marks)}</p>'


def _offer_next(room: Room) -> None:
    is_last = room.number + 1 == len(room.rounds)
    st.button(
        "Who has won?" if is_last else "Next piece",
        type="primary",
        key="next",
        shortcut="Right",
        on_click=room.next_round,
    )


def _start(kind: str) -> None:
    mode = st.session_state.game_mode
    try:
        with st.spinner("Choosing the pieces"):
            rounds = make_rounds(kind, random.randrange(2**31), library_songs(kind == GENRE))
        show_room(rooms().open(rounds), mode)
    except RoomError as error:
        game_state().error = str(error)


def _join() -> None:
    if code := st.session_state.join_code.strip().upper():
        st.query_params["room"] = code


def _end_early(room: Room) -> None:
    """Show who has won so far; a game without an answer is forgotten."""
    if not room.end():
        _end()


def _end() -> None:
    """Forget the room with its names and votes."""
    state = game_state()
    rooms().close(state.code)
    state.code, state.clip, state.error = "", None, ""


def _kind(room: Room) -> str:
    return REAL if REAL_MUSIC in room.round.options else GENRE


def _show_score(room: Room) -> None:
    people, machine = room.score()
    with st.container(horizontal=True, vertical_alignment="top", key="score"):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"Piece **{room.number + 1}** of {len(room.rounds)}")
            if _kind(room) == GENRE:
                st.caption(shares_text(room.rounds))
        names = "You" if game_state().mode == ALONE else "The room", RIVALS[_kind(room)]
        for name, score in zip(names, (people, machine), strict=True):  # the answer tells who gets a point
            st.metric(name, score, width="content")


def _show_vote(room: Room) -> None:
    """Play the clip and take the votes."""
    try:
        wav = clip_wav(room, room.number)
    except (AudioError, OSError) as error:
        st.error(escaped(error_sentence(error)), icon=":material/error:")
        st.button("Skip this piece", key="skip", on_click=_close, args=(room, False))
        return
    kind = _kind(room)
    with st.container(horizontal=True, vertical_alignment="center", key="question"):
        play_with_button(wav, "round", begins=f"{room.code}-{room.number}")
        with st.container(gap="xsmall"):
            st.subheader(QUESTIONS[kind], anchor=False)
            if kind == GENRE:
                st.markdown(ORIGINS[room.round.source])
    match game_state().mode:
        case "hands":
            _count_hands(room)
        case "phones":
            _watch_phones(room)
        case _:
            _choose_alone(room)


def _choose_alone(room: Room) -> None:
    with st.container(horizontal=True, gap="small", key="game_options"):
        for number, option in enumerate(room.round.options, 1):
            st.button(
                option_label(option),
                key=f"option_{option}",
                width="stretch",
                shortcut=str(number),
                on_click=_vote_alone,
                args=(room, option),
            )


def _vote_alone(room: Room, option: str) -> None:
    state = game_state()
    try:
        room.vote(state.screen_player, option)
    except RoomError as error:
        state.error = str(error)
        return
    _close(room)


def _count_hands(room: Room) -> None:
    with st.form("hands", border=False):
        st.markdown("**Hands up for …**")
        for column, option in zip(st.columns(len(room.round.options)), room.round.options, strict=True):
            with column:
                st.number_input(option_label(option), 0, 999, 0, key=f"hands_{room.number}_{option}")
        st.form_submit_button(
            "Show the answer",
            type="primary",
            icon=":material/visibility:",
            key="hands_counted",
            on_click=_close_hands,
            args=(room,),
        )


def _close_hands(room: Room) -> None:
    room.count_hands({o: int(st.session_state[f"hands_{room.number}_{o}"]) for o in room.round.options})
    _close(room)


def _watch_phones(room: Room) -> None:
    options = "".join(f"<span>{escape(option_label(option))}</span>" for option in room.round.options)
    st.html(f'<p class="game-options">{options}</p>')
    left, right = st.columns([2, 3], vertical_alignment="center", gap="large")
    link = link_to("guess", room=room.code)
    with left:
        st.html(qr_code(link, "Code that opens this game on a phone"))
    with right:
        st.markdown("Scan the code, or open **Guess first** and type")
        st.markdown(f"# {room.code}")
        st.caption(link)
        fragment(run_every=REFRESH_S)(_show_turnout)(room)
        st.button(
            "Show the answer",
            type="primary",
            icon=":material/visibility:",
            key="show_answer",
            on_click=_close,
            args=(room,),
        )


def _show_turnout(room: Room) -> None:
    rooms().find(room.code)  # a room that is watched is not idle
    n_players, n_voted = len(room.players), room.n_voted()
    st.markdown(f"### {n_voted} of {n_players} {'has' if n_players == 1 else 'have'} voted")
    if n_players and room.phase != ANSWER:
        st.progress(n_voted / n_players)


def _close(room: Room, asks_machine: bool = True) -> None:
    """End the vote, and let the machine guess where it plays."""
    answer, current = None, room.round
    if asks_machine and _kind(room) == GENRE:
        try:
            with st.spinner("The machine is listening"), visitor_turn():
                answer = machine_answer(default_classifier(), current.load(), current.options)
        except (ArtefactError, AudioError, OSError) as error:
            game_state().error = error_sentence(error)
    room.close_round(answer)

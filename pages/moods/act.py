"""The view Act this mood: a card names a mood, somebody acts it, people and the machine guess which it is."""

import random
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from genre.text import percent
from mood.emotion.drawing import EMOTION_COLOURS
from pages.moods.labels import MOODS, look_word, mood_icon, mood_label, mood_symbol, mood_word, score_bars
from pages.moods.photo import IMAGE_TYPES
from pages.moods.recognizer import load_earmark_network
from pages.shared.browser.permissions import is_insecure
from pages.shared.flash import set_flash, show_flash
from pages.shared.style import ACT_CARDS, mood_cards
from pages.shared.widgets import escaped, renew, widget_key

if TYPE_CHECKING:
    import numpy as np

N_ROUNDS = 5
FLASH = "act"
KEY = "act_state"


@dataclass
class Scene:
    """One mood to act, and what was made of it."""

    mood: str
    picture: "np.ndarray | None" = None  # (H, W, 3) RGB uint8, the face framed; until the next scene
    scores: dict[str, float] = field(default_factory=dict)  # of the machine
    guess: str = ""  # of the people

    @property
    def machine_guess(self) -> str:
        """What the machine says."""
        return max(self.scores, key=self.scores.__getitem__, default="")


@dataclass
class ActState:
    """The game of a visit."""

    scenes: list[Scene] = field(default_factory=list)
    number: int = 0
    is_open: bool = False  # whether the card can be read
    is_celebrated: bool = False  # whether a victory over the machine has had its balloons

    @property
    def scene(self) -> Scene:
        """The present scene."""
        return self.scenes[self.number]

    def score(self) -> tuple[int, int]:
        """Count what (people, the machine) guessed right, of the scenes that both have guessed."""
        scenes = [scene for scene in self.scenes if scene.guess and scene.scores]
        return sum(s.guess == s.mood for s in scenes), sum(s.machine_guess == s.mood for s in scenes)


def act_state() -> ActState:
    """Return the game of this visit."""
    return st.session_state.setdefault(KEY, ActState())


def show_act() -> None:
    """Show the game in its present state."""
    with st.container(key="act"):
        _show_game(act_state())


def _show_game(state: ActState) -> None:
    show_flash(FLASH, warning_icon=":material/face:")
    st.html(ACT_CARDS)
    if not state.scenes:
        _show_start()
        return
    if state.number >= len(state.scenes):
        _show_end(state)
        return
    people, machine = state.score()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"Mood **{state.number + 1}** of {len(state.scenes)}", width="stretch")
        st.metric("You", people, width="content")
        st.metric("The machine", machine, width="content")
    scene = state.scene
    if not scene.scores:
        card, camera = st.columns([2, 3], vertical_alignment="center", gap="large")
        with card:
            _show_card(state)
        with camera:
            _take_picture(scene)
    elif not scene.guess:
        _ask_people(scene)
    else:
        _show_answer(state)


def _show_start() -> None:
    st.html(_fan())
    st.markdown(
        f"One of you looks at a card in secret and **acts its mood** before the camera. The others guess "
        f"which it is, and so does the machine. {N_ROUNDS} cards: who gets more of them right?"
    )
    st.button(
        "Start",
        type="primary",
        icon=":material/theater_comedy:",
        key="start_act",
        on_click=_start,
        width="stretch",
    )


def _fan() -> str:
    """Draw the cards of all moods in a fan, as a hand holds them."""
    middle = len(MOODS) // 2
    cards = "".join(
        f'<i class="act-symbol" style="--mood:{EMOTION_COLOURS[mood]};--turn:{7 * (n - middle)}deg;'
        f'--wait:{0.07 * n:.2f}s">{mood_symbol(mood)}</i>'
        for n, mood in enumerate(MOODS)
    )
    return f'<div class="act-fan" aria-hidden="true">{cards}</div>'


def _card(mood: str | None) -> str:
    """Draw the card of a mood; of none, its back."""
    if mood is None:
        return '<div class="act-card is-down" aria-hidden="true">?</div>'
    return (
        f'<div class="act-card" aria-hidden="true" style="--mood:{EMOTION_COLOURS[mood]}">'
        f'<i class="act-symbol">{mood_symbol(mood)}</i><b>{MOODS[mood][1]}</b></div>'
    )


def _start() -> None:
    moods = random.sample([mood for mood in MOODS if mood != "neutral"], N_ROUNDS)
    st.session_state[KEY] = ActState([Scene(mood) for mood in moods])


def _show_card(state: ActState) -> None:
    """Show the card, face down until the one who acts turns it."""
    with st.container(horizontal_alignment="center", key="act_card"):
        st.html(_card(state.scene.mood if state.is_open else None), width="content")
        if state.is_open:
            st.subheader(f"Act: {look_word(state.scene.mood)}", anchor=False)
            st.markdown("Turn the card over again before the others look.", text_alignment="center")
        else:
            st.markdown(
                "**The card is face down.** All others close their eyes while the one who acts turns it.",
                text_alignment="center",
            )
        st.button(
            "Turn it over again" if state.is_open else "Turn the card",
            icon=":material/flip:",
            key="turn_card",
            on_click=_turn,
        )


def _turn() -> None:
    act_state().is_open = not act_state().is_open


def _take_picture(scene: Scene) -> None:
    is_blocked = is_insecure()
    if not (is_blocked or st.session_state.get("act_camera_is_open")):
        st.button(
            "Open the camera",
            type="primary",
            icon=":material/photo_camera:",
            key="open_act_camera",
            on_click=_open_camera,
            help="The browser asks whether Earmark may use it.",
        )
        return
    if is_blocked:
        photo = st.file_uploader("A photo of the face", type=IMAGE_TYPES, key=widget_key("act_photo"))
    else:
        photo = st.camera_input(
            "Act it, and take the picture", key=widget_key("act_photo"), resolution="480p"
        )
    if photo is not None:
        _read(scene, photo.getvalue())
        renew("act_photo")
        st.rerun()


def _open_camera() -> None:
    st.session_state.act_camera_is_open, act_state().is_open = True, False


def _read(scene: Scene, content: bytes) -> None:
    """Let the machine guess, and keep what it says to itself until people have guessed."""
    from mood.emotion.drawing import draw_faces
    from mood.emotion.faces import MAX_PHOTOGRAPH_SIDE, FaceError, decode_image, explain_no_face
    from mood.emotion.recognizer import recognize_emotions

    try:
        with st.spinner("Looking at the face"):
            image = decode_image(content, MAX_PHOTOGRAPH_SIDE)
            faces = recognize_emotions(load_earmark_network(), image, thorough=True)
            if not faces:
                raise FaceError(explain_no_face(image))
    except ValueError as error:
        set_flash(FLASH, escaped(str(error)), "warning")
        return
    scene.picture = draw_faces(image, [faces[0].box])
    scene.scores = dict(faces[0].scores)
    act_state().is_open = False


def _ask_people(scene: Scene) -> None:
    left, right = st.columns([2, 3], vertical_alignment="center")
    with left:
        _show_picture(scene)
    with right:
        key = f"act_guess_{act_state().number}"
        st.html(mood_cards([EMOTION_COLOURS[mood] for mood in MOODS], key))
        st.pills(
            "Which mood is it?", list(MOODS), format_func=mood_label, key=key, on_change=_guess, args=(key,)
        )


def _show_picture(scene: Scene) -> None:
    if scene.picture is not None:
        st.image(scene.picture, width="stretch", alt="The picture of the one who acts")


def _guess(key: str) -> None:
    act_state().scene.guess = st.session_state[key] or ""


def _show_answer(state: ActState) -> None:
    scene = state.scene
    left, right = st.columns([2, 3], vertical_alignment="center")
    with left:
        _show_picture(scene)
    with right:
        st.subheader(f"{mood_icon(scene.mood)} The card said: {look_word(scene.mood)}", anchor=False)
        share = percent(scene.scores[scene.machine_guess])
        guesses = (("You", scene.guess), (f"The machine, {share} sure,", scene.machine_guess))
        rows = "".join(_guess_row(who, guess, guess == scene.mood) for who, guess in guesses)
        st.html(f'<div class="act-guesses">{rows}</div>')
        st.html(score_bars(scene.scores))
        is_last = state.number + 1 == len(state.scenes)
        st.button(
            "Who has won?" if is_last else "Next mood",
            type="primary",
            icon=":material/arrow_forward:",
            key="next_mood",
            on_click=_next,
        )


def _guess_row(who: str, guess: str, is_right: bool) -> str:
    """Write who has said what, and whether that was right."""
    return (
        f'<p class="{_tone(is_right)}">{_mark(is_right)}<b>{who}</b> said {escape(mood_word(guess))}'
        f"<b>{'right, +1' if is_right else 'wrong'}</b></p>"
    )


def _tone(is_right: bool) -> str:
    return "is-right" if is_right else "is-wrong"


def _mark(is_right: bool) -> str:
    return f'<span class="act-symbol" aria-hidden="true">{"check_circle" if is_right else "cancel"}</span>'


def _next() -> None:
    state = act_state()
    state.scene.picture = None  # nobody needs it any more
    state.number += 1


def _show_end(state: ActState) -> None:
    people, machine = state.score()
    if people == machine:
        text = f"You and the machine are level, {people} each"
    else:
        text = f"{'You have' if people > machine else 'The machine has'} won, "
        text += f"{max(people, machine)} to {min(people, machine)}"
    st.subheader(text, anchor=False)
    scores = "".join(
        f'<div class="{"is-winner" if mine >= other else ""}"><b>{mine}</b>{who}</div>'
        for who, mine, other in (("You", people, machine), ("The machine", machine, people))
    )
    st.html(f'<div class="act-score">{scores}</div>')
    st.html(f'<div class="act-scenes">{"".join(map(_scene_row, state.scenes))}</div>')
    st.button("Play again", type="primary", icon=":material/replay:", key="act_again", on_click=_start)
    if people > machine and not state.is_celebrated:
        state.is_celebrated = True
        st.balloons()


def _scene_row(scene: Scene) -> str:
    """Write a mood that was acted, and what was said of it."""
    guesses = (("you", scene.guess), ("the machine", scene.machine_guess))
    cells = "".join(
        f'<span class="{_tone(guess == scene.mood)}">{_mark(guess == scene.mood)}'
        f"{who}: {escape(mood_word(guess))}</span>"
        for who, guess in guesses
    )
    return f"<b>{MOODS[scene.mood][1]}</b>{cells}"

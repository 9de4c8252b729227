"""The view Act this mood: a card names a mood, somebody acts it, people and the machine guess which it is."""

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from genre.text import percent
from mood.emotion.drawing import EMOTION_COLOURS
from pages.moods.labels import MOODS, look_word, mood_icon, mood_label, score_bars
from pages.moods.photo import IMAGE_TYPES
from pages.moods.recognizer import load_earmark_network
from pages.shared.browser.permissions import is_insecure
from pages.shared.flash import set_flash, show_flash
from pages.shared.style import mood_cards
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
        _show_card(state)
        _take_picture(scene)
    elif not scene.guess:
        _ask_people(scene)
    else:
        _show_answer(state)


def _show_start() -> None:
    st.markdown(
        f"{N_ROUNDS} moods. One of you reads the card in secret and acts it before the camera. The others "
        "guess which it is, and so does the machine. Who reads faces better?"
    )
    st.button("Start", type="primary", icon=":material/theater_comedy:", key="start_act", on_click=_start)


def _start() -> None:
    moods = random.sample([mood for mood in MOODS if mood != "neutral"], N_ROUNDS)
    st.session_state[KEY] = ActState([Scene(mood) for mood in moods])


def _show_card(state: ActState) -> None:
    """Show the card, face down until the one who acts turns it."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="act_card"):
        if state.is_open:
            st.subheader(f"{mood_icon(state.scene.mood)} Act: {look_word(state.scene.mood)}", anchor=False)
        else:
            st.markdown("**The card is face down.** Only the one who acts looks at it.", width="stretch")
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
    st.session_state.act_camera_is_open = True


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
        for who, guess in (("You", scene.guess), (f"The machine ({share} sure)", scene.machine_guess)):
            mark = ":material/check_circle:" if guess == scene.mood else ":material/cancel:"
            st.markdown(f"{mark} **{who}** said {look_word(guess)}.")
        st.html(score_bars(scene.scores))
        is_last = state.number + 1 == len(state.scenes)
        st.button(
            "Who has won?" if is_last else "Next mood",
            type="primary",
            icon=":material/arrow_forward:",
            key="next_mood",
            on_click=_next,
        )


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
    for scene in state.scenes:
        st.markdown(
            f"{mood_label(scene.mood)}: you said {look_word(scene.guess)}, the machine "
            f"{look_word(scene.machine_guess)}."
        )
    st.button("Play again", type="primary", icon=":material/replay:", key="act_again", on_click=_start)

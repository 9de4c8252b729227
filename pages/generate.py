"""The Generate screen: wish for music that was never played, hear it, change it, keep it.

The painting itself is done at a desk that all visitors share (gan/desk.py); the page looks at it a few
times a second and stays usable meanwhile.
"""

import streamlit as st

from gan.history import read_history
from gan.pictures import strip
from genre.names import spoken
from pages._front_door import enter
from pages._generate_studio import (
    ask,
    collect,
    crowded,
    gallery,
    lessons,
    order,
    own_painters,
    painter_genres,
    warm_up,
)
from pages._generate_training import show_training
from pages._generate_wish import ask_wish
from pages._scroll import scroll_to
from pages._shared import escaped, fragment

LOOK_S = 0.25  # between two looks at the desk
EXAMPLE = ("classical", 10.0, 7)  # genre, seconds, seed of what the first visit offers to hear
WIDTH = "<style>[data-testid=stMainBlockContainer] { max-width: 58rem; }</style>"


def choose_painter() -> None:
    """A choice once there is one: trainings of one's own that are done."""
    own = own_painters()
    if (wanted := st.session_state.pop("painter_wanted", None)) in own:
        st.session_state.painter = wanted
    if own:
        st.selectbox(
            "Who paints?", [None, *own], key="painter", persist_state="session",
            format_func=lambda name: own.get(name, "the painter that came with Earmark"),
        )  # fmt: skip


def waiting_room() -> None:
    """How far the desk is, and a way to change one's mind.

    The whole page is run again only from a look of its own: a run that is broken off while the page is
    being made has Streamlit forget the sounds that would have come further below.
    """
    mine = order()
    made_for_waiting = st.session_state.waiting
    if not st.session_state.pop("page_is_made", False) and (
        mine.ready or (made_for_waiting and not mine.active)
    ):
        st.rerun()
    if not mine.active:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="waiting"):
        st.progress((mine.done + 0.5 * mine.working) / max(1, mine.asked), text=_standing())
        st.button("Cancel", icon=":material/close:", key="cancel", on_click=mine.cancel)


def _standing() -> str:
    mine = order()
    which = f"piece {mine.done + 1} of {mine.asked}" if mine.asked > 1 else "your piece"
    if mine.working:
        return f"Painting {which}"
    if ahead := mine.ahead:
        others = "a piece of another visitor" if ahead == 1 else f"{ahead} pieces of others"
        return f"Waiting: {others} before yours"
    if crowded():
        return "Trainings hold all cores of this machine. You come next in a moment"
    return f"Getting ready for {which}"


def empty_state(genres: tuple[str, ...]) -> None:
    """What painted music looks like, and one piece to be had with a click."""
    with st.container(border=True, key="to_come"):
        st.markdown("**Your music appears here,** as a picture you can hear. This is what our painter's "
                    "music looks like: time runs to the right, low notes lie at the bottom.")  # fmt: skip
        history = read_history(lessons())
        last = max(history.samples, default=None)
        if last is not None:
            st.html(strip([(tile, spoken(genre)) for genre, tile in zip(
                history.genres, history.sheet(last), strict=False)]))
        st.button("Let me hear one", icon=":material/play_arrow:", key="example", on_click=_example,
                  args=(genres,))  # fmt: skip


def _example(genres: tuple[str, ...]) -> None:
    from gan.wish import Wish

    genre, seconds, seed = EXAMPLE
    ask([Wish({genre if genre in genres else genres[0]: 1.0}, seconds=seconds, seed=seed)])


def bring_back() -> None:
    """Upload a spectrogram or a recipe of ours."""
    from pages._generate_upload import take_back

    with st.expander("Bring a piece back", icon=":material/upload:"):
        take_back()


def results() -> None:
    from pages._generate_piece import show_gallery, show_piece

    opened = gallery().get(st.session_state.get("opened_piece")) or next(iter(gallery()))
    if st.session_state.get("known_piece") == opened.id:
        st.info("The same wish and the same seed give the very same music: here it is again. Press "
                "**Surprise me** for something new.", icon=":material/repeat:")  # fmt: skip
    show_piece(opened)
    show_gallery(opened)
    if st.session_state.pop("arrived", False):
        scroll_to("piece")


enter()
st.html(WIDTH)
st.title("Music that was never played")
st.markdown(
    "A neural network has listened to some hundred recordings and learnt to paint pictures of sound. "
    "Tell it what you would like: it paints something new, and Earmark plays it."
)
collect()
choose_painter()
genres = painter_genres()
if genres:
    ask_wish(genres)
    if refused := st.session_state.get("wish_refused"):
        st.error(escaped(refused), icon=":material/error:")
    st.session_state.page_is_made, st.session_state.waiting = True, order().active
    fragment(run_every=LOOK_S if order().active or order().ready else None)(waiting_room)()
    if len(gallery()):
        results()
    elif not order().active:
        empty_state(genres)
    bring_back()
    warm_up()
else:
    st.error("There is no painter here yet: its weights are missing or damaged. Train one below, or "
             "fetch them again.", icon=":material/error:")  # fmt: skip
show_training()

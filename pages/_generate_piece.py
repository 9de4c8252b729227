"""A piece that was painted: to hear, to see, to change, to keep; and the gallery of all of them."""

import json

import streamlit as st

from gan.gallery import Piece, facts_in_words, genres_in_words
from gan.pictures import plotted, thumbnail
from genre import plots
from genre.names import spoken
from pages._ear import classifier_named
from pages._generate_studio import ask_again, gallery, new_seed
from pages._shared import STILL, escaped

COLUMNS, SHOWN = 3, 9  # of the gallery
HEARD = 4  # genres shown of what our ear hears
KEPT = {"style": "the sound, and change what happens", "rhythm": "what happens, and change the sound"}


def show_piece(piece: Piece) -> None:
    """The opened piece in full."""
    with st.container(border=True, key="piece"):
        st.subheader(escaped(piece.title), anchor=False)
        st.caption(escaped(facts_in_words(piece)))
        st.audio(piece.wav, format="audio/wav")
        st.plotly_chart(
            plots.spectrogram(*plotted(piece.artefact.mel_db), piece.seconds), config=STILL, key="painting",
            alt=f"Spectrogram of {piece.title}: time to the right, pitch upwards",
        )  # fmt: skip
        with st.container(horizontal=True, gap="xsmall", key="actions"):
            if piece.wish:
                _another(piece)
                _vary(piece)
                _mix(piece)
            _hear(piece)
            _download(piece)
        _verdict(piece)


def _another(piece: Piece) -> None:
    st.button("Another like this", icon=":material/auto_awesome:", key="another", on_click=_ask_another,
              args=(piece,), help="The same sound, other music")  # fmt: skip


def _ask_another(piece: Piece) -> None:
    from gan.wish import another_like

    ask_again(piece.artefact.recipe, [another_like(piece.wish, new_seed())], f"like No. {piece.number}")


def _vary(piece: Piece) -> None:
    with st.popover("Keep and change", icon=":material/lock:"):
        st.radio("Keep", list(KEPT), format_func=KEPT.get, key="keep")
        st.button("Change the rest", key="vary", type="primary", on_click=_ask_varied, args=(piece,))


def _ask_varied(piece: Piece) -> None:
    from gan.wish import vary

    wish = vary(piece.wish, new_seed(), st.session_state.keep)
    ask_again(piece.artefact.recipe, [wish], f"from No. {piece.number}")


def _mix(piece: Piece) -> None:
    painter = piece.artefact.recipe.get("weights")
    others = {each.id: each for each in gallery()
              if each.wish and each is not piece and each.artefact.recipe.get("weights") == painter}
    with st.popover("Mix", icon=":material/join_inner:"):
        if not others:
            st.markdown("Paint a second piece with the same painter, and you can mix the two.")
            return
        st.selectbox(f"No. {piece.number} with", list(others), key=f"mix_with_{piece.id}",
                     format_func=lambda id_: others[id_].name)  # fmt: skip
        st.slider("How much of the other", 0, 100, 50, 5, format="%d %%", key="mix_share")
        st.button("Mix these two", key="mix", type="primary", on_click=_ask_mixed, args=(piece,))


def _ask_mixed(piece: Piece) -> None:
    from gan.wish import mix

    share, other = st.session_state.mix_share, gallery().get(st.session_state[f"mix_with_{piece.id}"])
    ask_again(piece.artefact.recipe, [mix(piece.wish, other.wish, share / 100)],
              f"{100 - share}\u00a0% No. {piece.number}, {share}\u00a0% No. {other.number}")  # fmt: skip


def _hear(piece: Piece) -> None:
    if st.button("What does our ear hear?", icon=":material/hearing:", key="hear",
                 help="The network of the Listen page judges the sound, and does not know what was asked."):
        try:
            with st.spinner("Listening"):
                piece.verdict = classifier_named(None, 0).classify(piece.clip)
        except ValueError as error:  # no weights: a sentence
            st.error(str(error), icon=":material/error:")


def _verdict(piece: Piece) -> None:
    verdict = piece.verdict
    if verdict is None:
        return
    if verdict.genre is None:
        st.info(verdict.message, icon=":material/hearing:")
        return
    heard, share = spoken(verdict.genre), plots.percent(verdict.probabilities[verdict.genre])
    wished = escaped(genres_in_words(piece.wish)) if piece.wish else ""
    asked = f"We asked for **{wished}**, and our" if wished else "Our"
    st.markdown(f"{asked} ear hears **{heard}** ({share}{'' if verdict.confident else ', not sure'}).")
    likeliest = sorted(verdict.probabilities, key=verdict.probabilities.get)[-HEARD:]
    figure = plots.probability_bars({genre: verdict.probabilities[genre] for genre in likeliest})
    figure.update_layout(height=140)
    st.plotly_chart(figure, config=STILL, key="ear_bars", alt=f"Our ear hears {heard}, {share}")


def _download(piece: Piece) -> None:
    from gan import artefact, sound

    name = piece.file_name
    files = (
        ("Sound, WAV", f"{name}.wav", "audio/wav", lambda: piece.wav),
        ("Sound, MP3", f"{name}.mp3", "audio/mpeg", lambda: sound.encode(piece.clip.samples, "mp3")),
        ("Picture, PNG", f"{name}.png", "image/png", lambda: artefact.picture(piece.artefact.mel_db)),
        ("Recipe, JSON", f"{name}.json", "application/json",
         lambda: json.dumps(piece.artefact.recipe, indent=1) + "\n"),
        ("Spectrogram, NPZ", f"{name}.npz", "application/octet-stream",
         lambda: artefact.save(piece.artefact)),
    )  # fmt: skip
    with st.popover("Download", icon=":material/download:"):
        for label, file, kind, content in files:
            st.download_button(label, content, file, kind, key=f"download_{file[-3:]}", width="stretch",
                               on_click="ignore")  # fmt: skip
        st.caption("The recipe or the spectrogram brings the piece back, here or on the command line.")


def show_gallery(opened: Piece) -> None:
    """The other pieces of this visit."""
    pieces = [piece for piece in gallery() if piece is not opened]
    if not pieces:
        return
    st.subheader("Your gallery")
    if gallery().let_go:
        st.caption("The oldest pieces were taken down to make room. The recipes you downloaded bring them "
                   "back.")  # fmt: skip
    every = st.session_state.get("whole_gallery", False)
    shown = pieces if every else pieces[:SHOWN]
    for first in range(0, len(shown), COLUMNS):
        for column, piece in zip(st.columns(COLUMNS), shown[first : first + COLUMNS], strict=False):
            with column, st.container(border=True):
                _card(piece)
    with st.container(horizontal=True):
        if len(pieces) > len(shown):
            st.button(f"Show all {len(pieces)}", key="all_pieces", on_click=_show_all)
        st.button("Empty the gallery", icon=":material/delete_sweep:", key="empty_gallery", on_click=_empty)


def _show_all() -> None:
    st.session_state.whole_gallery = True


def _empty() -> None:
    del st.session_state.gallery


def _card(piece: Piece) -> None:
    st.html(thumbnail(piece.artefact.mel_db, f"Spectrogram of {piece.name}"))
    st.text(piece.title)
    st.caption(escaped(facts_in_words(piece)))
    st.audio(piece.wav, format="audio/wav")
    with st.container(horizontal=True, gap="xsmall"):
        st.button("Open", key=f"open_{piece.id}", icon=":material/open_in_full:", width="stretch",
                  on_click=_open, args=(piece.id,))  # fmt: skip
        st.button("Take it down", key=f"icon_remove_{piece.id}", icon=":material/delete:",
                  help="Take it down", on_click=gallery().remove, args=(piece.id,))  # fmt: skip


def _open(id_: str) -> None:
    st.session_state.opened_piece = id_
    st.session_state.arrived = True

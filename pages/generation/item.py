"""The opened item with its actions, and the gallery of all items."""

import json
from typing import TYPE_CHECKING

import streamlit as st

from gan.sampling.gallery import Gallery, GalleryItem, describe_genres, describe_item
from genre.plots import prediction as plots
from genre.text import genre_name, percent
from pages.access.links import link_to, reaches_others
from pages.generation.before import show_before_button, show_sound
from pages.generation.hand_on import show_hand_on, show_kept
from pages.generation.html import render_thumbnail
from pages.generation.piece_card import piece_card
from pages.generation.state import generate_state
from pages.generation.studio import model_genres, new_seed, submit_genre, submit_to_same_model
from pages.shared.browser.scripts import scroll_to
from pages.shared.models import default_classifier
from pages.shared.sharing.qr_code import qr_code
from pages.shared.turns import visitor_turn
from pages.shared.widgets import STILL, download_button, escaped

if TYPE_CHECKING:
    from gan.request import GenerationRequest
    from genre.inference.classifier import Prediction

N_COLUMNS, N_SHOWN = 3, 9  # items per row of the gallery, items visible at first
N_GENRES_SHOWN = 4  # genres shown of a prediction
KEEP_LABELS = {"style": "The sound. The notes change.", "rhythm": "The notes. The sound changes."}


def show_item(item: GalleryItem) -> None:
    """Show the opened item in full."""
    with st.container(border=True, key="item"):
        st.subheader(escaped(item.title), anchor=False)
        st.caption(escaped(describe_item(item)))
        show_sound(item)
        _judge(item)
        with st.container(horizontal=True, gap="xsmall", key="actions"):
            if item.request:
                _another(item, item.request)
            show_before_button(item)
            _share(item)
            _next_genres(item)
            show_hand_on(item)
            if item.request:
                _vary(item, item.request)
                _mix(item, item.request)
        show_kept(item)


def _another(item: GalleryItem, request: "GenerationRequest") -> None:
    st.button(
        "Another like this",
        icon=":material/auto_awesome:",
        key="another",
        on_click=_submit_similar,
        args=(item, request),
        help="The same sound, other music",
    )


def _submit_similar(item: GalleryItem, request: "GenerationRequest") -> None:
    from gan.request import make_similar_request

    submit_to_same_model(
        item.spectrogram.recipe, [make_similar_request(request, new_seed())], f"like No. {item.number}"
    )


def _next_genres(item: GalleryItem) -> None:
    """Show a button for each genre to the presenter, whose view has no form (presenter/scenes)."""
    chosen = max(item.request.genres, key=item.request.genres.__getitem__) if item.request else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="next_genres"):
        st.markdown("**Paint another:**", width="content")
        for genre in model_genres():
            st.button(
                genre_name(genre).capitalize(),
                key=f"next_{genre}",
                type="primary" if genre == chosen else "secondary",
                on_click=submit_genre,
                args=(genre,),
            )


def _vary(item: GalleryItem, request: "GenerationRequest") -> None:
    with st.popover("Keep and change", icon=":material/lock:", key="vary_popover", on_change="rerun"):
        st.radio("What shall stay?", list(KEEP_LABELS), format_func=KEEP_LABELS.get, key="keep")
        st.button(
            "Make this change", key="vary", type="primary", on_click=_submit_variation, args=(item, request)
        )


def _submit_variation(item: GalleryItem, request: "GenerationRequest") -> None:
    from gan.request import vary_request

    st.session_state.vary_popover = False  # it would hide what comes
    variation = vary_request(request, new_seed(), st.session_state.keep)
    submit_to_same_model(item.spectrogram.recipe, [variation], f"from No. {item.number}")


def _mix(item: GalleryItem, request: "GenerationRequest") -> None:
    model = item.spectrogram.recipe.get("weights")
    others = {
        other.id: other
        for other in generate_state().gallery
        if other.request and other is not item and other.spectrogram.recipe.get("weights") == model
    }
    with st.popover("Mix", icon=":material/join_inner:", key="mix_popover", on_change="rerun"):
        if not others:
            st.markdown("Paint a second piece with the same painter, and you can mix the two.")
            return
        st.selectbox(
            f"No. {item.number} with",
            list(others),
            key=f"mix_with_{item.id}",
            format_func=lambda id_: others[id_].name,
        )
        st.slider("How much of the other", 0, 100, 50, 5, format="%d %%", key="mix_share")
        st.button("Mix these two", key="mix", type="primary", on_click=_submit_mix, args=(item, request))


def _submit_mix(item: GalleryItem, request: "GenerationRequest") -> None:
    from gan.request import mix_requests

    st.session_state.mix_popover = False  # it would hide what comes
    share = st.session_state.mix_share
    other = generate_state().gallery.get(st.session_state[f"mix_with_{item.id}"])
    if other is None or other.request is None:  # the item was dropped meanwhile
        return
    submit_to_same_model(
        item.spectrogram.recipe,
        [mix_requests(request, other.request, share / 100)],
        f"{100 - share}\u00a0% No. {item.number}, {share}\u00a0% No. {other.number}",
    )


def _judge(item: GalleryItem) -> None:
    """Show what the classifier hears; before, a button in the same place asks it."""
    with st.container(key="judged", gap="xsmall"):
        place = st.empty()
        if item.prediction is None:
            is_pressed = place.button(
                "What does the Listen page hear?",
                icon=":material/hearing:",
                key="classify",
                help="The model of the Listen page judges the sound. It does not know what was asked for.",
            )
            if not is_pressed:
                return
            try:
                with place, st.spinner("Listening"), visitor_turn():
                    item.prediction = default_classifier().classify(item.clip)
            except ValueError as error:  # a sentence: there are no weights
                st.error(str(error), icon=":material/error:")
                return
            scroll_to("item", within=0.25)  # the piece, its player and the answer are seen at once
        with place.container(gap="xsmall"):
            _show_prediction(item, item.prediction)


def _show_prediction(item: GalleryItem, prediction: "Prediction") -> None:
    if prediction.genre is None:
        st.info(prediction.message, icon=":material/hearing:")
        return
    probability = prediction.probabilities[prediction.genre]
    genre, share = genre_name(prediction.genre), percent(probability)
    genres = escaped(describe_genres(item.request)) if item.request else ""
    # Not "you asked for": where a prompt names no genre, chance picked it.
    made_as = f"Made as **{genres}**. " if genres else ""
    st.markdown(f"{made_as}The Listen page hears **{genre}** ({prediction.certainty}, {share}).")
    ranked = sorted(prediction.probabilities, key=prediction.probabilities.__getitem__, reverse=True)
    requested = max(item.request.genres, key=item.request.genres.__getitem__) if item.request else ""
    shown = ranked[:N_GENRES_SHOWN]
    if requested in ranked and requested not in shown:
        shown[-1] = requested
    st.caption("How sure the model of the Listen page is of each genre")
    figure = plots.probability_bars({name: prediction.probabilities[name] for name in shown})
    labels = [f"made as {name}" if name == genre_name(requested) else name for name in figure.data[0].y]
    figure.update_traces(y=labels)
    figure.update_layout(height=140, margin_l=130)
    st.plotly_chart(
        figure, config=STILL, key="prediction_bars", alt=f"The Listen page hears {genre}, {share}"
    )


def _share(item: GalleryItem) -> None:
    """Show the piece's own address, which makes the very same sound again, and its files."""
    has_link = bool(item.request and item.spectrogram.recipe.get("weights"))
    with st.popover(
        "Share or save", icon=":material/ios_share:", key=f"share_{item.id}", on_change="rerun"
    ) as popover:
        if not popover.open:
            return
        link = _link_to(item) if has_link else ""
        _offer_card(item, link if reaches_others() else "")
        if link:
            _show_link(link)
        with st.expander("Its files", icon=":material/download:", expanded=not link):
            _offer_files(item)


def _show_link(link: str) -> None:
    """Show an address as a code to scan, where another device can open it, and to be copied."""
    if reaches_others():
        try:
            st.html(qr_code(link, "Code that opens this piece"))
        except ValueError:
            st.caption("The recipe is too long for a code to scan. The link works all the same.")
        st.markdown("This link makes the very same piece again, note for note:")
    else:
        st.markdown(
            "This link makes the very same piece again. Others can open it once this Earmark is open to the "
            "network: ask its host."
        )
    st.code(link, language=None)


def _link_to(item: GalleryItem) -> str:
    from gan.sampling.link import pack_recipe

    return link_to("generate", piece=pack_recipe(item.spectrogram.recipe))


def _offer_card(item: GalleryItem, link: str) -> None:
    """Show the button that saves a picture of the piece, with a code where others can open the link."""
    code = " The code on it lets whoever scans it in as a guest, until Earmark stops." if link else ""
    download_button(
        "Save as a picture to pass on",
        lambda: piece_card(item, link),
        f"{item.file_name}-card.png",
        "image/png",
        key=f"card_{item.id}",
        icon=":material/image:",
        width="stretch",
        help=f"Its words and its spectrogram, to pass on.{code}",
    )


def _offer_files(item: GalleryItem) -> None:
    """Show buttons that save the piece in each kind of file."""
    from gan.sampling import spectrogram_file
    from gan.sampling.audio import encode_audio

    name = item.file_name
    files = (
        ("Sound, WAV", f"{name}.wav", "audio/wav", lambda: item.wav),
        ("Sound, MP3", f"{name}.mp3", "audio/mpeg", lambda: encode_audio(item.clip.samples, "mp3")),
        (
            "Picture, PNG",
            f"{name}.png",
            "image/png",
            lambda: spectrogram_file.render_png(item.spectrogram.mel_db),
        ),
        (
            "Recipe that makes it again, JSON",
            f"{name}.json",
            "application/json",
            lambda: json.dumps(item.spectrogram.recipe, indent=1) + "\n",
        ),
        (
            "The picture as numbers, NPZ",
            f"{name}.npz",
            "application/octet-stream",
            lambda: spectrogram_file.pack_spectrogram(item.spectrogram),
        ),
    )
    for label, file, kind, content in files:
        download_button(label, content, file, kind, key=f"download_{file[-3:]}", width="stretch")
    st.caption(
        "The recipe or the picture as numbers brings the piece back: see **Bring a piece back** above."
    )


def show_gallery(opened: GalleryItem) -> None:
    """Show the items of this visit, once there are several."""
    items = list(generate_state().gallery)
    if len(items) < 2:
        return
    st.subheader("Your gallery")
    if generate_state().gallery.n_dropped:
        st.caption(
            "The oldest pieces were taken down to make room. The recipes you downloaded bring them back."
        )
    first_items = items if generate_state().shows_whole_gallery else items[:N_SHOWN]
    for first in range(0, len(first_items), N_COLUMNS):
        for column, item in zip(st.columns(N_COLUMNS), first_items[first : first + N_COLUMNS], strict=False):
            with column, st.container(border=True, height="stretch", vertical_alignment="distribute"):
                _card(item, is_open=item is opened)
    with st.container(horizontal=True):
        if len(items) > len(first_items):
            st.button(f"Show all {len(items)}", key="show_all", on_click=_show_all)
        st.button("Empty the gallery", icon=":material/delete_sweep:", key="empty_gallery", on_click=_empty)


def _show_all() -> None:
    generate_state().shows_whole_gallery = True


def _empty() -> None:
    generate_state().gallery = Gallery()


def _card(item: GalleryItem, is_open: bool) -> None:
    st.html(render_thumbnail(item.spectrogram.mel_db, f"Spectrogram of {item.name}"))
    st.text(item.title)
    st.caption(escaped(describe_item(item)))
    if not is_open:
        st.audio(item.wav, format="audio/wav")
    with st.container(horizontal=True, gap="xsmall"):
        st.button(
            "Shown above" if is_open else "Open",
            key=f"open_{item.id}",
            icon=":material/arrow_upward:" if is_open else ":material/open_in_full:",
            disabled=is_open,
            width="stretch",
            on_click=_open,
            args=(item.id,),
        )
        st.button(
            "Take it down",
            key=f"icon_remove_{item.id}",
            icon=":material/delete:",
            help="Take it down",
            on_click=generate_state().gallery.remove,
            args=(item.id,),
        )


def _open(id_: str) -> None:
    state = generate_state()
    state.opened_id, state.scrolls_to_item = id_, True

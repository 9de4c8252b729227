"""The upload of spectrograms and recipes that were downloaded here."""

from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from gan.sampling.gallery import GalleryItem
from genre.reading import parse_json
from pages.generation.state import generate_state
from pages.generation.studio import UNKNOWN_MODEL, find_model_of, submit_jobs, submit_requests

MAX_RECIPE_BYTES = 100_000  # bytes; ours has some hundred
NO_RECIPE = "This is no recipe of ours. Upload the JSON file that you downloaded with a piece of music."


def import_files() -> None:
    """Show the uploader, and import each file once."""
    st.caption(
        "Upload what you downloaded here: the recipe (JSON) is painted again, the spectrogram "
        "(NPZ) only played."
    )
    files = st.file_uploader(
        "Recipes and spectrograms",
        type=["json", "npz"],
        accept_multiple_files=True,
        key="uploads",
        label_visibility="collapsed",
    )
    state = generate_state()
    known_ids = state.imported_files
    new = [file for file in files if file.file_id not in known_ids]
    errors = {}
    for file in new:  # a click may end the run at any of them, and the next run goes on from there
        if why := _import_file(file):
            errors[file.file_id] = why
        else:
            known_ids.add(file.file_id)
    if errors:  # set last: submitting a request resets it
        state.error = next(iter(errors.values()))
        known_ids.update(errors)
    if new:
        st.rerun()


def _import_file(file: UploadedFile) -> str | None:
    """Submit a job for a file; return the reason where that is impossible."""
    if file.name.lower().endswith(".json"):
        return _import_recipe(file.getvalue())
    submit_jobs([lambda: GalleryItem.from_file(file.getvalue())])
    return None


def _import_recipe(content: bytes) -> str | None:
    """Submit the request of a recipe; return the reason where that is impossible."""
    try:
        return _submit_recipe(parse_json(content[:MAX_RECIPE_BYTES]), "brought back")
    except ValueError:
        return NO_RECIPE


def open_link() -> None:
    """Make the piece that the page's address asks for, once."""
    text, state = st.query_params.get("piece"), generate_state()
    if not text or text in state.opened_links:
        return
    from gan.request import RequestError
    from gan.sampling.link import unpack_recipe

    try:
        why = _submit_recipe(unpack_recipe(text), "from a link")
    except RequestError as error:
        why = str(error)
    state.opened_links.add(text)
    if why:
        state.error = why


def _submit_recipe(recipe: Any, origin: str) -> str | None:
    """Submit the request of a recipe; return the reason where that is impossible."""
    from gan.request import RequestError
    from gan.sampling.sampler import request_from_recipe

    try:
        request = request_from_recipe(recipe)
        model = find_model_of(recipe)
        if model is None:
            return UNKNOWN_MODEL
        submit_requests([request], origin, model)
        return None
    except RequestError as error:
        return str(error)

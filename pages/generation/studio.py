"""The models, the jobs and the results of the Generate screen."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from gan.sampling.gallery import MAX_TOTAL_S, GalleryItem
from gan.sampling.job_queue import JobError
from genre.paths import WEIGHTS
from genre.reading import read_json
from genre.runs.directory import Run, list_runs, runs_folder
from pages.generation.state import generate_state
from pages.shared.models import shared_model
from pages.shared.sound_budget import pieces_budget
from pages.shared.widgets import unique_names

if TYPE_CHECKING:
    import numpy as np

    from gan.request import GenerationRequest
    from gan.sampling.sampler import Sampler

PUBLISHED_MODEL, EARLIER_MODEL = "gan", "gan-first"  # as gan.sampling.sampler has them
N_SEEDS = 1_000_000
UNKNOWN_MODEL = (
    "Another painter made this piece, which is not here, or no more. Its picture as "
    "numbers (NPZ) can be played here all the same."
)


@dataclass(frozen=True, eq=False)
class EarlierSound:
    """What the earlier network made of an item's request."""

    item: GalleryItem
    wav: bytes
    mel_db: "np.ndarray"  # (128, frames), dB below the maximum


def list_trainings() -> dict[str, Run]:
    """List the readable GAN runs by title, newest first."""
    trainings = [run for run in list_runs("gan") if run.state != "damaged"]
    names = unique_names([run.title or run.name for run in reversed(trainings)])
    return dict(zip(reversed(names), trainings, strict=True))


def list_models() -> dict[str, str]:
    """List the finished trainings: name of the run -> title. A plain DCGAN cannot be conditioned."""
    return {
        run.name: title
        for title, run in list_trainings().items()
        if run.state == "done" and run.settings.get("network") in ("beat", "earmark")
    }


def model_genres() -> tuple[str, ...]:
    """Read the genres of the selected model, without torch; none when there is no model."""
    name = _selected_model()
    try:
        genres = read_json(_models_folder(name) / name / "card.json")["genres"]
        return tuple(genre for genre in genres if isinstance(genre, str))
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def stored_pieces_history() -> Path:
    """Return the folder with the pictures of the stored pieces."""
    return WEIGHTS / PUBLISHED_MODEL / "training"


def published_history() -> Path:
    """Return the folder of a published training history: of the earlier network, which kept pictures."""
    return WEIGHTS / EARLIER_MODEL / "training"


def _selected_model() -> str:
    selected = st.session_state.get("model")
    return selected if selected and selected in list_models() else PUBLISHED_MODEL


def _models_folder(name: str) -> Path:
    return WEIGHTS if name in (PUBLISHED_MODEL, EARLIER_MODEL) else runs_folder()


def _model_version(name: str) -> tuple[str, Path, int]:
    """Return a model's name, the folder it lies in, and when its weights changed (ns); 0 without weights."""
    folder = _models_folder(name)
    weights = folder / name / "model.safetensors"
    return name, folder, weights.stat().st_mtime_ns if weights.exists() else 0


@st.cache_data(show_spinner=False, max_entries=50)
def _fingerprint(name: str, folder: Path, changed_ns: int) -> str:
    from gan.sampling.sampler import weights_fingerprint

    return weights_fingerprint(folder / name) if changed_ns else ""


def find_model_of(recipe: dict) -> str | None:
    """Find the model with the weights of a recipe; None where there is none."""
    weights = recipe.get("weights")
    return next(
        (
            name
            for name in [PUBLISHED_MODEL, EARLIER_MODEL, *list_models()]
            if weights and weights == _fingerprint(*_model_version(name))
        ),
        None,
    )


def load_sampler(name: str, folder: Path, changed_ns: int) -> "Sampler":
    """Load and warm up a model, once for all visitors. Raises ArtefactError."""
    return shared_model("sampler", (name, folder, changed_ns), lambda: _load_sampler(name, folder))


def load_published_sampler() -> "Sampler":
    """Load the model that came with Earmark. Raises ArtefactError."""
    return load_sampler(*_model_version(PUBLISHED_MODEL))


def _load_sampler(name: str, folder: Path) -> "Sampler":
    from gan.request import GenerationRequest
    from gan.sampling.sampler import Sampler

    model = Sampler.load(name, folder)
    model.generate(GenerationRequest({model.genres[0]: 1.0}, seconds=3.0))
    return model


def submit_to_same_model(recipe: dict, requests: "Sequence[GenerationRequest]", origin: str) -> None:
    """Submit requests to the model of a recipe: another one would make another clip of the same noise."""
    name = find_model_of(recipe)
    if name is None:
        generate_state().error = UNKNOWN_MODEL
    else:
        submit_requests(requests, origin, name)


def submit_requests(
    requests: "Sequence[GenerationRequest]", origin: str = "", model: str | None = None
) -> None:
    """Submit a job per request to a model, by default the selected one."""
    version = _model_version(model or _selected_model())

    def generate(request: "GenerationRequest") -> GalleryItem:
        return GalleryItem.from_generated(load_sampler(*version).generate(request), origin)

    submit_jobs([partial(generate, request) for request in requests])


def submit_genre(genre: str) -> None:
    """Submit a request for one piece of this genre, as long as the form has it; the form then has it, too."""
    from gan.request import GenerationRequest

    st.session_state.request_genres = [genre]  # of the form, as is the length
    seconds = float(st.session_state.get("seconds", 10))
    submit_requests([GenerationRequest({genre: 1.0}, seconds=seconds, seed=new_seed())])


def submit_earlier_sound(item: GalleryItem) -> None:
    """Submit a job for what the earlier network makes of an item's request."""
    state = generate_state()
    if item.request is None:
        state.error = UNKNOWN_MODEL
        return
    request, version = item.request, _model_version(EARLIER_MODEL)
    state.error, state.repeated_id, state.opened_id, state.earlier_id = "", None, item.id, item.id

    def generate() -> EarlierSound:
        earlier = load_sampler(*version).generate(request)
        return EarlierSound(item, earlier.clip.to_wav(), earlier.mel_db)

    try:
        state.ticket.submit([generate])
        state.scrolls_to_waiting = True
    except JobError as error:
        state.error = str(error)


def submit_jobs(jobs: list[Callable[[], GalleryItem]]) -> None:
    """Submit jobs that make items of the gallery."""
    state = generate_state()
    state.error, state.repeated_id, state.earlier_id = "", None, None
    if not state.ticket.is_active:
        state.opened_id = None  # the first result opens
    try:
        state.ticket.submit([_with_wav(job) for job in jobs])
        state.scrolls_to_waiting = True
    except JobError as error:
        state.error = str(error)


def _with_wav(job: Callable[[], GalleryItem]) -> Callable[[], GalleryItem]:
    def make() -> GalleryItem:
        item = job()
        _ = item.wav  # encodes the audio now, so that no click waits for it
        return item

    return make


def collect_results() -> None:
    """Move the results of the queue into the gallery.

    The session state is read once, before: at any touch of it a click may end the run, and results that
    were collected and not yet added would be lost.
    """
    state = generate_state()
    for result in state.ticket.collect():
        if isinstance(result, JobError):
            state.error = str(result)
            continue
        if isinstance(result, EarlierSound):
            result.item.earlier_wav, result.item.earlier_mel_db = result.wav, result.mel_db
            state.scrolls_to_item = True  # the two players are at its top
            continue
        state.gallery.max_total_s = pieces_budget.share_s(state.gallery, MAX_TOTAL_S)
        is_repeated = state.gallery.get(result.id) is not None
        item = state.gallery.add(result)
        if is_repeated:
            state.repeated_id = item.id
        if state.gallery.get(state.opened_id) is None:
            state.opened_id = state.starting_id = item.id
            state.scrolls_to_item = True


def new_seed() -> int:
    return random.randrange(N_SEEDS)

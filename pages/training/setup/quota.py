"""The quota of guests: small models on the built-in music, a few at a time."""

from collections.abc import Iterable, Sequence

from genre.data.dataset import BUILT_IN
from genre.runs.directory import Run
from genre.training.experiment import ExperimentSettings
from pages.access.roles import AccessError, is_operator
from pages.training.run_display import model_label
from pages.training.state import train_state

MODELS = ("knn", "svm", "forest", "linear", "cnn-simple")  # models that take minutes, not hours, on two cores
SPLITS = ("track", "segment")  # splits that train one round
MAX_EPOCHS, MIN_BATCH_SIZE, MAX_CORES = 15, 16, 1
MAX_ACTIVE, MAX_ACTIVE_OF_ALL = 6, 12  # trainings that wait or run: of a visit, and of all guests
MAX_STARTED, MAX_STARTED_OF_ALL = 18, 200  # trainings started, whatever became of them: by a visit, by guests
MAX_WAITING = 100  # trainings of everybody together; each waits as a process of its own

_started: set[str] = set()  # names of the runs that any guest has started since the server began


def may_change(run: Run) -> bool:
    """Whether this visit may stop and resume the run: the operator every one, a guest his own."""
    return is_operator() or run.name in train_state().started


def require_changeable(run: Run) -> None:
    """Raise AccessError for a guest and the run of somebody else."""
    if not may_change(run):
        raise AccessError("This training is another visitor's: only they and the host can change it.")


def allowed(names: Iterable[str], guests: Sequence[str]) -> list[str]:
    """Return the choices of this visit: all, or those that guests have."""
    return [name for name in names if is_operator() or name in guests]


def require_quota(experiments: list[ExperimentSettings], cores: int, active: list[Run]) -> None:
    """Raise AccessError where this visit may not start these beside the runs that are under way."""
    if len(active) + len(experiments) > MAX_WAITING:
        raise AccessError(
            f"{len(active)} trainings are under way already, and {MAX_WAITING} are the most: "
            "let some end first."
        )
    if is_operator():
        return
    for experiment in experiments:
        _require_small(experiment, cores)
    started = train_state().started
    own = sum(run.name in started for run in active)
    if own + len(experiments) > MAX_ACTIVE:
        raise AccessError(
            f"A guest can have {MAX_ACTIVE} trainings under way: let some end, or choose fewer."
        )
    if len(started) + len(experiments) > MAX_STARTED:
        raise AccessError(f"A guest can start {MAX_STARTED} trainings in one visit: these would be more.")
    n_active = sum(run.name in _started for run in active)
    if n_active + len(experiments) > MAX_ACTIVE_OF_ALL or len(_started) >= MAX_STARTED_OF_ALL:
        raise AccessError("Guests have as many trainings under way as fit: try again later.")


def note_started(name: str, of_visit: set[str]) -> None:
    """Remember that this visit has started the run.

    `of_visit` is its `started`, fetched before: a click would end the page at a touch of the session state,
    with the run made and not started.
    """
    of_visit.add(name)
    if not is_operator():
        _started.add(name)


def _require_small(experiment: ExperimentSettings, cores: int) -> None:
    recipe = experiment.recipe
    is_small = (
        experiment.data == BUILT_IN
        and experiment.model in MODELS
        and experiment.split in SPLITS
        and not experiment.artists
        and cores <= MAX_CORES
        and (
            experiment.spec.kind != "network"
            or (recipe.epochs <= MAX_EPOCHS and recipe.batch_size >= MIN_BATCH_SIZE)
        )
    )
    if not is_small:
        raise AccessError(
            f"Guests train small models on the built-in music: {'; '.join(map(model_label, MODELS))}, up to "
            f"{MAX_EPOCHS} epochs, tested on new recordings or with a leak. Larger trainings are the host's."
        )

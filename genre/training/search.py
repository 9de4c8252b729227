"""A search for the best recipe of a network: Optuna proposes, trainings answer, poor ones are stopped early.

Each trial is a run like any other. Its value is the best accuracy on the validation tracks, which are taken
from those to learn from: the test part chooses nothing. Poor trials are stopped by asynchronous successive
halving (Li et al., MLSys 2020), proposals come from the tree-structured Parzen estimator (Bergstra et al.,
NeurIPS 2011). EARMARK_HOME/searches/KEY/trials.json has all trials; the same search goes on with them.
"""

import csv
import io
import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from genre.cache import key_of
from genre.paths import home, write_atomic
from genre.reading import read_json
from genre.runs import directory as runs
from genre.runs import process
from genre.runs.trials import SPACE, VALUE, Params, Trial, trial_rows
from genre.text import spreadsheet_cell
from genre.training.experiment import ExperimentSettings
from genre.training.sweep import create_run

MISSING_MESSAGE = "Optuna is not installed here: run `make setup-cluster` first."
REDUCTION = 3  # of the trials that reach a rung, one in so many goes on
GRACE_EPOCHS = 3  # epochs that every trial has
PRUNED = "Stopped early: other settings were better after as many epochs."


class SearchError(ValueError):
    """A search that cannot be; the message is a sentence."""


class Trials:
    """The trials of a search, on disk."""

    def __init__(self, base: ExperimentSettings) -> None:
        """Read those of an earlier search with the same settings, apart from what is searched."""
        self.base = searched(base)
        self.folder = home() / "searches" / key_of(self.base.to_dict())
        self.trials: list[Trial] = []
        try:
            self.trials = [Trial(**entry) for entry in read_json(self.folder / "trials.json")["trials"]]
        except (OSError, ValueError, KeyError, TypeError):
            return

    def save(self) -> None:
        """Write trials.json, and trials.csv for other programs. Raises OSError."""
        about = {"settings": self.base.to_dict(), "trials": [asdict(trial) for trial in self.trials]}
        write_atomic(self.folder / "trials.json", json.dumps(about, indent=1) + "\n")
        text = io.StringIO()
        table = csv.DictWriter(text, ["run", "state", VALUE, "epochs", *SPACE])
        table.writeheader()
        for row in trial_rows(self.trials):
            table.writerow({name: spreadsheet_cell(value) for name, value in row.items()})
        write_atomic(self.folder / "trials.csv", text.getvalue())

    def begin(self, params: Params, cluster: str | None = None) -> Trial:
        """Take up the unfinished trial with these parameters, or create one with its run."""
        for trial in self.unfinished():
            if trial.params == params and (trial.folder / "config.json").exists():
                return trial
        trial = Trial(params, str(create_run(trial_settings(self.base, params), cluster=cluster)))
        self.trials.append(trial)
        self.save()
        return trial

    def end(self, trial: Trial, pruned: bool = False) -> None:
        """Note that a trial has ended; one that is pruned is stopped."""
        if pruned:
            process.stop_run(trial.folder)
            status = runs.read_status(trial.folder)
            if status.get("state") == "stopped":
                runs.write_status(trial.folder, **status | {"message": PRUNED})
        trial.follow()
        state = runs.read_run(trial.folder).state
        trial.state = "done" if state == "done" else "pruned" if pruned else "failed"
        self.save()

    def finished(self) -> list[Trial]:
        """The trials that taught something."""
        return [trial for trial in self.trials if trial.state in ("done", "pruned") and trial.values]

    def unfinished(self) -> list[Trial]:
        """The trials that were under way when their search ended."""
        return [trial for trial in self.trials if trial.state == "running"]


def searched(base: ExperimentSettings) -> ExperimentSettings:
    """The settings with what every trial needs: validation tracks, and no early end of its own."""
    if base.spec.kind != "network":
        raise SearchError(f"{base.model} has no recipe to search for: choose a network.")
    return replace(base, recipe=replace(base.recipe, patience=base.recipe.epochs))


def trial_settings(base: ExperimentSettings, params: Params) -> ExperimentSettings:
    """The settings of a trial."""
    recipe = {name: value for name, value in params.items() if name != "mixup"}
    augmentation = replace(base.recipe.augmentation, mixup=params["mixup"])
    recipe["batch_size"] = int(params["batch_size"])
    return replace(base, recipe=replace(base.recipe, **recipe, augmentation=augmentation))  # type: ignore[arg-type]


def import_optuna() -> Any:
    """Import Optuna, silent -> the module. Raises SearchError where it is missing."""
    try:
        import optuna
    except ImportError as error:
        raise SearchError(MISSING_MESSAGE) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def distributions(optuna: Any) -> dict[str, Any]:
    """The space as Optuna has it."""
    space = {}
    for name, (low, high, *rest) in SPACE.items():
        if low == "choice":
            space[name] = optuna.distributions.CategoricalDistribution([high, *rest])
        else:
            space[name] = optuna.distributions.FloatDistribution(low, high, log=rest[0])
    return space


def search_here(
    trials: Trials,
    n_trials: int,
    at_once: Callable[[], int],
    on_end: Callable[[runs.Run], None] = lambda run: None,
) -> None:
    """Search until there are `n_trials`, with Optuna alone. Raises SearchError, or OSError.

    At the end, whatever its cause, the runs under way are stopped; the same search goes on with them.
    """
    optuna = import_optuna()
    recipe = trials.base.recipe
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=recipe.seed + len(trials.trials), constant_liar=True),
        pruner=optuna.pruners.SuccessiveHalvingPruner(GRACE_EPOCHS, REDUCTION),
    )
    space = distributions(optuna)
    for trial in trials.finished():
        study.add_trial(
            optuna.trial.create_trial(
                params=trial.params,
                distributions=space,
                value=trial.value,
                intermediate_values=dict(enumerate(trial.values, 1)),
            )
        )
    for trial in trials.unfinished():
        study.enqueue_trial(trial.params)
    n_left = n_trials - len([trial for trial in trials.trials if trial.state != "running"])
    active: list[tuple[Trial, Any]] = []
    try:
        while n_left > 0 or active:
            while n_left > 0 and len(active) < at_once():
                proposal = study.ask(space)
                trial = trials.begin(proposal.params)
                if not runs.read_run(trial.folder).active and not runs.is_finished(trial.folder):
                    process.start_run(trial.folder)
                trial.values = []  # an earlier search may have followed it, Optuna has not
                active.append((trial, proposal))
                n_left -= 1
            for entry in list(active):
                if _step(optuna, study, trials, *entry):
                    active.remove(entry)
                    on_end(runs.read_run(entry[0].folder))
            time.sleep(0.1)
    finally:
        process.stop_runs([trial.folder for trial, _ in active])
        trials.save()


def _step(optuna: Any, study: Any, trials: Trials, trial: Trial, proposal: Any) -> bool:
    """Tell Optuna of new epochs -> whether the trial has ended."""
    has_ended = not runs.read_run(trial.folder).active
    first = len(trial.values) + 1
    for epoch, value in enumerate(trial.follow(), first):
        proposal.report(value, epoch)
        if not has_ended and proposal.should_prune():
            trials.end(trial, pruned=True)
            study.tell(proposal, state=optuna.trial.TrialState.PRUNED)
            return True
    if has_ended:
        trials.end(trial)
        if trial.state == "done" and trial.value is not None:
            study.tell(proposal, trial.value)
        else:
            study.tell(proposal, state=optuna.trial.TrialState.FAIL)
    return has_ended

"""A search for the best recipe on a cluster: Ray Tune with Optuna's proposals and its own successive halving.

The runs are this machine's, trained on the nodes as those of a comparison are. Tune's trials only read their
directories here, so that a search that ends takes no training along.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from genre.cluster.connection import ClusterError, cluster_cores
from genre.runs import directory as runs
from genre.runs import process
from genre.runs.trials import VALUE, Trial
from genre.training.search import GRACE_EPOCHS, REDUCTION, Trials, distributions, import_optuna

LOOK_S = 0.3  # seconds between two looks at a run's directory
START_S = 60.0  # seconds until a trial's run is there


def search_on_cluster(
    ray: Any,
    trials: Trials,
    n_trials: int,
    address: str,
    on_end: Callable[[runs.Run], None] = lambda run: None,
) -> None:
    """Search until there are `n_trials`. Raises SearchError, ClusterError."""
    optuna = import_optuna()
    os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
    os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler
    from ray.tune.search.optuna import OptunaSearch

    n_left = n_trials - len([trial for trial in trials.trials if trial.state != "running"])
    if n_left <= 0:
        return
    recipe = trials.base.recipe
    search = OptunaSearch(
        space=distributions(optuna),
        metric=VALUE,
        mode="max",
        sampler=optuna.samplers.TPESampler(seed=recipe.seed + len(trials.trials), constant_liar=True),
        points_to_evaluate=[trial.params for trial in trials.unfinished()] or None,
    )
    for trial in trials.finished():
        search.add_evaluated_point(trial.params, trial.value, intermediate_values=trial.values)
    here = ray.get_runtime_context().get_node_id()
    pinned = {"cpu": 0, f"node:{_node_address(ray, here)}": 0.001}
    tuner = tune.Tuner(
        tune.with_resources(tune.with_parameters(_follow_run, home=str(trials.folder)), pinned),
        tune_config=tune.TuneConfig(
            metric=VALUE,
            mode="max",
            search_alg=search,
            scheduler=ASHAScheduler(
                max_t=recipe.epochs,
                grace_period=min(GRACE_EPOCHS, recipe.epochs),
                reduction_factor=REDUCTION,
                stop_last_trials=False,  # its training goes on, to the test
            ),
            num_samples=n_left,
            max_concurrent_trials=max(1, cluster_cores(ray)) + 1,
        ),
        run_config=tune.RunConfig(
            name=f"search-{time.time_ns()}",
            storage_path=str(trials.folder / "tune"),
            callbacks=[_make_callback(tune, trials, address, on_end)],
            verbose=0,
        ),
    )
    try:
        tuner.fit()
    except (ray.exceptions.RayError, tune.TuneError) as error:
        raise ClusterError(f"The search ended: {' '.join(str(error).split())[:200]}") from error
    finally:
        process.stop_runs([trial.folder for trial in trials.unfinished()])
        trials.save()


def _node_address(ray: Any, node_id: str) -> str:
    return next(node["NodeManagerAddress"] for node in ray.nodes() if node["NodeID"] == node_id)


def _make_callback(tune: Any, search: Trials, address: str, on_end: Callable[[runs.Run], None]) -> Any:
    class Runs(tune.Callback):
        """Starts and ends the run of each of Tune's trials, in this process."""

        def __init__(self) -> None:
            self.by_id: dict[str, Trial] = {}

        def on_trial_start(self, iteration: int, trials: list, trial: Any, **info: Any) -> None:
            ours = search.begin(dict(trial.config), address)
            self.by_id[trial.trial_id] = ours
            if not runs.read_run(ours.folder).active and not runs.is_finished(ours.folder):
                process.start_run(ours.folder)
            link_path(search.folder, dict(trial.config)).write_text(ours.run)

        def on_trial_complete(self, iteration: int, trials: list, trial: Any, **info: Any) -> None:
            self._end(trial)

        def on_trial_error(self, iteration: int, trials: list, trial: Any, **info: Any) -> None:
            self._end(trial)

        def _end(self, trial: Any) -> None:
            if ours := self.by_id.pop(trial.trial_id, None):
                search.end(ours, pruned=runs.read_run(ours.folder).active)
                on_end(runs.read_run(ours.folder))

    return Runs()


def link_path(folder: Path, params: dict[str, Any]) -> Path:
    """The file that tells a trial of Tune's which run is its own."""
    from genre.cache import key_of

    return folder / f"run-{key_of(sorted(params.items()))}"


def _follow_run(config: dict[str, Any], home: str) -> None:
    """Report each epoch of a run to Tune: this is the trial, in a process beside the driver."""
    from ray import tune

    link, deadline = link_path(Path(home), config), time.monotonic() + START_S
    while not link.exists() and time.monotonic() < deadline:
        time.sleep(LOOK_S)
    trial = Trial(config, link.read_text())
    best = 0.0
    while True:
        has_ended = not runs.read_run(trial.folder).active
        for value in trial.follow():
            best = max(best, value)
            tune.report({VALUE: value, "best": best})
        if has_ended:
            return
        time.sleep(LOOK_S)

"""The choice of this machine or the cluster on the Train page; what answers is a cluster that is pretended.

tests/genre/cluster asks a real one.
"""

from pathlib import Path

import pytest

from genre.cluster.connection import ClusterError, Node
from genre.cluster.state import ClusterState, RunOnNode
from genre.runs import directory as runs
from genre.runs import process
from pages.access.tokens import Role
from pages.training.setup import place
from tests.support.pages.app_visits import button, healthy, visit, words
from tests.support.pages.open_house import visiting_as

STATE = ClusterState(
    [Node("1", "lab-1", "10.0.0.1", True, 4.0, 1.0), Node("2", "lab-2", "10.0.0.2", False, 4.0, 0.0)],
    [RunOnNode("20260101-linear", "lab-1", 0.5, "Epoch 2 of 4.")],
)


@pytest.fixture
def started(monkeypatch) -> list[Path]:
    """The runs that would have been started, where Ray is installed."""
    folders: list[Path] = []
    monkeypatch.setattr(process, "start_run", folders.append)
    monkeypatch.setattr(place, "is_ray_installed", lambda: True)
    place._read_state.clear()
    return folders


def test_without_ray_nothing_is_to_be_chosen(monkeypatch):
    monkeypatch.setattr(place, "is_ray_installed", lambda: False)
    app = visit("train", step="Set up", models=["linear"])
    assert "for all on this machine" in words(app)
    assert "place" not in [group.key for group in app.segmented_control]


def test_this_machine_is_the_first_choice(started):
    app = visit("train", step="Set up", models=["linear"])
    healthy(button(app, "Start").click().run())
    assert ["cluster" in runs.load_config(folder) for folder in started] == [False]


def test_the_cluster_shows_its_nodes_and_trains(started, monkeypatch):
    addresses: list[str] = []
    monkeypatch.setattr(place, "read_cluster_state", lambda address: addresses.append(address) or STATE)
    app = visit("train", step="Set up", models=["linear"], place=place.CLUSTER)
    nodes = next(table.value for table in app.dataframe if "Node" in table.value)
    assert list(nodes["Cores"]) == ["1 of 4 in use", "gone"]
    assert list(nodes["Trains"]) == ["20260101-linear (50%)", ""]
    assert "for all on the cluster" in words(app) and addresses == ["auto"]
    app.text_input(key="cluster_address").set_value("lab-1:6379")
    app = healthy(app.run())
    healthy(button(app, "Start").click().run())
    assert [runs.load_config(folder)["cluster"] for folder in started] == ["lab-1:6379"]


def test_a_cluster_that_is_away_is_a_sentence_and_nothing_starts(started, monkeypatch):
    def away(address: str) -> ClusterState:
        raise ClusterError(f"No Ray cluster answers at {address}: start one.")

    monkeypatch.setattr(place, "read_cluster_state", away)
    app = visit("train", step="Set up", models=["linear"], place=place.CLUSTER)
    assert "No Ray cluster answers at auto" in words(app)
    assert button(app, "Start").disabled and not started


def test_a_guest_has_this_machine(started, monkeypatch):
    with visiting_as(Role.GUEST, monkeypatch):
        app = visit("train", step="Set up", models=["linear"], place=place.CLUSTER)
        assert "place" not in [group.key for group in app.segmented_control]
        healthy(button(app, "Start").click().run())
    assert ["cluster" in runs.load_config(folder) for folder in started] == [False]

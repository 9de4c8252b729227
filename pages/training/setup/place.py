"""Where trainings run: on this machine, or on the nodes of a Ray cluster."""

from dataclasses import dataclass

import streamlit as st

from genre.cluster.connection import AUTO, ClusterError
from genre.cluster.state import ClusterState, is_ray_installed, read_cluster_state
from genre.compute import all_cores
from genre.errors import error_sentence
from pages.access.roles import is_operator
from pages.shared.widgets import escaped

MACHINE, CLUSTER = "This machine", "The cluster"
STATE_TTL_S = 10  # seconds that the answer of a cluster stands; asking takes three


@dataclass(frozen=True)
class Place:
    """Where trainings run, and how many cores there are."""

    name: str  # in the middle of a sentence
    n_cores: int
    cluster: str | None = None  # the address of the cluster


def choose_place() -> Place | None:
    """Show the choice to the operator, where Ray is installed -> the place; None: its cluster is away."""
    here = Place("this machine", all_cores())
    if not is_operator() or not is_ray_installed():
        return here
    place = st.segmented_control(
        "Where they run",
        (MACHINE, CLUSTER),
        default=MACHINE,
        required=True,
        key="place",
        persist_state="session",
        help="The cluster is one of Ray: `ray start --head` on one machine, `ray start --address` on the "
        "others. A training gives the same result there as here.",
        wrap=False,
    )
    return here if place == MACHINE else _choose_cluster()


def _choose_cluster() -> Place | None:
    address = st.text_input(
        "Address of the cluster",
        AUTO,
        key="cluster_address",
        persist_state="session",
        help=f"HOST:PORT of its head; `{AUTO}`: the cluster that this machine has joined.",
    ).strip()
    try:
        with st.spinner("Asking the cluster"):
            state = _read_state(address or AUTO)
    except (ClusterError, ValueError, KeyError, TypeError) as error:
        st.error(escaped(error_sentence(error)), icon=":material/lan:")
        return None
    _show_nodes(state)
    return Place("the cluster", state.n_cores, address or AUTO)


@st.cache_data(show_spinner=False, ttl=STATE_TTL_S)
def _read_state(address: str) -> ClusterState:
    return read_cluster_state(address)


def _show_nodes(state: ClusterState) -> None:
    rows = [
        {
            "Node": node.name,
            "Address": node.address,
            "Cores": f"{node.used_cores:g} of {node.cores:g} in use" if node.alive else "gone",
            "Trains": ", ".join(
                f"{run.run} ({run.progress:.0%})" for run in state.runs if run.node == node.name
            ),
        }
        for node in state.nodes
    ]
    st.dataframe(rows, hide_index=True, key="cluster_nodes", alt="The nodes of the cluster", placeholder="")

"""The command `cluster`: the nodes of a Ray cluster, their cores, and which run is trained where."""

import argparse
import json

from genre.audio.files import printable
from genre.commands.shared.program import complain
from genre.errors import OK, USAGE


def add_command(commands: "argparse._SubParsersAction") -> None:
    """Add the parser."""
    parser = commands.add_parser("cluster", help="show the nodes of a Ray cluster and what runs on them")
    parser.add_argument(
        "--address", default="auto", metavar="auto|HOST:PORT", help="by default the one joined"
    )
    parser.add_argument("--json", action="store_true", help="one object")
    parser.set_defaults(run=cluster)


def cluster(options: argparse.Namespace) -> int:
    """Print a line a node, and a line a run that is trained on one."""
    from genre.cluster.connection import connect, disconnect, list_nodes
    from genre.runs.directory import list_runs, read_status

    try:
        ray = connect(options.address)
        try:
            nodes = list_nodes(ray)
        finally:
            disconnect()
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    runs = [
        {"run": run.name, "node": node, "progress": run.progress, "message": run.message}
        for run in list_runs()
        if run.active and (node := read_status(run.folder).get("node"))
    ]
    if options.json:
        print(json.dumps({"nodes": [vars(node) for node in nodes], "runs": runs}))
        return OK
    for node in nodes:
        state = f"{node.used_cores:g} of {node.cores:g} cores in use" if node.alive else "gone"
        print(f"{node.name:20} {node.address:20} {state}")
    for entry in runs:
        print(f"{printable(entry['run'])} on {entry['node']}: {entry['progress']:.0%}, {entry['message']}")
    return OK

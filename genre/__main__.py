"""The command line: `python -m genre COMMAND`. Each command imports only what it uses."""

import argparse
import sys

from genre.commands import (
    cache,
    classify,
    cluster,
    evaluate,
    features,
    library,
    publish,
    reproduce,
    sweep,
    train,
    transfer,
)
from genre.commands.shared.program import run_program


def main(arguments: list[str] | None = None) -> int:
    """Run one command -> its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m genre", description="Classify the genre of music; train and compare models."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    classify.add_command(commands)
    train.add_commands(commands)
    evaluate.add_commands(commands)
    publish.add_commands(commands)
    sweep.add_commands(commands)
    reproduce.add_command(commands)
    features.add_command(commands)
    transfer.add_command(commands)
    library.add_commands(commands)
    cluster.add_command(commands)
    cache.add_command(commands)
    return run_program(parser, arguments)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # names of any bytes
    sys.exit(main())

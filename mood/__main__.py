"""The command line: `python -m mood COMMAND`. Each command imports only what it uses."""

import argparse
import sys

from genre.commands.shared.program import run_program
from mood.commands import evaluate as evaluate_command
from mood.commands import playlist as playlist_command
from mood.commands import read as read_command
from mood.commands import train as train_command


def main(arguments: list[str] | None = None) -> int:
    """Run one command -> its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m mood", description="Read the mood on a face, and find songs for it."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (read_command, playlist_command, train_command, evaluate_command):
        command.add_parser(commands)
    return run_program(parser, arguments)


if __name__ == "__main__":
    # For titles that the terminal cannot show.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main())

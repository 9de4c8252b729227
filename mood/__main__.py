"""The command line: `python -m mood COMMAND`. Each command imports only what it uses."""

import argparse
import sys

from genre.run_command import run_program
from mood import evaluate_command, playlist_command, read_command, train_command


def main(arguments: list[str] | None = None) -> int:
    """Run one command -> its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m mood", description="Read the mood on a face, and find songs for it."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (read_command, playlist_command, train_command, evaluate_command):
        command.add_to(commands)
    return run_program(parser, arguments)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # a title the terminal cannot show
    sys.exit(main())

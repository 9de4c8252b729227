"""The command line: `python -m mood COMMAND`. Each command imports only what it uses."""

import argparse
import os
import sys

from mood import evaluate_command, playlist_command, read_command, train_command

FAILED = 1  # exit status


def main(arguments: list[str] | None = None) -> int:
    """Run one command -> its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m mood", description="Read the mood on a face, and find songs for it."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (read_command, playlist_command, train_command, evaluate_command):
        command.add_to(commands)
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except BrokenPipeError:  # the reader, `head` perhaps, has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # quiet at exit too
        return FAILED
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # a title the terminal cannot show
    sys.exit(main())

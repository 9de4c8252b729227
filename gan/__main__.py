"""The command line: `python -m gan train | sample | invert | evaluate`."""

import argparse
import sys

from gan import evaluate_command, invert_command, sample_command, train_command
from genre.run_command import run_program


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m gan", description="Music that was never played.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for part in (sample_command, invert_command, train_command, evaluate_command):
        part.add_to(commands)
    return run_program(parser, arguments)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # a name the terminal cannot show
    sys.exit(main())

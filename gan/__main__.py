"""The command line: `python -m gan train | sample | invert | evaluate | publish`."""

import argparse
import sys

from gan.commands import evaluate as evaluate_command
from gan.commands import invert as invert_command
from gan.commands import sample as sample_command
from gan.commands import train as train_command
from genre.commands.shared.program import run_program


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m gan", description="Generate music with a GAN.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (sample_command, invert_command, train_command, evaluate_command):
        command.add_parser(commands)
    return run_program(parser, arguments)


if __name__ == "__main__":
    # For names that the terminal cannot show.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main())

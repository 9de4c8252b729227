"""Fuzzing: files, answers and command lines that nobody meant, found by hypothesis.

    python -m tests.faults.fuzz [TARGET ...] [--minutes 10]        `make fuzz`: ten minutes each

A target gets a hostile input and must end well or in a sentence. tests/faults/test_fuzz.py runs some examples
of each; what is found here becomes a test.
"""

import argparse
import random
import sys
import time

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.faults.fuzz_targets import TARGETS

MINUTES = 10.0
AT_ONCE = 200  # examples between two looks at the clock


def run_target(name: str, examples: int, number: int | None = None) -> None:
    """Try so many examples of a target, always the same ones unless a `number` is given."""
    inputs, check = TARGETS[name]
    test = given(inputs)(check)
    if number is not None:
        test = seed(number)(test)
    settings(
        max_examples=examples,
        derandomize=number is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )(test)()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--minutes", type=float, default=MINUTES, help="for each target")
    options = parser.parse_args()
    failed = []
    for name in options.targets or TARGETS:
        end, n_cases = time.monotonic() + 60 * options.minutes, 0
        while time.monotonic() < end:
            number = random.randrange(1 << 32)
            try:
                run_target(name, AT_ONCE, number)
            except Exception as error:
                print(
                    f"{name}, seed {number}: {type(error).__name__}: {error}",
                    *getattr(error, "__notes__", []),
                    sep="\n",
                )
                failed.append(name)
                break
            n_cases += AT_ONCE
        print(f"{name}: {n_cases:,} examples", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Some seconds of each fuzzing target; `make fuzz` goes on for longer."""

import pytest

from tests.faults.fuzz import run_target
from tests.faults.fuzz_targets import TARGETS

EXAMPLES = {"run": 25, "playlist": 25, "command-line": 25}  # the others are quicker


@pytest.mark.parametrize("target", TARGETS)
def test_hostile_inputs_end_well_or_in_a_sentence(target):
    run_target(target, EXAMPLES.get(target, 60))

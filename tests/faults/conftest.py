"""Runs of pretended work, on two cores whatever the machine has."""

from tests.genre.runs.conftest import pretended

__all__ = ["pretended"]

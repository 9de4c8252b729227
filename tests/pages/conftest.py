"""What tests of several pages share."""

from collections.abc import Iterator

import pytest

from pages.shared import turns


@pytest.fixture
def one_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine of one core."""
    monkeypatch.setattr(turns, "AT_ONCE", 1)
    turns._queue.clear()
    yield
    turns._queue.clear()

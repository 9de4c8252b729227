"""An Earmark that others can reach: its tokens, and a visit to a page in a role."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pages.access import roles
from pages.access.tokens import Access, Credentials, Role, close_access, open_access
from tests.support.browser.serving import serve

STRANGE_HOST = "earmark.test"  # a name of somebody else's that leads to this machine


@dataclass(frozen=True)
class OpenHouse:
    """A running server that serves every network address."""

    address: str  # on this machine
    guest_token: str
    operator_token: str

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def cookie(self, token: str) -> str:
        return f"earmark-{self.port}={token}"


@contextmanager
def serve_open_house(home: Path, *options: str) -> Iterator[OpenHouse]:
    """Run the app for every network address, with EARMARK_HOME at `home`."""
    with serve(home, "--server.address", "0.0.0.0", *options) as address:
        guest, operator = re.findall(r"\?token=(\S+)", (home / "server.log").read_text())
        yield OpenHouse(address, guest, operator)


@contextmanager
def visiting_as(role: Role, monkeypatch: pytest.MonkeyPatch) -> Iterator[Access]:
    """AppTest has no browser that would send a cookie: here it sends the token of a role, from far away."""
    house = open_access("0.0.0.0", 8501, is_https=True)
    token = house.guest_token if role == Role.GUEST else house.operator_token
    credentials = Credentials("192.0.2.1:8501", "192.0.2.7", token)
    monkeypatch.setattr(roles, "credentials", lambda _: credentials)
    try:
        yield house
    finally:
        close_access()

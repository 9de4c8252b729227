"""Addresses to hand on: with the guests' token from the operator, and never with the operator's."""

from urllib.parse import parse_qs, urlsplit

import pytest

from pages.access.links import link_to, reaches_others
from pages.access.tokens import Role, close_access, open_access
from tests.support.pages.open_house import visiting_as


def parts(link: str) -> tuple[str, dict[str, list[str]]]:
    address = urlsplit(link)
    return address.path, parse_qs(address.query)


def test_the_operator_hands_on_the_guests_token(monkeypatch):
    with visiting_as(Role.OPERATOR, monkeypatch) as house:
        path, query = parts(link_to("guess", room="ABCD"))
        assert path == "/guess" and query == {"token": [house.guest_token], "room": ["ABCD"]}
        assert house.operator_token not in link_to("guess", room="ABCD") and reaches_others()


def test_a_guest_hands_on_no_token(monkeypatch):
    with visiting_as(Role.GUEST, monkeypatch):
        path, query = parts(link_to("generate", piece="a&b=c"))
        assert path == "/generate" and query == {"piece": ["a&b=c"]}


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1"])
def test_an_earmark_for_this_machine_reaches_no_others(address):
    open_access(address, 8501, is_https=False)
    try:
        assert not reaches_others() and "token" not in link_to("guess", room="ABCD")
    finally:
        close_access()

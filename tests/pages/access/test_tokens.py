"""Who a request comes from."""

import pytest

from pages.access.tokens import Access, Credentials, Role, is_local, is_loopback

HERE, ELSEWHERE = "127.0.0.1", "192.0.2.7"


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "::1", "127.0.0.53"])
def test_an_address_of_this_machine_alone_has_no_tokens(address):
    house = Access(address)
    assert not house.is_shared and "token" not in house.link("localhost", Role.GUEST)
    for token in (house.operator_token, house.guest_token):
        assert house.role_of(Credentials("localhost:8501", ELSEWHERE, token)) is None


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5", "earmark.example"])
def test_another_address_opens_with_one_of_two_tokens(address):
    house = Access(address, is_https=True)
    assert house.role_of(Credentials("a.example", ELSEWHERE, house.operator_token)) == Role.OPERATOR
    assert house.role_of(Credentials("a.example", ELSEWHERE, house.guest_token)) == Role.GUEST
    for wrong in ("", "x", house.guest_token[:-1], house.guest_token + "x", "\udcff", "é"):
        assert house.role_of(Credentials("a.example", ELSEWHERE, wrong)) is None
    assert house.link("fd00::2", Role.GUEST) == f"https://[fd00::2]:8501/?token={house.guest_token}"


def test_tokens_are_new_at_each_start_and_stay_out_of_logs():
    first, second = Access("0.0.0.0"), Access("0.0.0.0")
    tokens = {first.operator_token, first.guest_token, second.operator_token, second.guest_token}
    assert len(tokens) == 4 and all(len(token) >= 24 for token in tokens)
    assert not any(token in repr(first) for token in tokens)


@pytest.mark.parametrize("address", ["localhost", "0.0.0.0"])
def test_only_who_sits_at_the_machine_needs_no_token(address):
    house = Access(address)
    assert house.role_of(Credentials("localhost:8501", HERE)) == Role.OPERATOR
    assert house.role_of(Credentials("[::1]:8501", "::1")) == Role.OPERATOR
    assert house.role_of(Credentials("localhost:8501", ELSEWHERE)) is None
    assert house.role_of(Credentials("evil.example", HERE)) is None, "a foreign name that points here"
    assert house.role_of(Credentials("localhost:8501", HERE, is_forwarded=True)) is None, "a proxy"


def test_a_token_goes_before_the_way_it_came():
    house = Access("0.0.0.0")
    assert house.role_of(Credentials("localhost", HERE, house.guest_token)) == Role.GUEST


def test_names_of_this_machine():
    good = ("localhost", "LOCALHOST:80", "localhost.", "a.localhost:1", "127.0.0.1:8501", "[::1]", "::1")
    bad = (
        "",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:8501",
        "[fd00::1]:1",
        "notlocalhost",
    )
    assert [is_local(host) for host in good] == [True] * len(good)
    assert [is_local(host) for host in bad] == [False] * len(bad)
    assert is_loopback("::ffff:127.0.0.1") and not is_loopback("::ffff:192.0.2.1") and not is_loopback("x")

"""Addresses of a page to hand on: to a phone in the room, to a friend."""

from urllib.parse import urlencode, urlsplit

import streamlit as st

from pages.access.roles import is_operator
from pages.access.tokens import Role, access
from pages.access.upkeep import guest_names


def link_to(path: str, **query: str) -> str:
    """Return the address of a page for others, with the guests' token where the visitor may hand it on.

    A guest gets the address by which their own browser came, without a token.
    """
    house = access()
    values = dict(query)
    if house is not None and house.is_shared and is_operator():
        start, _, token = house.link(guest_names(house)[0], Role.GUEST).partition("?token=")
        values = {"token": token, **values}
    else:
        here = urlsplit(str(st.context.url or ""))
        start = f"{here.scheme}://{here.netloc}/" if here.netloc else "http://localhost:8501/"
    return f"{start}{path}?{urlencode(values)}"


def reaches_others() -> bool:
    """Whether other devices can open such an address."""
    house = access()
    return house is not None and house.is_shared

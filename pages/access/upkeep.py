"""The server's work besides serving: it says where it is, and forgets visits that are over."""

import asyncio
import ctypes
import gc
import io
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import segno
import streamlit as st
from streamlit import config, runtime
from streamlit.runtime.memory_session_storage import MemorySessionStorage

from genre.certificate import own_addresses
from pages.access.tokens import WILDCARDS, Access, Role, close_access, is_loopback, open_access

SWEEP_S = 10.0  # seconds between two looks for ended visits; with disconnectedSessionTTL less than a minute

logger = logging.getLogger(__name__)


@asynccontextmanager
async def keep_house(_app: st.App) -> AsyncIterator[None]:
    """Announce the server and sweep, from its start to its end."""
    address = config.get_option("server.address") or "0.0.0.0"
    house = open_access(
        address, config.get_option("server.port"), bool(config.get_option("server.sslCertFile"))
    )
    print(announcement(house), flush=True)
    sweeper = asyncio.create_task(_sweep(), name="earmark-sweep")
    try:
        yield None
    finally:
        sweeper.cancel()
        with suppress(asyncio.CancelledError):
            await sweeper
        close_access()


def announcement(house: Access) -> str:
    """Write the lines in the terminal: where Earmark is, and for whom."""
    if not house.is_shared:
        return f"Earmark is at {house.link(house.address)} (Ctrl+C stops it)"
    guests, operator = (house.link(guest_names(house)[0], role) for role in (Role.GUEST, Role.OPERATOR))
    return (
        f"{qr_for_terminal(guests) if sys.stdout.isatty() else ''}"
        f"Guests come in at       {guests}\n"
        f"You, on this machine    {house.link(local_name(house))}\n"
        f"You, from elsewhere     {operator}\n"
        "The last one lets whoever has it do all that you can. Ctrl+C stops Earmark; "
        "the next start has new tokens."
    )


def guest_names(house: Access) -> list[str]:
    """List the names and numbers by which other machines may reach this one, the surest first."""
    if house.address not in WILDCARDS:
        return [house.address]
    names = [name for name in own_addresses() if name != "localhost" and not is_loopback(name)]
    return names[::-1] or ["localhost"]


def local_name(house: Access) -> str:
    """Return the name by which this machine reaches itself."""
    return "localhost" if house.address in WILDCARDS else house.address


def qr_for_terminal(text: str) -> str:
    """Draw a QR code in half blocks."""
    output = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(output, border=2, compact=True)
    return output.getvalue()


async def _sweep() -> None:
    """Forget the visits that ended some time ago, and free their memory between other work.

    Streamlit itself looks for them only when the next visitor leaves. A visit is full of circles, so that its
    clips go with the next collection of garbage; that of each script's end is off (.streamlit/config.toml).
    """
    while True:
        await asyncio.sleep(SWEEP_S)
        try:
            n_forgotten = forget_ended_visits()
        except Exception:  # the server goes on without
            logger.exception("Visits that are over could not be forgotten")
            continue
        if n_forgotten:
            is_empty = not runtime.get_instance()._session_mgr.list_sessions()
            await asyncio.to_thread(collect_all if is_empty else gc.collect)
            await asyncio.to_thread(trim_memory)


def collect_all() -> None:
    """Collect garbage, and set aside what is left: modules and models, as long as nobody visits.

    Later collections pass it over. They take 0.2 s of a processor with it, and next to nothing without.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def trim_memory() -> bool:
    """Give freed memory back to the system -> whether there was any.

    The allocator of glibc keeps it, in pieces between what is in use; others have no such call.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return bool(trim and trim(0))


def forget_ended_visits() -> int:
    """Shut down the visits that were left long enough ago -> how many."""
    storage = getattr(runtime.get_instance()._session_mgr, "_session_storage", None)
    if not isinstance(storage, MemorySessionStorage):
        return 0
    stored = dict(storage._cache._data)  # type: ignore[attr-defined]
    storage._cache.expire()  # type: ignore[attr-defined]
    closed_visits = [info for visit, info in stored.items() if visit not in storage._cache]
    for info in closed_visits:
        info.session.shutdown()
    return len(closed_visits)

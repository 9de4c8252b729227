"""Whether the browser keeps its camera and microphone from us."""

from urllib.parse import urlsplit

import streamlit as st

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def devices_refused() -> bool:
    """Browsers give them to secure addresses only; this page came over plain HTTP from elsewhere."""
    address = urlsplit(st.context.url or "")
    host = address.hostname or ""
    local = host in LOCAL_HOSTS or host.endswith(".localhost") or host.startswith("127.")
    return address.scheme == "http" and not local


def say_refused() -> None:
    """What to do about it, for the camera."""
    st.warning(
        "Browsers give the camera only to secure addresses. Start Earmark with `make run HTTPS=1` and "
        "open the address beginning with https, or choose a photo.",
        icon=":material/lock:",
    )

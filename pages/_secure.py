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


def say_refused(device: str, instead: str) -> None:
    """What to do about it: say_refused("camera", "choose a photo")."""
    st.warning(
        f"Browsers give the {device} only to secure addresses. Start Earmark with `make run HTTPS=1` and "
        f"open the address beginning with https, or {instead}.",
        icon=":material/lock:",
    )

"""Camera and microphone in a browser: available on secure addresses only."""

from urllib.parse import urlsplit

import streamlit as st

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def is_insecure() -> bool:
    """Whether this page came over plain HTTP from another machine, so that browsers block both devices."""
    address = urlsplit(st.context.url or "")
    host = address.hostname or ""
    is_local = host in LOCAL_HOSTS or host.endswith(".localhost") or host.startswith("127.")
    return address.scheme == "http" and not is_local


def show_insecure(device: str, instead: str) -> None:
    """Show what to do about a blocked device: show_insecure("camera", "choose a photo")."""
    st.warning(
        f"Browsers give the {device} only to secure addresses. Start Earmark with `make run HTTPS=1` and "
        f"open the address beginning with https, or {instead}.",
        icon=":material/lock:",
    )

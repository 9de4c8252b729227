"""Roles of requests: the operator's, a guest's, or that of nobody who is let in. No Streamlit here.

    open_access("0.0.0.0", 8501, is_https=True)       once, by the server
    access().role_of(Credentials(host, client, token))

An address that only this machine reaches needs no token. Any other address has two, made anew at each start:
the operator's and the guests'. A request that carries neither is the operator's only where it comes over
loopback, for a name of this machine, and through no proxy.
"""

import hmac
import ipaddress
import secrets
from dataclasses import dataclass, field
from enum import StrEnum

TOKEN_BYTES = 18  # random bytes: 24 letters, beyond guessing
LOCAL_NAME = "localhost"
WILDCARDS = ("", "0.0.0.0", "::")  # every network address of this machine
# A proxy on this machine makes everybody look like this machine; most say so with one of these.
PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


class Role(StrEnum):
    """The role of a visitor; SECURITY.md has the table of what each may do."""

    OPERATOR = "operator"
    GUEST = "guest"


@dataclass(frozen=True)
class Credentials:
    """The claims of a request about its sender, all of them unchecked but `client`."""

    host: str = ""  # the Host header
    client: str = ""  # the address at the other end of the connection
    token: str = ""
    is_forwarded: bool = False  # whether a proxy has touched the request


def _new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


@dataclass(frozen=True)
class Access:
    """The address that Earmark is served on, and the tokens that open it."""

    address: str = LOCAL_NAME
    port: int = 8501
    is_https: bool = False
    operator_token: str = field(default_factory=_new_token, repr=False)
    guest_token: str = field(default_factory=_new_token, repr=False)

    @property
    def is_shared(self) -> bool:
        """Whether other machines can reach the address."""
        return not (self.address == LOCAL_NAME or is_loopback(self.address))

    @property
    def cookie(self) -> str:
        """The name of the cookie that holds a token. Browsers do not keep ports apart."""
        return f"earmark-{self.port}"

    def role_of(self, sender: Credentials) -> Role | None:
        """Find the sender's role; None for somebody not let in. A token goes before the way it came."""
        role = self.role_of_token(sender.token)
        if role is None and not sender.is_forwarded and is_loopback(sender.client) and is_local(sender.host):
            return Role.OPERATOR
        return role

    def role_of_token(self, token: str) -> Role | None:
        """Find the role that a token gives, compared in constant time; None for any other text."""
        if not self.is_shared:
            return None
        candidate = token.encode("utf-8", "surrogateescape")
        is_operator = hmac.compare_digest(candidate, self.operator_token.encode())
        is_guest = hmac.compare_digest(candidate, self.guest_token.encode())
        return Role.OPERATOR if is_operator else Role.GUEST if is_guest else None

    def link(self, name: str, role: Role | None = None) -> str:
        """Return the address to open at a name of this machine, with the token of a role."""
        host = f"[{name}]" if ":" in name else name
        start = f"{'https' if self.is_https else 'http'}://{host}:{self.port}/"
        if role is None or not self.is_shared:
            return start
        return f"{start}?token={self.operator_token if role == Role.OPERATOR else self.guest_token}"


def is_loopback(address: str) -> bool:
    """Whether an IP address is one that only this machine can send from."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return (getattr(ip, "ipv4_mapped", None) or ip).is_loopback


def is_local(host: str) -> bool:
    """Whether a Host header names this machine as itself: a foreign name may have been made to point here."""
    name = host.lower()
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    name = name.rstrip(".")
    return name == LOCAL_NAME or name.endswith(f".{LOCAL_NAME}") or is_loopback(name)


_current: list[Access] = []  # the access of this process: one at most


def open_access(address: str, port: int, is_https: bool) -> Access:
    """Let visitors in at this address from now on, with new tokens."""
    _current[:] = [Access(address, port, is_https)]
    return _current[0]


def close_access() -> None:
    """Let nobody in any more."""
    _current.clear()


def access() -> Access | None:
    """Return how this process is served; None where it is not, or not by serve.py."""
    return _current[0] if _current else None

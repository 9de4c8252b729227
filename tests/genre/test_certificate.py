"""The self-signed pair of `make run HTTPS=1` is made once, serves TLS, and is renewed in time."""

import datetime
import socket
import ssl
import threading
from pathlib import Path

import pytest

from genre import certificate
from genre.certificate import ensure_certificate, own_addresses

NAMES = ["localhost", "127.0.0.1", "::1", "192.0.2.7"]


def stored(folder: Path) -> tuple[bytes, bytes]:
    return (folder / "earmark.crt").read_bytes(), (folder / "earmark.key").read_bytes()


def test_it_serves_tls(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, NAMES)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "earmark.crt", tmp_path / "earmark.key")
    ours, theirs = socket.socketpair()

    def greet() -> None:
        with server.wrap_socket(ours, server_side=True) as connection:
            connection.sendall(b"hello")

    thread = threading.Thread(target=greet)
    thread.start()
    client = ssl.create_default_context(cafile=tmp_path / "earmark.crt")
    with client.wrap_socket(theirs, server_hostname="192.0.2.7") as connection:
        assert connection.recv(5) == b"hello"
    thread.join()


def test_a_good_pair_is_kept(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, NAMES)
    before = stored(tmp_path)
    ensure_certificate(tmp_path, NAMES[:2])
    assert stored(tmp_path) == before


@pytest.mark.parametrize("damage", ["missing key", "foreign key", "text", "new address", "old"])
def test_a_bad_pair_is_made_again(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        if damage == "old":
            patch.setattr(certificate, "LIFETIME", datetime.timedelta(days=3))
        ensure_certificate(tmp_path, NAMES)
    before, names = stored(tmp_path), NAMES
    if damage == "missing key":
        (tmp_path / "earmark.key").unlink()
    elif damage == "foreign key":
        ensure_certificate(tmp_path / "other", NAMES)
        (tmp_path / "other" / "earmark.key").replace(tmp_path / "earmark.key")
    elif damage == "text":
        (tmp_path / "earmark.crt").write_text("not a certificate")
    elif damage == "new address":
        names = [*NAMES, "laptop.example"]
    ensure_certificate(tmp_path, names)
    assert stored(tmp_path)[0] != before[0]
    test_it_serves_tls(tmp_path)


def test_the_key_is_for_its_owner_only(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, NAMES)
    assert (tmp_path / "earmark.key").stat().st_mode & 0o077 == 0


def test_own_addresses_begin_here() -> None:
    assert own_addresses()[:3] == ["localhost", "127.0.0.1", "::1"]
    assert len(set(own_addresses())) == len(own_addresses())

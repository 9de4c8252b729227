"""A self-signed certificate, so that other devices may use their microphone and camera.

Browsers allow both on https addresses only (and on localhost). `python -m genre.certificate` makes
the certificate and its key once under EARMARK_HOME/certs, prints their folder on stdout and, on stderr, the
warning that the browser will show.
"""

import argparse
import datetime
import ipaddress
import os
import socket
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from genre.paths import home, write_atomic

LIFETIME = datetime.timedelta(days=397)  # the most that Safari and Chrome accept
RENEW_BEFORE = datetime.timedelta(days=7)


def own_addresses() -> list[str]:
    """List this machine's names and addresses; those that other devices can use come last."""
    names = ["localhost", "127.0.0.1", "::1", socket.gethostname()]
    # Connecting a datagram socket sends nothing; it only looks up the route of packets.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address reserved for documentation (RFC 5737)
            names.append(probe.getsockname()[0])
        except OSError:
            pass  # no network: only this machine can reach us
    return list(dict.fromkeys(names))


def ensure_certificate(folder: Path, names: list[str]) -> None:
    """Write earmark.crt and earmark.key to `folder`, valid for `names`; a good pair stays."""
    if not _is_good(folder, names):
        certificate, key = _make(names)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "earmark.key").unlink(missing_ok=True)
        descriptor = os.open(folder / "earmark.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(key)
        write_atomic(folder / "earmark.crt", certificate)


def _is_good(folder: Path, names: list[str]) -> bool:
    """Return whether the stored pair belongs together, covers `names` and is valid for a while."""
    try:
        certificate = x509.load_pem_x509_certificate((folder / "earmark.crt").read_bytes())
        key = serialization.load_pem_private_key((folder / "earmark.key").read_bytes(), None)
        covered_names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    now = datetime.datetime.now(datetime.UTC)
    return (
        certificate.public_key() == key.public_key()
        and set(_general_names(names)) <= set(covered_names)
        and certificate.not_valid_after_utc > now + RENEW_BEFORE
    )


def _make(names: list[str]) -> tuple[bytes, bytes]:
    """Make a pair -> (certificate, private key), both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Earmark on this machine")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))  # the other clock may be behind
        .not_valid_after(now - datetime.timedelta(hours=1) + LIFETIME)
        .add_extension(x509.SubjectAlternativeName(_general_names(names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )


def _general_names(names: list[str]) -> list[x509.GeneralName]:
    general: list[x509.GeneralName] = []
    for name in names:
        try:
            general.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            general.append(x509.DNSName(name))
    return general


def main() -> int:
    """Run the command -> its exit status."""
    argparse.ArgumentParser(prog="python -m genre.certificate", description=__doc__).parse_args()
    names = own_addresses()
    folder = home() / "certs"
    ensure_certificate(folder, names)
    print(
        "The browser will warn that the connection is not private, because this certificate was\n"
        "made here and nobody vouches for it. Choose Advanced, then Proceed (Firefox: Accept the\n"
        "Risk; Safari: visit this website): what is sent is encrypted all the same.",
        file=sys.stderr,
    )
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The certificate of `up --lan`: the operator's own, or one of a local CA made in the data folder.

Phones give a page no location without HTTPS, and nobody certifies an address like 192.168.1.20. So a CA
of this installation does, once a phone has been told to trust it. Its key never leaves the data folder.
"""

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.exceptions import InvalidSignature

# Phones refuse certificates of more than 825 days (Apple) or 398 (its own and Chrome's public CAs).
LIFE = timedelta(days=397)
RENEW_WITHIN = timedelta(days=60)
CLOCK_OFF = timedelta(days=1)


class Refused(Exception):
    """The certificate cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files in PEM. `ca` is what a phone must be told to trust; None: it trusts already."""

    cert: Path
    key: Path
    ca: Path | None


def own(cert: str, key: str) -> Certificate:
    """The operator's certificate with its chain, and its key; Refused when they are no such files."""
    for name, path in (("TLS_CERT", cert), ("TLS_KEY", key)):
        if not path:
            raise Refused(f"{name} is not set: TLS_CERT and TLS_KEY go together.")
        if not Path(path).is_file():
            raise Refused(f"{name}: there is no file {path}.")
    made = _load(Path(cert))
    if made is None:
        raise Refused(f"TLS_CERT: {cert} holds no certificate in PEM.")
    if made.not_valid_after_utc <= datetime.now(UTC):
        raise Refused(f"TLS_CERT: {cert} expired on {made.not_valid_after_utc:%Y-%m-%d}. Renew it.")
    return Certificate(Path(cert), Path(key), None)


def local(folder: Path, names: Iterable[str]) -> Certificate:
    """A certificate for these names and addresses by the CA in `folder`; both are made when missing.

    It is made anew when the names changed, when it nears its end, or when another CA made it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = Certificate(folder / "server.pem", folder / "server.key", folder / "ca.pem")
    ca_key, wanted = folder / "ca.key", sorted(set(names))
    ca_cert = folder / "ca.pem"
    if not (ca_cert.exists() and ca_key.exists()):
        made = trustme.CA(
            organization_name="Fleetline", organization_unit_name=f"local CA of {os.uname().nodename}"
        )
        _write(ca_key, made.private_key_pem.bytes())
        _write(ca_cert, made.cert_pem.bytes())
    if not (files.key.exists() and _good(files.cert, ca_cert, wanted)):
        ca = trustme.CA.from_pem(ca_cert.read_bytes(), ca_key.read_bytes())
        now = datetime.now(UTC)
        leaf = ca.issue_cert(*wanted, not_before=now - CLOCK_OFF, not_after=now - CLOCK_OFF + LIFE)
        _write(files.key, leaf.private_key_pem.bytes())
        _write(files.cert, b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
    return files


def names(cert: Path) -> list[str]:
    """The names and addresses that a certificate is for."""
    made = _load(cert)
    if made is None:
        return []
    try:
        said = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name) for kind in (x509.DNSName, x509.IPAddress) for name in said.get_values_for_type(kind)]


def _good(cert: Path, ca: Path, wanted: list[str]) -> bool:
    made, maker = _load(cert), _load(ca)
    if made is None or maker is None:
        return False
    try:
        made.verify_directly_issued_by(maker)
    except (InvalidSignature, ValueError, TypeError):
        return False
    left = made.not_valid_after_utc - datetime.now(UTC)
    return left > RENEW_WITHIN and sorted(names(cert)) == sorted(map(_as_written, wanted))


def _as_written(name: str) -> str:
    try:
        address: IPv4Address | IPv6Address = ip_address(name)
    except ValueError:
        return name
    return str(address)


def _load(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())[0]
    except (OSError, ValueError):
        return None


def _write(path: Path, content: bytes) -> None:
    """Write whole and readable by its owner only, or not at all."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:  # mode 600
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)

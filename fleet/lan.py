"""`up --lan`: where this machine is in its network, how it is encrypted, and how a phone gets there."""

import contextlib
import ipaddress
import os
import socket
from collections.abc import Iterator
from io import StringIO

import segno
from django.conf import settings

from fleet import tls

# Never written to: the system only looks up which of its addresses it would send from. RFC 5737, RFC 1918.
ELSEWHERE = ("192.0.2.1", "10.255.255.255", "192.168.255.255", "172.31.255.255")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def addresses() -> list[str]:
    """The IPv4 addresses under which others in the network reach this machine, the likeliest first."""
    return list(dict.fromkeys(address for address in _addresses() if _reachable(address)))


def _addresses() -> Iterator[str]:
    for elsewhere in ELSEWHERE:
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))
            yield str(probe.getsockname()[0])
    with contextlib.suppress(OSError):
        yield from socket.gethostbyname_ex(socket.gethostname())[2]


def _reachable(address: str) -> bool:
    found = ipaddress.ip_address(address)
    return not (found.is_loopback or found.is_unspecified or found.is_link_local)


def hosts() -> list[str]:
    """All names and addresses of this machine; those for the network first."""
    name = socket.gethostname().lower()
    named = [name, f"{name.partition('.')[0]}.local"] if _is_name(name) else []
    return list(dict.fromkeys([*addresses(), *named, *LOOPBACK]))


def _is_name(name: str) -> bool:
    """Whether a certificate may carry it: letters, digits, hyphens and dots."""
    return bool(name) and all(part.replace("-", "").isalnum() and part.isascii() for part in name.split("."))


def qr(text: str) -> str:
    """A QR code in characters, for a terminal that is light or dark."""
    out = StringIO()
    segno.make(text, error="l", micro=False).terminal(out, border=2, compact=True)
    return out.getvalue().rstrip("\n")


def encrypt(port: int) -> tls.Certificate:
    """The certificate of `--lan`; this process and its children learn by which names they are asked for."""
    if settings.HTTPS:
        raise tls.Refused("HTTPS=1 says that a proxy in front speaks HTTPS. Leave it out with --lan.")
    if not addresses():
        raise tls.Refused(
            "This machine is in no network that a phone could reach. Connect it to one, or leave --lan out."
        )
    names = hosts()
    if settings.TLS_CERT or settings.TLS_KEY:
        certificate = tls.own(settings.TLS_CERT, settings.TLS_KEY)
        names = [*tls.names(certificate.cert), *names]
    else:
        certificate = tls.local(settings.DATA / "tls", names)
    allowed = [name[1:] if name.startswith("*.") else bracketed(name) for name in names]
    settings.ALLOWED_HOSTS = list(dict.fromkeys([*settings.ALLOWED_HOSTS, *allowed]))
    os.environ["ALLOWED_HOSTS"] = ",".join(settings.ALLOWED_HOSTS)
    if settings.ORIGINS:  # unset, each request's own host and port are good
        ours = (f"https://{bracketed(name)}:{port}" for name in names if "*" not in name)
        os.environ["ORIGINS"] = ",".join(dict.fromkeys([*settings.ORIGINS, *ours]))
    os.environ["OWN_TLS"] = "1"
    return certificate


def known_as(certificate: tls.Certificate, host: str) -> str:
    """Where phones are sent: a name of the operator's certificate, else an address of this machine."""
    if host not in ("0.0.0.0", "::"):  # noqa: S104 (compared, not listened on)
        return host
    said = [] if certificate.ca else [name for name in tls.names(certificate.cert) if "*" not in name]
    return said[0] if said else addresses()[0]


def invitation(address: str, certificate: tls.Certificate, port: int) -> list[str]:
    """What the terminal says to somebody with a phone."""
    first = f"{address}/lan/" if certificate.ca else f"{address}/"
    others = [f"https://{other}:{port}/" for other in addresses()]
    lines = [f"With a phone in this network scan this, or open {first}", "", qr(first), ""]
    if certificate.ca:
        lines.append(
            "It warns of the certificate the first time; that page shows how a phone learns to trust it."
        )
    if more := [other for other in others if other != f"{address}/"]:
        lines.append(f"Not reached? This machine is also {', '.join(more)}")
    lines.append("Everybody in this network can open the sign-in page: choose good passwords.")
    return lines


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host

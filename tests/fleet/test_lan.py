"""`up --lan`: real TLS on both servers, and the certificate of the local CA."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from websockets.asyncio.client import connect

from fleet import lan, tls
from fleet.processes import dies_with
from tests import servers
from tests.fleet.test_servers import ROOT

NAMES = ["localhost", "127.0.0.1", "::1"]


def trusting(ca: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca))


def said(context: ssl.SSLContext, port: int, request: bytes) -> bytes:
    """What the server answers to one HTTP/1.0 request over TLS."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as encrypted,
    ):
        encrypted.sendall(request)
        answer = b""
        while part := encrypted.recv(65536):
            answer += part
        return answer


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
def test_an_inherited_socket_speaks_tls(server: str, tmp_path: Path) -> None:
    made = tls.local(tmp_path, NAMES)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = [
            sys.executable, "-m", "fleet.servers", server, str(listening.fileno()),
            "tests.fleet.flood:application", "--cert", str(made.cert), "--key", str(made.key),
        ]  # fmt: skip
        process = subprocess.Popen(
            command, cwd=ROOT, pass_fds=(listening.fileno(),), preexec_fn=dies_with(os.getpid())
        )
        port = listening.getsockname()[1]
        with servers.stopped_at_end(process):
            answer = said(trusting(made.cert.parent / "ca.pem"), port, b"GET /short HTTP/1.0\r\n\r\n")
            assert answer.startswith(b"HTTP/1.")
            assert b" 200 OK" in answer
            with pytest.raises(ssl.SSLCertVerificationError):
                said(ssl.create_default_context(), port, b"GET /short HTTP/1.0\r\n\r\n")


@pytest.mark.faults
@pytest.mark.timeout(180)
@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
def test_up_lan_as_an_office_uses_it(server: str, tmp_path: Path) -> None:
    if not lan.addresses():
        pytest.skip("this machine is in no network")
    port, output = servers.free_port(), tmp_path / "output.txt"
    command = [sys.executable, "manage.py", "up", "--lan", "--port", str(port), "--server", server]
    own = ("DATA", "REDIS_URL", "JOURNAL_URL", "DATABASE_URL", "ALLOWED_HOSTS")
    env = {**{name: value for name, value in os.environ.items() if name not in own}, "DATA": str(tmp_path)}
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=file, stderr=file, preexec_fn=dies_with(os.getpid())
        )
    with servers.stopped_at_end(process):
        servers.wait_for(
            lambda: "With a phone" in output.read_text() or process.poll() is not None, "up", seconds=60
        )
        printed = output.read_text()
        address = lan.addresses()[0]
        assert f"Address   https://{address}:{port}/" in printed
        assert f"open https://{address}:{port}/lan/" in printed
        assert re.search("[▀▄█]{8}", printed), "a QR code"
        context = trusting(tmp_path / "tls" / "ca.pem")
        answer = said(context, port, f"GET /login/ HTTP/1.0\r\nHost: {address}:{port}\r\n\r\n".encode())
        assert b" 200 OK" in answer
        assert re.search(rb"(?i)set-cookie: csrftoken=[^\r]*; secure", answer)
        assert b"strict-transport-security" not in answer.lower()
        ca = said(context, port, f"GET /lan/ca.crt HTTP/1.0\r\nHost: {address}\r\n\r\n".encode())
        assert ca.endswith((tmp_path / "tls" / "ca.pem").read_bytes())
        asyncio.run(refused_politely(f"wss://127.0.0.1:{port}/gps/connect", context))
        process.send_signal(signal.SIGTERM)
        process.wait(15)


async def refused_politely(url: str, context: ssl.SSLContext) -> None:
    """A socket over TLS gets as far as the door: without a token it is a 403."""
    with pytest.raises(Exception, match="403"):
        async with connect(url, ssl=context, proxy=None):
            pass


# --- the certificate -----------------------------------------------------------------------------


def serial(path: Path) -> int:
    return x509.load_pem_x509_certificate(path.read_bytes()).serial_number


def test_the_ca_is_made_once_and_only_its_owner_reads_its_key(tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    first = tls.local(folder, NAMES)
    ca, leaf = serial(folder / "ca.pem"), serial(first.cert)
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
        ("ca.pem", "ca.key", "server.pem", "server.key"), 0o600
    )
    assert folder.stat().st_mode & 0o777 == 0o700
    again = tls.local(folder, [*NAMES, "127.0.0.1"])
    assert (serial(folder / "ca.pem"), serial(again.cert)) == (ca, leaf)


def test_other_addresses_or_a_near_end_make_a_new_certificate_by_the_same_ca(tmp_path: Path) -> None:
    first = tls.local(tmp_path, NAMES)
    ca, leaf = serial(tmp_path / "ca.pem"), serial(first.cert)
    moved = tls.local(tmp_path, [*NAMES, "192.168.1.20"])
    assert "192.168.1.20" in tls.names(moved.cert)
    assert serial(moved.cert) != leaf
    leaf = serial(moved.cert)
    with time_machine.travel(datetime.now(UTC) + tls.LIFE - tls.RENEW_WITHIN):
        late = tls.local(tmp_path, [*NAMES, "192.168.1.20"])
        assert serial(late.cert) != leaf
    assert serial(tmp_path / "ca.pem") == ca


def test_a_certificate_of_another_ca_or_broken_is_replaced(tmp_path: Path) -> None:
    first = tls.local(tmp_path, NAMES)
    for name in ("ca.pem", "ca.key"):
        (tmp_path / name).unlink()
    leaf = serial(first.cert)
    assert serial(tls.local(tmp_path, NAMES).cert) != leaf
    first.cert.write_text("no certificate")
    assert set(tls.names(tls.local(tmp_path, NAMES).cert)) == set(NAMES)


def test_phones_take_the_certificate(tmp_path: Path) -> None:
    made = x509.load_pem_x509_certificate(tls.local(tmp_path, NAMES).cert.read_bytes())
    assert made.not_valid_after_utc - made.not_valid_before_utc <= timedelta(days=398)
    usage = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert ExtendedKeyUsageOID.SERVER_AUTH in usage


def test_an_operators_certificate_that_is_none_stops_the_start(tmp_path: Path) -> None:
    made = tls.local(tmp_path, NAMES)
    assert tls.own(str(made.cert), str(made.key)) == tls.Certificate(made.cert, made.key, None)
    bad = tmp_path / "bad.pem"
    bad.write_text("no certificate")
    for cert, key, reason in (
        (str(made.cert), "", "TLS_KEY is not set"),
        (str(tmp_path / "no.pem"), str(made.key), "there is no file"),
        (str(bad), str(made.key), "holds no certificate"),
    ):
        with pytest.raises(tls.Refused, match=reason):
            tls.own(cert, key)
    with (
        time_machine.travel(datetime.now(UTC) + tls.LIFE),
        pytest.raises(tls.Refused, match="expired on"),
    ):
        tls.own(str(made.cert), str(made.key))


def test_the_addresses_are_those_that_others_reach() -> None:
    for address in lan.addresses():
        with contextlib.closing(socket.socket()) as probe:
            probe.bind((address, 0))  # this machine's own
        assert not address.startswith(("127.", "169.254."))
    assert lan.hosts()[-3:] == list(lan.LOOPBACK)


def test_the_terminal_shows_a_qr_code_that_is_square() -> None:
    lines = lan.qr("https://192.168.1.20:8000/lan/").splitlines()
    assert len(lines) > 10
    assert all(re.search("[▀▄█]", line) for line in lines[2:-2])

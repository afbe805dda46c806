"""manage.py up: everything, on this machine, with nothing else installed."""

import contextlib
import errno
import os
import secrets
import signal
import socket
import ssl
import time
from argparse import ArgumentTypeError
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.db.utils import OperationalError
from django.http.request import validate_host

from fleet import children, embedded, lan, tls
from fleet.lan import bracketed
from fleet.servers import BACKLOG
from fleet.supervisor import Child, Refused, Supervisor, full_disk, hold, last_words

DEMO_VEHICLES = 40
THIS_MACHINE = "127.0.0.1"
REDIS_START_S, WEB_START_S = 60, 60
ANSWER_S = 5
WIDTH = 12
# A child that ended so often while everything starts will not come up by itself.
HOPELESS_RESTARTS = 4


class Command(BaseCommand):
    help = "Run everything: Redis, database, web server, workers. Ctrl-C ends it all."
    # What would be dangerous; `check --deploy` finds more.
    requires_system_checks = ("fleetline",)
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--host", default=THIS_MACHINE, help="address to listen on (default: this machine only)"
        )
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--data", metavar="DIR", help="folder for database, journal, secrets and logs")
        parser.add_argument("--demo", type=positive, nargs="?", const=DEMO_VEHICLES, metavar="N",
                            help=f"with N simulated vehicles (default {DEMO_VEHICLES})")  # fmt: skip
        parser.add_argument(
            "--web", type=positive, default=1, metavar="N", help="web processes on the one address"
        )
        parser.add_argument("--server", choices=["daphne", "uvicorn"], default="daphne")
        parser.add_argument(
            "--lan", action="store_true", dest="on_lan",
            help="for phones in this network: all addresses of this machine, with HTTPS",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, interrupt)
        signal.signal(signal.SIGHUP, interrupt)
        try:
            with contextlib.suppress(KeyboardInterrupt):
                self.up(**options)
        except (Refused, tls.Refused, embedded.NotFound, PermissionError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise CommandError(full_disk(settings.DATA)) from error

    def up(
        self, *, host: str, port: int, demo: int | None, web: int, server: str, on_lan: bool, **_: Any
    ) -> None:
        start = time.monotonic()
        refuse_missing_static_files()
        if on_lan and host == THIS_MACHINE:
            host = "0.0.0.0"  # noqa: S104 (that is what --lan asks for)
        with hold(settings.DATA), listen(host, port) as listening, self.supervisor() as supervisor:
            # The children read it again: they must not disagree about the folder.
            os.environ["DATA"] = str(settings.DATA)
            certificate = lan.encrypt(port) if on_lan else None
            with self.step("Redis"):
                self.redis(supervisor)
            with self.step("database"):
                password = database()
            with self.step("workers"):
                for queue in ("archive", "jobs"):
                    supervisor.add(children.worker(queue))
                supervisor.add(children.worker("exports", patient=True))
                supervisor.add(children.beat())
            with self.step("web server"):
                processes = list(children.web(server, listening, count=web, tls=certificate))
                self.web(supervisor, processes, host, port, encrypted=on_lan)
            address = f"http://{bracketed(reachable(host))}:{port}"
            if certificate:
                address = f"https://{bracketed(lan.known_as(certificate, host))}:{port}"
            if demo:
                ca = certificate.ca if certificate else None
                # The local CA's certificate is for this machine too, the operator's for a name.
                here = f"https://{bracketed(reachable(host))}:{port}" if ca else address
                url = f"ws{here.removeprefix('http')}/gps/connect"
                supervisor.add(children.demo(url, demo, ca=ca))
            self.box(address, password, seconds=time.monotonic() - start)
            if certificate:
                self.say("\n".join(lan.invitation(address, certificate, port)))
            if not validate_host(urlsplit(address).hostname or "", settings.ALLOWED_HOSTS):
                self.say(f"Browsers will be refused. Set ALLOWED_HOSTS to {host} (a comma between several).")
            supervisor.wait(lambda: False, seconds=float("inf"))

    @contextlib.contextmanager
    def supervisor(self) -> Iterator[Supervisor]:
        supervisor = Supervisor(settings.DATA, folder=settings.BASE_DIR, tell=self.say)
        try:
            yield supervisor
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            start = time.monotonic()
            supervisor.stop()
            self.say(f"Stopped in {time.monotonic() - start:.1f} s. Everything acknowledged is kept.")

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Say what is being started, and how long it took."""
        start = time.monotonic()
        self.stdout.write(f"{name + ' ':.<{WIDTH}} ", ending="")
        self.stdout.flush()
        try:
            yield
        except BaseException:
            self.stdout.write("")
            raise
        self.stdout.write(f"ok {time.monotonic() - start:4.1f} s")
        self.stdout.flush()

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def redis(self, supervisor: Supervisor) -> None:
        """Start the embedded Redis unless the operator named one; refuse one that would lose positions."""
        if settings.REDIS_URL == f"unix://{settings.EMBEDDED_REDIS_SOCKET}":
            child = supervisor.add(children.redis())
            if not supervisor.wait(lambda: embedded.answers(settings.REDIS_URL), seconds=REDIS_START_S):
                raise Refused(did_not_start(supervisor, child))
        for url in dict.fromkeys([settings.JOURNAL_URL, settings.REDIS_URL]):
            findings = embedded.check(url)
            for warning in findings.warnings:
                self.say(f"Warning: {warning}")
            if findings.errors:
                raise Refused("\n".join(findings.errors))

    def web(
        self, supervisor: Supervisor, processes: list[Child], host: str, port: int, *, encrypted: bool
    ) -> None:
        """Start the web processes and wait until the page can be asked for."""
        for child in processes:
            supervisor.add(child)

        def hopeless() -> bool:
            return any(child.restarts >= HOPELESS_RESTARTS for child in supervisor.children)

        def ready() -> bool:
            return healthy(host, port, encrypted=encrypted)

        supervisor.wait(lambda: ready() or hopeless(), seconds=WEB_START_S)
        if not ready():
            raise Refused(
                did_not_start(supervisor, max([*processes, *supervisor.children], key=lambda c: c.restarts))
            )

    def box(self, address: str, password: str | None, *, seconds: float) -> None:
        """Print the last thing of the start: where it is, and how to get in."""
        superuser = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
        link = (
            call_command("loginlink", superuser.username, base_url=address, stdout=StringIO())
            if superuser
            else "—"
        )
        connections.close_all()
        lines = [f"Fleetline is ready in {seconds:.1f} s", "", f"Address   {address}/", f"Sign in   {link}"]
        if password:
            lines.append(f"Account   admin, password {password} (shown this once)")
        lines += [f"Logs      {settings.DATA / 'logs'}", "", "Ctrl-C ends everything and keeps the data."]
        # Open at its sides: in a narrow window the link breaks into two lines and still works.
        rule = "━" * 72
        self.say("\n".join([rule, *(f"  {line}".rstrip() for line in lines), rule]))


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ArgumentTypeError(f"{text} is not a whole number of at least 1")
    return int(text)


def interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def refuse_missing_static_files() -> None:
    if not (settings.STATIC_ROOT / "staticfiles.json").exists():
        raise Refused(
            "The pages' files are not built yet. Run: make build (or: make run, which does it first)"
        )


def listen(host: str, port: int) -> socket.socket:
    """Return the socket that the web processes serve on; Refused when it cannot be had."""
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except socket.gaierror as error:
        raise Refused(f"--host {host}: no such address ({error.strerror}).") from None
    except OSError as error:
        reasons = {
            errno.EADDRINUSE: f"Port {port} is in use by another program. Choose another with --port.",
            errno.EACCES: f"Port {port} is reserved for root. Choose one above 1023 with --port.",
            errno.EADDRNOTAVAIL: f"--host {host} is no address of this machine.",
        }
        raise Refused(
            reasons.get(error.errno or 0, f"Cannot listen on {host}, port {port}: {error}")
        ) from None


def database() -> str | None:
    """Bring the tables up to date; make the first superuser. Returns its password when it was made up."""
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except OperationalError as error:
        raise Refused(
            f"The database does not answer ({str(error).strip()}). Start it or correct DATABASE_URL."
        ) from None
    password = None
    if not User.objects.filter(is_superuser=True).exists():
        password = None if settings.ADMIN_PASSWORD else secrets.token_urlsafe(9)
        User.objects.create_superuser("admin", password=settings.ADMIN_PASSWORD or password)
    connections.close_all()
    return password


def healthy(host: str, port: int, *, encrypted: bool = False) -> bool:
    """Whether /healthz says that everything answers."""
    if encrypted:
        # Our own socket on this machine: a certificate may well be for another name.
        blind = ssl._create_unverified_context()  # noqa: S323
        connection: HTTPConnection = HTTPSConnection(reachable(host), port, timeout=ANSWER_S, context=blind)
    else:
        connection = HTTPConnection(reachable(host), port, timeout=ANSWER_S)
    allowed = next((name for name in settings.ALLOWED_HOSTS if not name.startswith(("*", "."))), "localhost")
    scheme = {"X-Forwarded-Proto": "https"} if settings.HTTPS else {}
    try:
        connection.request("GET", "/healthz", headers={"Host": allowed, **scheme})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def did_not_start(supervisor: Supervisor, child: Child) -> str:
    words = last_words(supervisor.log(child)).strip().splitlines()[-5:]
    return "\n".join([f"{child.name} did not start. Its log, {supervisor.log(child)}, ends with:", *words])


def reachable(host: str) -> str:
    """Return an address of this machine that reaches a server listening on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104

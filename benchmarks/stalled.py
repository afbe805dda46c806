"""A client that takes a track and stops reading: what the server's memory does meanwhile.

    python -m benchmarks.stalled [--rows 10000000] [--server daphne uvicorn] [--postgres] [--format csv]

Starts a whole Fleetline, puts that many positions into it, and takes them as one file: some bytes, then
nothing for STALL_S, then the rest. The same positions are taken from each server. Prints a line of JSON a
server.
"""

import argparse
import contextlib
import http.client
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.site import Site, postgres, site

STALL_S, LOOK_S = 20, 0.5
WARM_BYTES = 4 * 1024 * 1024
FIRST_TIMES = 7
LAST_CHUNK = b"0\r\n\r\n"
# In the site's own settings: fill its database; print the vehicle, its first time, a token that opens it.
PREPARE = """
from benchmarks import stored
from django.contrib.auth.models import User
from tracking.models import Fleet, Vehicle
from dashboard import programs
fleet = Fleet.objects.create(slug="bench", name="Bench")
Vehicle.objects.create(pk=stored.VEHICLE, fleet=fleet, name="Bench")
stored.fill({rows})
root = User.objects.create_superuser("bench-root", password="only-for-this-run")
print(stored.VEHICLE, stored.START, programs.issue(root, name="bench"))
"""


class File(NamedTuple):
    """What is asked for: path and token on a server at `netloc`."""

    netloc: str
    path: str
    token: str

    def taken(self) -> Iterator[bytes]:
        """The answer as it comes, when the caller asks for more; RuntimeError when it was cut off."""
        address = urlsplit(f"//{self.netloc}")
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=60) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            head = (
                f"GET {self.path} HTTP/1.1\r\nHost: {self.netloc}\r\nAuthorization: Bearer {self.token}\r\n"
            )
            client.sendall(f"{head}Connection: close\r\n\r\n".encode())
            end = b""
            while data := client.recv(65536):
                end = (end + data)[-len(LAST_CHUNK) :]
                yield data
        if end != LAST_CHUNK:
            raise RuntimeError(f"the file of {self.netloc} was cut off: {end!r}")

    def first_ms(self) -> float:
        """Milliseconds from the request to the first byte of the file; the client goes away then."""
        connection = http.client.HTTPConnection(self.netloc, timeout=60)
        with contextlib.closing(connection):
            connection.connect()
            started = time.perf_counter()
            connection.request("GET", self.path, headers={"Authorization": f"Bearer {self.token}"})
            answer = connection.getresponse()
            if answer.status != 200 or not answer.read(1):
                raise RuntimeError(f"{self.path}: {answer.status}")
            return (time.perf_counter() - started) * 1000


def measure(here: Site, file: File, rows: int) -> dict[str, float]:
    firsts = []
    for _ in range(FIRST_TIMES + 1):
        firsts.append(file.first_ms())
        time.sleep(LOOK_S)  # what was read ahead for a client that went away is done
    first_ms = statistics.median(firsts[1:])
    data = file.taken()
    started, size = time.monotonic(), 0
    while size < min(WARM_BYTES, rows * 50):
        size += len(next(data))
    before = most = here.web_memory_kib()
    stopped = time.monotonic()
    while time.monotonic() - stopped < STALL_S:
        time.sleep(LOOK_S)
        most = max(most, here.web_memory_kib())
    stalled = most - before
    looked = resumed = time.monotonic()
    for part in data:
        size += len(part)
        if time.monotonic() - looked > LOOK_S:
            most, looked = max(most, here.web_memory_kib()), time.monotonic()
    seconds = time.monotonic() - resumed + stopped - started
    return {
        "rows": rows, "rows_per_s": rows / seconds, "first_ms": first_ms, "MiB sent": size / 2**20,
        "MiB before": before / 1024, "MiB more while stalled": stalled / 1024,
        "MiB more at most": (most - before) / 1024,
    }  # fmt: skip


def run(
    rows: int, servers: Sequence[str], *, database: str = "", format: str = "csv"
) -> Iterator[tuple[str, dict[str, float]]]:
    """Server and figures; `database` is the address of a PostgreSQL server, empty for SQLite."""
    with site(servers[0], database=database) as here:
        command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", PREPARE.format(rows=rows)]
        done = subprocess.run(command, env=here.house.env, check=True, stdout=subprocess.PIPE, text=True)
        vehicle, start, token = done.stdout.split()[-3:]
        # Times of the year 9999: the last fix is far ahead, and nothing is left out.
        path = f"/api/vehicles/{vehicle}/track.{format}?from={start}&to=253402300799000"
        for server in servers:
            if server != here.house.server:
                here.serve_by(server)
            yield server, measure(here, File(urlsplit(here.house.url).netloc, path, token), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--server", choices=("daphne", "uvicorn"), nargs="*", default=["daphne", "uvicorn"])
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("--format", choices=("csv", "geojson", "gpx", "kml"), default="csv")
    options = parser.parse_args()
    with postgres() if options.postgres else contextlib.nullcontext("") as database:
        for server, found in run(options.rows, options.server, database=database, format=options.format):
            print(server, json.dumps(found), flush=True)


if __name__ == "__main__":
    main()

"""A client that takes a track and stops reading: what the server's memory does meanwhile.

    python -m benchmarks.stalled [--rows 10000000] [--server daphne] [--format csv]

Starts a whole Fleetline on SQLite, puts that many positions into it, and takes them as one file: some
bytes, then nothing for STALL_S, then the rest. Prints one line of JSON.
"""

import argparse
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from benchmarks.export import START, VEHICLE
from benchmarks.site import Site, site

STALL_S = 20
WARM_BYTES = 4 * 1024 * 1024
# In the site's own settings: fill its database, say the address of the file and a token that opens it.
PREPARE = """
from benchmarks import export
from django.contrib.auth.models import User
from tracking.models import Fleet, Vehicle
from dashboard import programs
fleet = Fleet.objects.create(slug="bench", name="Bench")
Vehicle.objects.create(pk=export.VEHICLE, fleet=fleet, name="Bench")
export.fill({rows})
root = User.objects.create_superuser("bench-root", password="only-for-this-run")
print(programs.issue(root, name="bench"))
"""


def taken(house_url: str, path: str, token: str) -> Iterator[int]:
    """Sizes of what is read from the answer, as the caller asks for more."""
    address = urlsplit(house_url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=60) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        request = f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\n"
        client.sendall(f"{request}Connection: close\r\n\r\n".encode())
        while data := client.recv(65536):
            yield len(data)


def measure(here: Site, rows: int, format: str) -> dict[str, float]:
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", PREPARE.format(rows=rows)]
    done = subprocess.run(command, env=here.house.env, check=True, stdout=subprocess.PIPE, text=True)
    token = done.stdout.split()[-1]
    # Fixes from the year 2025 on; the last so far ahead that nothing is left out.
    path = f"/api/vehicles/{VEHICLE}/track.{format}?from={START}&to=253402300799000"
    sizes = taken(here.house.url, path, token)
    started, size = time.monotonic(), 0
    while size < WARM_BYTES:
        size += next(sizes)
    before = here.web_memory_kib()
    most = before
    stopped = time.monotonic()
    while time.monotonic() - stopped < STALL_S:
        time.sleep(0.5)
        most = max(most, here.web_memory_kib())
    stalled = most - before
    looked = resumed = time.monotonic()
    for part in sizes:
        size += part
        if time.monotonic() - looked > 0.5:
            most, looked = max(most, here.web_memory_kib()), time.monotonic()
    seconds = time.monotonic() - resumed + stopped - started
    return {
        "rows": rows, "rows_per_s": rows / seconds, "MiB sent": size / 2**20, "MiB before": before / 1024,
        "MiB more while stalled": stalled / 1024, "MiB more at most": (most - before) / 1024,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--server", choices=("daphne", "uvicorn"), default="daphne")
    parser.add_argument("--format", choices=("csv", "geojson", "gpx", "kml"), default="csv")
    options = parser.parse_args()
    with site(options.server) as here:
        print(json.dumps(measure(here, options.rows, options.format)))


if __name__ == "__main__":
    main()

"""The worker of exports is killed in the middle of one: it is made after all, once, and whole."""

import http.cookiejar
import re
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.house import House
from tests.servers import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]
ROWS = 150_000
FILL = """
from django.db import connection
from tracking.history import segments
from tracking.models import Device
device = Device.objects.select_related("vehicle").get()
with connection.cursor() as cursor:
    cursor.execute("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ROWS - 1) "
        "INSERT INTO tracking_position (vehicle_id, time, device_id, latitude, longitude, received) "
        "SELECT %s, 1763884800000 + i * 1000, %s, 57.7 + i * 1e-6, 11.97, 1763884800000 FROM n",
        [device.vehicle_id, device.pk])
segments.recount(device.vehicle_id)
""".replace("ROWS", str(ROWS))


class Person:
    """Signed in by a link, as from a browser."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        link = re.search(r"/login/link/\S+", house.manage("loginlink"))
        assert link is not None
        self.get(link[0])

    def get(self, path: str, **headers: str) -> bytes:
        return self._open(urllib.request.Request(self.house.url + path, headers=headers))  # noqa: S310

    def post(self, path: str, data: dict[str, Any]) -> bytes:
        page = self.get(path).decode()
        token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None
        body = urllib.parse.urlencode({**data, "csrfmiddlewaretoken": token[1]}, doseq=True).encode()
        return self._open(urllib.request.Request(self.house.url + path, body))  # noqa: S310

    def _open(self, request: urllib.request.Request) -> bytes:
        content: bytes = self._opener.open(request, timeout=30).read()
        return content


def test_an_export_survives_its_worker(house: Callable[..., House], tmp_path: Path) -> None:
    here = house("daphne")  # it is the worker that dies
    here.manage("devicetoken", "van-1", "--fleet", "north", "--create")
    here.manage("shell", "--command", FILL)
    person = Person(here)
    wanted = {"from": "2025-11-23T00:00:00Z", "to": "2025-12-01T00:00:00Z", "format": ["xlsx", "csv"]}
    person.post("/exports/", {"fleet": "north", **wanted})

    def state() -> tuple[Any, ...]:
        return here.rows("SELECT status, rows_done, attempts, size FROM dashboard_export")[0]

    wait_for(lambda: state()[0] == "running" and 0 < state()[1] < 2 * ROWS, "rows to be done", seconds=30)
    here.kill("worker-exports")
    assert list((tmp_path / "exports").iterdir())
    wait_for(lambda: state()[0] == "ready", "the export", seconds=120)
    assert state()[1:3] == (2 * ROWS, 2)
    found = [path.name for path in (tmp_path / "exports").iterdir()]
    assert found == ["1.zip"]
    whole = person.get("/exports/1/file")
    assert len(whole) == state()[3]
    assert person.get("/exports/1/file", Range="bytes=1000-1999") == whole[1000:2000]
    archive = zipfile.ZipFile(BytesIO(whole))
    assert archive.testzip() is None
    [name] = [name for name in archive.namelist() if name.endswith(".csv")]
    assert archive.read(name).count(b"\r\n") == ROWS + 1

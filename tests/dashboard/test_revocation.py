"""Who may look no longer is cut off within 5 s, on every socket, in every web process."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.test import Client

from dashboard import people
from fleet.processes import dies_with
from tests import servers
from tracking.models import Fleet, Membership, Role

ROOT = Path(__file__).parents[2]
WITHIN_S = 5
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]


@contextlib.contextmanager
def web(folder: Path, server: str) -> Iterator[int]:
    """One web process of its own on the test's database and Redis; gives its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    fd, port = listening.fileno(), listening.getsockname()[1]
    database = settings.DATABASES["default"]
    url = os.environ.get("DATABASE_URL", "").rpartition("/")[0]
    address = (
        f"{url}/{database['NAME']}" if url else f"sqlite:///{connections['default'].settings_dict['NAME']}"
    )
    environment = {**os.environ, "DATABASE_URL": address}
    with (folder / f"{server}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "fleet.servers", server, str(fd)],
            cwd=ROOT, env=environment, pass_fds=(fd,), stdout=log, stderr=log,
            preexec_fn=dies_with(os.getpid()),
        )  # fmt: skip
    with listening, servers.stopped_at_end(process):
        yield port


@pytest.fixture(scope="module")
def ports(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[int]]:
    """Two web processes, one of each kind."""
    folder = tmp_path_factory.mktemp("web")
    with web(folder, "daphne") as first, web(folder, "uvicorn") as second:
        yield [first, second]


def cookie(user: Any) -> str:
    client = Client()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}"


async def watch(port: int, session: str) -> Any:
    """A page in that process, subscribed to all its user may see."""
    origin = f"http://127.0.0.1:{port}"
    page = await websockets.connect(
        f"ws://127.0.0.1:{port}/ws/dashboard",
        additional_headers={"Cookie": session, "Origin": origin}, open_timeout=30,
    )  # fmt: skip
    await page.send('{"type":"subscribe"}')
    assert json.loads(await page.recv())["type"] == "snapshot"
    return page


async def closed_with(page: Any) -> tuple[int, float]:
    """The code with which the page is closed, and after how many seconds."""
    began = time.monotonic()
    with contextlib.suppress(websockets.ConnectionClosed):
        while True:
            await asyncio.wait_for(page.recv(), 15)
    return page.close_code, time.monotonic() - began


def lose_the_membership(house: Any) -> None:
    people.remove(Membership.objects.get(user=house.bob))


def be_disabled(house: Any) -> None:
    people.disable(house.bob, by=house.root)


def sign_out_everywhere(house: Any) -> None:
    people.sign_out(house.bob)


def be_suspended(house: Any) -> None:
    people.suspend(house.north, suspended=True)


def be_deleted(house: Any) -> None:
    house.bob.delete()


def lose_the_membership_behind_everybodys_back(house: Any) -> None:
    """As from a shell or psql: nobody announces it."""
    Membership.objects.filter(user=house.bob).delete()


def suspend_behind_everybodys_back(house: Any) -> None:
    Fleet.objects.filter(pk=house.north.pk).update(suspended=True)


@pytest.mark.parametrize(
    "revoke",
    [
        lose_the_membership,
        be_disabled,
        sign_out_everywhere,
        be_suspended,
        be_deleted,
        lose_the_membership_behind_everybodys_back,
        suspend_behind_everybodys_back,
    ],
)
async def test_every_page_in_every_process_is_closed(
    house: Any, ports: list[int], revoke: Callable[[Any], None]
) -> None:
    sessions = [await sync_to_async(cookie)(user) for user in (house.bob, house.root)]
    bobs = [await watch(port, sessions[0]) for port in ports]
    roots = [await watch(port, sessions[1]) for port in ports]
    await sync_to_async(revoke)(house)
    for code, seconds in await asyncio.gather(*(closed_with(page) for page in bobs)):
        assert code == 4403
        assert seconds < WITHIN_S
    # Nobody else is.
    for page in roots:
        await page.send('{"type":"ping"}')
        while json.loads(await asyncio.wait_for(page.recv(), 5))["type"] != "pong":
            pass
        await page.close()


async def test_one_browser_signed_out_is_one_browser(house: Any, ports: list[int]) -> None:
    here, there = [await sync_to_async(cookie)(house.bob) for _ in range(2)]
    pages = [await watch(ports[0], here), await watch(ports[1], there)]
    await sync_to_async(people.sign_out)(house.bob, but=here.partition("=")[2])
    code, seconds = await closed_with(pages[1])
    assert (code, seconds < WITHIN_S) == (4403, True)
    await pages[0].send('{"type":"ping"}')
    while json.loads(await asyncio.wait_for(pages[0].recv(), 5))["type"] != "pong":
        pass
    await pages[0].close()


async def write(page: Any, vehicle: int) -> dict[str, Any]:
    await page.send(json.dumps({"type": "message", "vehicle": vehicle, "text": "hi", "client_id": "c"}))
    while True:
        frame: dict[str, Any] = json.loads(await asyncio.wait_for(page.recv(), 5))
        if frame.get("client_id") == "c":
            return frame


async def test_a_lowered_role_counts_at_once(house: Any, ports: list[int]) -> None:
    page = await watch(ports[1], await sync_to_async(cookie)(house.bob))
    bob = await Membership.objects.aget(user=house.bob)
    await sync_to_async(people.change_role)(bob, Role.VIEWER)
    assert (await write(page, house.van.pk))["code"] == "forbidden"
    await page.close()


async def test_a_superuser_who_is_one_no_longer_writes_to_nobody(house: Any, ports: list[int]) -> None:
    await Membership.objects.acreate(user=house.root, fleet=house.north, role="viewer")
    await Membership.objects.acreate(user=house.root, fleet=house.south, role="viewer")
    page = await watch(ports[0], await sync_to_async(cookie)(house.root))
    await type(house.root).objects.filter(pk=house.root.pk).aupdate(is_superuser=False)
    assert (await write(page, house.van.pk))["code"] == "forbidden"
    await page.close()

"""A van of the north fleet, on the real application and a real Redis; and the archiver, run by hand."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.utils.timezone import now

ORIGIN = "http://testserver"


class Socket(WebsocketCommunicator):
    """A socket that speaks JSON and tells what it got."""

    async def say(self, frame: Any) -> None:
        await self.send_to(text_data=frame if isinstance(frame, str) else json.dumps(frame))

    async def hears(self, kind: str | None = None, *, within: float = 5) -> dict[str, Any]:
        """The next frame; with a kind, the next of that kind."""
        while True:
            frame = json.loads(await self.receive_from(timeout=within))
            if kind is None or frame["type"] == kind:
                return frame

    async def closes(self, *, within: float = 5) -> int:
        """The code with which it is closed; frames before that are passed over."""
        while True:
            event = await self.receive_output(timeout=within)
            if event["type"] == "websocket.close":
                return event["code"]


@pytest.fixture(scope="session", autouse=True)
def _application() -> None:
    """Loading it sets up logging anew, which would take caplog's handler away from a test."""
    import fleet.asgi  # noqa: F401


@pytest.fixture
def house(transactional_db: None) -> SimpleNamespace:
    from django.contrib.auth.models import User

    from tracking import drivers, tokens
    from tracking.models import Device, Driver, Fleet, Membership, Vehicle

    north = Fleet.objects.create(slug="north", name="North")
    south = Fleet.objects.create(slug="south", name="South")
    van = Vehicle.objects.create(fleet=north, name="Van 7")
    drivers.assign(van, Driver.objects.create(fleet=north, name="Jan"), at=now() - timedelta(days=4000))
    truck = Vehicle.objects.create(fleet=south, name="Truck 1")
    device = Device.objects.create(uid="van-7", vehicle=van)
    Device.objects.create(uid="truck-1", vehicle=truck)
    bob, mallory = (User.objects.create_user(name) for name in ("bob", "mallory"))
    Membership.objects.create(user=bob, fleet=north, role="dispatcher")
    Membership.objects.create(user=mallory, fleet=south, role="manager")
    return SimpleNamespace(
        north=north,
        south=south,
        van=van,
        truck=truck,
        device=device,
        bob=bob,
        mallory=mallory,
        token=tokens.issue(uid="van-7", fleet="north"),
        truck_token=tokens.issue(uid="truck-1", fleet="south"),
    )


@pytest.fixture
async def sockets() -> AsyncIterator[list[Socket]]:
    """Closes at the end what a test opened."""
    opened: list[Socket] = []
    yield opened
    for socket in opened:
        await socket.disconnect()


@pytest.fixture
def connect(sockets: list[Socket]) -> Any:
    """Open the device socket with these headers; (socket, whether it was accepted, subprotocol)."""

    async def connect(
        token: str = "", headers: list[tuple[bytes, bytes]] | None = None, **more: Any
    ) -> tuple[Socket, bool, Any]:
        from fleet.asgi import application

        if token:
            headers = [(b"authorization", f"Bearer {token}".encode())]
        socket = Socket(application, "/gps/connect", headers=headers or [], **more)
        accepted, detail = await socket.connect(timeout=5)
        if accepted:
            sockets.append(socket)
        return socket, accepted, detail

    return connect


@pytest.fixture
def watch(sockets: list[Socket]) -> Any:
    """Open the browser socket as a user and subscribe; (socket, snapshot)."""

    async def watch(user: Any, fleets: list[str] | None = None) -> tuple[Socket, dict[str, Any]]:
        from fleet.asgi import application

        cookie = await sync_to_async(session_of)(user)
        headers = [(b"cookie", cookie), (b"origin", ORIGIN.encode()), (b"host", b"testserver")]
        socket = Socket(application, "/ws/dashboard", headers=headers)
        accepted, _ = await socket.connect(timeout=5)
        assert accepted
        sockets.append(socket)
        await socket.say({"type": "subscribe", **({} if fleets is None else {"fleets": fleets})})
        snapshot = await socket.hears()
        if "n" in snapshot:
            await socket.say({"type": "ack", "n": snapshot["n"]})
        return socket, snapshot

    return watch


def session_of(user: Any) -> bytes:
    from django.test import Client

    client = Client()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}".encode()


@pytest.fixture
def archive() -> Any:
    """Store what the journal holds, as the worker does."""

    async def archive() -> int:
        from tracking import archive, journal

        def run() -> int:
            reader = journal.Reader(journal.connect(), 0, owner="test")
            blocks = reader.read(100_000)
            stored = archive.archive(blocks)
            reader.delete(blocks)
            return stored

        return await sync_to_async(run)()

    return archive

"""Two web processes on one socket, and two shards: same results, nothing doubled, revoked everywhere."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.house import House
from tests.servers import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

CONNECTIONS = 24  # so many that both processes have some
REVOKED_WITHIN_S = 5.0
T0 = int(time.time()) - 3600


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    one = House(tmp_path_factory.mktemp("two"), request.param, JOURNAL_SHARDS="2")
    one.start("--web", "2")
    yield one
    one.stop()


def tokens_of(house: House, prefix: str, count: int = CONNECTIONS) -> dict[str, str]:
    """Devices of a fleet of this name, and a token of each."""
    script = (
        "from tracking import devices\n"
        f"for n in range({count}):\n"
        f"    device = devices.register(f'{prefix}-{{n}}', fleet='{prefix}')\n"
        "    print(device.uid, devices.issue(device))\n"
    )
    lines = house.manage("shell", "-v", "0", "-c", script).splitlines()
    return dict(line.split() for line in lines)


@contextlib.asynccontextmanager
async def opened(house: House, tokens: list[str]) -> AsyncIterator[list[ClientConnection]]:
    async with contextlib.AsyncExitStack() as stack:
        sockets = []
        for token in tokens:
            headers = {"Authorization": f"Bearer {token}"}
            socket = await stack.enter_async_context(
                connect(house.device_url, additional_headers=headers, compression=None, proxy=None)
            )
            assert orjson.loads(await socket.recv())["type"] == "hello"
            sockets.append(socket)
        yield sockets


async def closed_with(socket: ClientConnection, *, within: float) -> int | None:
    try:
        async with asyncio.timeout(within):
            while True:
                await socket.recv()
    except ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else None
    except TimeoutError:
        return 0


def connected(house: House) -> dict[str, int]:
    """How many connections each web process says it has had."""
    logs = house.data.glob("logs/web*.log")
    return {path.name: path.read_text().count("connected, epoch") for path in logs}


def do(house: House, statement: str) -> Callable[[], str]:
    models = "from tracking import devices; from tracking.models import Device, Fleet; "
    return lambda: house.manage("shell", "-v", "0", "-c", models + statement)


@pytest.mark.parametrize(
    ("prefix", "statement"),
    [
        ("off", "[devices.disable(d) for d in Device.objects.filter(uid__startswith='off-')]"),
        ("out", "devices.suspend(Fleet.objects.get(slug='out'))"),
        ("old", "[devices.revoke(d) for d in Device.objects.filter(uid__startswith='old-')]"),
        ("hand", "Device.objects.filter(uid__startswith='hand-').update(disabled=True)"),
    ],
    ids=["disabled", "fleet suspended", "revoked", "changed by hand"],
)
def test_open_sockets_of_both_processes_are_closed_within_5_seconds(
    house: House, prefix: str, statement: str
) -> None:
    tokens = list(tokens_of(house, prefix).values())

    async def run() -> list[int | None]:
        async with opened(house, tokens) as sockets:
            waits = [asyncio.create_task(closed_with(socket, within=60)) for socket in sockets]
            changed = asyncio.create_task(asyncio.to_thread(do(house, statement)))
            await changed
            _, late = await asyncio.wait(waits, timeout=REVOKED_WITHIN_S)
            assert not late
            return [wait.result() for wait in waits]

    before = connected(house)
    assert asyncio.run(run()) == [4403] * CONNECTIONS
    after = connected(house)
    assert len(after) == 2
    assert all(after[name] > before.get(name, 0) for name in after), after

    async def again() -> None:
        with pytest.raises(InvalidStatus) as refused:
            async with opened(house, tokens[:1]):
                pass
        assert refused.value.response.status_code == 403

    asyncio.run(again())


def test_of_many_connections_of_a_device_one_lives_whichever_process_has_it(house: House) -> None:
    (token,) = tokens_of(house, "one", 1).values()

    async def run() -> list[int | None]:
        async with opened(house, [token] * 12) as sockets:
            return await asyncio.gather(*(closed_with(socket, within=5) for socket in sockets))

    assert asyncio.run(run()) == [4409] * 11 + [0]


def test_what_is_sent_to_both_processes_is_stored_once(house: House) -> None:
    tokens = tokens_of(house, "twice")
    items = [{"lat": 57.7, "lon": 11.9, "time": T0 + n} for n in range(50)]

    async def send(socket: ClientConnection) -> None:
        await socket.send(orjson.dumps({"type": "positions", "seq": 1, "items": items}).decode())
        while orjson.loads(await socket.recv()) != {"type": "ack", "seq": 1}:
            pass

    async def run() -> None:
        for _ in range(2):  # again, and perhaps to the other process
            async with opened(house, list(tokens.values())) as sockets:
                await asyncio.gather(*map(send, sockets))

    asyncio.run(run())
    wait_for(house.archived, "archived", seconds=30)
    query = (
        "SELECT COUNT(*), COUNT(DISTINCT p.vehicle_id), COUNT(DISTINCT p.vehicle_id % 2) "
        "FROM tracking_position p JOIN tracking_device d ON d.id = p.device_id WHERE d.uid LIKE 'twice-%'"
    )
    assert house.rows(query) == [(CONNECTIONS * 50, CONNECTIONS, 2)]


def test_a_message_reaches_the_one_connection_of_its_vehicle_once(house: House) -> None:
    tokens = tokens_of(house, "said", 8)
    write = (
        "from tracking import messages; "
        "said = Device.objects.filter(uid__startswith='said-'); "
        "[messages.queue(device.vehicle, author=None, text=device.uid) for device in said]"
    )

    async def hear(uid: str, socket: ClientConnection) -> list[str]:
        heard = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(8):
                while True:
                    frame = orjson.loads(await socket.recv())
                    if frame["type"] == "message":
                        heard.append(frame["text"])
        return heard

    async def run() -> dict[str, Any]:
        async with opened(house, list(tokens.values())) as sockets:
            hearing = [
                asyncio.create_task(hear(uid, socket)) for uid, socket in zip(tokens, sockets, strict=True)
            ]
            await asyncio.to_thread(do(house, write))
            return dict(zip(tokens, await asyncio.gather(*hearing), strict=True))

    assert asyncio.run(run()) == {uid: [uid] for uid in tokens}


def test_a_server_that_stops_tells_its_devices_to_come_back(house: House, tmp_path: Path) -> None:
    one = House(tmp_path, house.server)
    one.start("--web", "2")
    tokens = list(tokens_of(one, "bye", 8).values())

    async def run() -> list[int | None]:
        async with opened(one, tokens) as sockets:
            waits = [asyncio.create_task(closed_with(socket, within=10)) for socket in sockets]
            await asyncio.to_thread(one.stop)
            return await asyncio.gather(*waits)

    assert asyncio.run(run()) == [4503] * 8

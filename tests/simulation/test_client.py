import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.simulation.conftest import Peer, until
from tracking.simulation import client
from tracking.simulation.client import Device, Refused

QUICK = (0.01, 0.05)


@contextlib.asynccontextmanager
async def device(peer: Peer, **options: Any) -> AsyncIterator[Device]:
    device = Device(peer.url, "token-1", backoff_s=QUICK, **options)
    life = asyncio.create_task(device.run())
    try:
        yield device
    finally:
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)


def fix(number: int) -> dict[str, Any]:
    return {"time": 1_763_884_802_000 + number, "latitude": 57.7, "longitude": 12.0}


async def say(socket: ServerConnection, **frame: Any) -> None:
    await socket.send(json.dumps(frame))


async def test_a_position_is_settled_by_its_ack(peer: Peer) -> None:
    acked: list[int] = []
    async with device(peer, on_ack=acked.extend) as van:
        frame = await van.send([fix(1)])
        socket = await peer.accept()
        assert await peer.hear() == [{"type": "position", "seq": 1, **fix(1)}]
        assert not acked
        await say(socket, type="ack", seq=1)
        await asyncio.wait_for(frame.settled, 5)
        assert acked == [fix(1)["time"]]
        assert (van.sent, van.acked, van.rejected) == (1, 1, 0)


async def test_one_ack_settles_all_frames_before_it(peer: Peer) -> None:
    async with device(peer) as van:
        for number in range(3):
            await van.send([fix(number), fix(number + 10)])
        socket = await peer.accept()
        frames = await peer.hear(3)
        assert [(frame["type"], frame["seq"]) for frame in frames] == [("positions", n) for n in (1, 2, 3)]
        await say(socket, type="ack", seq=3)
        await asyncio.wait_for(van.drain(), 5)
        assert van.acked == 6


async def test_what_was_not_acked_is_sent_again_in_order_and_once_more_only(peer: Peer) -> None:
    acked: list[int] = []
    async with device(peer, on_ack=acked.extend) as van:
        for number in range(4):
            await van.send([fix(number)])
        first = await peer.accept()
        await peer.hear(4)
        await say(first, type="ack", seq=1)
        await until(lambda: acked)
        await first.close(4503)
        second = await peer.accept()
        again = await peer.hear(3)
        assert [frame["time"] for frame in again] == [fix(number)["time"] for number in (1, 2, 3)]
        assert [frame["seq"] for frame in again] == [1, 2, 3]
        await say(second, type="ack", seq=3)
        await asyncio.wait_for(van.drain(), 5)
        assert acked == [fix(number)["time"] for number in range(4)]
        assert (van.sent, van.connections) == (4, 2)


async def test_the_window_holds_the_sender_back(peer: Peer) -> None:
    async with device(peer, window=2) as van:
        await van.send([fix(1)])
        await van.send([fix(2)])
        third = asyncio.create_task(van.send([fix(3)]))
        socket = await peer.accept()
        await peer.hear(2)
        assert not third.done()
        await say(socket, type="ack", seq=1)
        await asyncio.wait_for(third, 5)
        assert (await peer.hear())[0]["seq"] == 3


async def test_a_rejected_position_is_not_counted_as_safe(peer: Peer) -> None:
    acked: list[int] = []
    async with device(peer, on_ack=acked.extend) as van:
        await van.send([fix(1), fix(2), fix(3)])
        socket = await peer.accept()
        await peer.hear()
        await say(socket, type="error", seq=1, code="invalid_position", index=1, detail="latitude")
        await say(socket, type="ack", seq=1)
        await asyncio.wait_for(van.drain(), 5)
        assert acked == [fix(1)["time"], fix(3)["time"]]
        assert (van.acked, van.rejected) == (2, 1)


async def test_a_frame_refused_whole_is_settled_without_an_ack(peer: Peer) -> None:
    async with device(peer) as van:
        await van.send([fix(1), fix(2)])
        socket = await peer.accept()
        await peer.hear()
        await say(socket, type="error", seq=1, code="too_many_items", detail="2, at most 1")
        await asyncio.wait_for(van.drain(), 5)
        assert (van.acked, van.rejected) == (0, 2)


async def test_without_room_it_goes_back_to_the_refused_frame(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "UNAVAILABLE_PAUSE_S", 0.01)
    async with device(peer) as van:
        for number in range(4):
            await van.send([fix(number)])
        socket = await peer.accept()
        await peer.hear(4)
        for seq in (2, 3, 4):
            await say(socket, type="error", seq=seq, code="unavailable")
        assert [frame["seq"] for frame in await peer.hear(3)] == [2, 3, 4]
        # Now 2 is kept, and there is no room from 3 on.
        for seq in (3, 4):
            await say(socket, type="error", seq=seq, code="unavailable")
        assert [frame["seq"] for frame in await peer.hear(2)] == [3, 4]
        await say(socket, type="ack", seq=4)
        await asyncio.wait_for(van.drain(), 5)
        assert (van.sent, van.acked) == (4, 4)


@pytest.mark.parametrize("code", [4401, 4403, 4409])
async def test_a_final_close_code_ends_its_life(peer: Peer, code: int) -> None:
    peer.close_code = code
    with pytest.raises(Refused, match=str(code)):
        await asyncio.wait_for(Device(peer.url, "t", backoff_s=QUICK).run(), 5)
    assert len(peer.tokens) == 1


async def test_a_refused_handshake_ends_its_life() -> None:
    def refuse(socket: ServerConnection, request: Any) -> Any:
        return socket.respond(403, "no")

    async with serve(lambda socket: asyncio.sleep(0), "127.0.0.1", 0, process_request=refuse) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        with pytest.raises(Refused, match="403"):
            await asyncio.wait_for(Device(f"ws://127.0.0.1:{port}", "t").run(), 5)


async def test_a_busy_server_is_asked_again_after_the_time_it_named(peer: Peer) -> None:
    peer.busy = 1
    begin = asyncio.get_running_loop().time()
    async with device(peer) as van:
        await peer.accept()
        assert 0.3 <= asyncio.get_running_loop().time() - begin < 2
        await asyncio.wait_for(van.online.wait(), 5)


async def test_a_refreshed_token_is_stored_and_used(peer: Peer) -> None:
    stored: list[str] = []
    async with device(peer, on_token=stored.append):
        socket = await peer.accept()
        await say(socket, type="token", token="token-2")
        await until(lambda: stored)
        await socket.close(4503)
        await peer.accept()
        assert peer.tokens == ["token-1", "token-2"]


async def test_a_message_that_comes_twice_is_handed_over_once_and_receipted_twice(peer: Peer) -> None:
    seen: list[str] = []

    async with device(peer) as van:

        async def on_message(message: dict[str, Any]) -> None:
            seen.append(message["id"])
            van.receipt(message["id"], "delivered")

        van.on_message = on_message
        socket = await peer.accept()
        for _ in range(2):
            await say(socket, type="message", id="01J", text="Call the depot")
            assert await peer.hear() == [{"type": "receipt", "id": "01J", "status": "delivered"}]
        assert seen == ["01J"]


async def test_a_reply_is_sent_again_until_it_is_stored(peer: Peer) -> None:
    async with device(peer) as van:
        first = await peer.accept()
        van.reply("r-1", "On my way", in_reply_to="01J")
        reply = {"type": "reply", "id": "r-1", "in_reply_to": "01J", "text": "On my way"}
        assert await peer.hear() == [reply]
        await first.close(4503)
        second = await peer.accept()
        assert await peer.hear() == [reply]
        await say(second, type="receipt", id="r-1", status="stored")
        await say(second, type="error", code="unavailable", seq=None)
        await second.close(4503)
        await peer.accept()
        await van.send([fix(1)])
        assert (await peer.hear())[0]["type"] == "position"


async def test_a_receipt_is_sent_again_until_later_positions_are_safe(peer: Peer) -> None:
    receipt = {"type": "receipt", "id": "01J", "status": "read"}
    async with device(peer) as van:
        first = await peer.accept()
        await van.send([fix(1)])
        await peer.hear()
        van.receipt("01J", "read")
        assert await peer.hear() == [receipt]
        await say(first, type="ack", seq=1)  # of what was sent before it
        await asyncio.wait_for(van.drain(), 5)
        await first.close(4503)
        second = await peer.accept()
        assert await peer.hear() == [receipt]
        frame = await van.send([fix(2)])
        await peer.hear()
        await say(second, type="ack", seq=1)
        await asyncio.wait_for(frame.settled, 5)
        await second.close(4503)
        await peer.accept()
        await van.send([fix(3)])
        assert (await peer.hear())[0]["type"] == "position"


async def test_a_command_is_done_once_however_often_it_comes(peer: Peer) -> None:
    done: list[str] = []

    async def on_command(command: dict[str, Any]) -> None:
        done.append(command["name"])

    async with device(peer, on_command=on_command):
        socket = await peer.accept()
        for _ in range(2):
            await say(socket, type="command", id="01C", name="locate", args={})
        heard = await peer.hear(2)
        assert {frame["status"] for frame in heard} == {"delivered", "done"}
        assert done == ["locate"]


async def test_a_device_that_takes_no_commands_says_so(peer: Peer) -> None:
    async with device(peer):
        await say(await peer.accept(), type="command", id="01C", name="locate", args={})
        receipt = {"type": "receipt", "id": "01C"}
        assert await peer.hear(2) == [
            {**receipt, "status": "delivered"},
            {**receipt, "status": "failed", "detail": "takes no commands"},
        ]

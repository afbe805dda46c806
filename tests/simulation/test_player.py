import asyncio
import json
import time

import pytest

from tests.simulation.conftest import Peer
from tracking.simulation import player
from tracking.simulation.client import Refused
from tracking.simulation.recordings import Item


async def answer(peer: Peer) -> list[int]:
    """Acknowledge everything; return the times that came."""
    socket = await peer.accept()
    times: list[int] = []
    while True:
        (frame,) = await peer.hear()
        times += [item["time"] for item in frame.get("items", [frame])]
        await socket.send(json.dumps({"type": "ack", "seq": frame["seq"]}))
        if times and times[-1] < 0:
            return times


def positions(*times: int) -> list[tuple[float, Item]]:
    return [(0.001, {"time": time_ms, "latitude": 57.7, "longitude": 12.0}) for time_ms in times]


async def test_everything_is_sent_in_order_and_counted(peer: Peer) -> None:
    server = asyncio.create_task(answer(peer))
    times = [*range(1, 350), 349, -1]
    played = await asyncio.wait_for(player.play(peer.url, "token", positions(*times)), 10)
    assert await server == times
    assert played == player.Played(times, acked=351, rejected=0)


async def test_shifted_to_now_no_two_positions_are_at_one_time(peer: Peer) -> None:
    begin = time.time() * 1000 - 1
    server = asyncio.create_task(answer(peer))
    played = await asyncio.wait_for(player.play(peer.url, "token", positions(*range(300)), now=True), 10)
    server.cancel()
    assert len(set(played.times)) == 300
    assert played.times == sorted(played.times)
    assert begin <= played.times[0] <= played.times[-1] <= time.time() * 1000 + 300


async def test_a_refusal_ends_it(peer: Peer) -> None:
    peer.close_code = 4403
    with pytest.raises(Refused, match="4403"):
        await asyncio.wait_for(player.play(peer.url, "token", positions(1)), 5)

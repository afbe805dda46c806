"""What a page asks for on its socket besides watching."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard import consumers, limits


async def write(page: Any, house: Any, text: str = "Call", **more: Any) -> dict[str, Any]:
    await page.say({"type": "message", "vehicle": house.van.pk, "text": text, **more})
    return await page.hears("message")


async def test_cancelled_once_and_then_too_late(house, watch):
    page, _ = await watch(house.bob)
    message = await write(page, house, client_id="c1")
    await page.say({"type": "cancel", "id": message["id"]})
    cancelled = await page.hears("message")
    assert (cancelled["status"], cancelled["detail"]) == ("cancelled", "bob")
    await page.say({"type": "cancel", "id": message["id"]})
    error = await page.hears("error")
    assert (error["code"], error["id"]) == ("too_late", message["id"])


async def test_said_again_on_request_and_not_while_it_may_arrive(house, watch):
    page, _ = await watch(house.bob)
    message = await write(page, house)
    await page.say({"type": "resend", "id": message["id"]})
    assert (await page.hears("error"))["code"] == "not_resendable"
    await page.say({"type": "cancel", "id": message["id"]})
    await page.hears("message")
    heard = []
    for _ in range(2):
        await page.say({"type": "resend", "id": message["id"]})
        heard.append(await page.hears("message"))
    assert {frame["resends"] for frame in heard} == {message["id"]}
    assert len({frame["id"] for frame in heard}) == 1


async def test_a_retried_request_is_answered_again(house, watch):
    page, _ = await watch(house.bob)
    first = await write(page, house, client_id="c1")
    assert await write(page, house, "Call again", client_id="c1") == first


async def test_who_does_not_watch_the_fleet_is_answered_all_the_same(house, watch):
    from tracking.models import Membership

    await sync_to_async(Membership.objects.create)(user=house.bob, fleet=house.south, role="dispatcher")
    page, _ = await watch(house.bob, ["south"])
    message = await write(page, house)
    assert message["vehicle"] == house.van.pk
    await page.say({"type": "cancel", "id": message["id"]})
    assert (await page.hears("message"))["status"] == "cancelled"


async def test_too_much_is_refused(house, watch, monkeypatch):
    monkeypatch.setattr(limits, "WRITE", limits.Limit("write", 1, 3600))
    page, _ = await watch(house.bob)
    await write(page, house)
    await page.say({"type": "message", "vehicle": house.van.pk, "text": "Call", "client_id": "c2"})
    error = await page.hears("error")
    assert (error["code"], error["client_id"]) == ("too_many_requests", "c2")


async def test_others_see_that_somebody_writes_once_a_second_at_most(house, watch, monkeypatch):
    from tracking.models import Membership

    await sync_to_async(Membership.objects.create)(user=house.mallory, fleet=house.north, role="viewer")
    mine, _ = await watch(house.bob)
    others, _ = await watch(house.mallory)
    monkeypatch.setattr(consumers, "WRITING_S", 3600.0)
    for _ in range(3):
        await mine.say({"type": "writing", "vehicle": house.van.pk})
    await write(mine, house)  # which comes after it, and is all that the writer hears
    frames = [await others.hears() for _ in range(2)]
    assert [frame["type"] for frame in frames] == ["writing", "message"]
    assert frames[0] == {"type": "writing", "vehicle": house.van.pk, "by": "bob"}


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "message", "text": 7},
        {"type": "message", "text": "x", "replies": [7]},
        {"type": "message", "text": "x", "client_id": "c" * 65},
        {"type": "message", "text": "x", "expires_in": "soon"},
        {"type": "message", "text": "x", "expires_in": True},
        {"type": "command", "name": 7},
        {"type": "command", "name": "locate", "args": [1]},
    ],
)
async def test_a_wrong_frame_is_named(house, watch, frame):
    page, _ = await watch(house.bob)
    await page.say({"vehicle": house.van.pk, **frame})
    assert (await page.hears("error"))["code"] == "invalid_frame"


@pytest.mark.parametrize("pk", [None, 7, "", "x" * 100, "1:r1", "01JDAEM5M0X8V5R1Q2W3E4R5T6"])
async def test_what_is_no_message_of_ours_is_unknown(house, watch, pk):
    page, _ = await watch(house.bob)
    await page.say({"type": "cancel", "id": pk})
    assert (await page.hears("error"))["code"] == "unknown_message"

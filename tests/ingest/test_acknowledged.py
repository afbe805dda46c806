"""A device that asks for it is told who took the alarm of its vehicle; what an ack says of receipts."""

from datetime import timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.utils.timezone import now

SOS = {"type": "position", "latitude": 57.7, "longitude": 11.97, "alarm": "sos"}


def offering(token: str, *more: str) -> dict[str, Any]:
    return {"subprotocols": ["gps.v1", *more, f"jwt.{token}"]}


async def alarmed(socket: Any, archive: Any) -> Any:
    from tracking.models import Alert

    await socket.hears("hello")
    await socket.say(SOS)
    await socket.hears("ack")
    await archive()
    return await Alert.objects.aget(kind="sos", status="open")


async def acknowledged(alert: Any, user: Any) -> None:
    from tracking import alerts

    await sync_to_async(alerts.acknowledge)(alert.pk, user=user)


async def next_but_pong(socket: Any) -> dict[str, Any] | None:
    """What the device hears before the answer to a ping; None: nothing."""
    await socket.say({"type": "ping"})
    frame: dict[str, Any] = await socket.hears()
    return None if frame["type"] == "pong" else frame


async def test_who_asks_is_told_at_once_and_after_coming_back(house, connect, archive) -> None:
    phone, accepted, subprotocol = await connect(**offering(house.token, "gps.alerts"))
    assert accepted
    assert subprotocol == "gps.v1"
    alert = await alarmed(phone, archive)
    await acknowledged(alert, house.bob)
    said = await phone.hears("alert")
    assert {name: said[name] for name in ("id", "kind", "status", "by")} == {
        "id": alert.pk, "kind": "sos", "status": "acknowledged", "by": "bob",
    }  # fmt: skip
    assert said["time"] <= said["last_time"] <= said["at"]
    again, *_ = await connect(**offering(house.token, "gps.alerts"))
    assert (await again.hears("alert"))["id"] == alert.pk


async def test_nobody_else_hears_of_it(house, connect, archive) -> None:
    from tracking.ingest.roster import roster

    tracker, *_ = await connect(**offering(house.token))
    truck, *_ = await connect(**offering(house.truck_token, "gps.alerts"))
    await truck.hears("hello")
    alert = await alarmed(tracker, archive)
    await acknowledged(alert, house.bob)
    await roster().look()  # what comes without a hint
    assert await next_but_pong(tracker) is None
    assert await next_but_pong(truck) is None


async def test_an_old_alarm_is_no_news(house, connect, archive) -> None:
    from tracking.ingest import acknowledged as module
    from tracking.ingest.roster import roster
    from tracking.models import Alert

    phone, *_ = await connect(**offering(house.token, "gps.alerts"))
    alert = await alarmed(phone, archive)
    await Alert.objects.filter(pk=alert.pk).aupdate(
        status="acknowledged", by_name="bob", at=now() - module.RECENT - timedelta(seconds=1)
    )
    await roster().look()
    assert await next_but_pong(phone) is None
    await Alert.objects.filter(pk=alert.pk).aupdate(at=now())
    await roster().look()  # its hint was lost
    assert (await phone.hears("alert"))["id"] == alert.pk
    await roster().look()
    assert await next_but_pong(phone) is None  # once a connection


async def test_an_ack_after_a_receipt_says_that_the_receipt_is_in_the_journal(
    house, connect, archive
) -> None:
    from tracking import messages
    from tracking.models import Message

    phone, *_ = await connect(**offering(house.token))
    await phone.hears("hello")
    written = await sync_to_async(messages.queue)(house.van, author=house.bob, text="Depot")
    message = await phone.hears("message")
    await phone.say({"type": "receipt", "id": message["id"], "status": "read"})
    await phone.say({"type": "positions", "seq": 1, "items": []})
    assert (await phone.hears("ack"))["seq"] == 1
    await archive()  # whatever it does not find now was not there at the ack
    assert (await Message.objects.aget(pk=written.pk)).status == Message.Status.READ

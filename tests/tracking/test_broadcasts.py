"""One text to many vehicles, and the board of who has it."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.tracking.conftest import T0
from tests.tracking.test_messages import Status, put, shown  # noqa: F401 (a fixture)
from tracking import broadcasts, messages, removal
from tracking.messages import Refused
from tracking.models import Broadcast, Device, Fleet, Latest, Message, Vehicle

SQUARE = {"type": "Polygon", "coordinates": [[[11, 57], [12, 57], [12, 58], [11, 58], [11, 57]]]}


@pytest.fixture
def yard(van: SimpleNamespace) -> SimpleNamespace:
    van.dana = User.objects.create_user("dana", first_name="Dana")
    south = Fleet.objects.create(slug="south", name="South")
    van.south = south
    van.vans = [
        van.vehicle,
        Vehicle.objects.create(fleet=van.fleet, name="Van 8"),
        Vehicle.objects.create(fleet=south, name="Van 9"),
    ]
    return van


def send(yard: SimpleNamespace, **more: Any) -> Broadcast:
    return broadcasts.send(yard.vans, author=yard.dana, text="Snow warning", **more)


def at(vehicle: Vehicle, latitude: float, longitude: float, *, time: int = T0, primary: bool = True) -> None:
    device, _ = Device.objects.get_or_create(
        uid=f"{vehicle.name}-{primary}", vehicle=vehicle, primary=primary
    )
    where = {"latitude": latitude, "longitude": longitude, "time": time, "received": time}
    Latest.objects.create(vehicle=vehicle, device=device, **where)


def test_a_row_each_and_one_frame_a_fleet(yard: SimpleNamespace, shown: list[dict[str, Any]]) -> None:  # noqa: F811
    sent = send(yard, replies=["OK"], client_id="b1", target={"kind": "vehicles"})
    assert send(yard, client_id="b1").pk == sent.pk
    rows = Message.objects.filter(broadcast=sent.pk)
    assert {(m.vehicle_id, m.text, m.number) for m in rows} == {
        (vehicle.pk, "Snow warning", 1) for vehicle in yard.vans
    }
    assert [frame["type"] for frame in shown] == ["broadcast", "broadcast"]
    assert [len(frame["changes"]) for frame in shown] == [2, 1]
    assert Vehicle.objects.get(pk=yard.vehicle.pk).last_message == 1


def test_nobody_too_many_and_no_words_are_refused(
    yard: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcasts, "MAX_VEHICLES", 2)
    for vans, text, code in (
        ([], "x", "nobody"),
        (yard.vans, "x", "too_many_vehicles"),
        (yard.vans[:1], " ", "empty_message"),
    ):
        with pytest.raises(Refused) as refused:
            broadcasts.send(vans, author=yard.dana, text=text)
        assert refused.value.code == code
    assert not Broadcast.objects.exists()
    assert not Message.objects.exists()


def test_the_board_counts_and_names_who_has_not(yard: SimpleNamespace) -> None:
    sent = send(yard)
    first, second, third = Message.objects.order_by("vehicle")
    put(first, Status.READ)
    put(second, Status.SENT)
    put(third, Status.EXPIRED)
    board = broadcasts.board(sent)
    assert board.counts == broadcasts.Counts(total=3, sent=2, delivered=1, read=1, open=1, missing=1)
    assert [message.pk for message in board.rows] == [third.pk, second.pk, first.pk]
    north = broadcasts.board(sent, fleets=[yard.fleet.pk])
    assert (north.counts.total, north.counts.missing) == (2, 0)
    assert broadcasts.recent([yard.fleet.pk]) == [(sent, north.counts)]
    assert broadcasts.recent([yard.fleet.pk, yard.south.pk]) == [(sent, board.counts)]
    assert broadcasts.recent([]) == []


def test_again_to_those_who_have_not(yard: SimpleNamespace, shown: list[dict[str, Any]]) -> None:  # noqa: F811
    sent = send(yard)
    first, second, third = Message.objects.order_by("vehicle")
    put(first, Status.DELIVERED)
    put(second, Status.SENT)
    put(third, Status.EXPIRED)
    assert [m.resends for m in broadcasts.resend_missing(sent, by=yard.dana)] == [third.pk]
    assert broadcasts.resend_missing(sent, by=yard.dana) == []
    assert shown[-1]["changes"][0]["status"] == "queued"
    counts = broadcasts.board(sent).counts
    assert (counts.total, counts.open, counts.missing) == (3, 2, 0)
    assert broadcasts.recent([yard.fleet.pk, yard.south.pk])[0][1] == counts
    again = broadcasts.resend_missing(sent, by=yard.dana, unread=True, fleets=[yard.fleet.pk])
    assert [m.resends for m in again] == [first.pk]
    # One of them alone, by hand, belongs to the broadcast too.
    put(second, Status.FAILED)
    assert messages.resend(second.pk, by=yard.dana).broadcast_id == sent.pk
    assert broadcasts.board(sent).counts.missing == 0


def test_vehicles_in_an_area(yard: SimpleNamespace) -> None:
    seven, eight, nine = yard.vans
    at(seven, 57.5, 11.5)
    at(eight, 56.9, 11.5)
    everybody = Vehicle.objects.all()
    assert broadcasts.inside(everybody, SQUARE) == [seven]
    assert broadcasts.inside(Vehicle.objects.filter(fleet=yard.south), SQUARE) == []
    # The primary device says where a vehicle is, unless it has been silent for long.
    at(eight, 57.5, 11.5, time=T0 + 60_000, primary=False)
    assert broadcasts.inside(everybody, SQUARE) == [seven]
    Latest.objects.filter(vehicle=eight, latitude=57.5).update(time=T0 + 180_000)
    assert set(broadcasts.inside(everybody, SQUARE)) == {seven, eight}
    assert nine not in broadcasts.inside(everybody, SQUARE)


def test_an_area_across_the_180th_meridian(yard: SimpleNamespace) -> None:
    east, west, _ = yard.vans
    at(east, -17.5, 179.5)
    at(west, -17.5, -179.5)
    ring = [[179, -18], [181, -18], [181, -17], [179, -17], [179, -18]]
    turned = [[x - 360, y] for x, y in ring]
    for drawn in (ring, turned):
        found = broadcasts.inside(Vehicle.objects.all(), {"type": "Polygon", "coordinates": [drawn]})
        assert set(found) == {east, west}


@pytest.mark.parametrize(
    "area",
    [
        {},
        {"type": "Point", "coordinates": [11, 57]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[11, 57], [12, 57]]]},
        {"type": "Polygon", "coordinates": [[["a", "b"]] * 4]},
        {"type": "Polygon", "coordinates": [[[11, 57 + n / 1e6] for n in range(1100)]]},
        {"type": "GeometryCollection", "geometries": []},
        {"type": "Polygon", "coordinates": None},
    ],
)
def test_what_is_no_area_is_refused(yard: SimpleNamespace, area: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        broadcasts.inside(Vehicle.objects.all(), area)
    assert refused.value.code == "invalid_area"


def test_an_area_that_crosses_itself_is_one_all_the_same(yard: SimpleNamespace) -> None:
    at(yard.vehicle, 57.2, 11.5)
    bow = [[11, 57], [12, 58], [11, 58], [12, 57], [11, 57]]
    found = broadcasts.inside(Vehicle.objects.all(), {"type": "Polygon", "coordinates": [bow]})
    assert found == [yard.vehicle]


def test_the_nearest(yard: SimpleNamespace) -> None:
    seven, eight, nine = yard.vans
    at(seven, 57.5, 11.5)
    at(eight, 57.6, 11.5)
    at(nine, -17.5, 179.9)
    everybody = Vehicle.objects.all()
    place = {"latitude": 57.7, "longitude": 11.5}
    assert broadcasts.nearest(everybody, **place, count=2) == [eight, seven]
    assert broadcasts.nearest(everybody, latitude=-17.5, longitude=-179.9, count=1) == [nine]
    assert broadcasts.nearest(everybody, **place, count=9) == [eight, seven, nine]


def test_a_broadcast_goes_with_the_last_of_its_messages(yard: SimpleNamespace) -> None:
    send(yard)
    removal.remove_vehicles([vehicle.pk for vehicle in yard.vans[:2]])
    removal.sweep()
    assert Broadcast.objects.count() == 1
    removal.remove_vehicles([yard.vans[2].pk])
    removal.sweep()
    assert not Broadcast.objects.exists()

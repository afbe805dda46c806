"""Removing takes everything of a vehicle and nothing of others; retention takes what is old."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import redis
from django.conf import settings
from django.utils.timezone import now

from tracking import drivers, removal, retention, tasks, vehicles
from tracking.history import segments
from tracking.models import (
    Alert,
    Assignment,
    Device,
    Driver,
    Fleet,
    Import,
    IngestKey,
    Latest,
    Message,
    PendingDevice,
    Position,
    Quarantined,
    Repeat,
    Vehicle,
)

PLACE = {"latitude": 57.7, "longitude": 12.0}
DAY_MS = 86_400_000


def record(vehicle: Vehicle, device: Device, *, days_ago: float = 0, status: str = "open") -> None:
    """A row of everything that a vehicle can have, from some days ago."""
    moment = now() - timedelta(days=days_ago)
    time = int(moment.timestamp() * 1000)
    fix = {**PLACE, "vehicle": vehicle, "device": device, "time": time, "received": time}
    Position.objects.create(**fix)
    segments.recount(vehicle.pk)
    slot = segments.start_of(time)
    Repeat.objects.create(vehicle=vehicle, device=device, start=slot, count=1, received=time)
    Latest.objects.update_or_create(vehicle=vehicle, device=device, defaults=fix)
    Alert.objects.create(
        vehicle=vehicle, kind=f"k{days_ago}", time=time, last_time=time, received=time, status=status, **PLACE
    )
    Import.objects.get_or_create(vehicle=vehicle, defaults={"user_name": "mona", "name": "t.gpx", "size": 1})
    number = vehicles_message(vehicle)
    Message.objects.create(
        id=f"m{vehicle.pk}-{number}", vehicle=vehicle, number=number, text="?", created=moment
    )
    Quarantined.objects.create(
        id=f"q{vehicle.pk}-{number}",
        vehicle=vehicle,
        device=device,
        received=time,
        code="c",
        detail="d",
        raw="r",
    )


def vehicles_message(vehicle: Vehicle) -> int:
    return Message.objects.filter(vehicle=vehicle).count() + 1


def rows(vehicle: int) -> dict[str, int]:
    return {
        model.__name__: model._default_manager.filter(vehicle=vehicle).count() for model in removal.RECORDS
    }


@pytest.fixture
def other(van: SimpleNamespace) -> Vehicle:
    """A vehicle of another fleet, with records."""
    vehicle = Vehicle.objects.create(fleet=Fleet.objects.create(slug="south", name="South"), name="Truck")
    record(vehicle, Device.objects.create(uid="truck", vehicle=vehicle))
    return vehicle


def test_removing_a_vehicle_takes_all_of_it_and_nothing_of_others(
    van: SimpleNamespace, other: Vehicle
) -> None:
    record(van.vehicle, van.device)
    gone, kept = van.vehicle.pk, rows(other.pk)
    assert removal.remove_vehicles([gone]) == 1
    assert not Vehicle.objects.filter(pk=gone).exists()
    assert not Device.objects.filter(uid="van-7").exists()
    assert Driver.objects.filter(name="Jan").exists()
    assert removal.sweep()
    assert set(rows(gone).values()) == {0}
    assert rows(other.pk) == kept
    assert Device.objects.filter(uid="truck").exists()


def test_a_long_track_goes_in_batches(van: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "BATCH", 7)
    Position.objects.bulk_create(
        Position(vehicle=van.vehicle, device=van.device, time=time, received=time, **PLACE)
        for time in range(50)
    )
    assert removal.remove_records(Position, van.vehicle.pk, time__lt=40) == 40
    assert removal.remove_records(Position, van.vehicle.pk) == 10
    assert removal.remove_records(Position, van.vehicle.pk) == 0


def test_an_interrupted_sweep_goes_on_where_it_was(van: SimpleNamespace, other: Vehicle) -> None:
    record(van.vehicle, van.device)
    gone = [van.vehicle.pk, other.pk]
    removal.remove_vehicles(gone)
    assert not removal.sweep(seconds=-1)  # time is up after the first vehicle
    assert [set(rows(pk).values()) for pk in sorted(gone)] == [{0}, {1}]
    assert not removal.sweep(seconds=-1)
    assert removal.sweep(seconds=-1)
    assert set(rows(gone[1]).values()) == {0}


def test_removing_a_fleet_takes_its_people_and_keys(van: SimpleNamespace, other: Vehicle) -> None:
    IngestKey.objects.create(digest="d" * 64, hint="abcd", fleet=van.fleet)
    pending = PendingDevice.objects.create(
        uid="new", fleet=van.fleet, first_seen=now(), last_seen=now(), contacts=1
    )
    Quarantined.objects.create(id="p", pending=pending, received=1, code="pending", detail="", raw="")
    removal.remove_fleet(van.fleet)
    removal.sweep()
    assert not Driver.objects.filter(name="Jan").exists()
    assert not IngestKey.objects.exists()
    assert not Quarantined.objects.filter(pk="p").exists()
    assert Vehicle.objects.get() == other


def test_the_live_picture_forgets_it_at_once_and_what_came_after_by_the_sweep(van: SimpleNamespace) -> None:
    key, pk = f"live:{{{van.fleet.pk}}}", str(van.vehicle.pk)
    with redis.Redis.from_url(settings.JOURNAL_URL) as client:
        client.hset(key, pk, "[]")
        removal.remove_vehicles([van.vehicle.pk])
        assert client.hkeys(key) == []
        client.hset(key, pk, "[]")
        removal.sweep()
        assert client.hkeys(key) == []


def test_what_goes_is_counted(van: SimpleNamespace, other: Vehicle, monkeypatch: pytest.MonkeyPatch) -> None:
    record(van.vehicle, van.device)
    record(van.vehicle, van.device, days_ago=1)
    assert removal.count([van.vehicle.pk]) == removal.Counts(1, 2, 2, 2, 2)
    assert removal.count([van.vehicle.pk, other.pk]).positions == 3
    monkeypatch.setattr(removal, "COUNT_UP_TO", 2)
    assert removal.count([van.vehicle.pk, other.pk]).positions == 2
    assert removal.count([van.vehicle.pk, other.pk]).more_positions


# --- retention -----------------------------------------------------------------------------------


def test_what_is_older_than_its_fleet_keeps_goes_at_night(van: SimpleNamespace, other: Vehicle) -> None:
    record(van.vehicle, van.device, days_ago=31, status="acknowledged")
    record(van.vehicle, van.device, days_ago=29, status="acknowledged")
    record(other, Device.objects.get(uid="truck"), days_ago=31)
    Fleet.objects.filter(pk=van.fleet.pk).update(retention_days=30)
    tasks.purge()
    assert set(rows(van.vehicle.pk).values()) == {1}
    assert rows(other.pk)["Position"] == 2
    month_ago = datetime.now(UTC) - timedelta(days=30)
    assert Message.objects.get(vehicle=van.vehicle).created > month_ago
    before = rows(van.vehicle.pk)
    assert retention.purge()
    assert rows(van.vehicle.pk) == before


def test_an_open_alert_outlives_its_fixes(van: SimpleNamespace) -> None:
    record(van.vehicle, van.device, days_ago=40)
    Fleet.objects.update(retention_days=30)
    retention.purge()
    assert {name: count for name, count in rows(van.vehicle.pk).items() if count} == {"Alert": 1, "Import": 1}


def test_a_place_that_is_too_old_leaves_the_map(van: SimpleNamespace) -> None:
    record(van.vehicle, van.device, days_ago=40)
    Fleet.objects.update(retention_days=30)
    key = f"live:{{{van.fleet.pk}}}"
    with redis.Redis.from_url(settings.JOURNAL_URL) as client:
        client.hset(key, str(van.vehicle.pk), "[]")
        retention.purge()
        assert client.hkeys(key) == []


def test_who_drove_is_forgotten_but_not_who_drives(van: SimpleNamespace) -> None:
    drivers.assign(van.vehicle, None, at=now() - timedelta(days=50))
    drivers.assign(van.vehicle, Driver.objects.get(), at=now() - timedelta(days=45))
    Fleet.objects.update(retention_days=30)
    retention.purge()
    assert [assignment.end for assignment in Assignment.objects.all()] == [None]


def test_an_interrupted_purge_goes_on(van: SimpleNamespace, other: Vehicle) -> None:
    for vehicle, device in ((van.vehicle, van.device), (other, Device.objects.get(uid="truck"))):
        record(vehicle, device, days_ago=40, status="closed")
    Fleet.objects.update(retention_days=30)
    runs = 1
    while not retention.purge(seconds=-1):
        runs += 1
        assert runs < 40
    assert runs > 4
    assert Position.objects.filter(time__lt=now().timestamp() * 1000 - 30 * DAY_MS).count() == 0


# --- coming and going ------------------------------------------------------------------------------


def test_many_vehicles_come_with_their_drivers_and_devices(van: SimpleNamespace) -> None:
    drivers.assign(van.vehicle, None, at=now())
    added = vehicles.add(
        van.fleet,
        [
            vehicles.New("Van 8", plate="AB-1", tags=["cooled"], driver="Jan", uid="imei-8"),
            vehicles.New("Van 9", driver="Piet", phone="+31 6"),
            vehicles.New("Van 10"),
        ],
    )
    assert [vehicle.driver.name if vehicle.driver else "" for vehicle in added] == ["Jan", "Piet", ""]
    assert Driver.objects.filter(name="Jan").count() == 1
    assert drivers.at(added[1].pk, now()) == Driver.objects.get(name="Piet")
    assert Device.objects.get(uid="imei-8").vehicle == added[0]
    assert added[2].devices.get().uid.startswith("van-10-")


def test_a_vehicle_moves_with_its_history_and_without_its_driver(
    van: SimpleNamespace, other: Vehicle
) -> None:
    record(van.vehicle, van.device)
    van.vehicle.refresh_from_db()
    assert vehicles.move([van.vehicle], {van.vehicle.pk: other.fleet}) == 1
    van.vehicle.refresh_from_db()
    assert (van.vehicle.fleet, van.vehicle.driver) == (other.fleet, None)
    assert rows(van.vehicle.pk)["Position"] == 1
    assert Assignment.objects.get(vehicle=van.vehicle).end is not None
    assert vehicles.move([van.vehicle], {van.vehicle.pk: other.fleet}) == 0

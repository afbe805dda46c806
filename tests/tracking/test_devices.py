"""Adding, moving, rotating, revoking and accepting devices: what the database says afterwards."""

import itertools
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

T0 = 1_763_884_800_000
MINUTE = 60_000


@pytest.fixture
def truck(van: SimpleNamespace) -> Any:
    from tracking.models import Vehicle

    return Vehicle.objects.create(fleet=van.fleet, name="Truck 1")


def fix(time: int, *, alarm: str | None = None) -> Any:
    from tracking.fixes import Fix

    return Fix(time, 57.7, 11.9, 1.0, None, None, None, 80.0, None, None, alarm, None)


def at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def opens(device: Any, *, generation: int, fleet: str = "north") -> str:
    """What the door says to a token of that generation."""
    from tracking import tokens
    from tracking.ingest import admission

    try:
        admission.admit(tokens.issue(uid=device.uid, fleet=fleet, generation=generation))
    except admission.Refused as refused:
        return refused.code
    return "open"


# --- adding and removing ---------------------------------------------------------------------


def test_the_first_device_of_a_vehicle_is_its_primary(truck: Any) -> None:
    from tracking import devices

    assert [devices.add(truck, uid).primary for uid in ("a", "b")] == [True, False]


@pytest.mark.parametrize("uid", ["", "  ", "x" * 65, "a\0b", "van-7"])
def test_a_uid_that_cannot_be_is_refused(van: SimpleNamespace, uid: str) -> None:
    from tracking import devices

    with pytest.raises(devices.Refused):
        devices.add(van.vehicle, uid)


def test_when_the_primary_goes_the_next_one_is_primary(van: SimpleNamespace) -> None:
    from tracking import devices

    devices.remove(van.device)
    van.phone.refresh_from_db()
    assert van.phone.primary


def test_a_primary_is_alone(van: SimpleNamespace) -> None:
    from tracking import devices

    devices.make_primary(van.phone)
    assert list(van.vehicle.devices.filter(primary=True)) == [van.phone]


# --- credentials -----------------------------------------------------------------------------


def test_a_rotated_token_opens_until_its_grace_ends(van: SimpleNamespace) -> None:
    from tracking import devices
    from tracking.ingest import admission
    from tracking.models import Device

    fresh = devices.rotate(van.device, grace=timedelta(hours=1))
    assert admission.admit(fresh).generation == 1
    assert opens(van.device, generation=0) == "open"
    Device.objects.filter(pk=van.device.pk).update(grace_until=datetime.now(UTC) - timedelta(seconds=1))
    assert opens(van.device, generation=0) == "grace_ended"
    assert opens(van.device, generation=1) == "open"


def test_grace_is_for_the_last_generation_only(van: SimpleNamespace) -> None:
    from tracking import devices

    for _ in range(2):
        devices.rotate(van.device, grace=timedelta(hours=1))
    assert [opens(van.device, generation=n) for n in range(4)] == ["rotated", "open", "open", "open"]


def test_no_grace_is_none(van: SimpleNamespace) -> None:
    from tracking import devices

    devices.rotate(van.device, grace=timedelta(0))
    assert opens(van.device, generation=0) == "rotated"


def test_a_token_says_when_it_expires_and_so_does_its_device(van: SimpleNamespace) -> None:
    from tracking import devices, tokens

    claims = tokens.verify(devices.rotate(van.device, ttl=3600))
    van.device.refresh_from_db()
    assert abs(claims.expires - van.device.token_expires.timestamp()) < 2


def test_revoking_closes_every_door(van: SimpleNamespace) -> None:
    from tracking import devices, keys
    from tracking.ingest import admission

    key = keys.issue(device=van.device)
    assert admission.admit_key(key).uid == "van-7"
    devices.rotate(van.device, grace=timedelta(hours=1))
    devices.revoke(van.device)
    assert [opens(van.device, generation=n) for n in (0, 1)] == ["rotated", "rotated"]
    with pytest.raises(admission.Refused, match="unknown or revoked key"):
        admission.admit_key(key)


def test_a_disabled_device_and_a_suspended_fleet_are_kept_out_until_they_are_not(
    van: SimpleNamespace,
) -> None:
    from tracking import devices

    devices.disable(van.device)
    assert opens(van.device, generation=0) == "disabled"
    devices.enable(van.device)
    devices.suspend(van.fleet)
    assert opens(van.device, generation=0) == "suspended"
    devices.resume(van.fleet)
    assert opens(van.device, generation=0) == "open"


# --- moving ----------------------------------------------------------------------------------


def database() -> Any:
    from tracking.models import Latest, Position

    return (
        sorted(Position.objects.values_list("vehicle__name", "device__uid", "time")),
        sorted(Latest.objects.values_list("vehicle__name", "device__uid", "time")),
    )


def test_a_move_and_fixes_in_any_order_give_the_same_database(van: SimpleNamespace, truck: Any) -> None:
    """Of each order: what comes before the move, and what after; the archive reads what was meant then."""
    from django.db import transaction

    from tracking import archive, devices, journal

    fixes = [fix(T0 + n * MINUTE) for n in range(4)]  # moved between the second and the third

    def store(one: Any) -> None:
        # The door's word of the vehicle may be older or newer than the move: the archive decides.
        archive.store([journal.Fixes(van.vehicle.pk, van.device.pk, T0 + 10 * MINUTE, [one])])

    seen = set()
    for order in itertools.permutations(range(5)):
        with transaction.atomic():
            for step in order:
                if step == 4:
                    devices.move(van.device, truck, at=at(T0 + 2 * MINUTE))
                else:
                    store(fixes[step])
            seen.add(str(database()))
            transaction.set_rollback(True)
    assert seen == {
        str(
            (
                [("Truck 1", "van-7", T0 + 2 * MINUTE), ("Truck 1", "van-7", T0 + 3 * MINUTE)]
                + [("Van 7", "van-7", T0), ("Van 7", "van-7", T0 + MINUTE)],
                [("Truck 1", "van-7", T0 + 3 * MINUTE), ("Van 7", "van-7", T0 + MINUTE)],
            )
        )
    }


def test_there_and_back_again(van: SimpleNamespace, truck: Any) -> None:
    from tracking import archive, devices, journal

    devices.move(van.device, truck, at=at(T0 + MINUTE))
    devices.move(van.device, van.vehicle, at=at(T0 + 3 * MINUTE))
    fixes = [fix(T0 + n * MINUTE) for n in range(5)]
    archive.store([journal.Fixes(van.vehicle.pk, van.device.pk, T0, fixes)])
    assert [row[0] for row in sorted(database()[0], key=lambda row: row[2])] == [
        "Van 7", "Truck 1", "Truck 1", "Van 7", "Van 7",
    ]  # fmt: skip


def test_a_device_takes_its_place_in_the_new_vehicle(van: SimpleNamespace, truck: Any) -> None:
    from tracking import devices

    devices.move(van.device, truck)
    for device in (van.device, van.phone):
        device.refresh_from_db()
    assert (van.device.vehicle, van.device.primary, van.phone.primary) == (truck, True, True)
    devices.move(van.phone, truck)
    van.phone.refresh_from_db()
    assert (van.phone.vehicle, van.phone.primary) == (truck, False)


def test_a_device_is_not_moved_ahead_nor_before_its_last_move(van: SimpleNamespace, truck: Any) -> None:
    from tracking import devices

    with pytest.raises(devices.Refused):
        devices.move(van.device, truck, at=datetime.now(UTC) + timedelta(hours=1))
    devices.move(van.device, truck, at=at(T0))
    with pytest.raises(devices.Refused):
        devices.move(van.device, van.vehicle, at=at(T0))
    assert van.device.fittings.count() == 2


def test_a_device_that_never_moved_has_nothing_to_look_up(van: SimpleNamespace, truck: Any) -> None:
    from tracking import devices, fittings

    devices.move(van.device, van.vehicle, at=at(T0))
    assert fittings.of([van.device.pk, van.phone.pk]).keys() <= {van.device.pk}
    devices.move(van.phone, truck, at=at(T0))
    assert fittings.of([van.phone.pk]) == {van.phone.pk: ((0, van.vehicle.pk), (T0, truck.pk))}


# --- the inbox -------------------------------------------------------------------------------


def knock(uid: str) -> Any:
    from tracking import devices
    from tracking.models import PendingDevice

    pending = devices.knock(uid, fleet="north", nickname="Someone")
    assert isinstance(pending, PendingDevice)
    return pending


def held(pending: Any, *times: int) -> Any:
    """Positions of a device that waits, as its door writes them into the journal."""
    from tracking import journal
    from tracking.fixes import Batch
    from tracking.ingest.accept import hold

    batch = Batch(None, [fix(time) for time in times], [])
    hold(batch, uid=pending.uid)
    return journal.Refusals(0, -pending.pk, T0, batch.rejections)


def drain() -> int:
    from tracking import archive, journal

    reader = journal.Reader(journal.connect(), 0, owner="test")
    blocks = reader.read(100_000)
    stored = archive.archive(blocks) if blocks else 0
    reader.delete(blocks)
    return stored


@pytest.mark.django_db(transaction=True)
def test_what_a_pending_device_said_is_stored_once_when_it_is_accepted(van: SimpleNamespace) -> None:
    from tracking import archive, devices
    from tracking.models import PendingDevice, Position, Quarantined

    pending = knock("new-1")
    archive.store([held(pending, T0, T0 + 1, T0 + 2)])
    archive.store([held(pending, T0, T0 + 1, T0 + 2)])
    assert Quarantined.objects.filter(code="pending", pending=pending.pk).count() == 3
    number = pending.pk
    device = devices.accept(pending, van.vehicle)
    assert not device.primary
    assert drain() == 3
    late = held(SimpleNamespace(uid="new-1", pk=number), T0 + 2, T0 + 3)
    archive.store([late])  # was on its way meanwhile
    assert devices.replay_stragglers(number, device.pk) == 2
    assert drain() == 1
    assert list(
        Position.objects.filter(device=device.pk).order_by("time").values_list("time", "battery")
    ) == [(T0 + n, 80.0) for n in range(4)]
    assert not Quarantined.objects.exists()
    assert not PendingDevice.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_device_that_is_added_while_it_waits_is_accepted(van: SimpleNamespace) -> None:
    from tracking import archive, devices
    from tracking.models import PendingDevice

    archive.store([held(knock("new-1"), T0, T0 + 1)])
    devices.add(van.vehicle, "new-1")
    assert drain() == 2
    assert not PendingDevice.objects.exists()


def test_a_pending_device_is_accepted_once_and_in_its_own_fleet(van: SimpleNamespace) -> None:
    from tracking import devices
    from tracking.models import Fleet, Vehicle

    south = Vehicle.objects.create(fleet=Fleet.objects.create(slug="south", name="South"), name="Truck")
    pending = knock("new-1")
    with pytest.raises(devices.Refused):
        devices.accept(pending, south)
    devices.accept(pending, van.vehicle)
    with pytest.raises(devices.Refused):
        devices.accept(pending, van.vehicle)


def test_the_inbox_is_bounded_and_a_knock_is_counted(van: SimpleNamespace, monkeypatch: Any) -> None:
    from tracking import devices
    from tracking.models import PendingDevice

    monkeypatch.setattr(devices, "MAX_PENDING", 2)
    monkeypatch.setattr(devices, "KNOCK_S", 0)
    for uid in ("a", "b", "a", "a"):
        assert isinstance(devices.knock(uid, fleet="north"), PendingDevice)
    assert devices.knock("c", fleet="north") == "inbox_full"
    assert devices.knock("c", fleet="nowhere") == "unknown_fleet"
    assert PendingDevice.objects.get(uid="a").contacts == 3


def test_a_dismissed_device_leaves_nothing(van: SimpleNamespace) -> None:
    from tracking import archive, devices
    from tracking.models import PendingDevice, Quarantined

    pending = knock("new-1")
    archive.store([held(pending, T0)])
    devices.dismiss(pending)
    assert not PendingDevice.objects.exists()
    assert not Quarantined.objects.exists()


def test_at_most_1000_positions_of_a_pending_device_and_day_are_kept(van: SimpleNamespace) -> None:
    from tracking import archive
    from tracking.models import Quarantined

    pending = knock("new-1")
    other = knock("new-2")
    archive.store([held(pending, *range(T0, T0 + 1500)), held(other, T0)])
    assert Quarantined.objects.filter(pending=pending.pk).count() == archive.MAX_QUARANTINED_A_DAY
    assert Quarantined.objects.filter(pending=other.pk).count() == 1


# --- a gateway's key -------------------------------------------------------------------------


def by_key(key: str, uid: str | None = None) -> str:
    from tracking.ingest import admission

    try:
        return admission.admit_key(key, uid=uid).uid
    except admission.Refused as refused:
        return refused.code


def test_a_gateways_key_speaks_for_the_devices_of_its_fleet_only(van: SimpleNamespace) -> None:
    from tracking import devices, keys
    from tracking.models import Device, Fleet, Vehicle

    south = Vehicle.objects.create(fleet=Fleet.objects.create(slug="south", name="South"), name="Truck")
    Device.objects.create(uid="truck-1", vehicle=south)
    key, own = keys.issue(fleet=van.fleet), keys.issue(device=van.phone)
    assert by_key(key, "van-7") == "van-7"
    assert by_key(key, "truck-1") == "not_in_fleet"
    assert by_key(key, "nobody") == "unknown_device"
    assert by_key(key) == "no_uid"
    assert by_key("nope") == "unknown_key"
    assert by_key(own, "van-7") == "phone-7"  # a device's own key means that device, whatever it says
    devices.rotate(van.phone, grace=timedelta(0))
    assert by_key(own) == "phone-7"  # tokens rotate, keys by themselves
    devices.suspend(van.fleet)
    assert [by_key(key, "van-7"), by_key(own)] == ["suspended", "suspended"]


def test_a_gateways_unknown_device_follows_auto_register(van: SimpleNamespace, settings: Any) -> None:
    from tracking import keys
    from tracking.ingest import admission
    from tracking.models import Device, PendingDevice

    key = keys.issue(fleet=van.fleet)
    settings.AUTO_REGISTER = "pending"
    source = admission.admit_key(key, uid="new-1")
    assert source.pending
    assert PendingDevice.objects.get().fleet == van.fleet
    settings.AUTO_REGISTER = "on"
    assert not admission.admit_key(key, uid="new-2").pending
    assert Device.objects.get(uid="new-2").vehicle.fleet == van.fleet


def test_an_expired_key_is_as_good_as_none(van: SimpleNamespace) -> None:
    from tracking import keys

    key = keys.issue(device=van.device)
    fresh = keys.rotate(van.device.keys.get(), grace=timedelta(hours=1))
    assert [by_key(key), by_key(fresh)] == ["van-7", "van-7"]
    van.device.keys.exclude(expires=None).update(expires=datetime.fromtimestamp(time.time() - 1, UTC))
    assert [by_key(key), by_key(fresh)] == ["unknown_key", "van-7"]

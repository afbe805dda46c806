"""Which device shows a vehicle, and what is known of a fleet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.history.rows import T0, row
from tracking.history.latest import choose, latest
from tracking.history.tracks import FIELDS
from tracking.live import PRIMARY_SILENT_MS
from tracking.models import Device, Fleet, Latest, Vehicle

TRACKER, PHONE, WATCH = 1, 2, 3


@pytest.mark.parametrize(
    ("silent_ms", "shown"),
    [(-1, TRACKER), (1, TRACKER), (PRIMARY_SILENT_MS, TRACKER), (PRIMARY_SILENT_MS + 1, PHONE)],
)
def test_another_device_shows_the_vehicle_only_after_two_minutes_of_silence(
    silent_ms: int, shown: int
) -> None:
    rows = [row(T0, device=TRACKER), row(T0 + silent_ms, device=PHONE)]
    assert choose(rows, {TRACKER})[-1] == shown
    assert choose(rows[::-1], {TRACKER})[-1] == shown


def test_without_a_primary_device_the_newest_shows_it() -> None:
    assert choose([row(T0, device=PHONE), row(T0 + 1, device=WATCH)], set())[-1] == WATCH


@given(
    st.lists(st.integers(0, 300_000), min_size=1, max_size=4),
    st.sets(st.integers(0, 3)),
)
def test_the_primary_one_is_never_more_than_two_minutes_behind_what_could_be_shown(
    times: list[int], primary: set[int]
) -> None:
    rows = [row(T0 + time, device=device) for device, time in enumerate(times)]
    shown = choose(rows, primary)
    newest = max(found[0] for found in rows)
    assert newest - shown[0] <= PRIMARY_SILENT_MS
    heard = [found for found in rows if found[-1] in primary and newest - found[0] <= PRIMARY_SILENT_MS]
    assert (shown[-1] in primary) == bool(heard)


def test_a_fleet_with_all_its_vehicles_and_nobody_elses(db) -> None:
    north, south = (Fleet.objects.create(slug=slug, name=slug) for slug in ("north", "south"))
    van, bare, truck = (
        Vehicle.objects.create(fleet=fleet, name=name)
        for fleet, name in ((north, "Van"), (north, "Bare"), (south, "Truck"))
    )
    phone = Device.objects.create(uid="a-phone", vehicle=van, primary=False)
    tracker = Device.objects.create(uid="tracker", vehicle=van)
    other = Device.objects.create(uid="truck", vehicle=truck)
    shown = row(T0, speed=3.5, ignition=True, attributes='{"a":1}', device=tracker.pk)
    for vehicle, values in (
        (van, shown),
        (van, row(T0 + 60_000, device=phone.pk)),
        (truck, row(device=other.pk)),
    ):
        Latest.objects.create(
            vehicle=vehicle, device_id=values[-1], **dict(zip(FIELDS, values, strict=False))
        )
    found = latest(north)
    assert {pk: (about.uid, about.name, about.fleet) for pk, (about, _) in found.items()} == {
        van.pk: ("tracker", "Van", "north"),
        bare.pk: (f"vehicle-{bare.pk}", "Bare", "north"),
    }
    assert {pk: newest for pk, (_, newest) in found.items()} == {van.pk: shown, bare.pk: None}

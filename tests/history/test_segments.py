"""Segments say what a recount of the positions says, whatever happened and in whatever order."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tracking.conftest import T0, van  # noqa: F401 (a fixture)
from tracking.fixes import Fix
from tracking.history import segments
from tracking.history.completeness import completeness
from tracking.history.segments import SLOT_MS, Slot

pytestmark = pytest.mark.database


def fix(ms: int, *, latitude: float = 57.7, longitude: float = 11.9, alarm: str | None = None) -> Fix:
    return Fix(T0 + ms, latitude, longitude, 5.0, None, None, None, None, True, None, alarm, None)


def kept() -> list[Slot]:
    from tracking.models import Segment

    names = ("start", "vehicle", "device", "count", "late", "first", "last", "south", "north", "west", "east")
    return sorted(Slot(*row) for row in Segment.objects.values_list(*names))


def counted() -> list[Slot]:
    """From the positions, in Python: another reading than the SQL's."""
    from tracking.models import Position

    slots: dict[tuple[int, int, int], list[Position]] = {}
    for position in Position.objects.all():
        key = (position.time // SLOT_MS * SLOT_MS, position.vehicle_id, position.device_id)
        slots.setdefault(key, []).append(position)
    return sorted(
        Slot(
            *key,
            len(mine),
            sum(p.received > p.time + segments.LATE_MS for p in mine),
            min(p.time for p in mine),
            max(p.time for p in mine),
            min(p.latitude for p in mine),
            max(p.latitude for p in mine),
            min(p.longitude for p in mine),
            max(p.longitude for p in mine),
        )
        for key, mine in slots.items()
    )


moment = st.integers(-3 * SLOT_MS, 6 * SLOT_MS)
store = st.tuples(
    st.just("store"),
    st.lists(
        st.tuples(moment, st.sampled_from(("device", "phone")), st.sampled_from((None, None, "sos"))),
        min_size=1, max_size=12,
    ),
    st.integers(0, 4 * SLOT_MS),
)  # fmt: skip
operation = st.one_of(
    store,
    store,
    st.tuples(st.just("again"), st.integers(0, 5)),
    st.tuples(st.just("move"), moment),
    st.tuples(st.just("keep"), moment),
    st.tuples(st.just("remove"), st.booleans()),
)


@given(operations=st.lists(operation, min_size=1, max_size=8), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_segments_equal_a_recount_after_anything(van, operations, seed):  # noqa: F811
    from django.db import transaction

    from tracking import archive, fittings, journal, removal
    from tracking.models import Fitting, Latest, Position, Repeat, Segment, Vehicle

    for model in (Position, Latest, Segment, Repeat, Fitting):
        model.objects.all().delete()
    other, _ = Vehicle.objects.get_or_create(fleet=van.fleet, name="Van 8")
    chance, said = random.Random(seed), []
    for name, *values in operations:
        if name == "store":
            fixes, delay = values
            for ms, device, alarm in fixes:
                made = fix(
                    ms, latitude=chance.uniform(-90, 90), longitude=chance.uniform(-180, 180), alarm=alarm
                )
                said.append(journal.Fixes(van.vehicle.pk, getattr(van, device).pk, T0 + ms + delay, [made]))
            archive.store(said[-len(fixes) :])
        elif name == "again":
            archive.store(chance.sample(said, min(values[0], len(said))))
        elif name == "move":
            with transaction.atomic():
                fittings.alone()
                Fitting.objects.get_or_create(device=van.device, vehicle=van.vehicle, start=0)
                Fitting.objects.get_or_create(
                    device=van.device, start=T0 + values[0], defaults={"vehicle": other}
                )
                fittings.rehome(van.device)
        elif name == "keep":
            removal.remove_records(Position, van.vehicle.pk, time__lt=T0 + values[0])
        else:
            removal.remove_records(Position, (other if values[0] else van.vehicle).pk)
        assert kept() == counted()


def test_a_migration_and_a_recount_agree(van):  # noqa: F811
    from importlib import import_module

    from django.db import connection

    from tracking import archive, journal
    from tracking.models import Segment

    fixes = [fix(ms, latitude=50 + ms / 1e7) for ms in range(-T0 - 5 * SLOT_MS, -T0 + 5 * SLOT_MS, 60_000)]
    archive.store([journal.Fixes(van.vehicle.pk, van.device.pk, 0, fixes)])
    before = kept()
    assert before == counted()
    assert before[0].start < 0  # before 1970, too, they begin at whole ten minutes
    segments.recount(van.vehicle.pk)
    assert kept() == before
    Segment.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(import_module("tracking.migrations.0008_segments").FROM_POSITIONS)
    assert kept() == before


@pytest.fixture
def hour(van):  # noqa: F811
    """A fix a minute for an hour, those of the last ten minutes 20 minutes late."""
    from tracking import archive, journal

    for minute in range(60):
        received = T0 + minute * 60_000 + (1_200_000 if minute >= 50 else 200)
        archive.store([journal.Fixes(van.vehicle.pk, van.device.pk, received, [fix(minute * 60_000)])])
    return van


@given(start=st.integers(-10, 70), length=st.integers(0, 70), shift=st.integers(-1, 1))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_counting_by_segments_is_exact_at_every_edge(hour, start, length, shift):
    begin, end = T0 + start * 60_000 + shift, T0 + (start + length) * 60_000 + shift
    inside = [m for m in range(60) if begin <= T0 + m * 60_000 < end]
    assert segments.count(hour.vehicle.pk, begin, end) == len(inside)
    known = completeness(hour.vehicle.pk, begin, end)
    assert (known.stored, known.late) == (len(inside), sum(m >= 50 for m in inside))


def test_between_gives_the_segments_of_a_time(hour):
    from tracking.models import Vehicle

    other = Vehicle.objects.create(fleet=hour.fleet, name="Van 8")
    found = list(segments.between([other.pk, hour.vehicle.pk], T0 + 9 * 60_000, T0 + 21 * 60_000))
    assert [slot.fixes for slot in found] == [10, 10, 10]
    assert (found[0].first, found[0].last) == (T0, T0 + 9 * 60_000)
    assert list(segments.between([hour.vehicle.pk], T0 + 9 * 60_000 + 1, T0 + 10 * 60_000)) == []
    assert segments.devices(hour.vehicle.pk, T0, T0 + 60_000) == {hour.device.pk}


def test_what_came_again_is_counted_once_an_arrival(van):  # noqa: F811
    from tracking import archive, journal

    def heard(received: int, *fixes: Fix) -> journal.Fixes:
        return journal.Fixes(van.vehicle.pk, van.device.pk, T0 + received, list(fixes))

    first, resent = heard(100, fix(0), fix(1000)), heard(5000, fix(0), fix(1000), fix(2000))
    for entries in ([first], [resent], [first, resent], [heard(9000, fix(1000)), heard(9000, fix(3000))]):
        archive.store(entries)
    known = completeness(van.vehicle.pk, T0, T0 + 60_000)
    # What the archive reads twice was heard once; a known fix among new ones does not hide.
    assert (known.stored, known.duplicates) == (4, 3)
    assert kept() == counted()


def test_a_fix_twice_in_one_frame_is_stored_once_and_counted(van):  # noqa: F811
    from tracking import archive, journal

    archive.store([journal.Fixes(van.vehicle.pk, van.device.pk, T0, [fix(0), fix(0), fix(1000)])])
    known = completeness(van.vehicle.pk, T0, T0 + 60_000)
    assert (known.stored, known.duplicates) == (2, 1)


def test_completeness_names_what_was_refused(van):  # noqa: F811
    from tracking import archive, journal
    from tracking.fixes import Rejection

    bad = [Rejection(0, "latitude: too far north", "{}"), Rejection(1, "no", "{2}")]
    archive.store([journal.Refusals(van.vehicle.pk, van.device.pk, T0 + 10, bad)])
    assert completeness(van.vehicle.pk, T0, T0 + 11).quarantined == {"invalid_position": 2}
    assert completeness(van.vehicle.pk, T0, T0 + 10).quarantined == {}

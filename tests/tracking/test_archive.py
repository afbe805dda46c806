"""The archive stores everything once, in any order, and no bad row stops it."""

import contextlib
import itertools
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tracking.conftest import T0
from tracking.fixes import Fix, Rejection

KINDS = (None, None, None, "sos", "tow")


def fix(seconds: int, *, alarm: str | None = None, latitude: float = 57.7) -> Fix:
    return Fix(T0 + seconds * 1000, latitude, 11.9, 5.0, None, None, None, None, True, None, alarm, None)


def dump() -> dict[str, list[Any]]:
    """All that the archive writes, without ids that depend on the order of arrival."""
    from tracking.models import Alert, Latest, Message, Position, Quarantined

    return {
        "positions": list(Position.objects.order_by("vehicle", "time", "device").values_list()),
        "latest": list(Latest.objects.order_by("vehicle", "device").values_list()),
        "alerts": list(
            Alert.objects.order_by("kind").values_list(
                "vehicle", "kind", "status", "time", "last_time", "received", "count", "latitude"
            )
        ),
        "quarantined": list(Quarantined.objects.order_by("id").values_list()),
        "messages": list(Message.objects.order_by("id").values_list("id", "text", "status")),
    }


def wipe() -> None:
    from tracking.models import Alert, Latest, Message, Position, Quarantined

    for model in (Alert, Latest, Message, Position, Quarantined):
        model.objects.all().delete()


history = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from(("tracker", "phone")), st.sampled_from(KINDS)),
    min_size=1,
    max_size=25,
    unique_by=lambda f: (f[0], f[1]),
)


@given(history=history, data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_split_and_repetition_of_a_history_gives_the_same_database(van, history, data):
    from tracking import archive, journal

    devices = {"tracker": van.device.pk, "phone": van.phone.pk}
    said: list[journal.Entry] = [
        journal.Fixes(van.vehicle.pk, devices[device], T0, [fix(at, alarm=alarm, latitude=50 + at / 100)])
        for at, device, alarm in history
    ]
    said.append(journal.Refusals(van.vehicle.pk, van.device.pk, T0, [Rejection(0, "bad", "{}")]))
    said.append(journal.Said(van.vehicle.pk, van.device.pk, T0, "reply", "r1", "yes", None))
    wipe()
    archive.store(said)
    expected = dump()

    wipe()
    again = data.draw(st.permutations(said + data.draw(st.lists(st.sampled_from(said), max_size=10))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(again)), max_size=4)))
    for start, end in itertools.pairwise([0, *cuts, len(again)]):
        archive.store(again[start:end])
    assert dump() == expected


def test_a_bad_row_is_quarantined_and_the_rest_is_stored(van):
    """A latitude that no database takes, in the middle of a batch."""
    from tracking import archive, journal
    from tracking.models import Position, Quarantined

    fixes = [fix(n) for n in range(50)]
    fixes[25] = fix(25, latitude=None)  # type: ignore[arg-type]
    stored = archive.store([journal.Fixes(van.vehicle.pk, van.device.pk, T0, fixes)])
    assert (stored.positions, stored.quarantined) == (49, 1)
    assert Position.objects.count() == 49
    (kept,) = Quarantined.objects.all()
    assert kept.code == "not_storable"
    assert str(T0 + 25_000) in kept.raw


def test_positions_of_a_removed_vehicle_go_to_quarantine_and_hold_back_nothing(van):
    from tracking import archive, journal
    from tracking.models import Position, Quarantined

    stored = archive.store(
        [
            journal.Fixes(999, 999, T0, [fix(1)]),
            journal.Fixes(van.vehicle.pk, van.device.pk, T0, [fix(2)]),
        ]
    )
    assert (stored.positions, stored.quarantined) == (1, 1)
    assert [p.vehicle_id for p in Position.objects.all()] == [van.vehicle.pk]
    assert Quarantined.objects.get().code == "unknown_vehicle"


def test_a_damaged_block_is_quarantined_whole_and_the_next_one_stored(van):
    from tracking import archive, journal
    from tracking.models import Position, Quarantined

    good = journal.encode([journal.Fixes(van.vehicle.pk, van.device.pk, T0, [fix(1)])])
    blocks = [(b"1-0", 1, b"\x01garbage"), (b"2-0", 1, b"\x09"), (b"3-0", 1, good)]
    assert archive.archive(blocks) == 1
    assert archive.archive(blocks) == 0
    assert Position.objects.count() == 1
    assert Quarantined.objects.filter(code="damaged_block").count() == 2


def test_the_latest_position_never_moves_back(van):
    from tracking import archive, journal
    from tracking.models import Latest

    for at in (10, 5, 20, 15):
        archive.store([journal.Fixes(van.vehicle.pk, van.device.pk, T0, [fix(at)])])
    assert Latest.objects.get().time == T0 + 20_000


def test_at_most_1000_a_device_and_day_are_quarantined(van, monkeypatch):
    from tracking import archive, journal
    from tracking.models import Quarantined

    monkeypatch.setattr(archive, "MAX_QUARANTINED_A_DAY", 10)
    for part in range(3):
        rejections = [Rejection(n, "bad", f"{part} {n}") for n in range(6)]
        archive.store([journal.Refusals(van.vehicle.pk, van.device.pk, T0 + part, rejections)])
    assert Quarantined.objects.count() == 10


def test_one_open_alert_a_vehicle_and_kind_that_counts(van):
    from tracking import archive, journal
    from tracking.models import Alert

    def say(at: int) -> Any:
        heard = journal.Fixes(van.vehicle.pk, van.device.pk, T0 + at, [fix(at, alarm="sos")])
        return archive.store([heard])

    assert len(say(60).alerts) == 1
    say(30)
    say(60)
    alert = Alert.objects.get()
    assert (alert.count, alert.time, alert.last_time) == (2, T0 + 30_000, T0 + 60_000)


@pytest.mark.parametrize(
    ("phone_at", "shown"), [(60, "tracker"), (119, "tracker"), (121, "phone"), (-5, "tracker")]
)
def test_the_primary_device_moves_the_marker_unless_it_was_silent_for_two_minutes(van, phone_at, shown):
    from tracking import archive, journal, snapshot

    archive.store([journal.Fixes(van.vehicle.pk, van.device.pk, T0, [fix(10, latitude=1)])])
    archive.store([journal.Fixes(van.vehicle.pk, van.phone.pk, T0, [fix(10 + phone_at, latitude=2)])])
    position = snapshot._rows(van.fleet.pk)[van.vehicle.pk]["position"]
    assert position[2] == {"tracker": 1, "phone": 2}[shown]


def test_the_archiver_empties_the_journal_and_counts_it_down(van, transactional_db, settings):
    import asyncio

    from tracking import archive, journal
    from tracking.loops import journal_redis
    from tracking.models import Position

    async def write() -> None:
        for part in range(3):
            pipe = journal_redis().pipeline(transaction=False)
            fixes = [fix(part * 100 + n) for n in range(100)]
            journal.append(pipe, [journal.Fixes(van.vehicle.pk, van.device.pk, T0, fixes)])
            await pipe.execute()

    asyncio.run(write())
    assert journal.backlog(journal.connect())[0] == 300
    assert archive.run(0) == 300
    assert Position.objects.count() == 300
    assert journal.backlog(journal.connect()) == (0, 0)
    assert not archive.needs_waking(0)


def test_a_checkpoint_waits_for_no_reader(van, transactional_db):
    """On SQLite it would keep every writer out for as long as somebody reads what was before."""
    from django.db import connection

    from tracking import archive, journal

    def log_size() -> int:
        return Path(f"{connection.settings_dict['NAME']}-wal").stat().st_size

    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no such checkpoint")

    def heard(seconds: int) -> list[journal.Entry]:
        return [journal.Fixes(van.vehicle.pk, van.device.pk, T0, [fix(seconds)])]

    archive.store(heard(0))
    with contextlib.closing(sqlite3.connect(connection.settings_dict["NAME"])) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM tracking_position").fetchone()
        archive.store(heard(1))
        started = time.monotonic()
        archive.checkpoint()
        assert time.monotonic() - started < 5, "the connection's own patience is 20 s"
        assert log_size() > 0, "somebody still reads it"
        archive.store(heard(2))
    archive.checkpoint()
    assert log_size() == 0
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (20_000,)


def test_an_archiver_is_woken_once_by_whoever_comes_first():
    import asyncio

    from tracking import archive, journal
    from tracking.loops import journal_redis

    async def write() -> list[int]:
        pipe = journal_redis().pipeline(transaction=False)
        journal.append(pipe, [journal.Fixes(1, 1, T0, [fix(0)])])
        return await pipe.execute()

    reader = journal.Reader(journal.connect(), 0, owner="me")
    assert not archive.needs_waking(0), "nothing is there"
    assert asyncio.run(write()) == [journal.WAKE]
    assert not archive.needs_waking(0), "the writer does"
    reader.rest()
    assert archive.needs_waking(0)
    assert not archive.needs_waking(0)
    assert asyncio.run(write()) == [journal.TAKEN]
    reader.rest()
    assert asyncio.run(write()) == [journal.WAKE]


@pytest.mark.parametrize(("pressing", "said"), [(False, ""), (True, "alarm"), (True, "receipt")])
def test_positions_wait_for_others_but_a_person_waits_for_nothing(settings, pressing, said):
    import asyncio

    from tracking import archive, journal
    from tracking.loops import journal_redis

    entries: list[journal.Entry] = [journal.Fixes(1, 1, T0, [fix(n) for n in range(archive.BATCH // 2)])]
    if said == "alarm":
        entries.append(journal.Fixes(2, 2, T0, [fix(0), fix(1, alarm="sos")]))
    if said == "receipt":
        entries.append(journal.Receipt(1, 1, T0, "01J", "read", ""))

    async def write() -> None:
        pipe = journal_redis().pipeline(transaction=False)
        journal.append(pipe, entries)
        await pipe.execute()

    asyncio.run(write())
    reader = journal.Reader(journal.connect(), 0, owner="me")
    assert reader.presses(archive.BATCH) is pressing
    assert not reader.presses(archive.BATCH), "asked and answered"
    asyncio.run(write())
    assert reader.presses(archive.BATCH), "a whole batch"


def test_only_one_archiver_holds_a_shard():
    from tracking import journal

    client = journal.connect()
    first, second = (journal.Reader(client, 0, owner=name) for name in ("a", "b"))
    assert first.hold()
    assert not second.hold()
    assert first.hold()
    first.release()
    assert second.hold()

"""From the journal to the database.

One archiver a shard, by lease: read from the start, one transaction, then delete what was
committed. A killed one's work is read again, and two at once are harmless: the identity
(vehicle, time, device) of a fix makes every step safe to repeat.
"""

import hashlib
import logging
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from operator import attrgetter, itemgetter

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, transaction
from msgspec import Struct

from tracking import alerts, fittings, journal, messages, partitions, positions
from tracking.fixes import Fix
from tracking.history import segments
from tracking.messages import Change
from tracking.models import Latest, Quarantined, Vehicle
from tracking.models.imports import FIRST_DEVICE
from tracking.positions import Row

log = logging.getLogger("fleetline.archive")

# One a process: a run that was cut off by a failing Redis or database takes its own lease again.
OWNER = uuid.uuid4().hex
BATCH = 10_000  # half of it costs a quarter more a row
REST_S = 0.02  # others get to write, too
# What comes meanwhile is one transaction, and a vehicle's newest position one row in it.
GATHER_S, LOOK_S = 1.0, 0.05
RUN_S = 2.0
IDLE_S = 0.5
CHECKPOINT_MS = 100
MAX_QUARANTINED_A_DAY = 1000
DAY_MS = 86_400_000


class Stored(Struct):
    """What a batch did, for the announcements after its commit and the one log line."""

    positions: int = 0
    quarantined: int = 0
    alerts: set[int] = set()
    messages: list[Change] = []


# --- running -------------------------------------------------------------------------------


def run(shard: int) -> int:
    """Archive one shard until it has been empty for IDLE_S or RUN_S have passed; return positions stored."""
    reader = journal.Reader(journal.connect(), shard, owner=OWNER)
    if not reader.hold():
        return 0
    stored, started, worked = 0, time.monotonic(), time.monotonic()
    try:
        # One worker takes the shards in turn: none waits for longer than RUN_S.
        while time.monotonic() - started < RUN_S / settings.JOURNAL_SHARDS and reader.hold():
            reader.awake()
            blocks = reader.read(BATCH)
            if blocks:
                stored += archive(blocks)
                reader.delete(blocks)
                worked = time.monotonic()
            elif time.monotonic() - worked > IDLE_S:
                break
            time.sleep(REST_S)
            gather(reader, until=time.monotonic() + GATHER_S)
    finally:
        reader.rest()
        reader.release()
    checkpoint()
    return stored


def gather(reader: journal.Reader, *, until: float) -> None:
    """Wait for the next batch to be worth a transaction, unless somebody waits for what is there."""
    while time.monotonic() < until and not reader.presses(BATCH):
        time.sleep(LOOK_S)


def checkpoint() -> None:
    """Move SQLite's write-ahead log into the database; nobody else does (fleet/settings.py).

    It keeps all writers out while it waits for those who still read what was before. What they do
    not let go is moved by the next one.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            (patience_ms,) = cursor.execute("PRAGMA busy_timeout").fetchone()
            cursor.execute(f"PRAGMA busy_timeout={CHECKPOINT_MS}")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.execute(f"PRAGMA busy_timeout={patience_ms}")


def needs_waking(shard: int) -> bool:
    """Whether there is work for which the caller, and nobody else, is to wake an archiver.

    One at a time: a shard that was called twice after each of its runs would keep the others waiting.
    """
    reader = journal.Reader(journal.connect(), shard, owner="")
    return bool(reader.read(1)) and reader.claim_waking()


def archive(blocks: Iterable[tuple[bytes, int, bytes]]) -> int:
    """Store blocks in one transaction and tell the dashboards; return how many positions were new."""
    entries: list[journal.Entry] = []
    damaged: list[Quarantined] = []
    for id_, _, block in blocks:
        try:
            entries += journal.decode(block)
        except ValueError as error:
            damaged.append(_damaged(id_, block, error))
    stored = store(entries, damaged)
    messages.announce(stored.messages)
    alerts.announce(stored.alerts)
    log.info("stored %d positions, quarantined %d", stored.positions, stored.quarantined)
    return stored.positions


# --- storing -------------------------------------------------------------------------------


@transaction.atomic
def store(entries: Sequence[journal.Entry], damaged: Sequence[Quarantined] = ()) -> Stored:
    """Put what was heard into the database. Doing it twice, or in another order, changes nothing."""
    stored = Stored(alerts=set(), messages=[])
    entries = fittings.refit(entries)
    known = _known_vehicles({entry.vehicle for entry in entries})
    refused = list(damaged)
    plain: list[Row] = []
    alarms: list[tuple[Row, Fix]] = []
    heartbeats: list[journal.Heartbeat] = []
    said: list[journal.Receipt | journal.Said] = []
    for entry in entries:
        if isinstance(entry, journal.Fixes):
            if entry.vehicle not in known:
                refused += (_stray(entry, fix) for fix in entry.fixes)
                continue
            for fix in entry.fixes:
                line = positions.row(entry.vehicle, entry.device, fix, entry.received)
                if fix.alarm is None or entry.device >= FIRST_DEVICE:  # what was imported alarms nobody
                    plain.append(line)
                else:
                    alarms.append((line, fix))
        elif isinstance(entry, journal.Refusals):
            refused += (
                _quarantined(entry, r.code, r.detail, r.raw, salt=str(r.index)) for r in entry.rejections
            )
        elif isinstance(entry, journal.Heartbeat):
            heartbeats.append(entry)
        elif entry.vehicle in known:
            said.append(entry)
    segments.alone(known)
    partitions.ensure(line[1] for line in chain(plain, (line for line, _ in alarms)))
    plain.sort(key=itemgetter(0, 1))  # neighbours in the table are inserted together
    stored.positions = _store_rows(plain, refused) + _store_alarms(alarms, refused, stored)
    _store_heartbeats(heartbeats)
    stored.messages = _store_messages(said)
    stored.quarantined = _quarantine(refused)
    return stored


def _known_vehicles(ids: set[int]) -> set[int]:
    known: set[int] = set()
    wanted = sorted(ids)
    for start in range(0, len(wanted), 900):
        known.update(Vehicle.objects.filter(pk__in=wanted[start : start + 900]).values_list("pk", flat=True))
    return known


def _store_messages(said: Iterable[journal.Receipt | journal.Said]) -> list[Change]:
    """In the order of what they lock, messages then vehicles, so that nobody else waits crosswise."""
    receipts = sorted((entry for entry in said if isinstance(entry, journal.Receipt)), key=attrgetter("id"))
    others = sorted((entry for entry in said if isinstance(entry, journal.Said)), key=attrgetter("vehicle"))
    changes = [change for entry in receipts if (change := messages.store_receipt(entry)) is not None]
    return changes + [change for entry in others for change in messages.store_said(entry)]


def _store_heartbeats(heartbeats: Iterable[journal.Heartbeat]) -> None:
    """The newest battery of each device, unless its newest position is newer still."""
    newest: dict[tuple[int, int], journal.Heartbeat] = {}
    for beat in heartbeats:
        key = (beat.vehicle, beat.device)
        if key not in newest or beat.time >= newest[key].time:
            newest[key] = beat
    for (vehicle, device), beat in sorted(newest.items()):
        latest = Latest.objects.filter(vehicle=vehicle, device=device, time__lte=beat.time)
        latest.update(battery=beat.battery)


def _store_rows(rows: list[Row], refused: list[Quarantined]) -> int:
    """Insert rows; one that the database will not take is found by halving and quarantined."""
    if not rows:
        return 0
    try:
        with transaction.atomic():
            new = positions.insert(rows)
            segments.add(new)
            if len(new) < len(rows):
                segments.repeated(positions.again(rows, new))
            positions.move_latest(rows)
            return len(new)
    except OperationalError:
        raise  # the database is away or busy: nothing is wrong with the rows
    except (DatabaseError, ValueError, OverflowError) as error:
        if len(rows) == 1:
            refused.append(_unstorable(rows[0], error))
            return 0
    half = len(rows) // 2
    return _store_rows(rows[:half], refused) + _store_rows(rows[half:], refused)


def _store_alarms(alarms: list[tuple[Row, Fix]], refused: list[Quarantined], stored: Stored) -> int:
    """One by one: only a fix that was not known before opens an alert."""
    count = 0
    for line, fix in alarms:
        if _store_rows([line], refused):
            count += 1
            stored.alerts.add(alerts.opened(line[0], fix, received=line[-1]))
    return count


# --- quarantine ----------------------------------------------------------------------------


def _quarantined(entry: journal.Heard, code: str, detail: str, raw: str, *, salt: str) -> Quarantined:
    content = f"{entry.device}:{entry.received}:{salt}:{raw}"
    waits = entry.device < 0  # in the inbox (tracking/ingest/admission.py)
    return Quarantined(
        id=hashlib.sha256(content.encode()).hexdigest(),
        device_id=None if waits else entry.device,
        vehicle_id=None if waits else entry.vehicle,
        pending_id=-entry.device if waits else None,
        received=entry.received,
        code=code,
        detail=detail[:500],
        raw=raw,
    )


def _stray(entry: journal.Fixes, fix: Fix) -> Quarantined:
    line = positions.row(entry.vehicle, entry.device, fix, entry.received)
    return _quarantined(entry, "unknown_vehicle", "its vehicle was removed", repr(line), salt=str(fix.time))


def _unstorable(line: Row, error: Exception) -> Quarantined:
    heard = journal.Fixes(line[0], line[2], line[-1], [])
    return _quarantined(heard, "not_storable", str(error).strip(), repr(line)[:2048], salt=str(line[1]))


def _damaged(id_: bytes, block: bytes, error: ValueError) -> Quarantined:
    log.error("block %s: %s; kept in quarantine", id_.decode(), error)
    heard = journal.Fixes(0, 0, int(id_.split(b"-")[0]), [])
    row = _quarantined(heard, "damaged_block", str(error), block.hex(), salt=id_.decode())
    row.device_id = row.vehicle_id = None
    return row


def _quarantine(refused: Sequence[Quarantined]) -> int:
    """Keep what was refused, at most MAX_QUARANTINED_A_DAY a device and day."""
    kept: list[Quarantined] = []
    counts: Counter[tuple[int | None, int | None, int]] = Counter()
    for item in refused:
        day = item.received // DAY_MS
        whose = item.device_id, item.pending_id
        key = (*whose, day)
        if key not in counts and any(whose):
            counts[key] = Quarantined.objects.filter(
                device=item.device_id,
                pending=item.pending_id,
                received__gte=day * DAY_MS,
                received__lt=(day + 1) * DAY_MS,
            ).count()
        counts[key] += 1
        if not any(whose) or counts[key] <= MAX_QUARANTINED_A_DAY:
            kept.append(item)
    known = set(
        Quarantined.objects.filter(pk__in=[item.pk for item in kept[:900]]).values_list("pk", flat=True)
    )
    Quarantined.objects.bulk_create(kept, batch_size=500, ignore_conflicts=True)
    return len(kept) - len(known)

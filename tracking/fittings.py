"""Which vehicle a device was in when: its late fixes belong there, not where it is now.

Only a device that was moved has fittings; for all others there is nothing to look up.
"""

from collections.abc import Iterable, Sequence

from django.db import connection, transaction
from django.db.models import Max, Min

from tracking import journal
from tracking.fixes import Fix
from tracking.history import segments
from tracking.models import Device, Fitting, Latest, Position

IDS = 900  # what SQLite takes in one statement
# (start in ms since the epoch, vehicle), in order; from each start until the next one's.
Spans = tuple[tuple[int, int], ...]
EVER = 2**63 - 1


def of(devices: Iterable[int]) -> dict[int, Spans]:
    """The spans of those devices that were ever moved."""
    ids = sorted(set(devices))
    spans: dict[int, list[tuple[int, int]]] = {}
    for first in range(0, len(ids), IDS):
        rows = Fitting.objects.filter(device__in=ids[first : first + IDS]).order_by("start")
        for device, start, vehicle in rows.values_list("device_id", "start", "vehicle_id"):
            spans.setdefault(device, []).append((start, vehicle))
    return {device: tuple(pairs) for device, pairs in spans.items()}


def vehicle_at(spans: Spans, time: int) -> int:
    """The vehicle at a time (ms); before the first span its vehicle too."""
    for start, vehicle in reversed(spans):
        if time >= start:
            return vehicle
    return spans[0][1]


def split(spans: Spans, fixes: Sequence[Fix]) -> dict[int, list[Fix]]:
    """The fixes by the vehicle that each was made in."""
    found: dict[int, list[Fix]] = {}
    for fix in fixes:
        found.setdefault(vehicle_at(spans, fix.time), []).append(fix)
    return found


def refit(entries: Sequence[journal.Entry]) -> list[journal.Entry]:
    """What was heard, the fixes of moved devices in the vehicles they were made in.

    The doors do the same, but a move may have been entered since. Call it in the transaction that stores.
    """
    moved = of(entry.device for entry in entries if isinstance(entry, journal.Fixes))
    if not moved:
        return list(entries)
    refitted: list[journal.Entry] = []
    for entry in entries:
        if isinstance(entry, journal.Fixes) and entry.device in moved:
            for vehicle, fixes in split(moved[entry.device], entry.fixes).items():
                refitted.append(journal.Fixes(vehicle, entry.device, entry.received, fixes))
        else:
            refitted.append(entry)
    return refitted


def alone() -> None:
    """Until this transaction ends nobody else reads or changes fittings. Call it before changing any.

    The archiver reads them in its own transaction: so its positions are seen by `rehome`, or it sees
    the move. SQLite has one writer anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE tracking_fitting IN ACCESS EXCLUSIVE MODE")


@transaction.atomic
def rehome(device: Device) -> set[int]:
    """Put every stored position of a device into the vehicle it was in then; return the vehicles touched."""
    spans = of([device.pk]).get(device.pk, ())
    vehicles = {vehicle for _, vehicle in spans}
    segments.alone(vehicles)
    ends = [start for start, _ in spans[1:]] + [EVER]
    for (start, vehicle), end in zip(spans, ends, strict=True):
        since = 0 if start == spans[0][0] else start
        for other in vehicles - {vehicle}:
            _move(device.pk, since, end, old=other, new=vehicle)
    for vehicle in vehicles:
        _newest(device.pk, vehicle)
    return vehicles


def _move(device: int, start: int, end: int, *, old: int, new: int) -> None:
    mine = Position.objects.filter(vehicle=old, device=device, time__gte=start, time__lt=end)
    moved = mine.aggregate(first=Min("time"), last=Max("time"))
    if moved["first"] is None:
        return
    span = "vehicle_id = %s AND device_id = %s AND time >= %s AND time < %s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM tracking_position WHERE {span} AND EXISTS (SELECT 1 FROM tracking_position AS kept "  # noqa: S608
            "WHERE kept.vehicle_id = %s AND kept.device_id = tracking_position.device_id "
            "AND kept.time = tracking_position.time)",
            [old, device, start, end, new],
        )
        cursor.execute(
            f"UPDATE tracking_position SET vehicle_id = %s WHERE {span}",  # noqa: S608
            [new, old, device, start, end],
        )
    for vehicle in (old, new):
        segments.recount(vehicle, moved["first"], moved["last"] + 1)
    segments.move_repeats(device, start, end, old=old, new=new)


def _newest(device: int, vehicle: int) -> None:
    Latest.objects.filter(vehicle=vehicle, device=device).delete()
    newest = Position.objects.filter(vehicle=vehicle, device=device).order_by("-time").first()
    if newest is not None:
        names = [field.attname for field in Latest._meta.concrete_fields]
        Latest.objects.create(**{name: getattr(newest, name) for name in names})

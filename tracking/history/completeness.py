"""How complete a time of a vehicle is: what was stored, came again, came late, or was refused."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Count, Q, Sum

from tracking.history import segments
from tracking.models import Device, Position, Quarantined, Repeat, Segment


class Completeness(NamedTuple):
    """Fixes. `quarantined`: how many by code, of what arrived in that time (when made is not sure)."""

    stored: int
    duplicates: int
    late: int
    quarantined: dict[str, int]


def completeness(vehicle: int, start_ms: int, end_ms: int) -> Completeness:
    """From `start_ms` (included) to `end_ms` (not).

    Duplicates are counted by ten minutes: those of the first and last ten minutes count whole.
    """
    mine = Segment.objects.filter(vehicle=vehicle, start__gt=start_ms - segments.SLOT_MS, start__lt=end_ms)
    whole = mine.filter(first__gte=start_ms, last__lt=end_ms)
    sums = whole.aggregate(stored=Sum("count"), late=Sum("late"))
    stored, late = sums["stored"] or 0, sums["late"] or 0
    parts = mine.filter(Q(first__lt=start_ms) | Q(last__gte=end_ms)).order_by()
    for start, device in parts.values_list("start", "device_id"):
        rows = _of(vehicle, device, max(start, start_ms), min(start + segments.SLOT_MS, end_ms))
        stored += len(rows)
        late += sum(received - time > segments.LATE_MS for time, received in rows)
    first = segments.start_of(start_ms)
    again = Repeat.objects.filter(vehicle=vehicle, start__gte=first, start__lt=end_ms)
    return Completeness(
        stored, again.aggregate(n=Sum("count"))["n"] or 0, late, _quarantined(vehicle, start_ms, end_ms)
    )


def _of(vehicle: int, device: int, start_ms: int, end_ms: int) -> Sequence[tuple[int, int]]:
    rows = Position.objects.filter(vehicle=vehicle, time__gte=start_ms, time__lt=end_ms, device=device)
    return list(rows.values_list("time", "received"))


def _quarantined(vehicle: int, start_ms: int, end_ms: int) -> dict[str, int]:
    # Its own index is by device; devices that have left the vehicle took theirs with them.
    devices = Device.objects.filter(vehicle=vehicle).values_list("pk", flat=True)
    refused = Quarantined.objects.filter(
        device__in=list(devices), vehicle=vehicle, received__gte=start_ms, received__lt=end_ms
    )
    counted = refused.values_list("code").annotate(n=Count("pk")).order_by("-n", "code")
    return dict(counted)

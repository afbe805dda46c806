"""What a vehicle is doing. The same table as static/js/states.js: tests/protocol/states.json."""

from collections.abc import Sequence
from statistics import median

from django.utils.translation import gettext_lazy as _

STATES = {
    "alarm": _("Alarm"),
    "moving": _("Moving"),
    "idle": _("Idle"),
    "stopped": _("Stopped"),
    "offline": _("Offline"),
    "never": _("No position yet"),
}
MOVING_MS = 1.5  # metres/second
MOVED_M = 30  # beyond the accuracy: further is movement
STILL_MS = 60_000  # a red light is no stop
IDLE_MS = 5 * 60_000  # without an ignition signal, how long after moving
SILENT_MOVING_MS = 10 * 60_000  # a fleet may say otherwise, of both
SILENT_STOPPED_MS = 26 * 3_600_000
LEAST_INTERVAL_S = 5
MOST_INTERVAL_S = 3600


def state(
    *,
    now: int,
    time: int | None,
    alerts: int = 0,
    speed: float | None = None,
    ignition: bool | None = None,
    moved: int | None = None,
    silent_moving: int = SILENT_MOVING_MS,
    silent_stopped: int = SILENT_STOPPED_MS,
) -> str:
    """One of STATES. Times in milliseconds: `time` of the newest fix, `moved` of the newest movement.

    Offline is who has been silent for longer than the fleet allows (`silent_…`, milliseconds).
    """
    if alerts > 0:
        return "alarm"
    if time is None:
        return "never"
    doing = _activity(now=now, time=time, speed=speed, ignition=ignition, moved=moved)
    silence = silent_stopped if doing == "stopped" else silent_moving
    return "offline" if now - time > silence else doing


def _activity(*, now: int, time: int, speed: float | None, ignition: bool | None, moved: int | None) -> str:
    if speed is not None and speed >= MOVING_MS:
        return "moving"
    unsure = speed is None or ignition is True
    if unsure and moved is not None and now - moved < STILL_MS:
        return "moving"
    if ignition is True:
        return "idle"
    if ignition is None and moved is not None and time - moved < IDLE_MS:
        return "idle"
    return "stopped"


def stale(time: int, interval: float | None, *, now: int) -> bool:
    """Whether a fix is overdue; `interval` is what to expect, in seconds."""
    return interval is not None and now - time > 2000 * interval


def expected(gaps: Sequence[float]) -> float | None:
    """The seconds to expect between fixes, from the last gaps."""
    if not gaps:
        return None
    return min(MOST_INTERVAL_S, max(LEAST_INTERVAL_S, median(gaps[-5:])))

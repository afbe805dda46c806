"""The state of a vehicle as far as its newest fix tells it.

The browser, which sees every fix, knows more (a vehicle without a speed that moved); this
is what a page says before its socket is up.
"""

from tracking.models import Latest

MOVING_MS = 1.5  # m/s
SILENT_MOVING_MS = 10 * 60_000  # silent for longer after it moved or idled: offline
SILENT_STOPPED_MS = 26 * 3_600_000

STATES = {
    "alarm": "Alarm",
    "never": "No position yet",
    "moving": "Moving",
    "idle": "Idle",
    "stopped": "Stopped",
    "offline": "Offline",
}


def state(latest: Latest | None, *, now_ms: int, alarm: bool) -> str:
    """One of STATES."""
    if alarm:
        return "alarm"
    if latest is None:
        return "never"
    if latest.speed is not None and latest.speed >= MOVING_MS:
        name, silent = "moving", SILENT_MOVING_MS
    elif latest.ignition:
        name, silent = "idle", SILENT_MOVING_MS
    else:
        name, silent = "stopped", SILENT_STOPPED_MS
    return "offline" if now_ms - latest.time > silent else name

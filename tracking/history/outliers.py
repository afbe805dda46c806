"""Fixes that cannot be: one of them must not add 500 km to a track, nor a spike to its speeds."""

import numpy as np

from tracking.history.columns import Columns, Floats, Mask, steps

MAX_MS = 100.0  # 360 km/h; a vehicle that reports more may go twice as fast as it reports
JUMP_M = 200.0  # shorter is no jump
GROUP = 5  # so many fixes in a row may be wrong together
NEAR_MS = 300_000
# What the pages and the answers say; keep it true.
RULE = (
    "A fix is left out when getting there would need more than 360 km/h (or twice its own speed) over more "
    "than 200 m and its stated accuracy, and one of the next 5 fixes can be reached without it; so is a "
    "first or last fix that cannot be reached at all. A reported speed counts towards the top speed unless "
    "it is more than twice the speed to both neighbours and 36 km/h above it."
)


def outliers(fixes: Columns) -> Mask:
    """True for each fix that RULE leaves out."""
    count = len(fixes.time)
    out = np.zeros(count, bool)
    if count < 3:
        return out
    jumps = np.flatnonzero(~_possible(fixes, 1))
    if len(jumps) == 0:
        return out
    back = [_possible(fixes, 1 + more) for more in range(1, GROUP + 1)]
    resume = 0
    for at in jumps.tolist():
        if at < resume:
            continue
        for group, reach in enumerate(back, start=1):
            if at < len(reach) and reach[at]:
                out[at + 1 : at + 1 + group] = True
                resume = at + 1 + group
                break
        else:
            if at == count - 2:
                out[-1] = True
            elif at == 0:
                out[0] = True
    return out


def _possible(fixes: Columns, ahead: int) -> Mask:
    """Whether each fix's successor `ahead` places later can be reached from it."""
    if len(fixes.time) <= ahead:
        return np.zeros(0, bool)
    a, b = fixes.take(slice(None, -ahead)), fixes.take(slice(ahead, None))
    seconds = (b.time - a.time) / 1000
    fastest = np.fmax(MAX_MS, 2 * np.fmax(a.speed, b.speed))
    allowed: Floats = fastest * seconds + JUMP_M + a.accuracy + b.accuracy
    return (fixes.way if ahead == 1 else steps(fixes, ahead)) <= allowed


def top_speed(fixes: Columns) -> float | None:
    """The highest reported speed that RULE believes, m/s."""
    known = ~np.isnan(fixes.speed)
    if not known.any():
        return None
    if len(fixes.time) > 1:
        gaps = np.diff(fixes.time)
        implied = np.where(gaps <= NEAR_MS, fixes.way * 1000 / np.maximum(gaps, 1), np.inf)
        neighbours = np.fmax(np.r_[implied, -1.0], np.r_[-1.0, implied])
        known &= ~(fixes.speed > 2 * neighbours + 10)
    return float(fixes.speed[known].max()) if known.any() else None

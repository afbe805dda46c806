"""The open pages of this process, by fleet, and the picture that they share.

The picture of a fleet is what its pages have been told: a snapshot, and every event since. It is
compared with a fresh snapshot 2 s after somebody joined and every 30 s, and only the difference
is sent: so a hint that the layer lost is made good.
"""

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from django.contrib.auth import HASH_SESSION_KEY, get_user_model
from django.utils.crypto import constant_time_compare

from dashboard.models import Session
from tracking import alerts, database, live, presence, snapshot
from tracking.loops import forever, per_loop
from tracking.models import Alert, Fleet

if TYPE_CHECKING:
    from dashboard.consumers import Browser

log = logging.getLogger("fleetline.dashboard")

SETTLE_S = 2
RESYNC_S = 30
FRESH_S = 1.0
DESCRIPTION = (
    "uid", "name", "plate", "driver", "phone", "tags", "icon", "colour", "fleet", "sharing_stopped",
)  # fmt: skip

Picture = dict[int, dict[str, Any]]


class Browsers:
    def __init__(self) -> None:
        self.open: set[Browser] = set()
        self._fleets: dict[int, set[Browser]] = {}
        self._pictures: dict[int, Picture] = {}
        self._alerts: dict[int, dict[int, dict[str, Any]]] = {}
        self._read_at: dict[int, float] = {}
        self._soon: set[int] = set()
        self._locks: dict[int, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._looking = False

    def add(self, browser: "Browser") -> None:
        self.open.add(browser)
        if not self._looking:
            self._looking = True
            self._spawn(forever("look after browsers", live.LOOK_S, self.look))
            self._spawn(forever("re-sync", RESYNC_S, self.resync))
            self._spawn(live.hub().join(live.EVERY_PROCESS, self._on_process))

    async def remove(self, browser: "Browser") -> None:
        self.open.discard(browser)
        for fleet in tuple(browser.fleets):
            await self.leave(fleet, browser)

    async def join(self, fleet: int, browser: "Browser") -> None:
        first = fleet not in self._fleets
        self._fleets.setdefault(fleet, set()).add(browser)
        self._locks.setdefault(fleet, asyncio.Lock())
        if first:
            await live.hub().watch(fleet, self._on_event)
            # Joining a group does not wait for Redis: look again when it is sure to have happened.
            self._spawn(self._later(fleet))

    async def leave(self, fleet: int, browser: "Browser") -> None:
        mine = self._fleets.get(fleet, set())
        mine.discard(browser)
        if not mine and self._fleets.pop(fleet, None) is not None:
            for kept in (self._pictures, self._alerts, self._read_at):
                kept.pop(fleet, None)
            await live.hub().leave(live.group(fleet), self._on_event)

    async def _later(self, fleet: int) -> None:
        await asyncio.sleep(SETTLE_S)
        await self.refresh(fleet)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("%s: %s; made good at the next re-sync", type(error).__name__, error)

    # --- events -----------------------------------------------------------------------------

    def _on_process(self, event: dict[str, Any]) -> None:
        if event["kind"] == "refresh" and event["fleet"] in self._fleets:
            self._spawn(self._refresh_soon(event["fleet"]))
        elif event["kind"] == "look":
            self._spawn(self.look())

    def _on_event(self, event: dict[str, Any]) -> None:
        """Bring the picture up to date and hand the event to the fleet's pages."""
        fleet = event["fleet"]
        picture = self._pictures.get(fleet, {})
        if event["kind"] == "positions":
            for vehicle, value in event["items"]:
                if vehicle in picture:
                    picture[vehicle]["position"] = msgspec.json.decode(value)
                elif time.monotonic() - self._read_at.get(fleet, 0) > FRESH_S:
                    self._read_at[fleet] = time.monotonic()
                    self._spawn(self.refresh(fleet, anyway=True))  # it is new
        elif event["kind"] == "presence":
            frame = event["frame"]
            if frame["id"] in picture:
                picture[frame["id"]]["online"] = frame["online"]
        elif event["frame"].get("type") == "alert":
            self._note_alert(fleet, event["frame"])
        for browser in tuple(self._fleets.get(fleet, ())):
            browser.on_event(event)

    def _note_alert(self, fleet: int, frame: dict[str, Any]) -> None:
        known = self._alerts.setdefault(fleet, {})
        if frame["status"] == Alert.Status.OPEN:
            known[frame["id"]] = frame
        else:
            known.pop(frame["id"], None)
        vehicle = self._pictures.get(fleet, {}).get(frame["vehicle"])
        if vehicle is not None:
            vehicle["alerts"] = sum(alert["vehicle"] == vehicle["id"] for alert in known.values())

    # --- the picture ------------------------------------------------------------------------

    async def resync(self) -> None:
        for fleet in tuple(self._fleets):
            await presence.expire(fleet)
            await self.refresh(fleet)

    async def _refresh_soon(self, fleet: int) -> None:
        """Read what was announced: at once, or FRESH_S after the last time; the hints until then are one."""
        if fleet in self._soon:
            return
        self._soon.add(fleet)
        try:
            await asyncio.sleep(self._read_at.get(fleet, 0) + FRESH_S - time.monotonic())
        finally:
            self._soon.discard(fleet)
        if fleet in self._fleets:
            await self.refresh(fleet, anyway=True)

    async def refresh(self, fleet: int, *, anyway: bool = False) -> Picture:
        """Compare the picture with what Redis and the database know, send the difference, return it."""
        async with self._locks[fleet]:
            known = self._pictures.get(fleet)
            if known is not None and not anyway and time.monotonic() - self._read_at[fleet] < FRESH_S:
                return known
            fresh = await snapshot.vehicles(fleet)
            open_now = await database.run(_open_alerts, fleet)
            if fleet not in self._fleets:
                return fresh
            before_alerts = self._alerts.get(fleet, {})
            self._pictures[fleet], self._alerts[fleet] = fresh, open_now
            self._read_at[fleet] = time.monotonic()
            if known is not None:
                self._send_changes(fleet, known, fresh)
                self._send_alerts(fleet, before_alerts, open_now)
            return fresh

    def _send_changes(self, fleet: int, known: Picture, fresh: Picture) -> None:
        moved: list[tuple[int, str]] = []
        for pk, row in fresh.items():
            before = known.get(pk)
            if before is None or any(before[key] != row[key] for key in DESCRIPTION):
                self._frame(fleet, {"type": "vehicle", **row})
            if before is None:
                continue
            seen = before["position"]
            if row["position"] is not None and (seen is None or row["position"][1] > seen[1]):
                moved.append((pk, msgspec.json.encode(row["position"]).decode()))
            else:
                row["position"] = seen
            if row["online"] != before["online"]:
                _, event = presence.event(fleet, pk, online=row["online"])
                self._frame(fleet, event["frame"])
        for pk in known.keys() - fresh.keys():
            self._frame(fleet, {"type": "vehicle", "id": pk, "fleet": known[pk]["fleet"], "removed": True})
        if moved:
            self._tell(fleet, {"kind": "positions", "fleet": fleet, "items": moved})

    def _send_alerts(self, fleet: int, known: dict[int, Any], fresh: dict[int, Any]) -> None:
        for pk, frame in fresh.items():
            if known.get(pk) != frame:
                self._frame(fleet, frame)
        for pk in known.keys() - fresh.keys():
            self._frame(fleet, {**known[pk], "status": Alert.Status.ACKNOWLEDGED})

    def _frame(self, fleet: int, frame: dict[str, Any]) -> None:
        self._tell(fleet, {"kind": "frame", "fleet": fleet, "frame": frame})

    def _tell(self, fleet: int, event: dict[str, Any]) -> None:
        for browser in tuple(self._fleets.get(fleet, ())):
            browser.on_event(event)

    # --- who may still look -----------------------------------------------------------------

    async def look(self) -> None:
        """End the flow for whoever signed out, was disabled or lost a membership."""
        for browser in tuple(self.open):
            if browser.overdue():
                browser.close(4408)
        pages = {
            browser: (browser.user.pk, browser.session_key, browser.session_hash) for browser in self.open
        }
        if not pages:
            return
        allowed = await database.run(_allowed, set(pages.values()))
        for browser, page in pages.items():
            fleets = allowed.get(page)
            if fleets is None or not browser.fleets <= fleets:
                browser.close(4403)
            elif browser.everything and browser.fleets != fleets:
                self._spawn(browser.subscribe(None))


def _open_alerts(fleet: int) -> dict[int, dict[str, Any]]:
    rows = Alert.objects.filter(vehicle__fleet=fleet, status=Alert.Status.OPEN)
    return {
        alert.pk: alerts.serialize(alert)
        for alert in rows.select_related("vehicle__fleet", "vehicle__driver")
    }


def _allowed(pages: set[tuple[int, str, str]]) -> dict[tuple[int, str, str], set[int]]:
    """The fleets that each (user, session, session hash) may watch; those who may not look are left out."""
    users = get_user_model().objects.in_bulk({user for user, _, _ in pages})
    sessions = set(
        Session.objects.filter(
            session_key__in={key for _, key, _ in pages}, expire_date__gt=datetime.now(UTC)
        ).values_list("session_key", flat=True)
    )
    allowed = {}
    for page in pages:
        user = users.get(page[0])
        if user is None or not user.is_active or page[1] not in sessions:
            continue
        if constant_time_compare(user.get_session_auth_hash(), page[2]):
            allowed[page] = set(Fleet.objects.visible_to(user).values_list("pk", flat=True))
    return allowed


def session_hash(session: Any) -> str:
    return str(session.get(HASH_SESSION_KEY, ""))


@per_loop
def browsers() -> Browsers:
    return Browsers()

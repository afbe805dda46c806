"""The browser socket, /ws/dashboard (docs/PROTOCOL.md).

A browser gets a snapshot, then changes. Positions are conflated: at most WINDOW frames are
unacknowledged, past that only the newest position of each vehicle is kept. What is rare and must
arrive (alerts, messages, presence) has a queue of its own.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from typing import Any

import msgspec
import redis
from django.db import Error as DatabaseError

from dashboard import access, actions
from dashboard.browsers import browsers, session_hash
from dashboard.pagedata import version
from tracking import database, messages
from tracking.fixes import iso, now_ms
from tracking.models import Fleet

log = logging.getLogger("fleetline.dashboard")

WINDOW = 4
PART = 500
PART_BYTES = 240 * 1024
HEARTBEAT_S = 15
MAX_OTHERS = 256
UNACKED_S = 60
WRITE_S = 10
WRITING_S = 1.0
MAX_ID = 160


class Browser:
    """One open page."""

    def __init__(self, scope: dict[str, Any], send: Any) -> None:
        self.user = scope["user"]
        self.session_key: str = scope["session"].session_key
        self.session_hash = session_hash(scope["session"])
        self.fleets: set[int] = set()
        self.everything = False
        self.closed = False
        self.ready = False
        self._send = send
        self._n = 0
        self._acked = -1
        self._unacked_since = time.monotonic()
        self._parts: deque[str] = deque()
        self._positions: dict[int, str] = {}
        self._others: deque[str] = deque()
        self._others_unacked = 0
        self._wake = asyncio.Event()
        self._wrote = 0.0
        self._sender: asyncio.Task[None] | None = None

    # --- what comes from the fleets ---------------------------------------------------------

    def on_event(self, event: dict[str, Any]) -> None:
        if self.closed or event["fleet"] not in self.fleets:
            return
        if event["kind"] == "positions":
            self._positions.update(event["items"])
        elif event.get("from") != self.user.pk:
            self.other(event["frame"])
        self._wake.set()

    def other(self, frame: Any) -> None:
        self._others.append(msgspec.json.encode(frame).decode())
        if len(self._others) > MAX_OTHERS:
            self.close(4408)
        self._wake.set()

    # --- what goes out ----------------------------------------------------------------------

    async def run_sender(self) -> None:
        try:
            while not self.closed:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), HEARTBEAT_S)
                beat = not self._wake.is_set()
                self._wake.clear()
                await self._send_what_waits(beat=beat)
        except (OSError, RuntimeError, TimeoutError) as error:
            log.debug("browser of %s: %s", self.user.pk, error)
            self.close(4408)

    async def _send_what_waits(self, *, beat: bool) -> None:
        while self.ready and self._parts and self._open():
            await self._numbered(self._parts.popleft())
        if self._parts or (self.fleets and not self.ready):
            return
        while self._others and not self.closed:
            await self._text(self._others.popleft())
            self._others_unacked += self._unacked() > 0
            if self._others_unacked > MAX_OTHERS:
                return self.close(4408)
        if (self._positions or beat) and self._open():
            items, self._positions = self._positions, {}
            body = ",".join(items.values())
            await self._numbered(f'"type":"positions","server_time":"{iso(now_ms())}","items":[{body}]')

    async def _numbered(self, content: str) -> None:
        if not self._unacked():
            self._unacked_since = time.monotonic()
        number, self._n = self._n, self._n + 1
        await self._text(f'{{"n":{number},{content}}}')

    async def _text(self, text: str) -> None:
        if not self.closed:
            async with asyncio.timeout(WRITE_S):
                await self._send({"type": "websocket.send", "text": text})

    def _unacked(self) -> int:
        return self._n - 1 - self._acked

    def _open(self) -> bool:
        return not self.closed and self._unacked() < WINDOW

    def acknowledge(self, n: object) -> None:
        if type(n) is int and self._acked < n < self._n:
            self._acked = n
            self._others_unacked = 0
            self._unacked_since = time.monotonic()
            self._wake.set()

    def overdue(self) -> bool:
        return self._unacked() > 0 and time.monotonic() - self._unacked_since > UNACKED_S

    def close(self, code: int) -> None:
        if not self.closed:
            self.closed = True
            self._closing = asyncio.create_task(self._close(code))

    async def _close(self, code: int) -> None:
        with contextlib.suppress(OSError, RuntimeError):
            await self._send({"type": "websocket.close", "code": code})

    # --- what the page asks -----------------------------------------------------------------

    async def on_text(self, text: str) -> None:
        try:
            frame = msgspec.json.decode(text)
        except (msgspec.MsgspecError, RecursionError, UnicodeError):
            return self.other({"type": "error", "code": "invalid_json", "detail": "not JSON"})
        kind = frame.get("type") if isinstance(frame, dict) else None
        if kind == "ack":
            self.acknowledge(frame.get("n"))
        elif kind == "subscribe":
            await self.subscribe(frame.get("fleets"))
        elif kind == "ping":
            self.other({"type": "pong"})
        elif kind in actions.ACTIONS:
            await self._act(kind, frame)
        else:
            known = ("subscribe", "ack", "ping", *actions.ACTIONS)
            self.error("unknown_type", f"type: none of {', '.join(known)}")
        return None

    async def subscribe(self, slugs: object) -> None:
        """Show these fleets, or with None all that the user may see: a snapshot, then changes."""
        if slugs is not None and not (isinstance(slugs, list) and all(isinstance(s, str) for s in slugs)):
            return self.error("invalid_frame", "fleets: a list of slugs")
        visible = await database.run(_visible, self.user)
        wanted = set(slugs or visible)
        if not wanted <= set(visible):
            return self.error("forbidden", "not one of your fleets")
        fleets = {visible[slug] for slug in wanted}
        self.everything = not slugs
        for fleet in self.fleets - fleets:
            await browsers().leave(fleet, self)
        self.fleets = fleets
        for fleet in fleets:
            await browsers().join(fleet, self)
        vehicles: list[dict[str, Any]] = []
        for fleet in sorted(fleets):
            vehicles += (await browsers().refresh(fleet)).values()
        self._parts.clear()
        self._parts.extend(_parts(vehicles))
        self.ready = True
        self._wake.set()
        return None

    async def _act(self, kind: str, frame: dict[str, Any]) -> None:
        """Do what the page asks; a refusal names what it asked for, as far as it said."""
        if kind == "writing":
            if time.monotonic() - self._wrote < WRITING_S:
                return  # every key pressed is one too many
            self._wrote = time.monotonic()
        try:
            fleet, answer = await database.run(actions.run, kind, self.user, frame)
        except messages.Refused as refused:
            asked = {name: frame[name] for name in ("id", "client_id") if isinstance(frame.get(name), str)}
            return self.error(refused.code, refused.detail, **{k: v[:MAX_ID] for k, v in asked.items()})
        if answer is not None and fleet not in self.fleets:  # else it comes with the fleet's events
            self.other(answer)

    def error(self, code: str, detail: str, **more: Any) -> None:
        self.other({"type": "error", "code": code, "detail": detail, **more})


def _visible(user: Any) -> dict[str, int]:
    return dict(Fleet.objects.visible_to(access.fresh(user)).values_list("slug", "pk"))


def _parts(vehicles: list[dict[str, Any]]) -> list[str]:
    """Snapshot frames, without their braces and number: no frame over 256 KiB or PART vehicles."""
    chunks: list[list[bytes]] = [[]]
    size = 0
    for vehicle in vehicles:
        encoded = msgspec.json.encode(vehicle)
        if len(chunks[-1]) == PART or size + len(encoded) > PART_BYTES:
            chunks.append([])
            size = 0
        chunks[-1].append(encoded)
        size += len(encoded) + 1
    frames = []
    for part, chunk in enumerate(chunks, start=1):
        numbers = f'"part":{part},"parts":{len(chunks)},' if len(chunks) > 1 else ""
        body = b",".join(chunk).decode()
        head = f'"type":"snapshot",{numbers}"version":"{version()}","server_time":"{iso(now_ms())}"'
        frames.append(f'{head},"vehicles":[{body}]')
    return frames


class DashboardConsumer:
    """`application(scope, receive, send)` for /ws/dashboard; the session is in the scope."""

    @classmethod
    async def app(cls, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if (await receive())["type"] != "websocket.connect":
            return
        if not scope["user"].is_authenticated:
            await send({"type": "websocket.close", "code": 4403})
            return
        browser = Browser(scope, send)
        await send({"type": "websocket.accept"})
        browsers().add(browser)
        sender = asyncio.create_task(browser.run_sender())
        try:
            while (event := await receive())["type"] == "websocket.receive":
                if not browser.closed and (text := event.get("text")) is not None:
                    await browser.on_text(text)
        except (DatabaseError, redis.RedisError, OSError) as error:
            log.warning("browser of %s: %s: %s", browser.user.pk, type(error).__name__, error)
            with contextlib.suppress(OSError, RuntimeError):
                await send({"type": "websocket.close", "code": 4503})
        finally:
            browser.closed = True
            sender.cancel()
            await browsers().remove(browser)

"""A device as it should be: keeps what is not acknowledged, and sends it again."""

import asyncio
import contextlib
import logging
import math
import random
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

log = logging.getLogger("fleetline.device")

Item = dict[str, Any]
WINDOW = 64  # frames sent and not acknowledged
BACKOFF_S = (0.5, 30.0)
HELLO_WITHIN_S = 15.0
UNAVAILABLE_PAUSE_S = 1.0
KEEPALIVE_S = 300.0  # the server ends a connection that says nothing for 15 minutes
# The server's word that coming back with the same token is pointless.
FINAL_CODES = {4401: "token expired", 4403: "revoked or disabled", 4409: "a newer connection took over"}
FINAL_STATUS = (401, 403)
MAX_NOTES = 1000
NOTE_AGAIN_S = 30.0


class Refused(Exception):
    """The server does not want this device: it does not come back by itself."""


class Unable(Exception):
    """A command that this device cannot do, and why."""


@dataclass(slots=True, eq=False)
class Frame:
    """Some positions that travel and are acknowledged together."""

    items: list[Item]
    settled: "asyncio.Future[None]"
    seq: int = 0  # on this connection; 0: not sent on it yet
    sent_at: float = 0.0  # of the loop's clock; 0: never sent
    rejected: set[int] = field(default_factory=set)
    more_rejected: int = 0  # named by a count only
    refused: bool = False  # whole


class Device:
    """A client of /gps/connect. `run()` is its life; the other methods may be called meanwhile."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        window: int = WINDOW,
        on_ack: Callable[[list[Any]], None] | None = None,
        on_hello: Callable[[Item], None] | None = None,
        on_message: Callable[[Item], Coroutine[Any, Any, None]] | None = None,
        on_command: Callable[[Item], Coroutine[Any, Any, None]] | None = None,
        on_token: Callable[[str], None] | None = None,
        backoff_s: tuple[float, float] = BACKOFF_S,
    ) -> None:
        """`on_ack` gets the times of the positions that are now safe; `on_token` stores a fresh token.

        `on_command` does what it is told, or raises Unable with the reason.
        """
        self.url, self.token, self.window = url, token, window
        self.on_ack, self.on_hello, self.on_token = on_ack, on_hello, on_token
        self.on_message, self.on_command = on_message, on_command
        self.sent = self.acked = self.rejected = self.connections = 0
        self.latencies: deque[float] = deque(maxlen=10_000)  # seconds from a frame to its ack
        self.online = asyncio.Event()
        self._backoff_s = backoff_s
        self._unacked: deque[Frame] = deque()
        self._next = 0  # index in _unacked of the first frame that is to be sent
        self._seq = self._acked_seq = 0
        self._errors_to_come = 0  # `unavailable` answers to frames that will be sent again anyway
        self._resume_at = 0.0
        self._retry_after_s = 0.0
        self._notes: dict[str, Item] = {}  # replies, says and receipts on their way
        self._noted: dict[str, float] = {}  # when each went out on this connection
        self._receipted: dict[str, int] = {}  # receipts sent on this connection, and after which frame
        self._seen: dict[str, None] = {}  # ids of the newest messages and commands
        self._change = asyncio.Event()  # something to send
        self._room = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    # --- what an owner of a device does ---------------------------------------------------

    async def send(self, items: list[Item]) -> Frame:
        """Hand over positions; wait while the window is full. `await frame.settled` waits for the ack."""
        async with self._room:
            await self._room.wait_for(lambda: len(self._unacked) < self.window)
            frame = Frame(items, asyncio.get_running_loop().create_future())
            self._unacked.append(frame)
        self._change.set()
        return frame

    async def drain(self) -> None:
        """Wait until everything is settled."""
        async with self._room:
            await self._room.wait_for(lambda: not self._unacked)

    def receipt(self, message_id: str, status: str, detail: str = "") -> None:
        note = {"type": "receipt", "id": message_id, "status": status}
        self._note(f"{message_id} {status}", {**note, "detail": detail} if detail else note)

    def reply(self, reply_id: str, text: str, *, in_reply_to: str | None = None) -> None:
        self._note(reply_id, {"type": "reply", "id": reply_id, "in_reply_to": in_reply_to, "text": text})

    def say(self, say_id: str, text: str) -> None:
        self._note(say_id, {"type": "say", "id": say_id, "text": text})

    # --- its life --------------------------------------------------------------------------

    async def run(self) -> None:
        """Connect, and come back after every loss; raise Refused when that is pointless."""
        failures = 0
        try:
            while True:
                before, self._retry_after_s = self.connections, 0.0
                await self._try()
                failures = 0 if self.connections > before else failures + 1
                least, most = self._backoff_s
                pause = min(least * 2 ** min(failures, 16), most) * random.uniform(0.5, 1)
                await asyncio.sleep(max(pause, self._retry_after_s * random.uniform(1, 1.5)))
        finally:
            for task in self._tasks:
                task.cancel()

    async def _try(self) -> None:
        try:
            await self._connection()
        except InvalidStatus as error:
            if error.response.status_code in FINAL_STATUS:
                raise Refused(f"HTTP {error.response.status_code}") from error
            log.info("cannot connect: %s", error)
        except ConnectionClosed as error:
            self._closed(error.rcvd.code if error.rcvd else 1006)
        except (OSError, TimeoutError, InvalidHandshake) as error:
            log.info("cannot connect: %s", error)

    def _closed(self, code: int) -> None:
        log.info("connection closed: %s", code)
        if code in FINAL_CODES:
            raise Refused(f"{code}, {FINAL_CODES[code]}")

    async def _connection(self) -> None:
        """One connection, from the handshake to its end."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with connect(self.url, additional_headers=headers, compression=None, proxy=None) as socket:
            await self._greet(socket)
            self.connections += 1
            self._begin()
            writer = asyncio.create_task(self._write(socket))
            try:
                async for text in socket:
                    await self._take(orjson.loads(text))
            finally:
                self.online.clear()
                writer.cancel()
                with contextlib.suppress(asyncio.CancelledError, ConnectionClosed):
                    await writer
        self._closed(socket.close_code or 1006)

    async def _greet(self, socket: ClientConnection) -> None:
        async with asyncio.timeout(HELLO_WITHIN_S):
            while (frame := orjson.loads(await socket.recv())).get("type") != "hello":
                await self._take(frame)
        if self.on_hello:
            self.on_hello(frame)

    def _begin(self) -> None:
        """A new connection counts from 1, and first gets everything that was not acknowledged."""
        self._seq = self._acked_seq = self._next = self._errors_to_come = 0
        self._resume_at = 0.0
        self._receipted.clear()
        self._noted.clear()
        for frame in self._unacked:
            frame.seq = 0
        self._change.set()
        self.online.set()

    async def _write(self, socket: ClientConnection) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                # Not wait_for: that of Python 3.11 loses a cancellation that comes with the event.
                async with asyncio.timeout(KEEPALIVE_S):
                    await self._change.wait()
            except TimeoutError:
                await socket.send('{"type":"ping"}')
            self._change.clear()
            now = loop.time()
            for key in [key for key in self._notes if self._noted.get(key, -math.inf) < now - NOTE_AGAIN_S]:
                note = self._notes[key]
                await socket.send(orjson.dumps(note), text=True)
                if note["type"] == "receipt":
                    # Nothing answers it: safe when positions are that were sent later.
                    self._receipted[key] = self._seq
                    self._noted[key] = math.inf
                else:
                    self._noted[key] = now  # and kept until the server has stored it
            if (wait := self._resume_at - loop.time()) > 0:
                loop.call_later(wait, self._change.set)
                continue
            if self._next < len(self._unacked):
                await self._send_next(socket, loop.time())
                self._change.set()

    async def _send_next(self, socket: ClientConnection, now: float) -> None:
        frame = self._unacked[self._next]
        self._next += 1
        if not frame.seq:
            self._seq += 1
            frame.seq = self._seq
        if not frame.sent_at:
            self.sent += len(frame.items)
        frame.sent_at = now
        if len(frame.items) == 1:
            data = {"type": "position", "seq": frame.seq, **frame.items[0]}
        else:
            data = {"type": "positions", "seq": frame.seq, "items": frame.items}
        await socket.send(orjson.dumps(data), text=True)

    # --- what the server says --------------------------------------------------------------

    async def _take(self, frame: Item) -> None:
        match frame.get("type"):
            case "ack":
                self._acked_seq = max(self._acked_seq, frame["seq"])
                for key in [key for key, seq in self._receipted.items() if seq < self._acked_seq]:
                    del self._receipted[key]
                    self._notes.pop(key, None)
                await self._settle()
            case "error":
                await self._take_error(frame)
            case "message":
                self._take_message(frame)
            case "command":
                self._take_command(frame)
            case "receipt":
                self._notes.pop(frame["id"], None)
            case "token":
                self.token = frame["token"]
                if self.on_token:
                    self.on_token(self.token)

    async def _take_error(self, error: Item) -> None:
        code, seq = error.get("code"), error.get("seq")
        if code == "busy":
            self._retry_after_s = float(error.get("retry_after") or UNAVAILABLE_PAUSE_S)
        elif code == "unavailable" and seq is not None:
            self._go_back(seq)
        elif seq is not None:
            for frame in self._unacked:
                if frame.seq == seq:
                    index = error.get("index")
                    frame.refused = frame.refused or (index is None and code != "invalid_position")
                    frame.rejected.add(index or 0)
                    frame.more_rejected += error.get("more", 0)
            await self._settle()
        else:
            log.warning("the server says: %s %s", code, error.get("detail", ""))

    def _go_back(self, seq: int) -> None:
        """The server has no room: wait, then send again from this frame on, with the same numbers."""
        if self._errors_to_come:  # an answer to one that was on its way behind it
            self._errors_to_come -= 1
            return
        for index, frame in enumerate(self._unacked):
            if frame.seq == seq:
                self._errors_to_come = self._next - index - 1
                self._next = index
                self._resume_at = asyncio.get_running_loop().time() + UNAVAILABLE_PAUSE_S
                self._change.set()

    async def _settle(self) -> None:
        """Let go of what is safe or was refused, from the oldest on."""
        now = asyncio.get_running_loop().time()
        settled = False
        while self._unacked and (self._unacked[0].refused or 0 < self._unacked[0].seq <= self._acked_seq):
            frame, settled = self._unacked.popleft(), True
            self._next -= 1
            lost = len(frame.items) if frame.refused else len(frame.rejected) + frame.more_rejected
            self.rejected += lost
            self.acked += len(frame.items) - lost
            self.latencies.append(now - frame.sent_at)
            if not frame.settled.done():
                frame.settled.set_result(None)
            if self.on_ack and not frame.refused:
                times = [item.get("time") for at, item in enumerate(frame.items) if at not in frame.rejected]
                self.on_ack(times)
        if settled:
            async with self._room:
                self._room.notify_all()

    def _take_message(self, message: Item) -> None:
        """Hand a message over once; one that comes again only needs its receipt again."""
        if self.on_message is None or not self._is_new(message["id"]):
            self.receipt(message["id"], "delivered")
        else:
            self._spawn(self.on_message(message))

    def _take_command(self, command: Item) -> None:
        """Do a command once; of one that comes again the receipts are on their way already."""
        self.receipt(command["id"], "delivered")
        if self._is_new(command["id"]):
            self._spawn(self._obey(command))

    async def _obey(self, command: Item) -> None:
        try:
            if self.on_command is None:
                raise Unable("takes no commands")
            await self.on_command(command)
        except Unable as reason:
            self.receipt(command["id"], "failed", str(reason))
        else:
            self.receipt(command["id"], "done")

    def _is_new(self, message_id: str) -> bool:
        if message_id in self._seen:
            return False
        self._seen[message_id] = None
        while len(self._seen) > MAX_NOTES:
            del self._seen[next(iter(self._seen))]
        return True

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _note(self, key: str, note: Item) -> None:
        self._notes[key] = note
        self._noted.pop(key, None)
        while len(self._notes) > MAX_NOTES:
            del self._notes[next(iter(self._notes))]
        self._change.set()

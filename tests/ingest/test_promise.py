"""The promise of messages, as a machine that tries to break it.

Under drops, duplicates, reordering and reconnects each message is shown to the driver once, in its order, its
state never goes backwards, and none is lost. The socket, the HTTP door, the journal and the archive are the
real ones; the driver's side remembers ids, as docs/PROTOCOL.md asks of it.
"""

import asyncio
import itertools
import json
import random
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils.timezone import now
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.ingest.conftest import Socket
from tests.ingest.test_http import post

number = itertools.count(1)
QUIET_S = 0.05
ENDED = ("failed", "expired", "cancelled")


class Driver:
    """What a device keeps: what it has shown, what was read, and what it must say until that is stored."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.read: set[str] = set()
        self.replies: dict[str, dict[str, Any]] = {}
        self.stored: set[str] = set()
        self.receipted: set[str] = set()

    def say(self, to: str) -> dict[str, Any]:
        """Something new in answer to a message, or to none."""
        pk = f"r{next(number)}"
        self.replies[pk] = {"id": pk, "text": pk, "in_reply_to": to or None}
        self.read |= {to} - {""}
        return self.replies[pk]

    def see(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "message" and frame["id"] not in self.shown:
            self.shown.append(frame["id"])
        elif frame["type"] == "receipt":
            self.stored.add(frame["id"])


class Conversation(RuleBasedStateMachine):
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.van = make()
        self.driver = Driver()
        self.socket: Socket | None = None
        self.old: list[Socket] = []
        self.written: dict[str, str] = {}  # the id of each client_id …
        self.again: dict[str, str] = {}  # … and of what says an id again
        self.ranks: dict[str, int] = {}

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(work, 30))

    # --- the desk ---------------------------------------------------------------------------

    @rule(again=st.booleans())
    def write(self, again: bool) -> None:
        """Somebody writes, or a retried request says the newest again."""
        from tracking import messages

        client_id = list(self.written)[-1] if again and self.written else f"c{next(number)}"
        message = messages.queue(self.van.vehicle, author=self.van.dana, text=client_id, client_id=client_id)
        assert self.written.setdefault(client_id, message.pk) == message.pk

    @precondition(lambda self: self.ranks)
    @rule(which=st.randoms(use_true_random=False), what=st.sampled_from(["cancel", "expire", "resend"]))
    def change(self, which: random.Random, what: str) -> None:
        from tracking import messages
        from tracking.models import Message

        pk = which.choice(sorted(self.ranks))
        if what == "cancel":
            messages.cancel(pk, by=self.van.dana)
        elif what == "expire":
            Message.objects.filter(pk=pk).update(expires=now())
            messages.expire()
        else:
            try:
                again = messages.resend(pk, by=self.van.dana)
            except messages.Refused:
                return
            assert self.again.setdefault(pk, again.pk) == again.pk

    # --- the network ------------------------------------------------------------------------

    @rule(politely=st.booleans())
    def connect(self, politely: bool) -> None:
        """Come back. Without a goodbye the old connection lives on, and what was sent on it is lost."""
        self.run(self._connect(politely=politely))

    async def _connect(self, *, politely: bool = True) -> None:
        from fleet.asgi import application

        if self.socket is not None:
            if politely:
                await self.socket.disconnect()
            else:
                self.old.append(self.socket)
        headers = [(b"authorization", f"Bearer {self.van.token}".encode())]
        self.socket = Socket(application, "/gps/connect", headers=headers)
        accepted, _ = await self.socket.connect(timeout=10)
        assert accepted

    @precondition(lambda self: self.socket is not None)
    @rule()
    def drop(self) -> None:
        assert self.socket is not None
        self.run(self.socket.disconnect())
        self.socket = None

    @precondition(lambda self: self.socket is not None)
    @rule(frames=st.integers(1, 4), times=st.integers(0, 2))
    def hear(self, frames: int, times: int) -> None:
        """Take some frames; each message is receipted as often as `times` says: never, once or twice."""
        self.run(self._hear(frames, times))

    async def _hear(self, frames: int, times: int) -> None:
        assert self.socket is not None
        for _ in range(frames):
            if await self.socket.receive_nothing(timeout=QUIET_S):
                return
            event = await self.socket.receive_output()
            if event["type"] != "websocket.send":
                self.socket = None  # a newer connection took over
                return
            frame = json.loads(event["text"])
            self.driver.see(frame)
            for _ in range(times if frame["type"] == "message" else 0):
                self.driver.receipted.add(frame["id"])
                await self.socket.say({"type": "receipt", "id": frame["id"], "status": "delivered"})

    @rule(lost=st.booleans(), receipted=st.booleans())
    def ask(self, lost: bool, receipted: bool) -> None:
        """The same without a socket. The answer may be lost, and receipts come with the next request."""
        receipts = [{"id": pk, "status": "delivered"} for pk in self.driver.shown] if receipted else []
        answer = self.run(post(self.van.token, {"receipts": receipts})).json()
        if not lost:
            for frame in answer["messages"]:
                self.driver.see(frame)

    # --- the driver -------------------------------------------------------------------------

    @precondition(lambda self: self.driver.shown)
    @rule(which=st.randoms(use_true_random=False), by_socket=st.booleans())
    def read(self, which: random.Random, by_socket: bool) -> None:
        pk = which.choice(self.driver.shown)
        self.driver.read.add(pk)
        receipt = {"id": pk, "status": "read"}
        if not by_socket:
            self.run(post(self.van.token, {"receipts": [receipt]}))
        elif self.socket is not None:
            self.run(self.socket.say({"type": "receipt", **receipt}))

    @rule(times=st.integers(0, 2))
    def reply(self, times: int) -> None:
        """Say something; it is sent as often as `times` says, and again when the network is well."""
        frame = self.driver.say((self.driver.shown or [""])[-1])
        for _ in range(times if self.socket is not None else 0):
            assert self.socket is not None
            self.run(self.socket.say({"type": "reply", **frame}))

    # --- the archive ------------------------------------------------------------------------

    @rule(order=st.randoms(use_true_random=False), killed=st.booleans())
    def archive(self, order: random.Random, killed: bool) -> None:
        """Store what the journal has, in any order; killed before it deleted that, it does it again later."""
        from tracking import archive, journal

        self.run(asyncio.sleep(QUIET_S))
        reader = journal.Reader(journal.connect(), 0, owner="test")
        blocks = reader.read(100_000)
        archive.archive(order.sample(blocks, len(blocks)))
        if not killed:
            reader.delete(blocks)

    # --- what must hold ---------------------------------------------------------------------

    @invariant()
    def states_only_rise(self) -> None:
        from tracking.models import Message

        ours = Message.objects.filter(vehicle=self.van.vehicle.pk, kind="message")
        ranks = dict(ours.values_list("pk", "status"))
        assert set(ranks) == {*self.written.values(), *self.again.values()}
        assert all(ranks[pk] >= rank for pk, rank in self.ranks.items())
        self.ranks = ranks

    def teardown(self) -> None:
        """Heal the network; then nothing may be missing, doubled or out of order."""
        from tracking.models import Message

        try:
            self.run(self._heal())
            self.archive(random.Random(0), killed=False)
            self.states_only_rise()
            rows = {m.pk: m for m in Message.objects.filter(vehicle=self.van.vehicle.pk)}
            replies = [m.text for m in rows.values() if m.kind == "reply"]
            assert sorted(replies) == sorted(self.driver.replies)
            numbers = [rows[pk].number for pk in self.driver.shown]
            assert numbers == sorted(set(numbers))
            for pk in self.ranks:
                status = Message.Status(rows[pk].status).label
                assert status in ENDED or pk in self.driver.shown, "lost"
                assert pk not in self.driver.read or status == "read"
                assert pk not in self.driver.shown or status in ("delivered", "read", *ENDED)
        finally:
            for socket in (*self.old, *([self.socket] if self.socket else [])):
                self.run(socket.disconnect())

    async def _heal(self) -> None:
        """Come back, receipt what comes, and say everything again; the last answer settles all before it."""
        await self._connect()
        assert self.socket is not None
        self.driver.receipted.clear()
        open_now = await sync_to_async(waiting)(self.van.vehicle.pk)
        async with asyncio.timeout(20):
            while not open_now <= self.driver.receipted:
                await self._hear(1, 1)
        for pk in self.driver.read:
            await self.socket.say({"type": "receipt", "id": pk, "status": "read"})
        self.driver.say("")
        for reply in self.driver.replies.values():
            await self.socket.say({"type": "reply", **reply})
        async with asyncio.timeout(20):
            while not self.driver.stored >= set(self.driver.replies):
                await self._hear(1, 1)


def waiting(vehicle: int) -> set[str]:
    from tracking import messages

    return {message.pk for message in messages.waiting_for([(vehicle, 0)])[0]}


def make() -> SimpleNamespace:
    from django.contrib.auth.models import User

    from tracking import devices, tokens

    name = f"van-{next(number)}"
    device = devices.register(name, fleet="north")
    return SimpleNamespace(
        vehicle=device.vehicle,
        dana=User.objects.create_user(name),
        token=tokens.issue(uid=name, fleet="north"),
    )


@pytest.mark.usefixtures("transactional_db")
def test_each_message_is_shown_once_never_goes_back_and_none_is_lost() -> None:
    loop = asyncio.new_event_loop()
    Conversation.loop = loop
    try:
        run_state_machine_as_test(
            Conversation,
            settings=settings(
                max_examples=10,
                stateful_step_count=20,
                deadline=None,
                phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.1))
        loop.close()

"""A vehicle's real device, in a thread of its own beside Playwright's."""

import asyncio
import queue
import threading
import uuid
from typing import Any, Self

from tracking.simulation.client import Device, Item, Refused

PATIENCE_S = 15
HERE = {"latitude": 57.70887, "longitude": 11.97456, "accuracy": 4, "battery": 87}


class Van:
    """Offline until `with van:`. Receipts nothing by itself."""

    def __init__(self, url: str, *, pk: int, name: str, driver: str, token: str) -> None:
        self.url, self.pk, self.name, self.driver, self.token = url, pk, name, driver, token
        self._inbox: queue.Queue[Item] = queue.Queue()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> Self:
        self._device = Device(self.url, self.token, on_message=self._take, backoff_s=(0.1, 0.5))
        self._thread.start()
        self._wait(self._device.online.wait())
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._life.cancel)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def _live(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._life = self._loop.create_task(self._device.run())
        try:
            self._loop.run_until_complete(self._life)
        except (asyncio.CancelledError, Refused):
            pass
        finally:
            self._loop.close()

    async def _take(self, message: Item) -> None:
        self._inbox.put(message)

    def _wait(self, work: Any) -> Any:
        async def patiently() -> Any:
            async with asyncio.timeout(PATIENCE_S):
                return await work

        return asyncio.run_coroutine_threadsafe(patiently(), self._loop).result()

    def send(self, **fix: Any) -> None:
        """Report a fix; return when it is acknowledged."""
        self._wait(self._report({**HERE, **fix}))

    async def _report(self, item: Item) -> None:
        frame = await self._device.send([item])
        await frame.settled

    def message(self, text: str = "") -> Item:
        """Return the next message that the driver gets, or the next one that says `text`."""
        message = self._inbox.get(timeout=PATIENCE_S)
        while text and message["text"] != text:
            message = self._inbox.get(timeout=PATIENCE_S)
        return message

    def receipt(self, message: Item, status: str) -> None:
        self._loop.call_soon_threadsafe(self._device.receipt, message["id"], status)

    def say(self, text: str) -> None:
        """The driver says something to everybody of the fleet."""
        self._loop.call_soon_threadsafe(lambda: self._device.say(str(uuid.uuid4()), text))

    def reply(self, message: Item, text: str) -> None:
        self._loop.call_soon_threadsafe(
            lambda: self._device.reply(str(uuid.uuid4()), text, in_reply_to=message["id"])
        )

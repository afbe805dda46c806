"""The device socket, /gps/connect (docs/PROTOCOL.md): the handshake and the receive loop.

A plain ASGI application: the stock consumer pays for every message with a task, a wait and a
hop through one process-wide thread, and touches the database there (docs/DESIGN.md). This one
never does after the handshake.
"""

import asyncio
import contextlib
import logging
import random
from typing import Any

import redis
from django.conf import settings
from django.db import Error as DatabaseError

from tracking import database, live, presence, tokens
from tracking.ingest import admission
from tracking.ingest.admission import Source, bearer
from tracking.ingest.connection import Connection, ErrorFrame, to_json
from tracking.ingest.flush import flusher
from tracking.ingest.registry import registry

log = logging.getLogger("fleetline.device")

SUBPROTOCOL = "gps.v1"
HANDSHAKES = 200
HANDSHAKE_S = 15
RETRY_AFTER_S = (2, 10)


def _token(scope: dict[str, Any]) -> str:
    token = bearer(dict(scope["headers"]))
    if token:
        return token
    for offer in scope.get("subprotocols", ()):
        if offer.startswith("jwt."):
            return str(offer[4:])
    if settings.DEVICE_TOKEN_IN_QUERY:
        for pair in scope.get("query_string", b"").decode("latin-1").split("&"):
            if pair.startswith("token="):
                return str(pair[6:])
    return ""


class DeviceConsumer:
    """`application(scope, receive, send)` for /gps/connect."""

    connecting = 0

    @classmethod
    async def app(cls, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if (await receive())["type"] != "websocket.connect":
            return
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", ()) else None
        try:
            source = await cls.admit(_token(scope))
        except admission.Refused as refused:
            log.warning("refused %s: %s", (scope.get("client") or ["?"])[0], refused)
            await send({"type": "websocket.close", "code": 4403})
            return
        except (DatabaseError, redis.RedisError, OSError, TimeoutError) as error:
            log.warning("busy: %s: %s", type(error).__name__, error)
            await cls.busy(send, subprotocol)
            return
        await cls.serve(Connection(source, send), receive, subprotocol)

    @classmethod
    async def admit(cls, token: str) -> Source:
        if not token:
            raise admission.Refused("no token: send Authorization: Bearer <jwt>")
        if cls.connecting >= HANDSHAKES or flusher().down:
            raise OSError("the journal is down" if flusher().down else "too many connecting at once")
        cls.connecting += 1
        try:
            return await asyncio.wait_for(database.run(admission.admit, token), HANDSHAKE_S)
        finally:
            cls.connecting -= 1

    @staticmethod
    async def busy(send: Any, subprotocol: str | None) -> None:
        """An outage is no refusal: accept, say when to come back, close."""
        frame = ErrorFrame(code="busy", detail="come back later", retry_after=random.randint(*RETRY_AFTER_S))  # noqa: S311
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        await send({"type": "websocket.send", "text": to_json(frame)})
        await send({"type": "websocket.close", "code": 4503})

    @classmethod
    async def serve(cls, connection: Connection, receive: Any, subprotocol: str | None) -> None:
        source = connection.source
        try:
            connection.epoch = await presence.arrive(source.who)
            if source.primary:  # what the journal has counts too: the archive may be behind
                newest = await live.primary_time(source.who.fleet, source.who.vehicle)
                connection.last_time = max(newest, source.last_time or 0) or None
        except (redis.RedisError, OSError) as error:
            log.warning("%s: busy: %s", source.uid, error)
            await cls.busy(connection._send, subprotocol)
            return
        await connection._send({"type": "websocket.accept", "subprotocol": subprotocol})
        connection.write(connection.hello())
        if (fresh := tokens.renewal(source.claims, generation=source.generation)) is not None:
            connection.write(to_json({"type": "token", "token": fresh}))
        await registry().add(connection)
        connection.flusher.on_down.add(connection.on_down)
        connection.deliver()
        log.info("%s: connected, epoch %d", source.uid, connection.epoch)
        try:
            while (event := await receive())["type"] == "websocket.receive":
                if connection.closed:
                    continue
                if (text := event.get("text")) is not None:
                    await connection.on_text(text)
                else:
                    connection.on_bytes()
        finally:
            connection.closed = True
            connection.flusher.on_down.discard(connection.on_down)
            registry().remove(connection)
            with contextlib.suppress(redis.RedisError, OSError):
                await presence.leave(source.who, connection.epoch)
            log.info("%s: gone", source.uid)

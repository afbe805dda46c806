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

import msgspec
import redis
from django.conf import settings
from django.db import Error as DatabaseError

from tracking import contacts, database, devices, tokens
from tracking.ingest import acknowledged, admission
from tracking.ingest.admission import Refused, Source, bearer
from tracking.ingest.arrivals import Arrival, arrivals, departures
from tracking.ingest.connection import Connection, ErrorFrame, to_json
from tracking.ingest.flush import flusher
from tracking.ingest.gate import gate
from tracking.ingest.registry import DOOR, registry
from tracking.ingest.strangers import strangers

log = logging.getLogger("fleetline.device")

SUBPROTOCOL = "gps.v1"
HANDSHAKE_S = 15
RETRY_AFTER_S = (2, 10)  # while it cannot be known how long it takes
UNABLE = (DatabaseError, redis.RedisError, OSError, TimeoutError)


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


def _client(scope: dict[str, Any]) -> str:
    """Who calls, as far as one can tell: the address, and the name that its software gives itself."""
    address = (scope.get("client") or ["?"])[0]
    agent = dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1")
    return f"{address} {agent}".strip()[: contacts.MAX_CHARS]


class DeviceConsumer:
    """`application(scope, receive, send)` for /gps/connect."""

    @classmethod
    async def app(cls, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if (await receive())["type"] != "websocket.connect":
            return
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", ()) else None
        client = _client(scope)
        try:
            claims = admission.recognised(_token(scope))  # no stranger takes a place in the queue
            if flusher().down or registry().leaving:
                await cls.busy(send, subprotocol, random.randint(*RETRY_AFTER_S))  # noqa: S311
                return
            async with gate().way_in() as seconds:
                if seconds:
                    await cls.busy(send, subprotocol, seconds)
                    return
                source, arrival = await asyncio.wait_for(cls.arrive(claims), HANDSHAKE_S)
            connection = Connection(msgspec.structs.replace(source, client=client), send)
            if acknowledged.CAPABILITY in scope.get("subprotocols", ()):
                connection.told_alerts = set()
        except Refused as refused:
            log.warning("refused %s: %s", client.partition(" ")[0], refused)
            strangers().note(refused, door=DOOR, client=client)
            await send({"type": "websocket.close", "code": 4403})
        except UNABLE as error:
            log.warning("busy: %s: %s", type(error).__name__, error)
            await cls.busy(send, subprotocol, random.randint(*RETRY_AFTER_S))  # noqa: S311
        else:
            scope["headers"].clear()  # they would stay as long as the connection
            await cls.serve(connection, arrival, receive, subprotocol)

    @staticmethod
    async def arrive(claims: tokens.Claims) -> tuple[Source, Arrival]:
        source = await admission.admitted_by(claims)
        return source, await arrivals()(source)

    @staticmethod
    async def busy(send: Any, subprotocol: str | None, seconds: int) -> None:
        """An outage is no refusal: accept, say when to come back, close."""
        frame = ErrorFrame(code="busy", detail="come back later", retry_after=seconds)
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        await send({"type": "websocket.send", "text": to_json(frame)})
        await send({"type": "websocket.close", "code": 4503})

    @classmethod
    async def serve(
        cls, connection: Connection, arrival: Arrival, receive: Any, subprotocol: str | None
    ) -> None:
        source = connection.source
        connection.epoch, connection.last_time = arrival.epoch, arrival.last_time
        await connection._send({"type": "websocket.accept", "subprotocol": subprotocol})
        connection.write(connection.hello())
        if (fresh := _renewal(source)) is not None:
            connection.write(to_json({"type": "token", "token": fresh}))
        try:
            await registry().add(connection)
            connection.flusher.on_down.add(connection.on_down)
            if arrival.messages:
                connection.deliver()
            if fresh is not None:
                await _note_renewal(source, fresh)
            log.info("%s: connected, epoch %d", source.uid, connection.epoch)
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
                await departures()((connection.source.who, connection.epoch))
            log.info("%s: gone", source.uid)


def _renewal(source: Source) -> str | None:
    """A fresh token for one that was issued here and ends soon."""
    return None if source.pending else tokens.renewal(source.claims, generation=source.generation)


async def _note_renewal(source: Source, token: str) -> None:
    """Where its expiry is listed, list the new one; a database that is away does not matter."""
    with contextlib.suppress(DatabaseError):
        expires = tokens.verify(token).expires
        await database.run(devices.renewed, source.who.device, expires=expires)

"""The ASGI servers: `python -m fleet.servers daphne|uvicorn FD [module:name] [--cert PEM --key PEM]`.

They serve the application on an inherited listening socket, with HTTPS when they get a certificate.
That socket stays open in the supervisor: while a killed server starts again, connections
wait in its queue instead of being refused.
"""

import argparse
import asyncio
import os
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fleet.frames import short_texts

APPLICATION = "fleet.asgi:application"
# Every 20 s a ping, 30 s to answer (docs/PROTOCOL.md §1).
PING_INTERVAL_S, PING_TIMEOUT_S = 20, 30
# The consumers close sockets over 256 KiB with a code that says why; above this, the server does.
MAX_MESSAGE_BYTES = 1_048_576
WEBSOCKET_LIFE_S = 86_400
HANDSHAKE_S = 60
# Connections that nobody has taken yet: a fleet that comes back at once. Whom the kernel has no place for
# knocks again after 1, 3, 7, 15 and 31 s. It keeps net.core.somaxconn (mostly 4096) of them at most.
BACKLOG = 65_535
GRACE_S = 2


class Room:
    """Whether a response may be written now. A Twisted push producer, hence the names."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.free.set()

    def pauseProducing(self) -> None:
        self.free.clear()

    def resumeProducing(self) -> None:
        self.free.set()

    def stopProducing(self) -> None:
        self.free.set()


class Pair(NamedTuple):
    """Files in PEM: the certificate with its chain, and its key."""

    cert: str
    key: str


def flowing_server(tls: Pair | None = None) -> Any:
    """Daphne's server, which makes the application wait for a slow reader and says goodbye at the end.

    Daphne alone keeps in memory what a client has not read: a big download from a phone
    would take its whole size (300 MB were measured). Nor does it know TLS on an inherited socket:
    there the factory of its connections is wrapped.
    """
    from daphne.server import Server
    from twisted.internet.defer import Deferred
    from twisted.web.http import Request

    class FlowingServer(Server):
        @property
        def http_factory(self) -> Any:
            return self._http_factory

        @http_factory.setter
        def http_factory(self, factory: Any) -> None:
            self._http_factory = factory if tls is None else _encrypted(factory, tls)

        async def handle_reply(self, protocol: Any, message: Mapping[str, Any]) -> None:
            if not isinstance(protocol, Request):
                await super().handle_reply(protocol, message)
                return
            _pace(protocol, message)
            await super().handle_reply(protocol, message)
            if protocol.producer is not None:
                await protocol.producer.free.wait()

        def protocol_disconnected(self, protocol: Any) -> None:
            if getattr(protocol, "producer", None) is not None:
                protocol.producer.stopProducing()
            super().protocol_disconnected(protocol)

        def kill_all_applications(self) -> Any:
            """The server stops: first tell those who can come back."""
            told = Deferred.fromFuture(asyncio.ensure_future(goodbye()))
            return told.addCallback(lambda _: super(FlowingServer, self).kill_all_applications())

    return FlowingServer


def _encrypted(factory: Any, tls: Pair) -> Any:
    """A Twisted factory whose connections speak TLS, at least 1.2."""
    from OpenSSL import SSL
    from twisted.internet.ssl import DefaultOpenSSLContextFactory
    from twisted.protocols.tls import TLSMemoryBIOFactory

    contexts = DefaultOpenSSLContextFactory(tls.key, tls.cert, sslmethod=SSL.TLS_SERVER_METHOD)
    context = contexts.getContext()
    context.use_certificate_chain_file(tls.cert)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    return TLSMemoryBIOFactory(contexts, False, factory)


def prompt_transport() -> Any:
    """Twisted's connection, but a WebSocket's frames are written at once, and the rest when there is room.

    Twisted asks the loop first when it may write, and tells it afterwards that it has: two system calls
    and a round of the loop for each acknowledgement.
    """
    from daphne.ws_protocol import WebSocketProtocol
    from twisted.internet.tcp import Server

    class PromptTransport(Server):
        def startWriting(self) -> None:
            fresh = self._tempDataLen and not self.dataBuffer and isinstance(self.protocol, WebSocketProtocol)
            if not fresh or self.doWrite() is not None or self.dataBuffer:
                super().startWriting()

    return PromptTransport


def direct_websocket() -> Any:
    """Daphne's WebSocket, but short texts go past Autobahn's parser: half of what a message costs."""
    from daphne.ws_protocol import WebSocketProtocol

    class DirectWebSocket(WebSocketProtocol):
        def dataReceived(self, data: bytes) -> None:
            # A ping that waits for its answer ends with the next message: that is the parser's to do.
            if (
                self.state == self.STATE_OPEN
                and self.current_frame is None
                and not (self.inside_message or self.data or self.autoPingTimeoutCall)
            ):
                texts, rest = short_texts(data)
                for text in texts:
                    self.onMessage(text, False)
                data = data[rest:]
            if data:
                super().dataReceived(data)

    return DirectWebSocket


def run_daphne(fd: int, application: str, tls: Pair | None = None) -> None:
    from autobahn.twisted import websocket as on_twisted
    from autobahn.websocket import protocol as websocket
    from daphne.cli import CommandLineInterface
    from daphne.http_protocol import WebRequest
    from daphne.ws_protocol import WebSocketFactory
    from twisted.internet.tcp import Port

    # Autobahn sets out and colours words for log lines that nobody asked for: a third of a handshake, a
    # sixth of a message.
    vars(websocket)["pformat"] = _nothing
    for module in (websocket, on_twisted):
        vars(module)["hltype"] = vars(module)["hlval"] = _nothing
    Port.transport = prompt_transport()
    WebSocketFactory.protocol = direct_websocket()
    WebRequest.handle_exception = _abort(WebRequest.handle_exception)

    class Interface(CommandLineInterface):
        server_class = flowing_server(tls)

    os.set_blocking(fd, False)
    options = {
        "--fd": fd,
        "--ping-interval": PING_INTERVAL_S,
        "--ping-timeout": PING_TIMEOUT_S,
        "--websocket_timeout": WEBSOCKET_LIFE_S,
        # Of a whole fleet that comes back at once, the last must not be dropped before its turn.
        "--websocket_connect_timeout": HANDSHAKE_S,
        "--websocket-max-message-size": MAX_MESSAGE_BYTES,
        "--websocket-max-frame-size": MAX_MESSAGE_BYTES,
        "--application-close-timeout": 10,
        "-v": 0,
    }
    words = [str(word) for option in options.items() for word in option]
    Interface().run([*words, "--no-server-name", application])


def _pace(request: Any, message: Mapping[str, Any]) -> None:
    """While the body of an answer is on its way, its connection says whether there is room."""
    if message["type"] == "http.response.body" and request.channel is not None:
        if message.get("more_body", False):
            if request.producer is None:
                request.registerProducer(Room(), True)
        elif request.producer is not None:
            request.unregisterProducer()


def _nothing(_: object) -> str:
    return ""


async def goodbye() -> None:
    """Tell the devices connected here to come back, if the application has any."""
    ingest = sys.modules.get("tracking.ingest.registry")
    if ingest is not None:
        await ingest.registry().goodbye()


def _abort(answer: Callable[[Any, Exception], None]) -> Callable[[Any, Exception], None]:
    """Cut the connection when an application fails in the middle of an answer.

    Daphne would leave the client waiting for the rest for ever; so would a download that is short
    be taken for a whole one.
    """

    def handle_exception(request: Any, exception: Exception) -> None:
        if request._response_started and request.channel is not None:
            request.channel.forceAbortClient()
        else:
            answer(request, exception)

    return handle_exception


def run_uvicorn(fd: int, application: str, tls: Pair | None = None) -> None:
    """Serve with uvicorn. It asks the socket for its kind, which its own --fd does not."""
    import uvicorn
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
    from websockets.protocol import State
    from websockets.streams import StreamReader

    def rests(parser: Any) -> bool:
        """Whether a parser of `websockets` waits for the first byte of a frame."""
        while parser.gi_yieldfrom is not None:
            parser = parser.gi_yieldfrom
        return parser.gi_code is at_start

    at_start = StreamReader.at_eof.__code__

    class DirectWebSocket(WebSocketsSansIOProtocol):
        """Short texts go past the parser: a third of what a message costs."""

        def data_received(self, data: bytes) -> None:
            if self.conn.state is State.OPEN and not self.frames and rests(self.conn.parser):
                texts, rest = short_texts(data)
                self.curr_msg_data_type = "text"
                for text in texts:
                    self.frames = [text]
                    self.send_receive_event_to_app()
                data = data[rest:]
            if data:
                super().data_received(data)

        def start_keepalive(self) -> None:  # the first thing after the handshake
            # 3.5 KiB of each silent device.
            self.request = self.response = None  # type: ignore[assignment]
            self.scope["headers"] = []
            super().start_keepalive()

    class LeavingServer(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await goodbye()
            await super().shutdown(sockets)

    config = uvicorn.Config(
        application,
        ws=DirectWebSocket,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_ping_interval=PING_INTERVAL_S,
        ws_ping_timeout=PING_TIMEOUT_S,
        ws_per_message_deflate=False,
        backlog=BACKLOG,
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        # Who is behind a proxy is for fleet/proxy.py to decide.
        proxy_headers=False,
        # A client that never reads must not hold up the end for ever.
        timeout_graceful_shutdown=GRACE_S,
        ssl_certfile=tls.cert if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    LeavingServer(config).run(sockets=[socket.socket(fileno=fd)])


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    parser = argparse.ArgumentParser(prog="fleet.servers")
    parser.add_argument("server", choices=["daphne", "uvicorn"])
    parser.add_argument("fd", type=int)
    parser.add_argument("application", nargs="?", default=APPLICATION)
    parser.add_argument("--cert")
    parser.add_argument("--key")
    said = parser.parse_args()
    serve = {"daphne": run_daphne, "uvicorn": run_uvicorn}[said.server]
    serve(said.fd, said.application, Pair(said.cert, said.key) if said.cert else None)

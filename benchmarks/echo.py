"""The floor: a Python server without ASGI that decodes a frame and acknowledges it.

python -m benchmarks.echo FD
"""

import asyncio
import socket
import sys

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server


class Frame(msgspec.Struct):
    seq: int


class Echo(WSListener):
    def on_ws_connected(self, transport: WSTransport) -> None:
        transport.send(WSMsgType.TEXT, b'{"type":"hello","last_time":null}')

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            seq = msgspec.json.decode(frame.get_payload_as_memoryview(), type=Frame).seq
            transport.send(WSMsgType.TEXT, b'{"type":"ack","seq":%d}' % seq)
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()


async def serve(fd: int) -> None:
    def listener(_: WSUpgradeRequest) -> WSListener:
        return Echo()

    server = await ws_create_server(listener, sock=socket.socket(fileno=fd))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))

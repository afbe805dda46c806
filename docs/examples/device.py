"""A device in ten lines. TOKEN is what `python manage.py devicetoken my-van --create` prints."""
# ruff: noqa: T201

import asyncio
import json
import os
from datetime import UTC, datetime

from websockets.asyncio.client import connect

URL = os.environ.get("URL", "ws://127.0.0.1:8000/gps/connect")


async def main() -> None:
    headers = {"Authorization": f"Bearer {os.environ['TOKEN']}"}
    async with connect(URL, additional_headers=headers) as socket:
        print(await socket.recv())  # {"type":"hello",…}
        place = {"latitude": 57.7072, "longitude": 11.9668, "speed": 8.3}
        fix = {"type": "position", "seq": 1, "time": datetime.now(UTC).isoformat(), **place}
        await socket.send(json.dumps(fix))
        print(await socket.recv())  # {"type":"ack","seq":1}: safe, whatever is killed next


asyncio.run(main())

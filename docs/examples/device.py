"""A device in ten lines. TOKEN is what `python manage.py devicetoken my-van --create` prints."""

import asyncio, json, os  # noqa: E401
from datetime import UTC, datetime

from websockets.asyncio.client import connect

URL = os.environ.get("URL", "ws://127.0.0.1:8000/gps/connect")


async def main() -> None:
    headers = {"Authorization": f"Bearer {os.environ['TOKEN']}"}
    async with connect(URL, additional_headers=headers) as socket:
        print(await socket.recv())  # {"type":"hello",…}
        position = {
            "latitude": 57.7072,
            "longitude": 11.9668,
            "speed": 8.3,
            "time": datetime.now(UTC).isoformat(),
        }
        await socket.send(json.dumps({"type": "position", "seq": 1, **position}))
        print(await socket.recv())  # {"type":"ack","seq":1}: safe, whatever is killed next


asyncio.run(main())

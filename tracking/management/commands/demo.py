"""`demo create`, `demo drive`, `demo remove`: vehicles to try everything with."""

import argparse
import asyncio
import contextlib
import signal
from typing import Any

import redis.asyncio as redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tracking.simulation import demo
from tracking.simulation.drive import Car, Drive, cars


class Command(BaseCommand):
    help = "Vehicles to try everything with: create makes them, drive moves them, remove leaves nothing."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser(
            "create", help="make two fleets with vehicles, as far as they are missing"
        )
        create.add_argument("--count", type=int, default=demo.COUNT, help="vehicles (default: %(default)s)")
        drive = actions.add_parser("drive", help="move them through the real socket until they are removed")
        drive.add_argument(
            "--vehicles", type=int, default=0, help="first make so many, as far as they are missing"
        )
        drive.add_argument("--url", default="ws://127.0.0.1:8000/gps/connect", help="default: %(default)s")
        actions.add_parser("remove", help="take them and everything of them away")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "create":
            self.stdout.write(f"{demo.create(options['count'])} demo vehicles made")
        elif options["action"] == "remove":
            self.stdout.write(f"{demo.remove()} demo vehicles removed")
        else:
            if options["vehicles"]:
                demo.create(options["vehicles"])
            found = cars()
            if not found:
                raise CommandError("There are no demo vehicles: make some with `manage.py demo create`.")
            with contextlib.suppress(asyncio.CancelledError):
                asyncio.run(self._drive(options["url"], found))

    async def _drive(self, url: str, found: list[Car]) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        async with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=settings.REDIS_TIMEOUT_S
        ) as client:
            await Drive(url, found, client).run()
        self.stdout.write("All demo vehicles were sent away: the demo is over.")
        # Not an end: a supervisor would start this again, and it would make the demo again.
        await asyncio.Event().wait()

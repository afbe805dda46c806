"""`simulate`: as many vehicles as wanted, through the real socket, with real tokens."""

import argparse
import asyncio
import contextlib
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tracking import tokens
from tracking.fixes import MAX_ITEMS
from tracking.simulation import demo, load, roads
from tracking.simulation.client import Refused
from tracking.simulation.drive import ROADS


class Command(BaseCommand):
    help = "Drive N vehicles of the fleet “simulated” at a rate; `demo remove` takes them away again."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--url", default="ws://127.0.0.1:8000/gps/connect", help="default: %(default)s")
        parser.add_argument("--vehicles", type=int, default=10, help="default: %(default)s")
        parser.add_argument(
            "--rate", type=float, default=1.0, help="positions/s of each (default: %(default)s)"
        )
        parser.add_argument("--batch", type=int, default=1, help="positions a frame (default: %(default)s)")
        parser.add_argument("--seconds", type=float, help="stop after so many (default: never)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["vehicles"] < 1 or options["rate"] <= 0 or not 1 <= options["batch"] <= MAX_ITEMS:
            raise CommandError(f"--vehicles and --rate must be above 0, --batch from 1 to {MAX_ITEMS}.")
        vehicles = [
            tokens.issue(uid=row.uid, fleet=row.vehicle.fleet.slug, generation=row.generation)
            for row in demo.create_load(options["vehicles"])
        ]
        streets = roads.load(settings.NODE_MODULES / ROADS)
        with contextlib.suppress(KeyboardInterrupt):
            try:
                asyncio.run(self._run(vehicles, streets, options))
            except Refused as reason:
                raise CommandError(f"A vehicle was sent away: {reason}") from reason

    async def _run(self, vehicles: list[str], streets: roads.Roads, options: dict[str, Any]) -> None:
        keywords = {key: options[key] for key in ("rate", "batch", "seconds")}
        async for second in load.run(options["url"], vehicles, streets, **keywords):
            self.stdout.write(
                f"{second.at:4} s  online {second.online}  sent {second.sent}/s  acked {second.acked}/s  "
                f"rejected {second.rejected}  ack p50 {second.p50_ms:.1f} ms  p99 {second.p99_ms:.1f} ms"
            )

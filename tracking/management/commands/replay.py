"""`replay`: recorded tracks through the real socket, as if the device drove them again."""

import argparse
import asyncio
import os
import time
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from tracking import tokens
from tracking.models import Device, Fleet, Position, Vehicle
from tracking.simulation import player, recordings
from tracking.simulation.client import Refused

FLEET = ("replay", "Replay")
STORED_WITHIN_S = 30.0


class Command(BaseCommand):
    help = "Play recorded tracks (.gpx, .csv, .geojson) through the device socket."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        url = f"ws://127.0.0.1:{os.environ.get('PORT', '8000')}/gps/connect"
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--uid", required=True, help="the device; made in the fleet “replay” when missing"
        )
        parser.add_argument("--url", default=url, help="default: %(default)s")
        parser.add_argument("--speed", type=float, default=1.0, help="times as fast as recorded")
        parser.add_argument("--max-pause", type=float, default=5.0, help="seconds (default: %(default)s)")
        parser.add_argument("--track", help="only this track of the file")
        parser.add_argument("--limit", type=int, help="only the first so many positions")
        parser.add_argument(
            "--now", action="store_true", help="as if it happened now; recorded times are kept else"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["speed"] <= 0 or options["max_pause"] < 0:
            raise CommandError("--speed must be above 0 and --max-pause not below it.")
        tracks = self._tracks(options["file"], options["track"])
        positions = recordings.played(tracks, speed=options["speed"], max_pause_s=options["max_pause"])
        device = _device(options["uid"])
        slug = device.vehicle.fleet.slug
        token = tokens.issue(uid=device.uid, fleet=slug, generation=device.generation)
        begin, end = _span(tracks)
        before = _stored(device, begin, end)
        try:
            played = asyncio.run(
                player.play(options["url"], token, islice(positions, options["limit"]), now=options["now"])
            )
        except Refused as reason:
            raise CommandError(f"The server refused {device.uid}: {reason}") from reason
        except TimeoutError as error:
            raise CommandError(f"No server answers at {options['url']}.") from error
        self._report(device, played, before)

    def _tracks(self, path: Path, wanted: str | None) -> dict[str, list[recordings.Item]]:
        try:
            recording = recordings.read(path)
        except (recordings.Unreadable, OSError) as error:
            raise CommandError(str(error)) from error
        if recording.without_zone:
            self.stdout.write(f"{recording.without_zone} times have no zone: taken as UTC")
        if recording.without_time:
            self.stdout.write(f"{recording.without_time} positions without a time left out")
        if not recording.tracks:
            raise CommandError(f"{path.name}: no positions with a time")
        if wanted is None:
            return recording.tracks
        if wanted not in recording.tracks:
            names = ", ".join(islice(recording.tracks, 10))
            raise CommandError(
                f"{path.name}: no track {wanted}. There are {len(recording.tracks)}: {names} …"
            )
        return {wanted: recording.tracks[wanted]}

    def _report(self, device: Device, played: player.Played, before: set[int]) -> None:
        """Wait for the archive, then say what became of everything."""
        distinct = set(played.times)
        wanted, until = len(distinct) - played.rejected, time.monotonic() + STORED_WITHIN_S
        begin, end = min(distinct, default=0), max(distinct, default=0)
        while len(stored := _stored(device, begin, end) & distinct) < wanted and time.monotonic() < until:
            time.sleep(0.2)
        duplicates = len(played.times) - played.rejected - len(stored - before)
        self.stdout.write(
            f"sent {len(played.times)}, acked {played.acked}, duplicates {duplicates}, "
            f"rejected {played.rejected}, stored {len(stored)} rows"
        )
        if len(stored) < wanted:
            self.stdout.write(f"{wanted - len(stored)} acknowledged positions still wait in the journal")


@transaction.atomic
def _device(uid: str) -> Device:
    """The device with this uid, made with a vehicle of its own when missing."""
    device = Device.objects.select_related("vehicle__fleet").filter(uid=uid).first()
    if device is None:
        fleet, _ = Fleet.objects.get_or_create(slug=FLEET[0], defaults={"name": FLEET[1]})
        device = Device.objects.create(uid=uid, vehicle=Vehicle.objects.create(fleet=fleet, name=uid))
    return device


def _span(tracks: dict[str, list[recordings.Item]]) -> tuple[int, int]:
    times = [item["time"] for items in tracks.values() for item in items]
    return min(times), max(times)


def _stored(device: Device, begin: int, end: int) -> set[int]:
    """The times of the device's stored positions between two of them (ms, both included)."""
    rows = Position.objects.filter(
        vehicle_id=device.vehicle_id, device_id=device.pk, time__range=(begin, end)
    )
    return set(rows.values_list("time", flat=True))

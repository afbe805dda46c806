"""Print a device's JWT, and nothing else."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking import devices, tokens
from tracking.models import Device


class Command(BaseCommand):
    help = "Print a JWT for a device; --create makes its fleet, vehicle and itself when missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("uid")
        parser.add_argument("--fleet", default="", help="slug; with --create the fleet it is made in")
        parser.add_argument("--name", default="", help="the vehicle's name, with --create")
        parser.add_argument("--create", action="store_true")
        parser.add_argument("--ttl", type=int, default=tokens.DEFAULT_TTL_S, help="seconds (default: a year)")

    def handle(self, *args: Any, **options: Any) -> None:
        uid, fleet = options["uid"], options["fleet"]
        device: Device | None
        if options["create"]:
            device = devices.register(uid, fleet=fleet or "fleet", name=options["name"])
        else:
            device = Device.objects.select_related("vehicle__fleet").filter(uid=uid).first()
        if device is None:
            raise CommandError(f"There is no device {uid!r}. Add --create to make it.")
        actual = device.vehicle.fleet.slug
        if fleet and fleet != actual:
            raise CommandError(f"Device {uid!r} is in the fleet {actual}, not in {fleet}.")
        self.stdout.write(devices.issue(device, ttl=options["ttl"]))

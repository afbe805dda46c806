"""Print the address that a phone app or a gateway reports to, and nothing else."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from tracking import keys
from tracking.models import Device, Fleet


class Command(BaseCommand):
    help = "Issue a key and print its address /i/<key>, for a device or with --fleet for a gateway."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("uid", nargs="?", default="")
        parser.add_argument("--fleet", default="", help="slug: a key for all devices of this fleet")
        parser.add_argument("--base", default="", help="where phones reach this server (default: ORIGINS)")

    def handle(self, *args: Any, **options: Any) -> None:
        uid, slug = options["uid"], options["fleet"]
        if bool(uid) == bool(slug):
            raise CommandError("Name a device, or a fleet with --fleet SLUG.")
        if slug:
            fleet = Fleet.objects.filter(slug=slug).first()
            if fleet is None:
                raise CommandError(f"There is no fleet {slug!r}.")
            key = keys.issue(fleet=fleet)
        else:
            device = Device.objects.filter(uid=uid).first()
            if device is None:
                raise CommandError(
                    f"There is no device {uid!r}. Make it with: manage.py devicetoken --create"
                )
            key = keys.issue(device=device)
        self.stdout.write(_base(options["base"]).rstrip("/") + reverse("ingest", args=[key]))


def _base(given: str) -> str:
    return given or next(iter(settings.ORIGINS), f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")

"""Make what the pages need from the installed packages: the base map."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking import basemap


class Command(BaseCommand):
    help = "Write the base map's labels and streets into build/basemap, before collectstatic."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="even if nothing has changed")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["force"] and basemap.up_to_date(settings.NODE_MODULES, settings.BASEMAP):
            self.stdout.write("Base map: up to date.")
            return
        try:
            sizes = basemap.build(settings.NODE_MODULES, settings.BASEMAP)
        except FileNotFoundError as error:
            raise CommandError(f"{error.filename} is missing: run npm ci first.") from error
        words = ", ".join(f"{name} {size / 1000:.0f} kB" for name, size in sizes.items())
        self.stdout.write(f"Base map (gzipped): {words}.")

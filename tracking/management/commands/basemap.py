"""The maps of the user's own towns."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking import towns


class Command(BaseCommand):
    help = "Add, list or remove streets of your own: GeoJSON of OpenStreetMap ways, or PMTiles."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="take a file into the data folder")
        add.add_argument("file", type=Path, help="FILE.geojson or FILE.pmtiles")
        add.add_argument(
            "--name", default="", help="the file's name when not given; one that exists is replaced"
        )
        add.add_argument("--credit", default="", help="whom to name on the map; OpenStreetMap when not given")
        actions.add_parser("list", help="what there is")
        remove = actions.add_parser("remove", help="take one out again")
        remove.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except towns.Refused as refused:
            raise CommandError(str(refused)) from refused

    def _add(self, options: dict[str, Any]) -> None:
        town = towns.add(options["file"], name=options["name"], credit=options["credit"])
        self.stdout.write(f"{town.name}: {town.detail}. Pages show it when they are loaded again.")

    def _list(self, options: dict[str, Any]) -> None:
        for town in towns.known():
            west, south, east, north = town.bounds
            self.stdout.write(f"{town.name}\t{town.detail}\t{west:.3f},{south:.3f} to {east:.3f},{north:.3f}")

    def _remove(self, options: dict[str, Any]) -> None:
        towns.remove(options["name"])
        self.stdout.write(f"{options['name']}: removed.")

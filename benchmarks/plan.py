"""What a run measures, and for how long."""

from dataclasses import dataclass

from benchmarks.results import Notes

# Not in a quick run unless they are named.
SLOW = (
    "alone", "sustained", "export", "files", "stalled", "past", "connections", "processes", "browser",
)  # fmt: skip


@dataclass
class Plan:
    """What to run: `only` some parts, or all; a quick one without SLOW, unless they are named."""

    servers: tuple[str, ...]
    databases: tuple[str, ...]
    only: tuple[str, ...]
    quick: bool
    notes: Notes
    postgres: str = ""

    def wants(self, part: str) -> bool:
        return part in self.only if self.only else not (self.quick and part in SLOW)

    def seconds(self, whole: float, quick: float) -> float:
        return quick if self.quick else whole

    def rows(self, whole: int, quick: int) -> int:
        return quick if self.quick else whole

    def address(self, database: str) -> str:
        return self.postgres if database == "postgres" else ""

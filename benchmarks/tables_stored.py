"""Tables of positions that are stored: archive, exports, files, a client that does not read, the past."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.results import Results
from benchmarks.tables import (
    COMBINATIONS,
    DATABASES,
    Line,
    beside_databases,
    figure,
    heading,
    number,
    table,
    targets,
    times,
)

ARCHIVE_MOST = {"sqlite": 10.0, "postgres": 12.0}  # µs a row
MORE_MIB = 32.0
FIRST_MS = 50.0
# Of each format of an export: words, rows a second at least.
EXPORTS = {
    "csv": ("CSV", 120_000),
    "geojson": ("GeoJSON", 90_000),
    "gpx": ("GPX", 120_000),
    "kml": ("KML", 120_000),
}
FILES = {"parquet": "GeoParquet", "xlsx": "XLSX", "zip of csv": "ZIP of CSV", "zip of gpx": "ZIP of GPX"}
STALLED: Sequence[Line] = (
    ("stalled", "the whole file, the pause left out", "rows/s", lambda r: r["rows_per_s"], None),
    ("stalled", "– of so many rows", "", lambda r: r["rows"], None),
    ("stalled", "first byte of it", "ms", lambda r: r["first_ms"], FIRST_MS),
    ("stalled", "memory of the web process before", "MiB", lambda r: r["MiB before"], None),
    ("stalled", "– more while nobody reads", "MiB", lambda r: r["MiB more while stalled"], MORE_MIB),
    ("stalled", "– more at most, to the end", "MiB", lambda r: r["MiB more at most"], MORE_MIB),
)  # fmt: skip
# Of each: the name in the results, words, milliseconds at most.
PAST = (
    ("history month", "a month of one vehicle, 260 000 fixes, as the page gets it", 300),
    ("history day", "a day of it", None),
    ("state 300", "300 vehicles at any moment", 150),
    ("state 10000", "10 000 vehicles at any moment", 1000),
    ("within 300", "who of 300 was within 300 m in an hour", 1000),
    ("within 10000", "who of 10 000 was", 1000),
    ("played hour 300", "an hour of 300 vehicles to play", None),
)
Cell = Callable[[Mapping[str, Any]], str]


def archive(found: Results) -> str:
    """A column a database."""
    known = found.get("archive", {})
    shown = [d for d in DATABASES if d in known]
    costs = [figure(known[d]["archive cpu_us"], "µs", ARCHIVE_MOST[d]) for d in shown]
    raw = [f"{known[d]['raw cpu_us']:.1f} µs: {known[d]['ratio']:.1f} times" for d in shown]
    rows = [
        ["archive alone: CPU a row", "≤ 10 / 12 µs", *costs],
        ["– beside raw `executemany` / `COPY` of the same rows", "", *raw],
    ]
    return table(["", "target", *map(heading, shown)], rows) if shown else ""


def spent(name: str, least: float | None = None) -> Cell:
    """Rows a second, CPU and memory of one, beside reading only."""

    def cell(mine: Mapping[str, Any]) -> str:
        r, ratio = mine[name], mine[name]["cpu_us"] / mine["read"]["cpu_us"]
        cost = f"{r['cpu_us']:.1f} µs: {ratio:.1f} × reading only"
        return f"{figure(r['rows_per_s'], '/s', least and -least)}, {cost}, {number(r['more_mib'])} MiB more"

    return cell


def beside(name: str, ours: str) -> Cell:
    """What another way costs, as a multiple of ours."""

    def cell(mine: Mapping[str, Any]) -> str:
        r = mine[name]
        ratio = times(mine[ours]["cpu_us"], r["cpu_us"])
        memory = f"{number(r['more_mib'])} MiB more for {number(r['rows'])}"
        return f"{number(r['rows_per_s'])} /s, {r['cpu_us']:.1f} µs: **{ratio}**, {memory}"

    return cell


def most(key: str, unit: str, limit: float) -> Cell:
    """The worst of all formats."""
    return lambda mine: figure(max(mine[format][key] for format in EXPORTS), unit, limit)


def export(found: Results) -> str:
    lines = [
        (words, f"≥ {number(least)}/s", spent(format, least)) for format, (words, least) in EXPORTS.items()
    ]
    lines += [
        ("– first bytes of any of them after", f"≤ {FIRST_MS:.0f} ms", most("first_ms", "ms", FIRST_MS)),
        ("– memory more, the most of any", f"≤ {MORE_MIB:.0f} MiB", most("more_mib", "MiB", MORE_MIB)),
        ("beside: GPX by gpxpy", "", beside("gpxpy", "gpx")),
        ("beside: GeoJSON from a file of lines, read and written whole", "", beside("owntracks", "geojson")),
    ]
    return beside_databases(found, "export", lines)


def files(found: Results) -> str:
    lines = [(words, "", spent(kind)) for kind, words in FILES.items()]
    lines += [
        ("beside: Parquet by pyarrow, all rows as one table", "", beside("pyarrow", "parquet")),
        ("beside: XLSX by openpyxl", "", beside("openpyxl", "xlsx")),
    ]
    return beside_databases(found, "files", lines)


def stalled(found: Results) -> str:
    return targets(found, STALLED, COMBINATIONS)


def past(found: Results) -> str:
    """The time machine and the history page, a column a database."""

    def answer(name: str, most: float | None) -> Cell:
        def cell(mine: Mapping[str, Any]) -> str:
            r = mine[name]
            return f"{figure(r['ms'], 'ms', most)} ({r['cpu_ms']:.0f} ms CPU, {r['bytes'] / 1000:.0f} kB)"

        return cell

    return beside_databases(
        found,
        "past",
        [(words, f"≤ {most} ms" if most else "", answer(name, most)) for name, words, most in PAST],
    )

"""From build/bench/results.json to the pages: tables and plots of docs/BENCHMARKS.md and FROM_TUTORIAL.md.

    python -m benchmarks.report [--print]

A table stands between `<!-- name -->` and `<!-- /name -->`; the words around it are written by people. A
table whose figures were not measured stays as it is.
"""

import argparse
import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import plot, results
from benchmarks.steps import STEPS

DOCS = Path(__file__).parent.parent / "docs"
PAGES = ("BENCHMARKS.md", "FROM_TUTORIAL.md")
COMBINATIONS = ("daphne/sqlite", "daphne/postgres", "uvicorn/sqlite", "uvicorn/postgres")
SERVERS, DATABASES = ("daphne", "uvicorn"), ("sqlite", "postgres")
NAMES = {
    "daphne": "Daphne",
    "uvicorn": "uvicorn",
    "sqlite": "SQLite",
    "postgres": "PostgreSQL",
    "csv": "CSV",
    "gpx": "GPX",
    "kml": "KML",
    "geojson": "GeoJSON",
}
# Of each line: part, words, unit, how the figure is found, the target by server or database.
# A target is the most that is allowed; a negative one the least.
Get = Callable[[Mapping[str, Any]], float]
Line = tuple[str, str, str, Get, float | Mapping[str, float]]
PIPELINE: Sequence[Line] = (
    ("ingest", "50 devices flat out: CPU a position", "µs", lambda r: r["cost_all"],
     {"daphne": 75, "uvicorn": 50}),
    ("live", "1000 devices × 5/s, 20 browsers: CPU a position", "µs", lambda r: r["cost_all"],
     {"daphne": 150, "uvicorn": 80}),
    ("live", "– lost or not acknowledged", "", lambda r: r["sent"] - r["acked"] + r["stalled"], 0),
    ("live", "– ack p99", "ms", lambda r: r["ack_ms"]["p99"], 50),
    ("live", "– device to browser p99", "ms", lambda r: r["browser_ms"]["p99"], 150),
    ("live", "– delivered", "%", lambda r: 100 * r["delivered_ratio"], -99),
    ("sustained", "a minute of 10 000/s (uvicorn: 16 000/s): acknowledged", "/s", lambda r: r["acked_per_s"],
     {"daphne": -9900, "uvicorn": -15_800}),
    ("sustained", "– archive behind at most", "s", lambda r: r["lag_max"], 2),
    ("quiet", "one device, quiet: ack p50", "ms", lambda r: r["ack_ms"]["p50"], 5),
    ("quiet", "– device to browser p50", "ms", lambda r: r["browser_ms"]["p50"], 20),
)  # fmt: skip
CONNECTIONS: Sequence[Line] = (
    ("connections", "10 000 idle devices: memory of each", "KiB", lambda r: r["KiB each"],
     {"daphne": 32, "uvicorn": 24}),
    ("connections", "– all cut at once, all back after", "s", lambda r: r["storm s"], 20),
)  # fmt: skip
FORMATS = ("csv", "geojson", "gpx", "kml")


def figure(value: float, unit: str, target: float) -> str:
    """The figure with its unit, marked when it misses the target."""
    missed = value > target if target >= 0 else value < -target
    places = 0 if abs(value) >= 100 or value == int(value) else 1
    number = f"{value:,.{places}f}".replace(",", " ")
    return f"{number} {unit}".strip() + (" ✗" if missed else "")


def wanted(target: float | Mapping[str, float], name: str) -> float:
    return float(target) if isinstance(target, int | float) else target[name.split("/")[0]]


def goal(target: float | Mapping[str, float]) -> str:
    values = list(target.values()) if isinstance(target, Mapping) else [float(target)]
    sign = "≥" if values[0] < 0 else "≤"
    return f"{sign} " + " / ".join(f"{abs(value):,.0f}".replace(",", " ") for value in values)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def targets(found: results.Results, lines: Sequence[Line], columns: Sequence[str]) -> str:
    """A row a line of the target table, a column a combination."""
    shown = [c for c in columns if any(c in found.get(line[0], {}) for line in lines)]
    head = ["", "target", *(", ".join(NAMES[word] for word in column.split("/")) for column in shown)]
    rows = []
    for part, words, unit, get, target in lines:
        measured = found.get(part, {})
        cells = [figure(get(measured[c]), unit, wanted(target, c)) if c in measured else "–" for c in shown]
        rows.append([words, f"{goal(target)} {unit}".strip(), *cells])
    return table(head, rows)


def storage(found: results.Results) -> str:
    """Archive and export, a column a database."""
    archived, exported = found["archive"], found.get("export", {})
    limit = {"sqlite": 10.0, "postgres": 12.0}
    shown = [d for d in DATABASES if d in archived]
    costs = [figure(archived[d]["archive cpu_us"], "µs", limit[d]) for d in shown]
    raw = [f"{archived[d]['raw cpu_us']:.1f} µs: {archived[d]['ratio']:.1f} times" for d in shown]
    rows = [
        ["archive alone: CPU a row", "≤ 10 / 12 µs", *costs],
        ["– beside raw `executemany` / `COPY` of the same rows", "", *raw],
    ]
    for format in FORMATS:
        least = 90_000 if format == "geojson" else 120_000
        cells = []
        for database in shown:
            if f"{format}/{database}" not in exported:
                cells.append("–")
                continue
            r, reading = exported[f"{format}/{database}"], exported[f"read/{database}"]
            ratio = r["cpu_us"] / reading["cpu_us"]
            cells.append(f"{figure(r['rows_per_s'], '/s', -least)}, {ratio:.1f} × reading only")
        rows.append([f"export of a million positions as {NAMES[format]}", f"≥ {least // 1000} 000/s", *cells])
    return table(["", "target", *(NAMES[d] for d in shown)], rows)


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


def past(found: results.Results) -> str:
    """The time machine and the history page, a column a database."""
    measured = found["past"]
    shown = [d for d in DATABASES if f"history month/{d}" in measured]
    rows = []
    for name, words, most in PAST:
        cells = []
        for database in shown:
            r = measured[f"{name}/{database}"]
            cells.append(
                f"{figure(r['ms'], 'ms', most or 1e9)} ({r['cpu_ms']:.0f} ms CPU, {r['bytes'] / 1000:.0f} kB)"
            )
        rows.append([words, f"≤ {most} ms" if most else "", *cells])
    return table(["", "target", *(NAMES[d] for d in shown)], rows)


def ratios(found: results.Results) -> str:
    """What Fleetline costs beside other things under the same load, in the same run."""
    ours, bare = found["steps"], found["bare"]
    rows = []

    def row(words: str, of: Callable[[str], float], beside: Callable[[str], float]) -> None:
        cells = []
        for server in SERVERS:
            try:
                mine, other = of(server), beside(server)
            except KeyError:
                cells.append("–")
                continue
            ratio = f"{other / mine:.0f} times less" if other > mine else f"{mine / other:.1f} times"
            cells.append(f"**{ratio}** ({mine:.0f} to {other:.0f} µs)")
        rows.append([words, *cells])

    def sqlite(part: str) -> Callable[[str], float]:
        return lambda server: float(found[part][f"{server}/sqlite"]["cost_all"])

    row(
        "the tutorial's server, 2 browsers",
        sqlite("steps"),
        lambda s: float(ours[f"tutorial/{s}"]["cost_all"]),
    )
    row("a bare loop on the same server that keeps nothing, flat out", sqlite("ingest"),
        lambda s: float(bare[f"{s}/flat out"]["cost_all"]))  # fmt: skip
    row("the same, a message a read", sqlite("alone"), lambda s: float(bare[f"{s}/alone"]["cost_all"]))
    row("a Python echo without ASGI", sqlite("ingest"), lambda s: float(bare["echo/flat out"]["cost_all"]))
    return table(["CPU a position, all processes, beside", "Daphne", "uvicorn"], rows)


def processes(found: results.Results) -> str:
    """One web process and two."""
    rows = []
    for name, r in found["processes"].items():
        server, web = name.split("/")
        rows.append([
            f"{NAMES[server]}, {web}",
            f"{r['cost_all']:.0f} µs",
            f"{r['acked_per_s']:.0f}/s",
            f"{r['ack_ms']['p50']:.1f} / {r['ack_ms']['p99']:.1f} ms",
            f"{r['browser_ms']['p50']:.0f} / {r['browser_ms']['p99']:.0f} ms",
            f"{r['stored'] - r['acked']:+d}",
        ])  # fmt: skip
    head = [
        "",
        "CPU a position",
        "acknowledged",
        "ack p50 / p99",
        "browser p50 / p99",
        "stored − acknowledged",
    ]
    return table(head, rows)


def by_process(found: results.Results) -> str:
    """Where the CPU of a position goes."""
    names = ("web", "archive", "redis", "postgres", "other")
    rows = []
    for part, words in (("ingest", "flat out"), ("live", "1000 devices, 20 browsers")):
        for combination in COMBINATIONS:
            if combination in found.get(part, {}):
                cost = found[part][combination]["cost"]
                about = ", ".join(NAMES[word] for word in combination.split("/"))
                load = found[part][combination]["cost_load"]
                cells = [f"{cost[name]:.1f}" if name in cost else "" for name in names]
                rows.append([f"{words}; {about}", *cells, f"{load:.1f}"])
    return table(["µs a position", *names, "(the load)"], rows)


def growth(found: results.Results) -> str:
    """A table a kind of growth."""
    blocks = []
    for part in ("devices", "fleets", "browsers", "history"):
        measured = found.get(f"growth {part}", {})
        if not measured:
            continue
        rows = []
        for name, r in sorted(measured.items(), key=lambda item: int(item[0].split("/")[2])):
            server, database, count = name.split("/")
            more = f"{r['read_ms']:.0f} ms" if r.get("read_ms") else ""
            if "cost_delivery" in r:
                more = f"{r['cost_delivery']:.1f} µs"
            on, cost = f"{NAMES[server]}, {NAMES[database]}", f"{r['cost_all']:.0f} µs"
            number = f"{int(count):,}".replace(",", " ")
            rows.append([number, on, cost, f"{r['ack_ms']['p99']:.0f} ms", more])
        if f"bench-growth-{part}.svg" in plots(found):
            blocks.append(f"![CPU of a position against {words_of(part)}](img/bench-growth-{part}.svg)")
        last = {"history": "a day of one vehicle read in", "browsers": "CPU a delivery"}.get(part, "")
        blocks.append(table([words_of(part), "on", "CPU a position", "ack p99", last], rows))
    return "\n\n".join(blocks)


def words_of(part: str) -> str:
    return {"history": "stored positions"}.get(part, part)


def steps(found: results.Results) -> str:
    """The tutorial, its seven steps and Fleetline: cost, and what each step saved."""
    rows = []
    for server in SERVERS:
        measured = found["steps"]
        last = None
        for step in [*STEPS, "fleetline"]:
            r = measured.get(f"{server}/sqlite" if step == "fleetline" else f"{step}/{server}")
            if r is None:
                continue
            gain = f"{last - r['cost_all']:+,.0f}".replace("+", "−").replace(",", " ") if last else ""
            if last and r["cost_all"] > last:
                gain = f"+{r['cost_all'] - last:,.0f}"
            label = f"[`{step}.py`](../benchmarks/baseline/{step}.py)" if step != "fleetline" else "Fleetline"
            rows.append([
                f"{label}, {NAMES[server]}", f"{r['cost_all']:,.0f} µs".replace(",", " "), gain,
                f"{r['acked_per_s']:,.0f}/s".replace(",", " "),
                f"{r['browser_ms']['p50']:.0f} / {r['browser_ms']['p99']:.0f} ms",
            ])  # fmt: skip
            last = r["cost_all"]
    head = ["", "CPU a position", "saved", "acknowledged", "device to browser p50 / p99"]
    picture = "![CPU of a position at each step](img/bench-steps.svg)\n\n"
    return (picture if "bench-steps.svg" in plots(found) else "") + table(head, rows)


def about(found: results.Results) -> str:
    facts: dict[str, str] = found["about"]["machine"]
    dates = sorted({str(each["date"]) for each in found["about"].values() if "date" in each})
    load = found["about"].get("load", {}).get("before", 0)
    busy = f" · other programs were running (load average {load})" if load > 0.5 else ""
    days = " to ".join(dict.fromkeys([dates[0], dates[-1]]))
    return (
        f"{days} · {facts['cores']} cores ({facts['processor']}), "
        f"{facts['memory']}, {facts['system']} · Python {facts['python']}, SQLite {facts['sqlite']}, "
        f"PostgreSQL {facts['postgres']}, "
        f"{facts['redis']} with `appendfsync always` · {facts['packages']}{busy}"
    )


TABLES: dict[str, Callable[[results.Results], str]] = {
    "about": about,
    "ratios": ratios,
    "pipeline": lambda found: targets(found, PIPELINE, COMBINATIONS),
    "connections": lambda found: targets(found, CONNECTIONS, SERVERS),
    "storage": storage,
    "past": past,
    "by-process": by_process,
    "processes": processes,
    "growth": growth,
    "steps": steps,
}


def plots(found: results.Results) -> dict[str, str]:
    """The pictures, by file name."""
    pictures = {}
    measured = found.get("steps", {})
    order = [f"{step}/daphne" for step in STEPS] + ["daphne/sqlite"]
    if all(name in measured for name in order):
        labels = ["the tutorial", *(f"step {n}" for n in range(1, 8)), "Fleetline"]
        costs = {label: measured[name]["cost_all"] for label, name in zip(labels, order, strict=True)}
        pictures["bench-steps.svg"] = plot.bars("CPU of a position, all processes, Daphne", "µs", costs)
    for part in ("devices", "fleets", "browsers", "history"):
        series: dict[str, list[tuple[float, float]]] = {}
        for name, r in found.get(f"growth {part}", {}).items():
            server, database, count = name.split("/")
            label = NAMES[server] if database == "sqlite" else NAMES[database]
            series.setdefault(label, []).append((float(count), r["cost_all"]))
        if series and all(len(points) > 1 for points in series.values()):
            ordered = {label: sorted(points) for label, points in series.items()}
            title = f"CPU of a position against {words_of(part)}"
            pictures[f"bench-growth-{part}.svg"] = plot.lines(title, "µs", ordered, x=words_of(part))
    return pictures


def fill(page: str, found: results.Results) -> str:
    """The page with every table whose figures are there."""
    for name, make in TABLES.items():
        head, opening, rest = page.partition(f"<!-- {name} -->\n")
        _, closing, tail = rest.partition(f"<!-- /{name} -->")
        if opening and closing:
            with contextlib.suppress(KeyError):
                page = f"{head}{opening}{make(found)}\n{closing}{tail}"
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--print", action="store_true", help="show the tables, change no file")
    found = results.read()
    if parser.parse_args().print:
        for name, make in TABLES.items():
            try:
                print(f"\n## {name}\n\n{make(found)}")
            except KeyError as missing:
                print(f"\n## {name}: not measured ({missing})")
        return
    for page in PAGES:
        path = DOCS / page
        path.write_text(fill(path.read_text(), found))
    for name, picture in plots(found).items():
        (DOCS / "img" / name).write_text(picture)


if __name__ == "__main__":
    main()

"""Tables of positions as they come: what each costs, how soon it is seen, what more of everything does."""

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.results import Results
from benchmarks.steps import STEPS
from benchmarks.tables import (
    COMBINATIONS,
    NAMES,
    SERVERS,
    Line,
    figure,
    heading,
    number,
    table,
    targets,
    times,
)

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
    ("connections", "idle devices: memory of each", "KiB", lambda r: r["KiB each"],
     {"daphne": 32, "uvicorn": 24}),
    ("connections", "– so many", "", lambda r: r["connections"], None),
    ("connections", "– all cut at once, all back after", "s", lambda r: r["storm s"], 20),
)  # fmt: skip
# Of each line: words, unit, where the figure is.
PAGE = (
    ("main thread's CPU an update (frames, store, list, map)", "ms", "update_ms"),
    ("– the same, gliding", "ms", "gliding_ms"),
    ("– when nothing comes, a second", "ms", "idle_ms_per_s"),
    ("all of them in the list after", "s", "in_list_s"),
    ("on the map after", "s", "first_on_map_s"),
    ("all that is seen of the map drawn after", "s", "on_map_s"),
    ("memory of the page", "MB", "heap_mb"),
)
PAGE_MOST = {"10000": 10.0, "50000": 20.0}  # ms an update
GROWTH = ("devices", "fleets", "browsers", "history")


def pipeline(found: Results) -> str:
    return targets(found, PIPELINE, COMBINATIONS)


def connections(found: Results) -> str:
    return targets(found, CONNECTIONS, SERVERS)


def ratios(found: Results) -> str:
    """What Fleetline costs beside other things under the same load, in the same run."""

    def cost(part: str, name: str) -> Callable[[str], float]:
        return lambda server: float(found[part][name.format(server)]["cost_all"])

    lines = (
        ("the tutorial's server, 2 browsers", cost("steps", "{}/sqlite"), cost("steps", "tutorial/{}")),
        ("a bare loop on the same server that keeps nothing, flat out", cost("ingest", "{}/sqlite"),
         cost("bare", "{}/flat out")),
        ("the same, a message a read", cost("alone", "{}/sqlite"), cost("bare", "{}/alone")),
        ("the same, 1000 devices × 5/s; ours with 20 browsers", cost("live", "{}/sqlite"),
         cost("bare", "{}/paced")),
        ("a Python echo without ASGI", cost("ingest", "{}/sqlite"), cost("bare", "echo/flat out")),
    )  # fmt: skip

    def cell(ours: Callable[[str], float], beside: Callable[[str], float], server: str) -> str:
        try:
            mine, other = ours(server), beside(server)
        except KeyError:
            return "–"
        ratio = f"{other / mine:.0f} times less" if other > mine else f"{mine / other:.1f} times"
        return f"**{ratio}** ({mine:.0f} to {other:.0f} µs)"

    rows = [[words, *(cell(ours, beside, server) for server in SERVERS)] for words, ours, beside in lines]
    some = any(text != "–" for row in rows for text in row[1:])
    return table(["CPU a position, all processes, beside", *map(heading, SERVERS)], rows) if some else ""


def by_process(found: Results) -> str:
    """Where the CPU of a position goes."""
    names = ("web", "archive", "redis", "postgres", "other")
    rows = []
    for part, words in (("ingest", "flat out"), ("live", "1000 devices, 20 browsers")):
        for combination in COMBINATIONS:
            if combination in found.get(part, {}):
                r = found[part][combination]
                cells = [f"{r['cost'][name]:.1f}" if name in r["cost"] else "" for name in names]
                rows.append([f"{words}; {heading(combination)}", *cells, f"{r['cost_load']:.1f}"])
    return table(["µs a position", *names, "(the load)"], rows)


def processes(found: Results) -> str:
    """One web process and two."""
    rows = []
    for name, r in found.get("processes", {}).items():
        server, web = name.split("/")
        rows.append([
            f"{NAMES[server]}, {web}",
            f"{r['cost_all']:.0f} µs",
            f"{r['acked_per_s']:.0f}/s",
            f"{r['ack_ms']['p50']:.1f} / {r['ack_ms']['p99']:.1f} ms",
            f"{r['browser_ms']['p50']:.0f} / {r['browser_ms']['p99']:.0f} ms",
            f"{r['stored'] - r['acked']:+d}",
        ])  # fmt: skip
    head = (
        "",
        "CPU a position",
        "acknowledged",
        "ack p50 / p99",
        "browser p50 / p99",
        "stored − acknowledged",
    )
    return table(head, rows)


def growth(found: Results) -> str:
    """A table a kind of growth."""
    return "\n\n".join(filter(None, (growth_of(found, part) for part in GROWTH)))


def growth_of(found: Results, part: str) -> str:
    rows = []
    known = found.get(f"growth {part}", {})
    for name, r in sorted(known.items(), key=lambda item: int(item[0].split("/")[2])):
        server, database, count = name.split("/")
        more = f"{r['read_ms']:.0f} ms" if r.get("read_ms") else ""
        if "cost_delivery" in r:
            more = f"{r['cost_delivery']:.1f} µs"
        cost, late = f"{r['cost_all']:.0f} µs", f"{r['ack_ms']['p99']:.0f} ms"
        rows.append([number(int(count)), heading(f"{server}/{database}"), cost, late, more])
    last = {"history": "a day of one vehicle read in", "browsers": "CPU a delivery"}.get(part, "")
    return table([words_of(part), "on", "CPU a position", "ack p99", last], rows)


def words_of(part: str) -> str:
    return {"history": "stored positions"}.get(part, part)


def steps(found: Results) -> str:
    """The tutorial, its seven steps and Fleetline: cost, and what each step saved."""
    rows: list[list[str]] = []
    for server in SERVERS:
        last = 0.0
        for step in [*STEPS, "fleetline"]:
            name = f"{server}/sqlite" if step == "fleetline" else f"{step}/{server}"
            if r := found.get("steps", {}).get(name):
                rows.append(step_row(step, server, r, last))
                last = r["cost_all"]
    return table(["", "CPU a position", "saved", "acknowledged", "device to browser p50 / p99"], rows)


def step_row(step: str, server: str, r: dict[str, Any], last: float) -> list[str]:
    more = round(r["cost_all"] - last)
    label = f"[`{step}.py`](../benchmarks/baseline/{step}.py)" if step != "fleetline" else "Fleetline"
    return [
        f"{label}, {NAMES[server]}",
        f"{number(round(r['cost_all']))} µs",
        f"{'+' if more > 0 else '−'}{number(abs(more))}" if last else "",
        f"{number(round(r['acked_per_s']))}/s",
        f"{r['browser_ms']['p50']:.0f} / {r['browser_ms']['p99']:.0f} ms",
    ]


def page(found: Results) -> str:
    """The live page, a column a number of vehicles, and its memory in the soak."""
    known = found.get("browser", {})
    shown = sorted((name for name in known if name.isdecimal()), key=int)
    rows = []
    for words, unit, key in PAGE:
        limits = PAGE_MOST if key == "update_ms" else {}
        cells = [figure(known[name][key], unit, limits.get(name)) for name in shown]
        rows.append([words, "≤ 10 ms, of 50 000 ≤ 20 ms" if limits else "", *cells])
    weights = [
        f"{number(known[name]['kilobytes'])} kB in {known[name]['requests']} requests" for name in shown
    ]
    rows.append(["first visit", "", *weights])
    beside = [
        f"{number(r['usual_ms'])} ms: **{times(r['update_ms'], r['usual_ms'])}**"
        for r in (known[name] for name in shown)
    ]
    rows.insert(2, ["– of a page that sets a GeoJSON source anew, without a list", "", *beside])
    head = ["", "target", *(f"{number(int(name))} vehicles" for name in shown)]
    return "\n\n".join(filter(None, (table(head, rows) if shown else "", soak(known))))


def soak(known: dict[str, dict[str, Any]]) -> str:
    if not (r := known.get("soak")):
        return ""
    growth = f"{r['growth_mb_per_h']:+.1f}".replace("-", "−")
    first, last, nodes = number(r["first_mb"]), number(r["last_mb"]), map(number, r["nodes"])
    return (
        f"In {number(r['seconds'])} s of 1000 vehicles that move every second, whose trails are full after "
        f"four minutes: memory of the page {first} MB at first and {last} MB at last, in the second half "
        f"{growth} MB an hour; "
        f"{' and '.join(nodes)} nodes of the document."
    )

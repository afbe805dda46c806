"""From benchmarks/results.json to the pages: tables and plots of docs/BENCHMARKS.md and FROM_TUTORIAL.md.

    python -m benchmarks.report [--print] [--quick]

A table stands between `<!-- name -->` and `<!-- /name -->`, with a line that says when it was measured; the
words around it are written by people. A table of which nothing was measured stays as it is.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import plot, results, tables_live, tables_stored
from benchmarks.results import Results
from benchmarks.steps import STEPS
from benchmarks.tables import NAMES, measured
from benchmarks.tables_live import GROWTH, words_of

DOCS = Path(__file__).parent.parent / "docs"
PAGES = ("BENCHMARKS.md", "FROM_TUTORIAL.md")


class Table(NamedTuple):
    """How it is made, and of which parts of the results; empty when there is nothing of them."""

    make: Callable[[Results], str]
    parts: Sequence[str]


TABLES = {
    "ratios": Table(tables_live.ratios, ("steps", "bare", "ingest", "alone")),
    "pipeline": Table(tables_live.pipeline, ("ingest", "live", "sustained", "quiet")),
    "connections": Table(tables_live.connections, ("connections",)),
    "archive": Table(tables_stored.archive, ("archive",)),
    "export": Table(tables_stored.export, ("export",)),
    "files": Table(tables_stored.files, ("files",)),
    "stalled": Table(tables_stored.stalled, ("stalled",)),
    "past": Table(tables_stored.past, ("past",)),
    "page": Table(tables_live.page, ("browser",)),
    "by-process": Table(tables_live.by_process, ("ingest", "live")),
    "processes": Table(tables_live.processes, ("processes",)),
    "growth": Table(tables_live.growth, [f"growth {part}" for part in GROWTH]),
    "steps": Table(tables_live.steps, ("steps",)),
}
PICTURES = {
    "steps": {"bench-steps.svg": "CPU of a position at each step"},
    "growth": {f"bench-growth-{part}.svg": f"CPU of a position against {words_of(part)}" for part in GROWTH},
}


def about(found: Results) -> str:
    """The machine of the newest figures; empty without any."""
    if "about" not in found:
        return ""
    facts: Mapping[str, str] = found["about"]["machine"]
    return (
        f"{facts['cores']} cores ({facts['processor']}), {facts['memory']}, {facts['system']} · "
        f"Python {facts['python']}, SQLite {facts['sqlite']}, PostgreSQL {facts['postgres']}, "
        f"{facts['redis']} with `appendfsync always` · {facts['packages']}"
    )


def blocks(found: Results) -> dict[str, str]:
    """What stands between the marks, by name; nothing of what was not measured."""
    made = {"about": about(found)}
    drawn = plots(found)
    for name, table in TABLES.items():
        if body := table.make(found):
            pictures = [
                f"![{words}](img/{file})" for file, words in PICTURES.get(name, {}).items() if file in drawn
            ]
            made[name] = "\n\n".join([*pictures, body, measured(found, table.parts)])
    return {name: text for name, text in made.items() if text}


def plots(found: Results) -> dict[str, str]:
    """The pictures, by file name."""
    pictures = {}
    known = found.get("steps", {})
    order = [f"{step}/daphne" for step in STEPS] + ["daphne/sqlite"]
    if all(name in known for name in order):
        labels = ["the tutorial", *(f"step {n}" for n in range(1, 8)), "Fleetline"]
        costs = {label: known[name]["cost_all"] for label, name in zip(labels, order, strict=True)}
        pictures["bench-steps.svg"] = plot.bars("CPU of a position, all processes, Daphne", "µs", costs)
    for part in GROWTH:
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


def fill(page: str, made: Mapping[str, str]) -> str:
    """The page with these blocks; the others stay."""
    for name, text in made.items():
        head, opening, rest = page.partition(f"<!-- {name} -->\n")
        _, closing, tail = rest.partition(f"<!-- /{name} -->")
        if opening and closing:
            page = f"{head}{opening}{text}\n{closing}{tail}"
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--print", action="store_true", help="show the tables, change no file")
    parser.add_argument("--quick", action="store_true", help="show those of a quick run, change no file")
    options = parser.parse_args()
    found = results.read(results.QUICK if options.quick else results.FILE)
    made = blocks(found)
    if options.print or options.quick:
        for name, text in made.items():
            print(f"\n## {name}\n\n{text}")
        return
    for page in PAGES:
        path = DOCS / page
        path.write_text(fill(path.read_text(), made))
    for name, picture in plots(found).items():
        (DOCS / "img" / name).write_text(picture)


if __name__ == "__main__":
    main()

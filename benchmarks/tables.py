"""How figures become a table: names, numbers with units, targets and whether they are met, when it was."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from benchmarks.results import Results

SERVERS, DATABASES = ("daphne", "uvicorn"), ("sqlite", "postgres")
COMBINATIONS = tuple(f"{server}/{database}" for server in SERVERS for database in DATABASES)
NAMES = {"daphne": "Daphne", "uvicorn": "uvicorn", "sqlite": "SQLite", "postgres": "PostgreSQL"}
BUSY_PERCENT = 5  # less is the machine's own
LEAST = 0.1  # µs or ms

Get = Callable[[Mapping[str, Any]], float]
# The most that is allowed; a negative one the least; by server or database, or for all; None: no target.
Target = float | Mapping[str, float] | None
# Of each line: part, words, unit, how the figure is found, target.
Line = tuple[str, str, str, Get, Target]


def number(value: float) -> str:
    """`12 345`, `123`, `12.3`."""
    places = 0 if abs(value) >= 100 or value == int(value) else 1
    return f"{value:,.{places}f}".replace(",", " ")


def figure(value: float, unit: str, target: float | None = None) -> str:
    """The figure with its unit, marked when it misses the target."""
    missed = target is not None and (value > target if target >= 0 else value < -target)
    return f"{number(value)} {unit}".strip() + (" ✗" if missed else "")


def wanted(target: Target, name: str) -> float | None:
    """The target of a combination such as `daphne/sqlite`."""
    return target[name.split("/")[0]] if isinstance(target, Mapping) else target


def goal(target: Target, unit: str) -> str:
    if target is None:
        return ""
    values = list(target.values()) if isinstance(target, Mapping) else [target]
    sign = "≥" if values[0] < 0 else "≤"
    return f"{sign} {' / '.join(f'{abs(value):,.0f}'.replace(',', ' ') for value in values)} {unit}".strip()


def heading(name: str) -> str:
    return ", ".join(NAMES[word] for word in name.split("/"))


def times(ours: float, other: float) -> str:
    """How another's cost compares with ours, of which less than LEAST is noise."""
    ours = max(ours, LEAST)
    return f"{other / ours:.1f} times ours" if other >= ours else f"ours is {ours / other:.1f} times it"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown; empty without rows."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) if len(lines) > 2 else ""


def columns(found: Results, parts: Iterable[str], names: Iterable[str]) -> list[str]:
    """Those of the names under which any of the parts has something."""
    return [name for name in names if any(name in found.get(part, {}) for part in parts)]


def targets(found: Results, lines: Sequence[Line], names: Sequence[str]) -> str:
    """A row a line, a column a name; empty when nothing of it was measured."""
    shown = columns(found, [line[0] for line in lines], names)
    rows = []
    for part, words, unit, get, target in lines:
        measured = found.get(part, {})
        cells = [figure(get(measured[c]), unit, wanted(target, c)) if c in measured else "–" for c in shown]
        rows.append([words, goal(target, unit), *cells])
    return table(["", "target", *map(heading, shown)], rows) if shown else ""


def beside_databases(
    found: Results, part: str, lines: Sequence[tuple[str, str, Callable[[Mapping[str, Any]], str]]]
) -> str:
    """A row a line (words, target, what the cell says), a column a database; `–` for what it lacks.

    The cell gets {name: result} of its database.
    """
    shown = [d for d in DATABASES if any(name.endswith(f"/{d}") for name in found.get(part, {}))]
    rows = []
    for words, target, cell in lines:
        cells = []
        for database in shown:
            end = f"/{database}"
            results = found[part].items()
            mine = {name.removesuffix(end): result for name, result in results if name.endswith(end)}
            try:
                cells.append(cell(mine))
            except KeyError:
                cells.append("–")
        rows.append([words, target, *cells])
    return table(["", "target", *map(heading, shown)], rows) if shown else ""


def measured(found: Results, parts: Iterable[str]) -> str:
    """When and on what the figures of these parts are from."""
    marks = [result["when"] for part in parts for result in found.get(part, {}).values()]
    dates = sorted({mark["date"] for mark in marks})
    machines = " and ".join(sorted({mark["machine"] for mark in marks}))
    words = f"Measured {' to '.join(dict.fromkeys([dates[0], dates[-1]]))} on {machines}"
    if (busy := max(mark["busy_percent"] for mark in marks)) > BUSY_PERCENT:
        words += f", while other programs took up to {busy} % of it"
    return f"{words}."

"""Who may import whom, read from the imports: fleet → dashboard → tracking, and layers inside tracking."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("fleet", "dashboard", "tracking")
# Inside tracking a module imports only of its own layer or of a later one. The longest name decides.
LAYERS: tuple[tuple[str, ...], ...] = (
    # Doors: they decode, call one function, answer.
    (
        "ingest.consumers",
        "ingest.views",
        "ingest.phones",
        "tasks",
        "management",
        "routing",
        "urls",
        "apps",
    ),
    # Programs that are clients of ours; they know the wire, not the database.
    ("simulation",),
    # Uses.
    (
        "ingest",
        "archive",
        "broadcasts",
        "contacts",
        "devices",
        "drive",
        "drivers",
        "fittings",
        "messages",
        "notes",
        "partitions",
        "positions",
        "alerts",
        "removal",
        "retention",
        "snapshot",
        "vehicles",
        "history",
        "rules",
        "basemap",
        "places",
        "towns",
        "health",
    ),
    # What keeps and what tells.
    ("jobs", "journal", "live", "presence", "models", "migrations", "database", "loops", "tokens", "keys"),
    # Pure.
    ("fixes", "geo", "states", "ingest.clients"),
)


def modules(room: str) -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / room).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(path: Path) -> Iterator[str]:
    """Every module that the file imports at run time, inside functions too."""
    tree = ast.parse(path.read_text())
    for_types = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test).endswith("TYPE_CHECKING")
        for statement in block.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            # `from tracking import journal` imports tracking.journal.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer(module: str) -> int:
    """The number of a tracking module's layer, 0 for the doors."""
    inside = module.removeprefix("tracking.")
    fitting = [
        (len(name), number)
        for number, names in enumerate(LAYERS)
        for name in names
        if inside == name or inside.startswith(name + ".")
    ]
    assert fitting, f"{module} has no layer yet: give it one in LAYERS"
    return max(fitting)[1]


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_are_imported_in_one_direction(room: str) -> None:
    above = ROOMS[: ROOMS.index(room)]
    wrong = [
        f"{name}: {used}"
        for name, path in modules(room)
        for used in imports(path)
        if used.split(".")[0] in above
    ]
    assert not wrong


def test_tests_are_imported_by_nobody() -> None:
    wrong = [
        name
        for room in ROOMS
        for name, path in modules(room)
        for used in imports(path)
        if used.startswith("tests")
    ]
    assert not wrong


def test_layers_of_tracking() -> None:
    wrong = [
        f"{name}: {used}"
        for name, path in modules("tracking")
        if name != "tracking" and not name.startswith("tracking.migrations")
        for used in imports(path)
        if used.startswith("tracking.") and layer(used) < layer(name)
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("library", "place"),
    [("jwt", "tracking.tokens"), ("channels.layers", "tracking.live")],
)
def test_only_one_file_knows(library: str, place: str) -> None:
    users = {
        name
        for room in ROOMS
        for name, path in modules(room)
        for used in imports(path)
        if used.startswith(library)
    }
    assert users <= {place}


def test_a_file_is_no_longer_than_a_few_screens() -> None:
    long = {
        name: lines
        for room in ROOMS
        for name, path in modules(room)
        if (lines := len(path.read_text().splitlines())) > 400 and ".migrations." not in name
    }
    assert not long

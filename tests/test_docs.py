"""What the documents promise is what the code reads."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
READERS = ("env", "url", "flag", "choice", "number")


def settings_read() -> set[str]:
    """The names of the environment that fleet/settings.py reads."""
    tree = ast.parse((ROOT / "fleet" / "settings.py").read_text())
    names = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        reader = ast.unparse(node.func).split(".")[0]
        if reader in READERS and isinstance(node.args[0], ast.Constant):
            names.add(str(node.args[0].value))
    return names


def settings_documented() -> set[str]:
    text = (ROOT / "docs" / "OPERATIONS.md").read_text()
    table = text.partition("<!-- settings -->")[2].partition("<!-- /settings -->")[0]
    return set(re.findall(r"^\| `([A-Z_]+)`", table, re.MULTILINE))


def test_every_setting_is_documented() -> None:
    assert len(settings_read()) > 10
    assert settings_documented() == settings_read()

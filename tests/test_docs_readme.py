"""What the README tells people to do can be done."""

import argparse
import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

ROOT = Path(__file__).parent.parent
PAGES = ["README.md", "README.zh-Hans.md", "docs/PROTOCOL.md", "docs/DESIGN.md", "docs/OPERATIONS.md"]


def fenced(text: str) -> str:
    return "\n".join(re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


def options(parser: argparse.ArgumentParser) -> set[str]:
    """Every option of a command and of what it can be told to do."""
    subs = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    own = {word for action in parser._actions for word in action.option_strings}
    return own.union(*(options(sub) for action in subs for sub in action.choices.values()))


@pytest.mark.parametrize("page", ["README.md", "README.zh-Hans.md"])
def test_the_device_that_is_shown_is_the_one_in_the_examples(page: str) -> None:
    shown = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    assert shown == [(ROOT / "docs" / "examples" / "device.py").read_text()]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    text = re.sub(r"`[^`\n]*`", "", (ROOT / page).read_text())
    links = re.findall(r"(?<!!)\[[^]]+\]\(([^)#]+)", text)
    local = [link for link in links if "://" not in link]
    missing = [link for link in local if not (ROOT / page).parent.joinpath(link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_every_command_exists_with_its_options(page: str) -> None:
    commands = get_commands()
    lines = re.findall(r"manage\.py ([a-z_]+)([^\n]*)", fenced((ROOT / page).read_text()))
    for name, rest in lines:
        assert name in commands, f"manage.py {name}"
        parser = load_command_class(commands[name], name).create_parser("manage.py", name)
        known = options(parser)
        unknown = [word for word in re.findall(r"--[a-z-]+", rest.partition("#")[0]) if word not in known]
        assert not unknown, f"manage.py {name}: {unknown}"


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_is_named_is_there(page: str) -> None:
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text())
    }
    files = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    named = set(re.findall(r"`(test_\w+)`", (ROOT / page).read_text()))
    assert not named - defined - files


def test_the_design_names_tests() -> None:
    assert "`test_" in (ROOT / "docs" / "DESIGN.md").read_text()

"""The catalogues in locale: every text of the sources is there, translated, and says as much."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polib
import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import npgettext, pgettext, to_locale
from django.utils.translation.template import templatize

from dashboard.pagedata import texts

ROOT = Path(settings.BASE_DIR)
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
DOMAINS = ("django", "djangojs")
# Calls that collect a text: where its context, itself and its plural are among the arguments.
CALLS: dict[str, tuple[int | None, int, int | None]] = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "ngettext": (None, 0, 1),
    "pgettext": (0, 1, None),
    "npgettext": (0, 1, 2),
    "t": (None, 0, None),
    "n": (None, 0, 1),
}
STRING = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""
# What a translation must keep: values, markup.
KEPT = re.compile(r"%\(\w+\)[sd]|(?<!%)%[sd]|\{\w+\}|<[^>]+>")


class Text(NamedTuple):
    context: str | None
    one: str
    more: str | None


def call(name: str, arguments: list[str | None], where: str) -> Text:
    context, one, more = CALLS[name.removesuffix("_lazy").removesuffix("_noop")]
    said = [None if at is None else arguments[at] for at in (context, one, more)]
    assert said[1] is not None, f"{where}: {name}() of something that is no text cannot be collected"
    return Text(said[0], said[1], said[2])


def python(path: Path) -> Iterator[Text]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name.removesuffix("_lazy").removesuffix("_noop") in CALLS.keys() - {"t", "n"}:
            values = [item.value if isinstance(item, ast.Constant) else None for item in node.args]
            yield call(name, values, f"{path}:{node.lineno}")  # type: ignore[arg-type]


def template(path: Path) -> Iterator[Text]:
    # Django writes the tags as calls of Python, and crosses out all else.
    source = templatize(path.read_text(), origin=str(path))
    for name, arguments in re.findall(rf"\b(n?p?gettext|_)\(((?:u?(?:{STRING})(?:, )?)+)", source):
        values = [ast.literal_eval(text) for text in re.findall(rf"u?(?:{STRING})", arguments)]
        yield call(name, values, str(path))


def script(path: Path) -> Iterator[Text]:
    source = path.read_text()
    imported = re.search(r'import \{([^}]*)\} from "\.{1,2}/i18n\.js"', source)
    for name in set(re.findall(r"\w+", imported[1] if imported else "")) & {"t", "n"}:
        for found in re.finditer(rf"(?<![\w.$]){name}\(\s*((?:(?:{STRING})\s*,?\s*)*)", source):
            values = [ast.literal_eval(text) for text in re.findall(STRING, found[1])]
            yield call(name, [*values, None], f"{path}: {source[found.start() : found.end() + 30]}")


def collected(domain: str) -> set[Text]:
    """The texts that people read, as the sources have them."""
    if domain == "djangojs":
        return {text for path in (ROOT / "static/js").rglob("*.js") for text in script(path)}
    modules = (
        path for folder in ("fleet", "dashboard", "tracking") for path in (ROOT / folder).rglob("*.py")
    )
    pages = (path for path in (ROOT / "templates").rglob("*.*") if path.suffix in (".html", ".txt", ".js"))
    return {text for path in modules for text in python(path)} | {
        text for path in pages for text in template(path)
    }


def catalogue(language: str, domain: str) -> polib.POFile:
    return polib.pofile(str(ROOT / "locale" / to_locale(language) / "LC_MESSAGES" / f"{domain}.po"))


def forms(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_in_the_catalogue_and_no_other(language, domain) -> None:
    there = {
        Text(entry.msgctxt, entry.msgid, entry.msgid_plural or None) for entry in catalogue(language, domain)
    }
    # Where one text has a plural in one place and none in another, the catalogue has it once.
    key = {(text.context, text.one) for text in there}
    sources = collected(domain)
    assert {text for text in sources if (text.context, text.one) not in key} == set(), "run make messages"
    assert key - {(text.context, text.one) for text in sources} == set(), "run make messages"


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_with_its_values_and_markup(language, domain) -> None:
    found = catalogue(language, domain)
    assert [entry.msgid for entry in found if not all(forms(entry))] == [], "not translated"
    assert [entry.msgid for entry in found if entry.fuzzy or entry.obsolete] == []
    for entry in found:
        kept = sorted(KEPT.findall(entry.msgid_plural or entry.msgid))
        for form in forms(entry):
            assert sorted(KEPT.findall(form)) == kept, entry.msgid


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_and_scripts_are_given_what_the_catalogue_says(language) -> None:
    """Compiled by `make build`, from the catalogues as they are now."""
    with translation.override(language):
        for entry in catalogue(language, "django"):
            if entry.msgid_plural:
                said = npgettext(entry.msgctxt or "", entry.msgid, entry.msgid_plural, 5)
                assert said in forms(entry)
            elif entry.msgctxt:
                assert pgettext(entry.msgctxt, entry.msgid) == entry.msgstr
            else:
                assert translation.gettext(entry.msgid) == entry.msgstr
    given = texts(language)
    assert len(given["plurals"]) == 200
    for entry in catalogue(language, "djangojs"):
        assert given["texts"][entry.msgid] == (forms(entry) if entry.msgid_plural else entry.msgstr)


def test_scripts_write_no_text_of_their_own_into_the_page() -> None:
    """Neither as a property nor as an attribute: only what t() and n() return."""
    shown = (
        r"""\.(?:textContent|innerText|title|placeholder|ariaLabel)\s*=\s*[`"'][^`"']*[A-Za-z]{2}"""
        r"""|setAttribute\(\s*"(?:title|aria-label|placeholder|alt)",\s*[`"'][^`"']*[A-Za-z]{2}"""
    )
    for path in (ROOT / "static/js").rglob("*.js"):
        # Values of a template literal are not its text.
        assert re.findall(shown, re.sub(r"\$\{[^}]*\}", "", path.read_text())) == [], path.name


def test_a_text_without_translation_would_be_noticed(tmp_path) -> None:
    module, page, code = tmp_path / "a.py", tmp_path / "a.html", tmp_path / "a.js"
    module.write_text(
        'x = gettext_lazy("one " "two")\ny = ngettext("%(n)d a", "%(n)d b", 3)\nz = pgettext("c", "d")'
    )
    page.write_text(
        '{% load i18n %}{% translate "It\'s one" %}{% translate "two" context "c" as two %}{{ _("three") }}'
        "{% blocktranslate trimmed count n=n %}\n{{ n }} four{% plural %}{{ n }} fours{% endblocktranslate %}"
    )
    code.write_text('import { n, t } from "./i18n.js";\nx = `${t("one")}`; n("{n} a", "{n} b", 2); at("no");')
    assert set(python(module)) == {
        Text(None, "one two", None), Text(None, "%(n)d a", "%(n)d b"), Text("c", "d", None),
    }  # fmt: skip
    assert set(template(page)) == {
        Text(None, "It's one", None),
        Text("c", "two", None),
        Text(None, "three", None),
        Text(None, "%(n)s four", "%(n)s fours"),
    }
    assert set(script(code)) == {Text(None, "one", None), Text(None, "{n} a", "{n} b")}
    module.write_text('x = gettext(f"{y} one")')
    with pytest.raises(AssertionError, match="cannot be collected"):
        list(python(module))

"""The page of figures: a run changes what it measured, and says when; the rest stays."""

import json

from benchmarks import report, results

PAGE = """Before.
<!-- growth -->
Old.
<!-- /growth -->
Between.
<!-- archive -->
Old.
<!-- /archive -->
After.
"""
WHEN = {"date": "2025-11-23", "machine": "2 cores (EPYC)", "busy_percent": 0}
ARCHIVED = {"archive cpu_us": 9.5, "raw cpu_us": 3.2, "ratio": 2.97, "when": WHEN}


def test_what_was_not_measured_stays():
    assert report.blocks({}) == {}
    page = report.fill(PAGE, report.blocks({"archive": {"sqlite": ARCHIVED}}))
    assert page.startswith("Before.\n<!-- growth -->\nOld.\n<!-- /growth -->\nBetween.\n<!-- archive -->\n|")
    assert page.endswith("\n<!-- /archive -->\nAfter.\n")
    assert "| archive alone: CPU a row | ≤ 10 / 12 µs | 9.5 µs |" in page


def test_figures_of_several_days_say_so_and_how_busy_it_was():
    later = {**ARCHIVED, "when": {**WHEN, "date": "2025-12-01", "busy_percent": 40}}
    text = report.blocks({"archive": {"sqlite": ARCHIVED, "postgres": later}})["archive"]
    assert text.endswith(
        "\n\nMeasured 2025-11-23 to 2025-12-01 on 2 cores (EPYC), while other programs took up to 40 % of it."
    )
    assert "| 9.5 µs | 9.5 µs |" in text


def test_a_missed_target_is_marked():
    slow = {"rows": 10, "rows_per_s": 1e5, "first_ms": 60, "MiB before": 99, "MiB more while stalled": 0.2}
    text = report.blocks({"stalled": {"daphne/sqlite": {**slow, "MiB more at most": 33, "when": WHEN}}})[
        "stalled"
    ]
    assert "| first byte of it | ≤ 50 ms | 60 ms ✗ |" in text
    assert "| – more while nobody reads | ≤ 32 MiB | 0.2 MiB |" in text
    assert "| – more at most, to the end | ≤ 32 MiB | 33 MiB ✗ |" in text


def test_a_later_result_keeps_those_before(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "QUICK", tmp_path / "quick.json")
    notes = results.Notes(quick=True)
    notes.keep("archive", "sqlite", {"ratio": 1 / 3})
    notes.keep("archive", "postgres", {"ratio": 2})
    notes.keep("archive", "postgres", {"ratio": 3})
    known = json.loads((tmp_path / "quick.json").read_text())
    assert {name: result["ratio"] for name, result in known["archive"].items()} == {
        "sqlite": 0.333333,
        "postgres": 3,
    }
    assert known["archive"]["sqlite"]["when"]["date"] == known["archive"]["postgres"]["when"]["date"] > "2025"
    assert known["about"]["machine"]["sqlite"]


def test_the_page_has_a_place_for_each_table():
    text = "".join((report.DOCS / page).read_text() for page in report.PAGES)
    assert [name for name in report.TABLES if f"<!-- {name} -->\n" not in text] == []
    assert [name for name in report.TABLES if f"\n<!-- /{name} -->\n" not in text] == []

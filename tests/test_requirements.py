"""The locked packages install from nothing, also once a newer release of one is out."""

from importlib.metadata import distribution

import pytest
from django.conf import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_extras_that_packages_ask_for_are_locked(name: str) -> None:
    """`coverage[toml]>=7` against `coverage==7.1` alone: pip 23 takes the newest one, which has no hash."""
    lines = (settings.BASE_DIR / name).read_text().splitlines()
    locked = [Requirement(line.rstrip("\\ ")) for line in lines if line[:1].isalpha()]
    locked = [each for each in locked if not each.marker or each.marker.evaluate()]
    extras = {canonicalize_name(each.name): each.extras for each in locked}
    wanted = [
        Requirement(text)
        for each in locked
        for text in distribution(each.name).requires or []
        if not (marker := Requirement(text).marker)
        or any(marker.evaluate({"extra": extra}) for extra in each.extras | {""})
    ]
    assert any(each.extras for each in wanted)
    assert [str(each) for each in wanted if not each.extras <= extras[canonicalize_name(each.name)]] == []

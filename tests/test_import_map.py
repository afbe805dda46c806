"""The page's modules find one another under their hashed names."""

import re

from django.conf import settings

BASE = (settings.BASE_DIR / "templates" / "base.html").read_text()
MODULES = sorted((settings.BASE_DIR / "static" / "js").glob("*.js"))


def test_every_module_that_another_imports_is_in_the_map() -> None:
    imported = {
        name
        for module in MODULES
        for name in re.findall(
            r'^(?:import|export)\b[^;]*?from "\./([\w-]+\.js)"', module.read_text(), re.MULTILINE
        )
    }
    mapped = set(re.findall(r'static_prefix %\}js/([\w-]+\.js)": "\{% static \'js/\1\' %\}"', BASE))
    assert len(imported) > 10
    assert imported == mapped & imported
    assert mapped <= {module.name for module in MODULES}

"""Django's makemessages, which also finds `t("…")` and `n("…", "…")` of static/js/i18n.js."""

from typing import Any

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=t", "--keyword=n:1,2"]
    # A guess from a similar text would have to be looked at; an empty one cannot be overlooked.
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def handle(self, *args: Any, **options: Any) -> None:
        """Look at our own sources, and note files, not lines, which change all the time."""
        options["ignore_patterns"] += ["node_modules", "build", "data", "tests", "benchmarks"]
        options["add_location"] = "file"
        super().handle(*args, **options)

"""Django's makemessages, which also finds `t("…")` and `n("…", "…")` of static/js/i18n.js."""

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=t", "--keyword=n:1,2"]

"""Moments in templates: on the clocks of the active time zone, and in the browser on the reader's."""

from datetime import datetime

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import pgettext_lazy

register = template.Library()
# `style` → how the server writes it; pages.js writes it anew in the browser.
FORMATS = {
    "moment": pgettext_lazy("Django's date format", "j M H:i"),
    "time": pgettext_lazy("Django's date format", "H:i"),
    "day": pgettext_lazy("Django's date format", "j F Y"),
}


@register.simple_tag
def moment(at: datetime, style: str = "moment") -> SafeString:
    """`{% moment alert.at %}`: day and time; "time": only the time; "day": only the day."""
    here = localtime(at)
    return format_html(
        '<time datetime="{}" data-local="{}">{}</time>',
        here.isoformat(timespec="milliseconds"),
        style,
        date_format(here, str(FORMATS[style])),
    )

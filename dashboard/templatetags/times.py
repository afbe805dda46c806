"""Moments in templates: on the clocks of the active time zone, and in the browser on the reader's."""

from datetime import datetime

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

register = template.Library()
# `style` → how the server writes it; pages.js writes it anew in the browser.
FORMATS = {"moment": "j M H:i", "time": "H:i", "day": "j F Y"}


@register.simple_tag
def moment(at: datetime, style: str = "moment") -> SafeString:
    """`{% moment alert.at %}`: day and time; "time": only the time; "day": only the day."""
    here = localtime(at)
    return format_html(
        '<time datetime="{}" data-local="{}">{}</time>',
        here.isoformat(timespec="milliseconds"),
        style,
        date_format(here, FORMATS[style]),
    )

"""Fields that several forms have."""

import json
import re
from collections import Counter
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.urls import reverse_lazy
from django.utils.functional import lazy
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tracking.vehicles import MAX_UID

MAX_TAGS, MAX_TAG = 12, 30
BETWEEN_TAGS = re.compile(r"[,;|，；、]")

# What a token, an address or a gateway can say; nothing that hides in a line.
uid_validator = RegexValidator(r"^[^\s\x00-\x1f\x7f]+\Z", _("A device id has no spaces."))


def uid_field(**options: Any) -> forms.CharField:
    return forms.CharField(max_length=MAX_UID, validators=[uid_validator], **options)


def tags_in(text: str) -> list[str]:
    """The tags in a text, each once, in their order; commas, semicolons or bars between them.

    Raises forms.ValidationError for too many or too long ones.
    """
    tags = list(dict.fromkeys(" ".join(part.split()) for part in BETWEEN_TAGS.split(text) if part.strip()))
    if len(tags) > MAX_TAGS:
        raise forms.ValidationError(_("At most %(most)d tags."), params={"most": MAX_TAGS})
    if any(len(tag) > MAX_TAG for tag in tags):
        raise forms.ValidationError(_("A tag has at most %(most)d characters."), params={"most": MAX_TAG})
    return tags


class TagsField(forms.CharField):
    """A list of tags, written with commas between them."""

    def __init__(self, **options: Any) -> None:
        defaults = {"required": False, "max_length": MAX_TAGS * (MAX_TAG + 2)}
        super().__init__(**{**defaults, **options})

    def prepare_value(self, value: object) -> object:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: object) -> list[str]:
        return tags_in(super().clean(value))

    def has_changed(self, initial: object, data: object) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class LinesField(forms.CharField):
    """A list of short texts, one a line, in their order; each once."""

    widget = forms.Textarea

    def __init__(self, *, most: int, length: int, without: str = "", **options: Any) -> None:
        self.most, self.length, self.without = most, length, without
        super().__init__(**{"required": False, "max_length": most * (length + 2), **options})

    def prepare_value(self, value: object) -> object:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: object) -> list[str]:
        lines = list(
            dict.fromkeys(line.strip() for line in super().clean(value).splitlines() if line.strip())
        )
        if len(lines) > self.most:
            raise forms.ValidationError(
                ngettext_lazy("At most %(most)d line.", "At most %(most)d lines.", self.most),
                params={"most": self.most},
            )
        for line in lines:
            if len(line) > self.length:
                raise forms.ValidationError(
                    _("“%(line)s…” is too long: at most %(most)d characters."),
                    params={"line": line[:20], "most": self.length},
                )
            if any(mark in line for mark in self.without):
                raise forms.ValidationError(_("“%(line)s”: without commas, please."), params={"line": line})
        return lines

    def has_changed(self, initial: object, data: object) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


@cache
def _zones() -> list[tuple[str, str]]:
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


class ZoneField(forms.ChoiceField):
    """A time zone by its name in the time zone database."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=lazy(_zones, list)(), **options)


class MomentField(forms.DateTimeField):
    """A moment on the clocks of `zone`; empty: now."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, *, zone: str = "UTC", **options: Any) -> None:
        self.zone = ZoneInfo(zone)
        super().__init__(**{"required": False, **options})

    def clean(self, value: object) -> datetime:
        found: datetime | None = super().clean(value)
        if found is None:
            return now()
        # The form's own clocks, whatever Django's current time zone made of it.
        return found.replace(tzinfo=self.zone)


class NamedField(forms.CharField):
    """One of thousands, by its name as `options` offers it; where two have the same, with #id after it.

    Cleans to the object, or None when empty.
    """

    def __init__(self, *, what: str, **options: Any) -> None:
        super().__init__(**{"max_length": 120, **options})
        self.queryset: QuerySet[Any] | None = None
        self.what = what
        self.offer("")

    def offer(self, fleet: str) -> None:
        """While somebody types, offer those of this fleet (its slug; of all that are managed when empty)."""
        address = reverse_lazy("manage_options", args=[self.what])
        self.widget.attrs |= {
            "list": f"{self.what}-options",
            "autocomplete": "off",
            "hx-get": address,
            "hx-trigger": "focus once, input changed delay:200ms",
            "hx-target": f"#{self.what}-options",
            "hx-swap": "innerHTML",
            "hx-vals": json.dumps({"fleet": fleet}),
        }

    def clean(self, value: object) -> Any:
        text = super().clean(value)
        if not text:
            return None
        assert self.queryset is not None  # noqa: S101 (its form has set it)
        name, mark, pk = str(text).rpartition("#")
        if mark and pk.isdecimal():
            found = list(self.queryset.filter(pk=int(pk[:18]), name=name.strip())[:1])
        else:
            found = list(self.queryset.filter(name=text)[:2])
        if not found:
            raise forms.ValidationError(_("There is no “%(name)s” here."), params={"name": text})
        if len(found) > 1:
            raise forms.ValidationError(
                _("“%(name)s” is there more than once: choose from the list."), params={"name": text}
            )
        return found[0]


def named(rows: QuerySet[Any], most: int) -> list[str]:
    """How NamedField may be answered with the first `most` of these rows."""
    found = list(rows[:most])
    names = Counter(
        rows.model.objects.filter(
            fleet__in={row.fleet_id for row in found}, name__in={row.name for row in found}
        ).values_list("name", flat=True)
    )
    return [row.name if names[row.name] == 1 else f"{row.name} #{row.pk}" for row in found]

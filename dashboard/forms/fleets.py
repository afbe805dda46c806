"""Fleets: what they are called, what they keep, when silence counts, what is said often."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import LinesField, ZoneField
from tracking.messages import MAX_REPLIES, MAX_REPLY
from tracking.models import Fleet

if TYPE_CHECKING:
    FleetModelForm = forms.ModelForm[Fleet]
else:
    FleetModelForm = forms.ModelForm

MAX_RETENTION_DAYS = 36_500
MAX_OFFLINE_MIN, MAX_OFFLINE_H = 24 * 60, 31 * 24
RESERVED = ("add",)  # an address of the manage pages
MAX_CANNED, MAX_CANNED_LENGTH = 30, 200


class FleetForm(FleetModelForm):
    time_zone = ZoneField(label=_("Time zone"))
    retention_days = forms.IntegerField(
        required=False,
        label=_("Keep for (days)"),
        help_text=_(
            "Older positions, messages and closed alerts are removed every night. Empty: keep everything."
        ),
        validators=[MinValueValidator(1), MaxValueValidator(MAX_RETENTION_DAYS)],
    )

    class Meta:
        model = Fleet
        fields = ["name", "time_zone", "retention_days"]
        labels = {"name": _("Name")}


class AddFleetForm(FleetForm):
    class Meta(FleetForm.Meta):
        fields = ["name", "slug", "time_zone", "retention_days"]
        labels = {"name": _("Name"), "slug": _("Short name")}
        help_texts = {
            "slug": _("In addresses and device tokens; it never changes. Empty: made from the name.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].required = False

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "slug" in data and not data["slug"]:
            data["slug"] = slugify(str(data.get("name", "")))[:64]
            if not data["slug"] and "name" not in self.errors:
                self.add_error("slug", _("The name has no Latin letters: choose a short name."))
            elif data["slug"] in RESERVED or Fleet.objects.filter(slug=data["slug"]).exists():
                self.add_error("slug", _("The short name “%(slug)s” is taken.") % {"slug": data["slug"]})
        return data

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"]).lower()
        if slug in RESERVED:
            raise forms.ValidationError(_("The short name “%(slug)s” is taken."), params={"slug": slug})
        return slug


class ThresholdsForm(FleetModelForm):
    """Minutes and hours for people; the model keeps seconds."""

    moving_min = forms.IntegerField(
        label=_("After … minutes, when it was moving"),
        validators=[MinValueValidator(1), MaxValueValidator(MAX_OFFLINE_MIN)],
    )
    stopped_h = forms.IntegerField(
        label=_("After … hours, when it was stopped"),
        validators=[MinValueValidator(1), MaxValueValidator(MAX_OFFLINE_H)],
    )

    class Meta:
        model = Fleet
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["moving_min"] = max(1, round(self.instance.offline_moving_s / 60))
        self.initial["stopped_h"] = max(1, round(self.instance.offline_stopped_s / 3600))

    def save(self, commit: bool = True) -> Fleet:
        self.instance.offline_moving_s = 60 * self.cleaned_data["moving_min"]
        self.instance.offline_stopped_s = 3600 * self.cleaned_data["stopped_h"]
        return super().save(commit)


class CannedForm(FleetModelForm):
    canned = LinesField(
        label=_("Messages"),
        most=MAX_CANNED,
        length=MAX_CANNED_LENGTH,
        help_text=_("One a line, in the order of the menu beside the message field."),
    )
    canned_answers = LinesField(
        label=_("Answers"),
        most=MAX_REPLIES,
        length=MAX_REPLY,
        without=",，",
        help_text=_("One a line: what a driver can answer with one tap. The first come first."),
    )

    class Meta:
        model = Fleet
        fields = ["canned", "canned_answers"]

"""Vehicles: one, many, who drives them, and what makes them go away."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import MomentField, NamedField, TagsField, uid_field
from tracking.models import Device, Driver, Fleet, Vehicle

if TYPE_CHECKING:
    VehicleModelForm = forms.ModelForm[Vehicle]
else:
    VehicleModelForm = forms.ModelForm

# A form filled in with the clock ahead by this much still means now.
CLOCK_SLACK = timedelta(minutes=1)


def choose_from(field: forms.Field, rows: QuerySet[Any], fleet: Fleet | None = None) -> None:
    """What this form may choose from, which depends on who fills it in."""
    field.queryset = rows  # type: ignore[attr-defined]
    if isinstance(field, NamedField) and fleet is not None:
        field.offer(fleet.slug)


class VehicleForm(VehicleModelForm):
    tags = TagsField(label=_("Tags"), help_text=_("With commas between them: cooled, night shift"))

    class Meta:
        model = Vehicle
        fields = ["name", "plate", "tags", "icon", "colour"]
        labels = {"name": _("Name"), "plate": _("Plate"), "icon": _("Icon"), "colour": _("Colour")}

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())


class AddVehicleForm(VehicleForm):
    """A vehicle and the device in it."""

    fleet = forms.ModelChoiceField(Fleet.objects.none(), label=_("Fleet"), empty_label=None)
    uid = uid_field(
        required=False,
        label=_("Device id"),
        help_text=_("A tracker’s own id, such as its IMEI. Empty: one is made up."),
    )

    def __init__(self, *args: Any, fleets: QuerySet[Fleet], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autofocus"] = True
        choose_from(self.fields["fleet"], fleets)
        if len(fleets) == 1:
            self.fields["fleet"].widget = forms.HiddenInput()
            self.initial["fleet"] = fleets[0]

    def clean_uid(self) -> str:
        uid = str(self.cleaned_data["uid"])
        if uid and Device.objects.filter(uid=uid).exists():
            raise forms.ValidationError(_("This device id is taken."))
        return uid


class AssignForm(forms.Form):
    """From a moment on, who drives; nobody when empty."""

    driver = NamedField(what="driver", required=False, label=_("Driver"), help_text=_("Empty: nobody."))

    def __init__(self, *args: Any, vehicle: Vehicle, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self.fields["driver"], Driver.objects.filter(fleet=vehicle.fleet), vehicle.fleet)
        self.fields["at"] = since(vehicle.fleet)

    def clean_at(self) -> object:
        return not_ahead(self.cleaned_data["at"])


def since(fleet: Fleet) -> MomentField:
    return MomentField(
        zone=fleet.time_zone,
        label=_("Since"),
        help_text=_("Empty: now. On the clocks of %(zone)s.") % {"zone": fleet.time_zone},
    )


def not_ahead(moment: Any) -> object:
    if moment > now() + CLOCK_SLACK:
        raise forms.ValidationError(_("This is in the future."))
    return moment


class BulkForm(forms.Form):
    """What to do with the chosen vehicles."""

    do = forms.ChoiceField(choices=[("tag", "tag"), ("untag", "untag"), ("move", "move"), ("undo", "undo")])
    tags = TagsField()
    to = forms.ModelChoiceField(Fleet.objects.none(), required=False)
    before = forms.CharField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, fleets: QuerySet[Fleet], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self.fields["to"], fleets)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("do") in ("tag", "untag") and not data.get("tags"):
            self.add_error("tags", _("Write a tag first."))
        if data.get("do") == "move" and not data.get("to"):
            self.add_error("to", _("Choose a fleet first."))
        return data


class TypedForm(forms.Form):
    """What is destroyed for good is written out first."""

    typed = forms.CharField(required=False, max_length=120)

    def __init__(self, *args: Any, words: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.words = words
        self.fields["typed"].label = _("Type “%(words)s” to confirm") % {"words": words}
        self.fields["typed"].widget.attrs |= {"autocomplete": "off", "autofocus": True, "spellcheck": "false"}

    def clean_typed(self) -> str:
        typed = str(self.cleaned_data["typed"])
        if typed != self.words:
            raise forms.ValidationError(
                _("Not removed: type exactly “%(words)s”."), params={"words": self.words}
            )
        return typed

"""Devices: what is in a vehicle, and those that wait for one."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import NamedField, uid_field
from dashboard.forms.vehicles import choose_from, not_ahead, since
from tracking.models import Device, Fleet, Vehicle


class AddDeviceForm(forms.Form):
    """Another device for a vehicle."""

    uid = uid_field(required=False, label=_("Device id"), help_text=_("Empty: one is made up."))

    def clean_uid(self) -> str:
        uid = str(self.cleaned_data["uid"])
        if uid and Device.objects.filter(uid=uid).exists():
            raise forms.ValidationError(_("This device id is taken."))
        return uid


class MoveDeviceForm(forms.Form):
    """Into which vehicle a device went, and when: fixes from before stay with the old one."""

    vehicle = NamedField(what="vehicle", label=_("Into the vehicle"))

    def __init__(self, *args: Any, device: Device, vehicles: QuerySet[Vehicle], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self.fields["vehicle"], vehicles.exclude(pk=device.vehicle_id).select_related("fleet"))
        self.fields["at"] = since(device.vehicle.fleet)

    def clean_at(self) -> object:
        return not_ahead(self.cleaned_data["at"])


class AcceptForm(forms.Form):
    """A device that waits goes into a vehicle of its fleet, or into a new one with this name."""

    vehicle = NamedField(what="vehicle", required=False, label=_("Vehicle"))
    name = forms.CharField(required=False, max_length=100, label=_("Name of the new vehicle"))

    def __init__(self, *args: Any, fleet: Fleet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(
            self.fields["vehicle"], Vehicle.objects.filter(fleet=fleet).select_related("fleet"), fleet
        )

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("vehicle") and not data.get("name") and "name" not in self.errors:
            self.add_error("name", _("Choose a vehicle, or name a new one."))
        return data

"""Drivers."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dashboard.forms.fields import NamedField
from dashboard.forms.vehicles import choose_from, not_ahead, since
from tracking.models import Driver, Fleet, Vehicle

if TYPE_CHECKING:
    DriverModelForm = forms.ModelForm[Driver]
else:
    DriverModelForm = forms.ModelForm

phone_validator = RegexValidator(r"^[0-9+()/. -]*\Z", _("A phone number has digits, spaces and + ( ) - . /"))


class DriverForm(DriverModelForm):
    language = forms.ChoiceField(
        required=False,
        label=_("Language"),
        choices=[("", _("as the phone")), *settings.LANGUAGES],
    )

    class Meta:
        model = Driver
        fields = ["name", "phone", "language"]
        labels = {"name": pgettext_lazy("person", "Name"), "phone": _("Phone")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phone"].validators.append(phone_validator)
        self.fields["phone"].widget.attrs |= {"type": "tel"}

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())


class AddDriverForm(DriverForm):
    fleet = forms.ModelChoiceField(Fleet.objects.none(), label=_("Fleet"), empty_label=None)

    def __init__(self, *args: Any, fleets: QuerySet[Fleet], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self.fields["fleet"], fleets)
        if len(fleets) == 1:
            self.fields["fleet"].widget = forms.HiddenInput()
            self.initial["fleet"] = fleets[0]


class DrivesForm(forms.Form):
    """Which vehicle a driver drives from a moment on; none when empty."""

    vehicle = NamedField(what="vehicle", required=False, label=_("Vehicle"), help_text=_("Empty: none."))

    def __init__(self, *args: Any, driver: Driver, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self.fields["vehicle"], Vehicle.objects.filter(fleet=driver.fleet), driver.fleet)
        self.fields["at"] = since(driver.fleet)

    def clean_at(self) -> object:
        return not_ahead(self.cleaned_data["at"])

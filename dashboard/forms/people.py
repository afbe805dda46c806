"""People: the first start, joining by invitation, what somebody prefers."""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.text import slugify
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from dashboard.access import ROLE_NAMES, ROLES
from dashboard.alarms import KINDS
from dashboard.forms.fields import ZoneField
from dashboard.models import Profile
from tracking.models import Fleet, Role

KEEP = "keep"
PERIODS = {KEEP: None, "90": 90, "365": 365, "730": 730}
TOKEN_DAYS = {"": None, "30": 30, "90": 90, "365": 365}


class NewPasswordField(forms.CharField):
    """A password that is being chosen; seen once, by whoever wants to."""

    def __init__(self, **options: Any) -> None:
        widget = forms.PasswordInput(
            attrs={"autocomplete": "new-password", "data-password": ""}, render_value=True
        )
        super().__init__(**{"strip": False, "max_length": 128, "widget": widget, **options})


class AccountForm(forms.Form):
    """The name that others see, the one to sign in with, and a password."""

    name = forms.CharField(
        max_length=150,
        label=_("Your name"),
        help_text=_("Drivers and colleagues see it."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    username = forms.CharField(
        max_length=150,
        label=_("User name"),
        help_text=_("To sign in with."),
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    password = NewPasswordField(label=_("Password"), help_text=_("At least 10 characters."))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean_username(self) -> str:
        name = User.normalize_username(str(self.cleaned_data["username"]))
        # Two names that differ only in case would be one person to everybody who reads them.
        if User.objects.filter(username__iexact=name).exclude(pk=self.user.pk).exists():
            raise forms.ValidationError(_("This user name is taken."))
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("password"):
            about = User(username=data.get("username", ""), first_name=data.get("name", ""))
            try:
                validate_password(data["password"], about)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data


PASSWORD_HELP = _("At least 10 characters.")


class ResetPasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    """A new password for somebody who came by a link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].help_text = PASSWORD_HELP
        self.fields["new_password2"].label = _("Once more")
        self.fields["new_password2"].help_text = ""


class ChangePasswordForm(ResetPasswordForm, PasswordChangeForm):
    """The same for somebody who knows the old one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "password_%s", **kwargs})
        self.fields["old_password"].widget.attrs.pop("autofocus", None)


class SetupForm(AccountForm):
    """The first start: the operator's account and the first fleet."""

    fleet = forms.CharField(max_length=100, label=_("Name of your fleet"))
    time_zone = ZoneField(label=_("Its time zone"), widget=forms.Select(attrs={"data-guess-zone": ""}))
    units = forms.ChoiceField(
        label=_("Units"),
        choices=[(Profile.Units.METRIC, _("km, km/h")), (Profile.Units.IMPERIAL, _("miles, mph"))],
        initial=Profile.Units.METRIC,
    )
    keep = forms.ChoiceField(
        label=_("Keep what vehicles report"),
        choices=[
            (KEEP, _("for ever")),
            ("90", _("for 3 months")),
            ("365", _("for a year")),
            ("730", _("for 2 years")),
        ],
        initial=KEEP,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound:  # somebody has chosen
            self.fields["time_zone"].widget.attrs.pop("data-guess-zone", None)

    def clean_fleet(self) -> str:
        return " ".join(str(self.cleaned_data["fleet"]).split())

    def retention_days(self) -> int | None:
        return PERIODS[self.cleaned_data["keep"]]

    def slug(self) -> str:
        """A free short name for the fleet, made from its name."""
        wanted = slugify(self.cleaned_data["fleet"])[:60] or "fleet"
        free = (f"{wanted}-{number}" if number > 1 else wanted for number in range(1, 1000))
        return next(slug for slug in free if not Fleet.objects.filter(slug=slug).exists())


class JoinForm(AccountForm):
    """The account of somebody who was invited."""

    time_zone = forms.CharField(
        required=False, max_length=64, widget=forms.HiddenInput(attrs={"data-guess-zone": ""})
    )

    def clean_time_zone(self) -> str:
        zone = str(self.cleaned_data["time_zone"])
        return zone if zone in dict(SetupForm.base_fields["time_zone"].choices) else ""  # type: ignore[attr-defined]


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a person prefers, and the name that others see."""

    name = forms.CharField(
        max_length=150, label=_("Your name"), help_text=_("Drivers and colleagues see it."), required=False
    )
    email = forms.EmailField(
        required=False,
        label=_("E-mail"),
        help_text=_("Only for a link that sets a new password."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    language = forms.ChoiceField(
        required=False, label=_("Language"), choices=[("", _("as the browser")), *settings.LANGUAGES]
    )
    time_zone = ZoneField(label=_("Time zone"), required=False)
    units = forms.ChoiceField(label=_("Units"), choices=SetupForm.base_fields["units"].choices)  # type: ignore[attr-defined]
    silent_alarms = forms.MultipleChoiceField(
        required=False, label=_("But none for"), choices=KINDS.items(), widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Profile
        fields = ["language", "time_zone", "units", "single_keys", "dim_filtered", "sound", "silent_alarms"]
        labels = {
            "single_keys": _("Single keys, such as f to follow a vehicle"),
            "dim_filtered": _("Dim vehicles on the map that a filter leaves out, instead of hiding them"),
            "sound": _("A sound for alarms"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = self.fields["time_zone"]
        zone.choices = [("", _("as the browser")), *zone.choices]  # type: ignore[attr-defined]
        if not settings.EMAIL_URL:
            del self.fields["email"]

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean_email(self) -> str:
        return User.objects.normalize_email(self.cleaned_data["email"])


class InviteForm(forms.Form):
    """Whom a manager lets into the fleet."""

    name = forms.CharField(
        required=False,
        max_length=150,
        label=_("For whom"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(
        label=_("As"), choices=[(role.value, ROLE_NAMES[role]) for role in ROLES], initial=Role.VIEWER.value
    )

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())


class TokenForm(forms.Form):
    """A program that reads what its user may see."""

    name = forms.CharField(max_length=100, label=_("For which program"))
    days = forms.ChoiceField(
        required=False,
        label=_("Ends"),
        choices=[
            ("90", _("in 90 days")),
            ("30", _("in 30 days")),
            ("365", _("in a year")),
            ("", _("never")),
        ],
    )

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "token_%s", **kwargs})

    def expires(self) -> Any:
        days = TOKEN_DAYS[self.cleaned_data["days"]]
        return None if days is None else now() + timedelta(days=days)

"""What a password must be, said in the reader's language."""

from django.contrib.auth import password_validation
from django.utils.translation import ngettext


class MinimumLengthValidator(password_validation.MinimumLengthValidator):
    """Django's, whose sentence lost its translations with 5.2."""

    def get_error_message(self) -> str:
        said = ngettext("At least %(n)d character.", "At least %(n)d characters.", self.min_length)
        return said % {"n": self.min_length}

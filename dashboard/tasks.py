"""What Celery does for people. Arguments are JSON."""

from celery import shared_task
from django.contrib.auth.forms import PasswordResetForm

MAIL_EXPIRES_S = 600


@shared_task(expires=MAIL_EXPIRES_S)
def mail_reset(email: str, host: str, secure: bool) -> None:
    """Send a link that sets a new password to everybody active with this address, if anybody has it.

    Here and not in the page: looking and sending take time only for an address that somebody has.
    """
    form = PasswordResetForm({"email": email})
    if form.is_valid():
        form.save(
            domain_override=host,
            use_https=secure,
            subject_template_name="dashboard/accounts/reset_subject.txt",
            email_template_name="dashboard/accounts/reset_mail.txt",
        )

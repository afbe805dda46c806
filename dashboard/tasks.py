"""What Celery does for people. Arguments are JSON."""

from datetime import timedelta

from celery import shared_task
from django.contrib.auth.forms import PasswordResetForm
from django.utils import translation
from django.utils.timezone import now

from dashboard import exports
from dashboard.models import FailedLogin, Invitation, Session, UsedLink

MAIL_EXPIRES_S = 600
# Invitations that were used or have ended are kept so long, to be able to look.
KEEP_INVITATIONS = timedelta(days=90)
KEEP_ATTEMPTS = timedelta(hours=1)


@shared_task(expires=MAIL_EXPIRES_S)
def mail_reset(email: str, host: str, secure: bool, language: str) -> None:
    """Send a link that sets a new password to everybody active with this address, if anybody has it.

    Here and not in the page: looking and sending take time only for an address that somebody has.
    """
    form = PasswordResetForm({"email": email})
    if form.is_valid():
        with translation.override(language):
            form.save(
                domain_override=host,
                use_https=secure,
                subject_template_name="dashboard/accounts/reset_subject.txt",
                email_template_name="dashboard/accounts/reset_mail.txt",
            )


@shared_task(expires=60)
def make_export() -> None:
    """Make the next export; comes again while there is one."""
    if exports.run_next():
        make_export.apply_async(expires=60)


@shared_task
def forget() -> None:
    """Remove what has ended: sessions, used links, attempts to sign in, old invitations, exports."""
    moment = now()
    Session.objects.filter(expire_date__lt=moment).delete()
    UsedLink.objects.filter(expires__lt=moment).delete()
    FailedLogin.objects.filter(at__lt=moment - KEEP_ATTEMPTS).delete()
    Invitation.objects.filter(expires__lt=moment - KEEP_INVITATIONS).delete()
    exports.purge()

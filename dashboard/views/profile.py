"""One's own account: name, password, what one prefers, signed-in browsers, API tokens."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import people, programs, sessions, signin
from dashboard.access import Request, signed_in
from dashboard.forms.people import ChangePasswordForm, PreferencesForm, TokenForm


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def profile(request: Request) -> HttpResponse:
    """GET: the page. POST: what one prefers."""
    if request.method != "POST":
        return _page(request)
    form = PreferencesForm(request.POST, instance=request.profile, initial=_initial(request))
    if not form.is_valid():
        return _page(request, form=form, status=422)
    form.save()
    user, data = request.user, form.cleaned_data
    user.first_name, user.last_name = data["name"], ""
    user.email = data.get("email", user.email)
    user.save(update_fields=["first_name", "last_name", "email"])
    if data["language"]:
        translation.activate(data["language"])
    messages.success(request, gettext("Saved."))
    return redirect("profile")


@sensitive_post_parameters()
@require_POST
@signed_in
def password(request: Request) -> HttpResponse:
    """A new password; it signs out everywhere else."""
    form = ChangePasswordForm(request.user, request.POST)
    if not signin.attempt(request.user.get_username(), request.META.get("REMOTE_ADDR", "")):
        form.add_error(None, gettext("Too many attempts. Try again later."))
        return _page(request, password_form=form, status=429)
    if not form.is_valid():
        return _page(request, password_form=form, status=422)
    signin.succeeded(request.user.get_username(), request.META.get("REMOTE_ADDR", ""))
    form.save()
    update_session_auth_hash(request, form.user)
    people.sign_out(request.user, but=request.session.session_key)
    messages.success(request, gettext("The new password counts. Every other browser is signed out."))
    return redirect("profile")


@require_POST
@signed_in
def browser_end(request: Request) -> HttpResponse:
    """Sign out one browser (`browser`), or every one, this too."""
    name = request.POST.get("browser", "")
    if not name:
        people.sign_out(request.user)
        logout(request)
        return redirect("login")
    for session in sessions.of(request.user):
        if constant_time_compare(signin.digest(session.session_key), name):
            people.sign_out(request.user, only=session.session_key)
    return redirect("profile")


@require_POST
@signed_in
def token_add(request: Request) -> HttpResponse:
    """Make an API token; the answer shows it, once."""
    form = TokenForm(request.POST)
    if form.is_valid() and request.user.api_tokens.count() >= programs.MAX_TOKENS:
        form.add_error("name", gettext("You have %(most)d tokens.") % {"most": programs.MAX_TOKENS})
    if not form.is_valid():
        return _page(request, token_form=form, status=422)
    name = form.cleaned_data["name"]
    token = programs.issue(request.user, name=name, expires=form.expires())
    return _page(request, token=token, token_name=name)


@require_POST
@signed_in
def token_revoke(request: Request, pk: int) -> HttpResponse:
    get_object_or_404(request.user.api_tokens, pk=pk).delete()
    messages.success(request, gettext("The token no longer works."))
    return redirect("profile")


def _initial(request: Request) -> dict[str, str]:
    return {"name": request.user.get_full_name(), "email": request.user.email}


def _page(request: Request, *, status: int = 200, **more: Any) -> HttpResponse:
    current = request.session.session_key
    browsers = [
        {
            "name": signin.digest(row.session_key),
            "named": sessions.named(row.browser),
            "since": row.seen,
            "this": row.session_key == current,
        }
        for row in sessions.of(request.user)
    ]
    context = {
        "form": PreferencesForm(instance=request.profile, initial=_initial(request)),
        "password_form": ChangePasswordForm(request.user),
        "token_form": TokenForm(initial={"days": "90"}),
        "browsers": browsers,
        "tokens": request.user.api_tokens.all(),
        **more,
    }
    return render(request, "dashboard/accounts/profile.html", context, status=status)

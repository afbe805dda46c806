"""Signing in and out, joining by an invitation, a new password by a link."""

from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from kombu.exceptions import OperationalError

from dashboard import limits, people, signin
from dashboard.errors import api_error, too_many
from dashboard.forms.people import JoinForm, ResetPasswordForm
from dashboard.tasks import mail_reset
from dashboard.views import setup


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    goal = _goal(request)
    if request.user.is_authenticated and request.method != "POST":
        return redirect(goal)
    if request.method != "POST":
        return render(request, "dashboard/login.html", {"form": AuthenticationForm(request), "next": goal})
    name, address = request.POST.get("username", ""), _address(request)
    form = AuthenticationForm(request, data=request.POST)
    context = {"form": form, "next": goal}
    if not signin.attempt(name, address):
        wait = {"wait": signin.ATTEMPT_WINDOW_MINUTES}
        response = render(request, "dashboard/login.html", context | wait, status=429)
        response["Retry-After"] = str(signin.ATTEMPT_WINDOW_MINUTES * 60)
        return response
    if not form.is_valid():
        return render(request, "dashboard/login.html", context)
    signin.succeeded(name, address)
    signin.enter(request, form.get_user())
    return redirect("setup" if setup.needed(form.get_user()) else goal)


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    left = isinstance(request.user, User)
    auth.logout(request)
    if left:
        people.announce()
    return redirect(settings.LOGOUT_REDIRECT_URL)


@never_cache
@require_safe
def loginlink(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in by a link, once. What only looks ahead (HEAD, a browser's prefetch) does not use it up."""
    ahead = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    if request.method == "HEAD" or "prefetch" in ahead:
        return HttpResponse(status=204)
    if wait := limits.wait(limits.LINK, _address(request)):
        return too_many(request, wait)
    user = signin.redeem(token)
    if user is None:
        return render(request, "dashboard/loginlink.html", {"minutes": signin.LINK_MINUTES}, status=410)
    signin.enter(request, user)
    return redirect("setup" if setup.needed(user) else settings.LOGIN_REDIRECT_URL)


@never_cache
@require_safe
def session(request: HttpRequest) -> HttpResponse:
    """Tell a page that lost its socket whether it is signed out or the server is away."""
    if not request.user.is_authenticated:
        return api_error(401, "unauthenticated", "Sign in first.")
    return JsonResponse({"user": request.user.get_username(), "authenticated": True})


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Join a fleet: with a new account, or, signed in, with one's own."""
    if wait := limits.wait(limits.LINK, _address(request)):
        return too_many(request, wait)
    found = people.invitation(secret)
    if found is None:
        return render(request, "dashboard/accounts/ended.html", status=410)
    me = request.user if isinstance(request.user, User) else None
    context: dict[str, Any] = {"invitation": found, "inviter": people.called(found.invited_by or User())}
    form = JoinForm(request.POST or None, user=User(), initial={"name": found.name})
    if request.method != "POST" or (me is None and not form.is_valid()):
        return render(request, "dashboard/accounts/join.html", context | {"form": form})
    try:
        if me is not None:
            people.join(found, me)
            return redirect("live")
        data = form.cleaned_data
        user = people.accept(
            found,
            username=data["username"],
            name=data["name"],
            password=data["password"],
            time_zone=data["time_zone"],
        )
    except people.Refused:
        return render(request, "dashboard/accounts/ended.html", status=410)
    signin.enter(request, user)
    return redirect("live")


# --- a forgotten password --------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest) -> HttpResponse:
    """Have a link sent. The answer is the same whether anybody has that address."""
    context: dict[str, Any] = {"mail": bool(settings.EMAIL_URL)}
    if request.method != "POST" or not settings.EMAIL_URL:
        return render(request, "dashboard/accounts/reset.html", context)
    if wait := limits.wait(limits.MAIL, _address(request)):
        return too_many(request, wait)
    try:
        validate_email(email := request.POST.get("email", "").strip())
    except ValidationError:
        context |= {"email": email, "wrong": True}
        return render(request, "dashboard/accounts/reset.html", context)
    try:
        args = [email, request.get_host(), request.is_secure(), get_language() or "en"]
        mail_reset.apply_async(args=args, retry=False)
    except (OperationalError, OSError):
        return render(request, "dashboard/accounts/reset.html", context | {"failed": True}, status=503)
    return render(request, "dashboard/accounts/reset.html", context | {"sent": True})


@method_decorator(never_cache, name="dispatch")
class ResetConfirm(auth_views.PasswordResetConfirmView):
    """A new password by a link. Django keeps its token in the session, out of the page's address."""

    form_class = ResetPasswordForm
    template_name = "dashboard/accounts/reset_confirm.html"
    title = ""

    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if wait := limits.wait(limits.LINK, _address(self.request)):
            return too_many(self.request, wait)
        return super().dispatch(*args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        people.sign_out(form.user)
        signin.enter(self.request, form.user)
        return response

    def get_success_url(self) -> str:
        return resolve_url(settings.LOGIN_REDIRECT_URL)


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR") or "")


def _goal(request: HttpRequest) -> str:
    """Where to go after signing in: `next`, if it is a page of ours."""
    goal = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(goal, {request.get_host()}, require_https=request.is_secure())
    return goal if ours else resolve_url(settings.LOGIN_REDIRECT_URL)

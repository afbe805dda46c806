"""Signing in and out."""

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import signin
from dashboard.errors import api_error


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    goal = _goal(request)
    if request.user.is_authenticated and request.method != "POST":
        return redirect(goal)
    if request.method != "POST":
        return render(request, "dashboard/login.html", {"form": AuthenticationForm(request), "next": goal})
    name, address = request.POST.get("username", ""), request.META.get("REMOTE_ADDR", "")
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
    auth.login(request, form.get_user())
    return redirect(goal)


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


@never_cache
@require_safe
def loginlink(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in by a link, once. What only looks ahead (HEAD, a browser's prefetch) does not use it up."""
    ahead = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    if request.method == "HEAD" or "prefetch" in ahead:
        return HttpResponse(status=204)
    user = signin.redeem(token)
    if user is None:
        return render(request, "dashboard/loginlink.html", {"minutes": signin.LINK_MINUTES}, status=410)
    auth.login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect(settings.LOGIN_REDIRECT_URL)


@never_cache
@require_safe
def session(request: HttpRequest) -> HttpResponse:
    """Tell a page that lost its socket whether it is signed out or the server is away."""
    if not request.user.is_authenticated:
        return api_error(401, "unauthenticated", "Sign in first.")
    return JsonResponse({"user": request.user.get_username(), "authenticated": True})


def _goal(request: HttpRequest) -> str:
    """Where to go after signing in: `next`, if it is a page of ours."""
    goal = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(goal, {request.get_host()}, require_https=request.is_secure())
    return goal if ours else resolve_url(settings.LOGIN_REDIRECT_URL)

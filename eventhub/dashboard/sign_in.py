"""Signing in: by user name and password, or once by the link that the terminal shows."""

import logging
import math
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import LoginView, LogoutView
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from eventhub.access import sign_in, tries

log = logging.getLogger("eventhub.sign_in")

KNOWN = "eventhub_known"  # the cookie of a browser that signed in before: whose it was
KNOWN_SECONDS = 90 * 86_400


class SignIn(LoginView):
    """``/sign-in``: user name and password, tried no faster than ``access.tries`` lets."""

    template_name = "sign_in/password.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check the password, unless it has to wait."""
        name, address = request.POST.get("username", "")[:150], request.META.get("REMOTE_ADDR", "")
        known = request.get_signed_cookie(KNOWN, default="", salt=KNOWN, max_age=KNOWN_SECONDS) == name
        wait = tries.take(name, address, is_known_browser=known, now=timezone.now())
        if not wait:
            return super().post(request, *args, **kwargs)
        log.warning("sign_in.too_often", extra={"fields": {"address": address, "wait": math.ceil(wait)}})
        # A form without data: one with them would look at the password.
        form = self.form_class(request, initial={"username": name})
        context = self.get_context_data(form=form, wait_seconds=math.ceil(wait))
        response = self.render_to_response(context, status=429)
        response.headers["Retry-After"] = str(math.ceil(wait))
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign in, and know this browser from now on."""
        name = form.cleaned_data["username"]
        tries.succeeded(name, self.request.META.get("REMOTE_ADDR", ""))
        SessionStore.clear_expired()
        response = super().form_valid(form)
        response.set_signed_cookie(
            KNOWN,
            name,
            salt=KNOWN,
            max_age=KNOWN_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        """Say that it was wrong, to the log as well; not what was typed: it may be a password."""
        fields = {"address": self.request.META.get("REMOTE_ADDR", "")}
        log.warning("sign_in.refused", extra={"fields": fields})
        return super().form_invalid(form)


class SignOut(LogoutView):
    """``/sign-out``: by POST only, so that no link or image can do it."""

    next_page = "sign-in"


@method_decorator(never_cache, name="dispatch")
class SignInByLink(View):
    """``/sign-in/<token>``: a page with a button, so that previews of the link do not spend it."""

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Show what the button will do, or why the link is no good."""
        if not sign_in.is_good(token):
            return _spent(request)
        return render(request, "sign_in/link.html", {"token": token})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Spend the link and sign in."""
        user = sign_in.use_link(token)
        if user is None:
            return _spent(request)
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        return redirect("/flow")


def _spent(request: HttpRequest) -> HttpResponse:
    return render(request, "sign_in/spent.html", {"minutes": sign_in.MINUTES}, status=410)

"""Signing in: by user name and password, or once by the link that the terminal shows."""

from django.contrib.auth import login
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from eventhub.access import sign_in


class SignIn(LoginView):
    """``/sign-in``: user name and password."""

    template_name = "sign_in/password.html"
    redirect_authenticated_user = True


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

"""Where everything that Django serves is found. The doors that take events come before it, in ``asgi``."""

from django.contrib import admin
from django.urls import include, path

from eventhub.dashboard.sign_in import SignIn, SignInByLink, SignOut

handler400 = "eventhub.api.rest.errors.bad_request"
handler500 = "eventhub.api.rest.errors.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("eventhub.api.rest.urls")),
    path("sign-in", SignIn.as_view(), name="sign-in"),
    path("sign-in/<str:token>", SignInByLink.as_view(), name="sign-in-by-link"),
    path("sign-out", SignOut.as_view(), name="sign-out"),
    path("", include("eventhub.dashboard.urls")),
]

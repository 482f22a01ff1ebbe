"""One-time sign-in links: for the person who started Eventhub in a terminal, before any password."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.utils import timezone

from eventhub.models import SignInLink

MINUTES = 10
ADMINISTRATOR = "admin"


def make_link() -> str:
    """Return the token of a new link for an administrator, who is made without a password if there is none.

    Only the token's digest is kept: who reads the database cannot sign in with it.
    """
    users = get_user_model().objects
    user = users.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if user is None:
        user = users.create_superuser(username=_free_name(), password=None)
    SignInLink.objects.filter(expires_at__lt=timezone.now()).delete()
    token = secrets.token_urlsafe(32)
    expires_at = timezone.now() + timedelta(minutes=MINUTES)
    SignInLink.objects.create(digest=_digest(token), user=user, expires_at=expires_at)
    return token


def is_good(token: str) -> bool:
    """Tell whether a link could be used now."""
    return SignInLink.objects.filter(
        digest=_digest(token), expires_at__gt=timezone.now(), user__is_active=True
    ).exists()


def use_link(token: str) -> User | None:
    """Spend a link and return whom it signs in; None if it is unknown, spent or expired.

    Of several who use it at once, the one whose delete removes the row signs in.
    """
    link = SignInLink.objects.select_related("user").filter(digest=_digest(token)).first()
    if link is None or not SignInLink.objects.filter(pk=link.pk).delete()[0]:
        return None
    return link.user if link.expires_at > timezone.now() and link.user.is_active else None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _free_name() -> str:
    names = set(get_user_model().objects.values_list("username", flat=True))
    return next(
        name
        for name in (ADMINISTRATOR, *(f"{ADMINISTRATOR}{number}" for number in range(2, len(names) + 3)))
        if name not in names
    )

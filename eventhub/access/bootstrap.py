"""First credentials, given by the environment: made at start if absent, never changed afterwards."""

import logging

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction

from eventhub.access import seal
from eventhub.access.keys import KEY_ID, store
from eventhub.access.scopes import Scope
from eventhub.models import ApiKey, record_created

log = logging.getLogger("eventhub.access")

MINIMUM_SECRET = 32
BOOTSTRAP_NAME = "bootstrap"


def bootstrap() -> None:
    """Make the administrator key and the administrator that the settings name, unless they exist.

    Raises ImproperlyConfigured, without showing a secret, if a setting is not of its form.
    """
    if settings.BOOTSTRAP_KEY:
        _make_key(settings.BOOTSTRAP_KEY)
    if bool(settings.ADMIN_USER) != bool(settings.ADMIN_PASSWORD):
        raise ImproperlyConfigured("EVENTHUB_ADMIN_USER and EVENTHUB_ADMIN_PASSWORD: set both or none")
    if settings.ADMIN_USER:
        _make_administrator(settings.ADMIN_USER, settings.ADMIN_PASSWORD)


def _make_key(setting: str) -> None:
    key_id, _, secret = setting.partition(":")
    if not KEY_ID.fullmatch(key_id) or len(secret) < MINIMUM_SECRET or not secret.isascii() or " " in secret:
        raise ImproperlyConfigured(
            "EVENTHUB_BOOTSTRAP_KEY: wanted <id>:<secret>, an id of 16 to 32 capital letters and digits and "
            f"a secret of at least {MINIMUM_SECRET} characters without spaces; found {len(key_id)} and "
            f"{len(secret)} characters"
        )
    existing = ApiKey.objects.filter(pk=key_id).first()
    if existing is None:
        try:
            store(key_id, secret, name=BOOTSTRAP_NAME, scopes=[Scope.ADMIN])
            log.info("key.made", extra={"fields": {"key": key_id, "name": BOOTSTRAP_NAME}})
        except IntegrityError:  # another process of this installation started at the same moment
            return
    elif not seal.is_secret(secret, bytes(existing.secret_digest)):
        log.warning(
            "key.differs_from_setting",
            extra={
                "fields": {
                    "key": key_id,
                    "setting": "EVENTHUB_BOOTSTRAP_KEY",
                    "in_force": "stored one",
                }
            },
        )


def _make_administrator(name: str, password: str) -> None:
    users = get_user_model().objects
    if users.filter(username=name).exists():
        return
    try:
        with transaction.atomic():
            record_created(users.create_superuser(username=name, password=password))
        log.info("user.made", extra={"fields": {"user": name}})
    except IntegrityError:  # as above
        return

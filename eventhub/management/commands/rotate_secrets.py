"""``manage.py rotate_secrets``: take another secret key into use."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from eventhub.access.rotate import UnreadableError, rotate


class Command(BaseCommand):
    help = (
        "Seals every stored secret anew, from EVENTHUB_OLD_SECRET_KEY (or …_FILE) to EVENTHUB_SECRET_KEY. "
        "Stop all processes of the installation first; start them with the new key afterwards. "
        "Everybody signs in again, for sessions are signed with the key."
    )

    def handle(self, *_arguments: Any, **_options: Any) -> None:
        if not settings.OLD_SECRET_KEY:
            raise CommandError(
                "EVENTHUB_OLD_SECRET_KEY is not set: wanted the secret key that the secrets are sealed under "
                "now (without EVENTHUB_SECRET_KEY it was in the file secret-key of the data directory: keep "
                "that file under another name and give its path as EVENTHUB_OLD_SECRET_KEY_FILE)"
            )
        try:
            done = rotate(settings.OLD_SECRET_KEY)
        except UnreadableError as error:
            raise CommandError(f"nothing was changed: {error}") from error
        self.stdout.write(
            f"Sealed anew: the secrets of {done.keys} API keys, {done.targets} targets and "
            f"{done.connections} connections; {done.already} were under the new key before."
        )

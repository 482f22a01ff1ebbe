"""How often signing in was tried in vain, so that guessing passwords is slow."""

from django.db import models


class SignInTries(models.Model):
    """Tries of one name, of one address, or of both together since the last success there."""

    # A digest: what people type by mistake into the field for their name may be a password.
    of = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.count} until {self.last_at:%H:%M:%S}"

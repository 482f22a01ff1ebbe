"""Connections and API destinations: stored credentials for calling out, and HTTP endpoints that use them."""

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import ProtectedError

from eventhub.models.change import Dated
from eventhub.models.config import refused_config
from eventhub.models.hosts import guard, refused_url
from eventhub.models.sealed import Sealed
from eventhub.secret import BrokenSealError, Purpose
from eventhub.targets.credentials import check_connection

MAX_RATE = 100_000  # requests a second

connection_name = RegexValidator(
    r"\A[.\-_A-Za-z0-9]{1,64}\Z", "wanted 1 to 64 letters, digits, dots, hyphens or underscores"
)


class Connection(Sealed):
    """How we identify ourselves to a receiver. Its secrets are sealed and never shown again."""

    purpose = Purpose.CONNECTION

    class Auth(models.TextChoices):
        """How a request is authorised."""

        BASIC = "basic", "user name and password"
        API_KEY = "api-key", "API key in a header"
        BEARER = "bearer", "bearer token"
        OAUTH = "oauth-client-credentials", "OAuth 2 client credentials"

    name = models.CharField(max_length=64, unique=True, validators=[connection_name])
    description = models.CharField(max_length=512, blank=True)
    auth = models.CharField("authorisation", max_length=32, choices=Auth.choices, default=Auth.API_KEY)
    # What may be shown, by name: user_name, header, client_id, token_url, method, scope …, and the objects
    # headers, query and body, whose members are added to every request.
    config = models.JSONField(default=dict, blank=True)
    # Sealed, by name: password, key, token or client_secret, and secret headers, query and body members.
    authorized = models.BooleanField(
        default=True, help_text="A connection that is not authorised makes its deliveries wait."
    )
    reason = models.CharField(max_length=512, blank=True, editable=False)  # why it is not authorised

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what could not authorise any request, by path: ``config.header``, ``secrets.key``."""
        if self.auth not in self.Auth.values:
            return  # the field says so
        if refused := refused_config(self.config):
            raise ValidationError({"config": refused})
        try:
            secrets = self.secrets()
        except BrokenSealError as error:
            raise ValidationError({"secrets": str(error)}) from error
        wrong: dict[str, Any] = dict(check_connection(self.auth, self.config, secrets, guard()))
        if not self.authorized:  # it waits, perhaps for its secrets: what is shown is checked all the same
            named = [path.removeprefix("secrets.") for path in wrong if path.startswith("secrets.")]
            missing = {name: "missing" for name in named if name not in secrets}
            wrong = dict(check_connection(self.auth, self.config, {**secrets, **missing}, guard()))
        if wrong:
            raise ValidationError(wrong)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the connection, unless something uses it."""
        using = [*self.api_destinations.all(), *self.targets.all()]
        if using:
            names = ", ".join(str(one) for one in using)
            raise ProtectedError(f"connection {self.name} is used by {names}: change them first", set(using))
        return super().delete(*args, **kwargs)


class ApiDestination(Dated):
    """An HTTP endpoint with its method, its rate and the connection that authorises each request."""

    class Method(models.TextChoices):
        """The methods that EventBridge knows."""

        POST = "POST", "POST"
        GET = "GET", "GET"
        HEAD = "HEAD", "HEAD"
        OPTIONS = "OPTIONS", "OPTIONS"
        PUT = "PUT", "PUT"
        PATCH = "PATCH", "PATCH"
        DELETE = "DELETE", "DELETE"

    name = models.CharField(max_length=64, unique=True, validators=[connection_name])
    description = models.CharField(max_length=512, blank=True)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="api_destinations")
    endpoint = models.CharField(
        max_length=2048, help_text="Each * in it takes one of the path parameters of the target."
    )
    method = models.CharField(max_length=8, choices=Method.choices, default=Method.POST)
    rate_per_second = models.PositiveIntegerField(
        default=300, help_text="At most so many requests a second, over all targets that use it."
    )

    class Meta:
        verbose_name = "API destination"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse an endpoint that may not be called, or that its targets have other parameters for."""
        wrong = {}
        refused = refused_url(self.endpoint) if self.endpoint else ""
        if refused:
            wrong["endpoint"] = refused
        elif "*" in urlsplit(self.endpoint).netloc:
            wrong["endpoint"] = "wanted * only after the host"
        elif self.pk is not None:
            stars = self.endpoint.count("*")
            for target in self.targets.all():
                found = len(target.config.get("path_parameters", ()))
                if found != stars:
                    wrong["endpoint"] = (
                        f"wanted {found} of *, for target {target.name} has {found} path parameters, "
                        f"found {stars}"
                    )
        if not 1 <= self.rate_per_second <= MAX_RATE:
            wrong["rate_per_second"] = f"wanted 1 to {MAX_RATE}, found {self.rate_per_second}"
        if wrong:
            raise ValidationError(wrong)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the API destination, unless a target delivers to it."""
        using = list(self.targets.all())
        if using:
            names = ", ".join(target.name for target in using)
            raise ProtectedError(
                f"API destination {self.name} is used by target {names}: delete it first", set(using)
            )
        return super().delete(*args, **kwargs)

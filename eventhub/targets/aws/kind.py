"""What the kinds of AWS share: fields, and one call from order to what is kept of the answer."""

import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, ClassVar

from eventhub.domain import jsontext
from eventhub.domain.fault import ReasonClass
from eventhub.domain.jsonpath import parse_path
from eventhub.targets.aws.arn import Arn, ArnShape, check_role
from eventhub.targets.aws.clients import Keys, Role, client, forget, keys_of
from eventhub.targets.aws.exchange import Bounds, within
from eventhub.targets.aws.failures import failure
from eventhub.targets.extra import missing_extra
from eventhub.targets.kind import CallError, CallKind, Field, Guard, Order
from eventhub.targets.paths import text_at
from eventhub.targets.shown import shown_payload
from eventhub.targets.verdict import Decision, Fault, Verdict

CREDENTIALS = (
    Field("access_key_id", "Access key ID", "Of the credentials that each call is signed with. Empty: this "
          "installation's (EVENTHUB_AWS_ACCESS_KEY_ID).", high=128, example="AKIAIOSFODNN7EXAMPLE"),
    Field("secret_access_key", "Secret access key", "The key that belongs to it.", high=512, secret=True),
    Field("session_token", "Session token", "Of temporary credentials only. They stop working when they run "
          "out: a role to assume is the better way.", high=8192, secret=True),
    Field("role_arn", "Role to assume", "A role that these credentials may assume; calls are then made under "
          "it. Empty: under the credentials themselves.", high=1024, check=check_role,
          example="arn:aws:iam::111122223333:role/eventhub"),
    Field("external_id", "External ID", "What the role's trust policy asks for, if it does.", high=1224),
)  # fmt: skip


def arn_field(shape: ArnShape, text: str) -> Field:
    """Return the field of a kind's ARN; ``text`` says what it names."""
    return Field(
        "arn", "ARN", f"{text} Its region is where it is called.", required=True, check=shape.check,
        example=shape.example,
    )  # fmt: skip


class AwsKind(CallKind):
    """A service of AWS: a subclass says what its ARNs look like, what a call carries, and makes it."""

    extra = "aws"
    installation = ("aws_endpoint_url", "aws_access_key_id", "aws_secret_access_key")
    service: ClassVar[str]  # botocore's name
    operation: ClassVar[str]  # as AWS documents it, for people
    shape: ClassVar[ArnShape]

    def address(self, settings: Mapping[str, Any]) -> str:
        """Return the ARN."""
        return str(settings.get("arn", ""))

    def check(self, settings: Mapping[str, Any]) -> dict[str, str]:
        """Refuse half of a pair of keys, a role of another partition, and an external ID without a role."""
        pair = ("access_key_id", "secret_access_key")
        given = [name for name in pair if settings.get(name)]
        if len(given) == 1 or (settings.get("session_token") and not given):
            [lacking, *_] = [name for name in pair if name not in given]
            return {lacking: "wanted both keys, or none to use this installation's, found one"}
        role = settings.get("role_arn") or ""
        if settings.get("external_id") and not role:
            return {"external_id": "wanted together with a role to assume, found without one"}
        if role and role.split(":")[1] != self.shape.parse(settings["arn"]).partition:
            return {"role_arn": f"wanted a role of the partition of {settings['arn']}, found {role!r}"}
        return {}

    def missing(self) -> str:
        """Name the extra unless its client is installed."""
        return missing_extra("botocore")

    def parameters(self, order: Order, arn: Arn) -> dict[str, Any]:
        """Return what the call carries; raises CallError for what the service would surely refuse."""
        raise NotImplementedError

    def hand_over(self, service: Any, parameters: dict[str, Any]) -> Mapping[str, object]:
        """Make the call with a client of the service; return what is kept of its answer.

        Raises botocore's errors, and CallError for a failure within an answer.
        """
        raise NotImplementedError

    def call(self, order: Order, guard: Guard) -> Mapping[str, object]:
        """Make the call with the target's keys or its role's."""
        settings = order.settings
        ends_at = time.monotonic() + order.timeout_seconds
        try:
            arn = self.shape.parse(settings["arn"])
            parameters = self.parameters(order, arn)
        except ValueError as error:  # settings that no form let pass, or a payload that is no text
            raise CallError.of(Fault.INVALID, f"not sent: {error}") from error
        endpoint_url = settings.get("aws_endpoint_url") or ""
        own = keys = _keys(settings)
        role = _role(settings, arn, own, endpoint_url)
        with within(Bounds(guard, arn.partition, endpoint_url, order.connect_timeout_seconds, ends_at)):
            if role is not None:
                try:
                    keys = keys_of(role)
                except CallError:
                    raise
                except Exception as error:
                    raise _told("AWS STS (AssumeRole)", error, own) from error
            try:
                return self.hand_over(client(self.service, arn.region, endpoint_url, keys), parameters)
            except CallError:
                raise
            except (KeyError, TypeError, IndexError) as error:  # a proxy in between, an emulator without it
                text = f"{self.title}: the answer is none of this service: {error!r} is not as it should be"
                raise CallError(Verdict(Decision.RETRY, text, ReasonClass.RECEIVER)) from error
            except Exception as error:
                told = _told(self.title, error, keys, role=role is not None)
                if role is not None and told.status == 401:
                    forget(role, keys)
                raise told from error

    def shown(self, order: Order) -> Mapping[str, object]:
        """Return operation, ARN and payload; no credentials."""
        headers = {**order.attributes}
        if order.settings.get("role_arn"):
            headers["role"] = order.settings["role_arn"]
        return {
            "method": self.operation,
            "url": self.address(order.settings),
            "headers": headers,
            **shown_payload(order, order.body),
        }


def _keys(settings: Mapping[str, Any]) -> Keys:
    if settings.get("access_key_id"):
        return Keys.of(settings)
    if not settings.get("aws_access_key_id"):
        raise CallError.of(
            Fault.INVALID,
            "not sent: no credentials for AWS: give the target its own, or this installation "
            "EVENTHUB_AWS_ACCESS_KEY_ID and EVENTHUB_AWS_SECRET_ACCESS_KEY",
        )
    return Keys(settings["aws_access_key_id"], settings["aws_secret_access_key"])


def _role(settings: Mapping[str, Any], arn: Arn, own: Keys, endpoint_url: str) -> Role | None:
    role_arn = settings.get("role_arn")
    if not role_arn:
        return None
    return Role(role_arn, settings.get("external_id") or "", arn.region, endpoint_url, own)


def _told(service: str, error: Exception, keys: Keys, *, role: bool = False) -> CallError:
    from botocore.exceptions import BotoCoreError, ClientError

    if not isinstance(error, BotoCoreError | ClientError):
        raise error  # a bug of ours
    return failure(service, error, role=role, secrets=keys.secrets)


def at_most(size: int, limit: int, what: str) -> None:
    """Raise CallError unless ``size`` bytes are within what a service takes at the very most."""
    if size > limit:
        raise CallError.of(Fault.INVALID, f"not sent: {what} may have {limit} bytes, this one has {size}")


def check_key(text: str) -> None:
    """Raise ValueError if a text that begins like a path is none."""
    if text.startswith("$"):
        parse_path(text)


def key_at(path_or_text: str, order: Order, *, longest: int, allowed: str = "") -> str:
    """Return a key for this event: the text, or what stands at a path; the event's id if nothing does.

    Events without the value so get a key each, and none waits for another. A value that is too long, or
    with characters other than letters, digits and ``allowed`` (if given), is replaced by its digest.
    """
    found: str | None = path_or_text
    if path_or_text.startswith("$"):
        found = text_at(path_or_text, order.event.envelope)
    if not found:
        return str(order.event.id)
    fits = len(found) <= longest and (
        not allowed or all(one.isascii() and (one.isalnum() or one in allowed) for one in found)
    )
    return found if fits else sha256(found.encode(errors="surrogatepass")).hexdigest()


def object_of(payload: bytes, what: str) -> dict[str, Any]:
    """Return a payload that must be a JSON object; raises CallError if it is none."""
    try:
        found = jsontext.decode(payload)
    except ValueError as error:
        raise CallError.of(Fault.INVALID, f"not sent: {what} must be a JSON object: {error}") from error
    if not isinstance(found, dict):
        raise CallError.of(Fault.INVALID, f"not sent: {what} must be a JSON object, found another value")
    return found


def text_of(payload: bytes, what: str) -> str:
    """Return a payload as the text that a service takes; raises CallError if it is none."""
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise CallError.of(Fault.INVALID, f"not sent: {what} must be text: {error}") from error

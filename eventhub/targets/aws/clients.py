"""botocore clients, and the keys that they sign with; both are kept for the next attempt.

A client takes tens of milliseconds to make and may be used from any thread. The keys of an assumed role live
for an hour and are fetched again shortly before they end, by one thread while the others wait.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from eventhub.targets.aws.exchange import exchange

MAX_CLIENTS = 128
MAX_ROLES = 1024
ROLE_SECONDS = 3600
# A role's keys are not used in their last minutes: a call signed with them must still arrive.
SPARE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Keys:
    """What calls are signed with."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Keys":
        """Return the keys that are stored with a target."""
        return cls(
            settings["access_key_id"], settings["secret_access_key"], settings.get("session_token") or ""
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what nobody may read."""
        return tuple(one for one in (self.secret_access_key, self.session_token) if one)


@dataclass(frozen=True, slots=True)
class Role:
    """A role to be assumed, and who assumes it where."""

    arn: str
    external_id: str
    region: str
    endpoint_url: str
    by: Keys


_making = threading.Lock()


def client(service: str, region: str, endpoint_url: str, keys: Keys) -> Any:
    """Return the client of a service in a region, for calls ``within`` bounds."""
    with _making:  # botocore's session is not safe from several threads
        return _client(service, region, endpoint_url, keys)


@lru_cache(maxsize=MAX_CLIENTS)
def _client(service: str, region: str, endpoint_url: str, keys: Keys) -> Any:
    from botocore.config import Config

    made = _session().create_client(
        service,
        region_name=region,
        endpoint_url=endpoint_url or None,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token or None,
        config=Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            ignore_configured_endpoint_urls=True,
            proxies={},
        ),
    )
    made.meta.events.register("before-send", exchange)
    return made


@cache
def _session() -> Any:
    """Return a session that knows nothing of this machine: no environment variables, no files."""
    from botocore.session import Session

    nothing = {
        name: (None, None, default, convert)
        for name, (_file, _variable, default, convert) in Session.SESSION_VARIABLES.items()
    }
    session = Session(session_vars=nothing)
    for name in ("config_file", "credentials_file"):
        session.set_config_variable(name, "")
    return session


class _Place:
    """Where a role's keys are kept; its lock lets one thread fetch them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.until = 0.0  # by time.time()
        self.keys: Keys | None = None


@lru_cache(maxsize=MAX_ROLES)
def _place(_role: Role) -> _Place:
    return _Place()


def keys_of(role: Role) -> Keys:
    """Return keys of a role; raises botocore's errors and CallError if it cannot be assumed."""
    place = _place(role)
    with place.lock:
        if place.keys is None or place.until < time.time():
            place.until, place.keys = _assumed(role)
        return place.keys


def forget(role: Role, keys: Keys) -> None:
    """Drop a role's keys that the service takes for expired."""
    place = _place(role)
    with place.lock:
        if place.keys == keys:
            place.keys = None


def _assumed(role: Role) -> tuple[float, Keys]:
    asked = {"RoleArn": role.arn, "RoleSessionName": "eventhub", "DurationSeconds": ROLE_SECONDS}
    if role.external_id:
        asked["ExternalId"] = role.external_id
    answer = client("sts", role.region, role.endpoint_url, role.by).assume_role(**asked)["Credentials"]
    keys = Keys(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])
    return answer["Expiration"].timestamp() - SPARE_SECONDS, keys

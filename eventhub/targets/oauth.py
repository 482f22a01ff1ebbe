"""OAuth 2 client credentials: tokens, fetched once for all attempts that need them, kept until they run out.

A token is fetched by an errand, so over the same driver and past the same guard as everything else. It is
used until a tenth of its life, or a minute, is left. When a receiver answers 401 or 407, the token is dropped
and the request made once more with a fresh one: that is no failed attempt. The tokens are those of a process.
"""

import hashlib
import json
import threading
from urllib.parse import quote, urlencode

from eventhub.domain.fault import ReasonClass
from eventhub.targets import headers
from eventhub.targets.credentials import OAUTH, Credentials, basic, secret_texts, with_query
from eventhub.targets.http import Reply, Request
from eventhub.targets.kind import Errand, Order
from eventhub.targets.mask import masked
from eventhub.targets.verdict import Decision, Verdict, of_fault

DEFAULT_LIFE_SECONDS = 600.0  # of a token of which the endpoint does not say it
LEAST_LIFE_SECONDS = 10.0  # else one that is said to end at once would be fetched without end
MAX_KEPT = 10_000
REFUSED_STATUSES = {401, 407}


class Tokens:
    """The tokens of this process. Safe to use from any thread."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, int]] = {}  # by connection: Authorization's value, good until
        self._lock = threading.Lock()

    def current(self, credentials: Credentials, *, now: int) -> str:
        """Return the value of the Authorization header, or "" if a token is to be fetched."""
        with self._lock:
            value, until = self._kept.get(_identity(credentials), ("", 0))
        return value if until > now else ""

    def forget(self, credentials: Credentials, token: str) -> None:
        """Drop a token that a receiver refused, unless a newer one took its place already."""
        with self._lock:
            if self._kept.get(_identity(credentials), ("", 0))[0] == token:
                del self._kept[_identity(credentials)]

    def errand(self, credentials: Credentials, order: Order) -> Errand:
        """Return the exchange that fetches a token."""
        identity = _identity(credentials)

        def done(reply: Reply) -> Verdict | None:
            found = _read(reply, credentials)
            if isinstance(found, Verdict):
                return found
            token, life = found
            life = max(LEAST_LIFE_SECONDS, life - min(60.0, life / 10))
            with self._lock:
                while len(self._kept) >= MAX_KEPT:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[identity] = (token, order.now + int(life * 1_000_000))
            return None

        return Errand(("oauth", identity), _request(credentials, order), done)


TOKENS = Tokens()


def token_or_errand(credentials: Credentials | None, order: Order) -> str | Errand:
    """Return the OAuth token of an order's connection, "" if it takes none, or what fetches one."""
    if credentials is None or credentials.auth != OAUTH:
        return ""
    return TOKENS.current(credentials, now=order.now) or TOKENS.errand(credentials, order)


def refused(credentials: Credentials | None, request: Request, reply: Reply) -> bool:
    """Tell whether a receiver refused the token of a request; it is dropped then."""
    if credentials is None or not request.token or reply.status not in REFUSED_STATUSES:
        return False
    TOKENS.forget(credentials, request.token)
    return True


def _identity(credentials: Credentials) -> str:
    """Return what tells connections apart: any change of one makes another."""
    whole = [credentials.auth, credentials.config, credentials.secrets]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _request(credentials: Credentials, order: Order) -> Request:
    config, secrets = credentials.config, credentials.secrets
    method = config.get("method") or "POST"
    form = {"grant_type": "client_credentials"}
    named = [("Accept", "application/json")]
    if config.get("client_in") == "header":
        named.append(("Authorization", basic(quote(config["client_id"]), quote(secrets["client_secret"]))))
    else:
        form |= {"client_id": config["client_id"], "client_secret": secrets["client_secret"]}
    if config.get("scope"):
        form["scope"] = config["scope"]
    form |= credentials.both("token_body")
    url, body = with_query(config["token_url"], credentials.both("token_query")), b""
    if method == "GET":
        url = with_query(url, form)
    else:
        named.append(("Content-Type", "application/x-www-form-urlencoded"))
        body = urlencode(form).encode()
    over = credentials.both("token_headers")
    small = {name.lower() for name in over}
    named = [*((name, value) for name, value in named if name.lower() not in small), *over.items()]
    return Request(
        url,
        [*headers.lines(named), "Expect:"],
        body,
        order.timeout_seconds,
        method=method,
        connect_timeout_seconds=order.connect_timeout_seconds,
    )


def _read(reply: Reply, credentials: Credentials) -> Verdict | tuple[str, float]:
    """Return Authorization's value and the token's life in seconds, or why there is none."""
    secrets = secret_texts(credentials)
    if reply.fault is not None:
        verdict = of_fault(reply.fault, masked(reply.error, secrets))
        return Verdict(verdict.decision, f"token endpoint: {verdict.reason}", verdict.fault)
    try:
        answer = json.loads(reply.body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return _no(f"answered {reply.status} and no JSON object")
    if not 200 <= (reply.status or 0) < 300:
        # RFC 6749, section 5.2
        said = " ".join(str(answer[name]) for name in ("error", "error_description") if answer.get(name))
        return _no(masked(f"answered {reply.status} {said[:256]}".rstrip(), secrets))
    token, kind = answer.get("access_token"), str(answer.get("token_type") or "Bearer")
    printable = isinstance(token, str) and token.isascii() and token.isprintable()
    if not token or not printable or not (kind.isascii() and kind.isalnum()):
        return _no(f"answered {reply.status} without a usable access_token")
    try:
        life = float(answer.get("expires_in") or DEFAULT_LIFE_SECONDS)
    except (TypeError, ValueError):
        life = DEFAULT_LIFE_SECONDS
    life = min(life, 86_400.0) if life == life else DEFAULT_LIFE_SECONDS  # noqa: PLR0124 - NaN
    return f"{'Bearer' if kind.lower() == 'bearer' else kind} {token}", life


def _no(text: str) -> Verdict:
    # Tried again: a secret may be corrected, and the deliveries that wait are not to be lost meanwhile.
    return Verdict(Decision.RETRY, f"token endpoint: {text}", ReasonClass.RECEIVER)

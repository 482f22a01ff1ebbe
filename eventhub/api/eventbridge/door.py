"""The EventBridge door: one request of Amazon's JSON protocol over raw ASGI."""

import logging
import time
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
from django.conf import settings

from eventhub.access import seal, sigv4
from eventhub.access.caller import Caller
from eventhub.access.keys import Key, ring
from eventhub.access.sigv4 import SignatureError
from eventhub.api import exchange
from eventhub.api.eventbridge.errors import AwsError
from eventhub.api.eventbridge.operations import operation
from eventhub.api.exchange import BodyCutOffError, BodyTooLargeError, Receive, Send
from eventhub.journal.port import JournalUnavailable

log = logging.getLogger("eventhub.eventbridge")

CONTENT_TYPE = b"application/x-amz-json-1.1"


async def eventbridge(scope: exchange.Scope, receive: Receive, send: Send) -> None:
    """Answer one ``POST /`` of the AWS dialect."""
    request_id = str(uuid4()).encode()
    status = 200
    try:
        document = await _answer(scope, receive)
    except AwsError as error:
        status, document = error.status, error.document()
    body = msgspec.json.encode(document)
    await exchange.answer(send, status, CONTENT_TYPE, body, [(b"x-amzn-requestid", request_id)])


async def _answer(scope: exchange.Scope, receive: Receive) -> object:
    headers = sigv4.joined(scope["headers"])
    try:
        caller, body = await _authenticated(scope, receive, headers)
    except SignatureError as error:
        raise AwsError(error.code, error.message, 403) from error
    except BodyTooLargeError as error:
        raise AwsError("RequestEntityTooLargeException", f"{error}.", 413) from error
    except BodyCutOffError as error:
        raise AwsError("SerializationException", f"The body is not whole: {error}.") from error
    answering = operation(headers.get("x-amz-target", ""))
    try:
        return await answering(body, caller)
    except JournalUnavailable as error:
        raise AwsError(
            "ServiceUnavailableException", f"Nothing can be made durable now: {error}. Try again.", 503
        ) from error


async def _authenticated(
    scope: exchange.Scope, receive: Receive, headers: dict[str, str]
) -> tuple[Caller, bytes]:
    query = scope["query_string"].decode("latin-1")
    signed = sigv4.read(headers, query)
    key = await ring.find_async(signed.key_id)
    if key is None or not key.is_valid():  # before the body: who is unknown sends us none
        raise SignatureError(*sigv4.UNKNOWN_KEY)
    body = await exchange.read_body(receive, exchange.headers_of(scope), _limit())
    request = sigv4.Request(
        method=scope["method"],
        path=(scope.get("raw_path") or scope["path"].encode()).decode("latin-1"),
        query=query,
        headers=headers,
        body=body,
    )
    _verify(signed, request, key)
    key.used_at = time.time()
    if key.caller.wait_seconds():  # after the signature: only who holds the key spends of its rate
        raise AwsError("ThrottlingException", "Rate exceeded")
    return key.caller, body


def _verify(signed: sigv4.Signed, request: sigv4.Request, key: Key) -> None:
    """Raise SignatureError unless the key's secret, or the one before while that is good, signed."""
    now = datetime.now(UTC)
    try:
        try:
            sigv4.verify(signed, request, key.secret(), now=now)
        except SignatureError:
            old = key.old_secret()
            if old is None:
                raise
            sigv4.verify(signed, request, old, now=now)
    except seal.BrokenSealError as error:
        log.exception("key.seal_broken", extra={"fields": {"key": signed.key_id}})
        raise AwsError("InternalException", str(error), 500) from error


def _limit() -> int:
    # JSON inside a JSON string: a character of it may take six bytes. The rest is names and punctuation.
    limit: int = 6 * settings.MAX_ENTRY_BYTES + 2**16
    return limit

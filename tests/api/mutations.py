"""Requests for the raw doors, and what goes wrong with requests: made from a seed, the same each time."""

import json
import random
import re
from dataclasses import dataclass, field, replace

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ENTRY = {
    "source": "fuzz",
    "detail-type": "order placed",
    "detail": {"n": 1, "list": [1.5, {"a": None}], "text": "é ✓"},
    "time": "2026-01-02T03:04:05Z",
    "resources": ["arn:a"],
    "id": "order-17",
}
EVENT = {"specversion": "1.0", "id": "o-7", "source": "/fuzz", "type": "t", "subject": "s", "data": {"n": 1}}
PUT_EVENTS = {
    "Entries": [
        {"Source": "fuzz", "DetailType": "t", "Detail": '{"n":1}', "Resources": ["r"], "Time": 1767323045}
    ]
}
# What parsers stumble over.
TOKENS = [
    *(
        b'"',
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\x00",
        b"\xff",
        b"\xc0\xa0",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
    ),
    *(
        b"null",
        b"true",
        b"-0",
        b"1e400",
        b"18446744073709551616",
        b"0x1",
        b"NaN",
        b"\\u0000",
        b"\\ud800",
        b"\\u003a",
    ),
    *(
        b'"id":"x",',
        b'"detail":[],',
        b'"data_base64":"AA==",',
        b'"source":"aws.s3",',
        b"[" * 1500,
        b'{"a":' * 1200,
    ),
    *(b"9" * 400, b'"' + b"x" * 3000 + b'"', b"%", b"%zz", b"\r\n", b"\xe2\x80\xae"),
]
_HEADER_UNFIT = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True)
class Sent:
    """One request, before it is bytes."""

    method: str
    path: bytes
    headers: dict[str, bytes]
    body: bytes = b""
    signed: bool = False

    def as_bytes(self) -> bytes:
        lines = [b"%b %b HTTP/1.1" % (self.method.encode(), self.path), b"Host: localhost"]
        lines += [b"%b: %b" % (name.encode(), value) for name, value in self.headers.items()]
        if self.method != "GET":
            lines.append(b"Content-Length: %d" % len(self.body))
        return b"\r\n".join([*lines, b"", b""]) + self.body


@dataclass
class Mutations:
    """Gives requests; ``key`` is an administrator's, as Bearer takes it."""

    seed: int
    key: str
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        bearer = {"Authorization": f"Bearer {self.key}".encode()}
        structured = {**bearer, "Content-Type": b"application/cloudevents+json"}
        batch = {**bearer, "Content-Type": b"application/cloudevents-batch+json"}
        plain = {**bearer, "Content-Type": b"application/json"}
        named = {f"ce-{name}": str(value).encode() for name, value in EVENT.items() if name != "data"}
        events, clouds = b"/api/buses/default/events", b"/api/buses/default/cloudevents"
        target = {"X-Amz-Target": b"AWSEvents.PutEvents", "Content-Type": b"application/x-amz-json-1.1"}
        carried = {"Idempotency-Key": b"k-1", "traceparent": TRACE.encode(), "tracestate": b"a=1"}
        self._requests = [
            Sent("POST", events, plain, _json(ENTRY)),
            Sent("POST", events, {**plain, **carried}, _json([ENTRY, {**ENTRY, "id": None}])),
            Sent("POST", clouds, structured, _json(EVENT)),
            Sent("POST", clouds, batch, _json([EVENT, EVENT])),
            Sent("POST", clouds, {**plain, **named, **carried}, b'{"n":1}'),
            Sent("POST", b"/", target, _json(PUT_EVENTS), signed=True),
            Sent(
                "POST",
                b"/",
                {**target, "X-Amz-Target": b"AWSEvents.TestEventPattern"},
                b'{"Event":"{}"}',
                signed=True,
            ),
            Sent(
                "GET",
                b'/api/buses/default/stream?start=now&pattern={"source":["x"]}',
                {**bearer, "Last-Event-ID": b"0-1"},
            ),
        ]
        key_id, _, secret = self.key.partition(".")
        self._signer = SigV4Auth(Credentials(key_id, secret), "events", "us-east-1")

    def next(self) -> Sent:
        """Return a request that is HTTP, whatever its path, headers and body say."""
        chosen = self.dice.choices(self._requests, [4, 3, 4, 3, 4, 2, 1, 1])[0]
        for _ in range(self.dice.choice([1, 1, 1, 2, 3])):
            what = self.dice.random()
            if what < 0.65 and chosen.body:
                chosen = replace(chosen, body=self._changed(chosen.body)[:20_000])
            elif what < 0.97:
                # Seldom the credentials: what lies behind them is to be reached.
                names = [
                    name for name in chosen.headers if name != "Authorization" or self.dice.random() < 0.1
                ]
                if not names:
                    continue
                name = self.dice.choice(names)
                value = _HEADER_UNFIT.sub(b"", self._changed(chosen.headers[name]))[:4000]
                chosen = replace(chosen, headers={**chosen.headers, name: value})
            else:
                path = re.sub(rb"[^\x21-\x7e]", b"%ff", self._changed(chosen.path))[:4000]
                chosen = replace(chosen, path=path if path.startswith(b"/") else b"/" + path)
        if chosen.signed and self.dice.random() < 0.9:
            chosen = self._with_signature(chosen)
        return chosen

    def broken(self) -> bytes:
        """Return bytes that are hardly HTTP."""
        whole = self.next().as_bytes()
        head, _, body = whole.partition(b"\r\n\r\n")
        match self.dice.randrange(5):
            case 0:
                return self._changed(head) + b"\r\n\r\n" + body
            case 1:
                return re.sub(
                    rb"Content-Length: \d+",
                    b"Content-Length: %d" % self.dice.choice([0, 3, 10**9, 10**30]),
                    whole,
                )
            case 2:
                size = self.dice.choice([b"5", b"fffffffff", b"-1", b"zz", b"0"])
                return (
                    re.sub(rb"Content-Length: \d+", b"Transfer-Encoding: chunked", head)
                    + b"\r\n\r\n"
                    + size
                    + b"\r\n"
                    + body
                )
            case 3:
                return whole[: self.dice.randrange(len(whole))]
            case _:
                return self.dice.randbytes(self.dice.randrange(1, 400)) + b"\r\n\r\n"

    def _changed(self, text: bytes) -> bytes:
        at = self.dice.randrange(len(text) + 1)
        to = min(len(text), at + self.dice.randrange(1, 12))
        match self.dice.randrange(6):
            case 0:
                return text[:at] + self.dice.choice(TOKENS) + text[at:]
            case 1:
                return text[:at] + text[to:]
            case 2:
                return text[:at] + self.dice.choice(TOKENS) + text[to:]
            case 3:
                return text[:at] + self.dice.randbytes(self.dice.randrange(1, 5)) + text[to:]
            case 4:
                return text[:to] + text[at:]
            case _:
                return text[:at]

    def _with_signature(self, sent: Sent) -> Sent:
        names = {name: value.decode("latin-1") for name, value in sent.headers.items()}
        request = AWSRequest("POST", "http://localhost/", headers=names, data=sent.body)
        self._signer.add_auth(request)
        signed = {name: value.encode("latin-1") for name, value in request.headers.items()}
        return replace(sent, headers=signed, path=b"/")


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()

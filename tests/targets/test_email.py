"""The e-mail kind against a real mail server in this process."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from eventhub.targets.email import EmailKind
from eventhub.targets.kind import Result
from eventhub.targets.kinds import check_settings
from tests.brokers import free_port
from tests.targets.orders import EVENT, LOOPBACK, PUBLIC_ONLY, order_for


class Mailbox:
    """What the server took; it refuses recipients as it is told."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.refusals: dict[str, str] = {}

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.taken.append(envelope)
        return "250 OK"


def signs_in(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"shop", b"secret"), handled=False)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port(mailbox: Mailbox) -> Iterator[int]:
    controller = Controller(
        mailbox,
        "127.0.0.1",
        free_port(),
        authenticator=signs_in,
        auth_require_tls=False,
    )
    controller.start()
    yield controller.port
    controller.stop()


def sent(port: int, settings: dict[str, Any] | None = None, guard: Any = LOOPBACK, **changes: Any) -> Result:
    given = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "hub@example.com",
        "recipients": "a@example.com, b@example.com",
        **(settings or {}),
    }
    return EmailKind().send(order_for(EmailKind(), given, **changes), guard)


def test_an_event_is_a_message(port: int, mailbox: Mailbox):
    result = sent(port, {"user_name": "shop", "password": "secret"})

    assert result.verdict.decision == "delivered", result
    [envelope] = mailbox.taken
    assert envelope.rcpt_tos == ["a@example.com", "b@example.com"]
    message = message_from_bytes(envelope.content or b"", policy=policy.default)  # type: ignore[arg-type]  # bytes unless decoded
    assert message["Subject"] == "order placed from shop"
    assert message["Message-ID"].endswith("-7@example.com>")
    assert message.get_content().strip() == EVENT.envelope.decode()
    assert "secret" not in str(result)


def test_who_was_refused_is_told(port: int, mailbox: Mailbox):
    mailbox.refusals = {"b@example.com": "550 unknown"}

    assert sent(port).response == {"refused": {"b@example.com": "550"}}


@pytest.mark.parametrize(("answer", "decision"), [("450 busy", "retry"), ("550 unknown", "give-up")])
def test_a_refusal_of_all_is_judged_by_its_code(port: int, mailbox: Mailbox, answer: str, decision: str):
    mailbox.refusals = {"a@example.com": answer, "b@example.com": answer}

    verdict = sent(port).verdict

    assert (verdict.decision, verdict.fault) == (decision, "receiver")
    assert answer in verdict.reason


@pytest.mark.parametrize(
    ("settings", "decision", "reason"),
    [
        ({"user_name": "shop", "password": "wrong"}, "give-up", "535"),
        ({"security": "starttls"}, "give-up", "STARTTLS"),
        ({"port": 1}, "retry", "not reached"),
    ],
)
def test_what_goes_wrong_is_told_apart(port: int, settings: dict[str, Any], decision: str, reason: str):
    verdict = sent(port, settings).verdict

    assert verdict.decision == decision, verdict
    assert reason in verdict.reason


def test_no_header_can_be_smuggled_in(port: int, mailbox: Mailbox):
    sent(port, {"subject": "hello\r\nBcc: evil@example.com"})

    [envelope] = mailbox.taken
    message = message_from_bytes(envelope.content or b"", policy=policy.default)  # type: ignore[arg-type]  # as above
    assert message["Bcc"] is None
    assert envelope.rcpt_tos == ["a@example.com", "b@example.com"]


def test_the_guard_is_asked(port: int):
    assert sent(port, guard=PUBLIC_ONLY).verdict.fault == "ours"


def test_addresses_are_checked_when_saved():
    wrong = check_settings(
        EmailKind(), {"host": "mail.example.com", "sender": "nobody", "recipients": "a@example.com,,"}
    )

    assert set(wrong) == {"sender", "recipients"}

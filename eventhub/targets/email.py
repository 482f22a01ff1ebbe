"""The e-mail kind: each event as a message, handed to a mail server over SMTP."""

import smtplib
import socket
import ssl
from collections.abc import Mapping
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import formatdate, parseaddr
from typing import Any

from eventhub.domain.fault import ReasonClass
from eventhub.targets.bounded import Allowance, AnswerTooLongError, BoundedLines
from eventhub.targets.kind import CallError, CallKind, Field, FieldType, Guard, Order
from eventhub.targets.pinned import resolve
from eventhub.targets.verdict import Decision, Fault, Verdict, of_fault

SECURITY = ("starttls", "tls", "none")
MAX_RECIPIENTS = 50


def check_address(text: str) -> None:
    """Raise ValueError unless ``text`` is one e-mail address."""
    if not text.isprintable():
        raise ValueError(f"wanted an e-mail address without control characters, found {text!r}")
    _name, address = parseaddr(text)
    local, at, domain = address.rpartition("@")
    if not (at and local and domain) or any(ord(one) < 33 or ord(one) > 126 for one in address):
        raise ValueError(f"wanted an e-mail address such as orders@example.com, found {text!r}")


def check_addresses(text: str) -> None:
    """Raise ValueError unless ``text`` is one or more e-mail addresses, separated by commas."""
    addresses = text.split(",")
    if len(addresses) > MAX_RECIPIENTS:
        raise ValueError(f"wanted at most {MAX_RECIPIENTS} addresses, found {len(addresses)}")
    for address in addresses:
        check_address(address.strip())


class EmailKind(CallKind):
    """Sends the payload as the text of a message; the subject names the event."""

    name = "email"
    title = "E-mail"
    summary = "Sends each event as an e-mail through a mail server."
    fields = (
        Field("host", "Mail server", "The SMTP server's name.", required=True, example="smtp.example.com"),
        Field(
            "port",
            "Port",
            "587 for STARTTLS, 465 for TLS, 25 for neither.",
            FieldType.INTEGER,
            default=587,
            low=1,
            high=65535,
        ),
        Field(
            "security",
            "Security",
            "How the connection is encrypted.",
            FieldType.CHOICE,
            default="starttls",
            choices=SECURITY,
        ),
        Field("user_name", "User name", "Empty: the server wants no sign-in."),
        Field("password", "Password", "For the user name.", secret=True),
        Field(
            "sender",
            "From",
            "The sender's address.",
            required=True,
            example="eventhub@example.com",
            check=check_address,
        ),
        Field(
            "recipients",
            "To",
            "One or more addresses, separated by commas.",
            required=True,
            example="orders@example.com",
            check=check_addresses,
        ),
        Field(
            "subject",
            "Subject",
            "{source}, {detail-type}, {bus} and {id} are filled in.",
            default="{detail-type} from {source}",
            high=200,
        ),
    )

    def address(self, settings: Mapping[str, Any]) -> str:
        """Return the recipients."""
        return f"mailto:{settings.get('recipients', '')}"

    def check(self, settings: Mapping[str, Any]) -> dict[str, str]:
        """Refuse a password that would travel unencrypted, or without its user."""
        if settings.get("password") and not settings.get("user_name"):
            return {"user_name": "a password needs its user name"}
        if settings.get("user_name") and settings.get("security") == "none":
            return {"security": "wanted starttls or tls: signing in without would show the password"}
        return {}

    def call(self, order: Order, guard: Guard) -> Mapping[str, object]:
        """Hand the message to the server; return what it said."""
        settings = order.settings
        address = resolve(settings["host"], settings["port"], guard)
        try:
            with _connected(settings, address, order) as smtp:
                if settings.get("user_name"):
                    smtp.login(settings["user_name"], settings.get("password", ""))
                recipients = [one.strip() for one in settings["recipients"].split(",")]
                refused = smtp.send_message(self._message(order), settings["sender"], recipients)
        except smtplib.SMTPRecipientsRefused as error:
            raise _refused(error.recipients) from error
        except smtplib.SMTPResponseException as error:
            raise _answered(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            verdict = Verdict(
                Decision.GIVE_UP, f"the mail server cannot do this: {error}", ReasonClass.RECEIVER
            )
            raise CallError(verdict) from error
        except ssl.SSLError as error:
            raise CallError.of(Fault.TLS, f"TLS with the mail server failed: {error}") from error
        except TimeoutError as error:
            raise CallError.of(Fault.TIMEOUT, "the mail server did not answer in time") from error
        except smtplib.SMTPServerDisconnected as error:
            raise _cut_off(error) from error
        except AnswerTooLongError as error:
            raise CallError(of_fault(Fault.NOT_HTTP, f"what answers is no mail server: {error}")) from error
        except (OSError, smtplib.SMTPException) as error:
            raise CallError.of(Fault.CONNECT, f"the mail server was not reached: {error}") from error
        # The others have it: trying again would send it to them twice.
        return {"refused": {who: str(code) for who, (code, _text) in refused.items()}} if refused else {}

    def shown(self, order: Order) -> Mapping[str, object]:
        """Return server and envelope."""
        settings = order.settings
        return {
            "method": "SMTP",
            "url": f"smtp://{settings['host']}:{settings['port']}",
            "headers": {"From": settings["sender"], "To": settings["recipients"]},
            "bytes": len(order.body),
        }

    def _message(self, order: Order) -> EmailMessage:
        event = order.event
        words = {
            "source": event.source,
            "detail-type": event.detail_type,
            "bus": event.bus,
            "id": str(event.id),
        }
        subject = order.settings.get("subject") or "{detail-type} from {source}"
        for name, word in words.items():
            subject = subject.replace(f"{{{name}}}", word)
        message = EmailMessage(policy=SMTP_POLICY)
        try:
            message["Subject"] = "".join(one if one.isprintable() else " " for one in subject)
            message["From"] = order.settings["sender"]
            message["To"] = order.settings["recipients"]
        except (ValueError, MessageError) as error:
            raise CallError.of(Fault.INVALID, f"no message can be made: {error}") from error
        message["Date"] = formatdate(order.now / 1_000_000)
        domain = order.settings["sender"].rpartition("@")[2].rstrip(">")
        message["Message-ID"] = f"<{order.message_id}@{domain}>"  # the same in every attempt
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(order.body.decode(errors="replace"), cte="base64")
        return message


class _Pinned(smtplib.SMTP):
    """Connects to the address that was checked; TLS still asks for the server's name."""

    pinned: str

    def __init__(self, host: str, port: int, pinned: str, timeout: float, answer_seconds: float) -> None:
        self.pinned = pinned
        self.allowance = Allowance(answer_seconds)
        super().__init__(host, port, timeout=timeout)

    def getreply(self) -> tuple[int, bytes]:
        """Read one answer, of all of its lines, within bounds; raises SMTPException or AnswerTooLongError."""
        if self.file is None and self.sock is not None:
            self.file = BoundedLines(self.sock, self.allowance)
        self.allowance.begin()
        try:
            return super().getreply()
        except AnswerTooLongError:
            self.close()
            raise

    def _get_socket(self, _host: str, port: int, timeout: float) -> socket.socket:
        return socket.create_connection((self.pinned, port), timeout)


class _PinnedTls(_Pinned):
    """The same, encrypted from the first byte."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = super()._get_socket(host, port, timeout)
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


def _connected(settings: Mapping[str, Any], address: str, order: Order) -> smtplib.SMTP:
    security = settings.get("security", "starttls")
    make = _PinnedTls if security == "tls" else _Pinned
    smtp = make(
        settings["host"], settings["port"], address, order.connect_timeout_seconds, order.timeout_seconds
    )
    assert smtp.sock is not None
    smtp.sock.settimeout(order.timeout_seconds)
    try:
        if security == "starttls":
            smtp.starttls(context=ssl.create_default_context())
    except BaseException:
        smtp.close()
        raise
    return smtp


def _cut_off(error: smtplib.SMTPServerDisconnected) -> CallError:
    """Say why a connection ended; smtplib hides what ended its reading."""
    if isinstance(error.__context__, TimeoutError):
        return CallError.of(Fault.TIMEOUT, "the mail server did not answer in time")
    return CallError.of(Fault.CONNECT, f"the mail server was not reached: {error}")


def _refused(recipients: Mapping[str, tuple[int, bytes]]) -> CallError:
    code, text = max(recipients.values())
    return _answered(code, text)


def _answered(code: int, text: bytes | str) -> CallError:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    # What smtplib makes of an answer that is none; its own words are no bytes.
    if not 200 <= code < 600 or isinstance(text, str):
        verdict = of_fault(Fault.NOT_HTTP, f"what answers is no mail server: {said[:200]!r}")
        return CallError(verdict)
    decision = Decision.RETRY if 400 <= code < 500 else Decision.GIVE_UP  # RFC 5321: 4yz is for a while
    return CallError(
        Verdict(decision, f"the mail server answered {code} {said}"[:300], ReasonClass.RECEIVER), status=code
    )

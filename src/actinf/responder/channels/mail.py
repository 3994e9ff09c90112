"""Messages by mail, over SMTP.

A mail's Message-ID is made from the message's key, so that two mails of one message are known to be one; those that
update an earlier message answer it, and so stand in one thread.  A mail is never edited.
"""

import hashlib
import logging
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from actinf.errors import ChannelRefused, ChannelTrouble, SettingError
from actinf.responder.channels import neutral
from actinf.responder.channels.deadline import Deadline
from actinf.responder.channels.messages import digest, plain_text
from actinf.responder.channels.port import Delivery, Kind, Message
from actinf.runtime.listening import means_this_machine

__all__ = ["MailChannel", "MailSettings", "Security", "connected"]

_LOG = logging.getLogger("actinf.responder.channels")

_MOST_SECONDS = 30
_URGENT = (Kind.PAGE, Kind.ESCALATION, Kind.BREACH)
#: Narrower than the standard, so that an address is one address and one line of a header.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.-]{1,100}@[A-Za-z0-9.-]{1,200}>")


class Security(StrEnum):
    """How a connection to a mail server is encrypted."""

    STARTTLS = "starttls"  # asked for after connecting, usually on port 587
    TLS = "tls"  # from the first byte, usually on port 465
    NONE = "none"  # to a server on this machine alone


@dataclass(frozen=True, kw_only=True, slots=True)
class MailSettings:
    """Which mail server, and from and to whom.

    Args:
        host: of the server.
        port: of the server.
        sender: the address that mails come from.
        recipients: who gets what is for nobody in particular.
        security: how the connection is encrypted.
        user: the name to log in with; None: without.
        password: to log in with.
        seconds: how long the whole conversation may take.
        ca_file: certificates of an authority of one's own; None: those of the system.

    Raises:
        SettingError: when one of them does not make sense.
    """

    host: str
    port: int
    sender: str
    recipients: tuple[str, ...] = ()
    security: Security = Security.STARTTLS
    user: str | None = None
    password: SecretStr | None = None
    seconds: float = 5.0
    ca_file: Path | None = None

    @classmethod
    def of(cls, url: SecretStr, *, sender: str, recipients: tuple[str, ...]) -> Self:
        """The settings that an address makes.

        Args:
            url: smtps://user:password@host:465, encrypted from the first byte; smtp://host:587, encrypted after that,
                but for a server on this machine.
            sender, recipients: as of the class.

        Raises:
            SettingError: they do not make sense.
        """
        parts = urlsplit(url.get_secret_value())
        host, implicit = parts.hostname or "", parts.scheme == "smtps"
        # A server on this machine needs no encryption to be reached; any other does.
        security = Security.TLS if implicit else Security.NONE if means_this_machine(host) else Security.STARTTLS
        return cls(
            host=host,
            port=parts.port or (465 if implicit else 587),
            sender=sender,
            recipients=recipients,
            security=security,
            user=unquote(parts.username) if parts.username else None,
            password=SecretStr(unquote(parts.password)) if parts.password else None,
        )

    def __post_init__(self) -> None:
        for address in (self.sender, *self.recipients):
            if not _ADDRESS.fullmatch(address):
                raise SettingError(f"the mail address {address!r}: expected one like incidents@example.org")
        if (self.user is None) != (self.password is None):
            raise SettingError("the mail server has a user or a password, and not the other: expected both or neither")
        here = means_this_machine(self.host)
        if self.security is Security.NONE and not here:
            raise SettingError(
                f"mail to {self.host!r} is not encrypted: expected starttls or tls; none is for this machine alone"
            )
        if not self.host or not 0 < self.port < 65536:
            raise SettingError(f"the mail server {self.host!r}, port {self.port}: expected a name and a port")
        if not 0 < self.seconds <= _MOST_SECONDS:
            raise SettingError(
                f"the mail server is waited for {self.seconds} s: expected more than 0, at most {_MOST_SECONDS}"
            )


class MailChannel:
    """Sends each message as one mail over a connection of its own.  A reference is the mail's Message-ID.

    Args:
        settings: which server.
        now: the time, aware.
    """

    name = "mail"
    takes_key = False

    def __init__(self, settings: MailSettings, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._settings = settings
        self._now = now
        self._deadline = Deadline(settings.seconds)
        self._tls = ssl.create_default_context(cafile=settings.ca_file)

    def __repr__(self) -> str:
        return f"MailChannel({self._settings.host!r}, sender={self._settings.sender!r})"

    def send(self, message: Message) -> Delivery:
        """Mail a message; see `Channel.send`."""
        mail = self._mail(message)
        self._converse(mail)
        return Delivery(reference=mail["Message-ID"])

    def try_out(self) -> str:
        """Connect and log in, and mail nothing; see `TriesOut.try_out`."""
        self._converse(None)
        return f"{self._named()} lets it in"

    def _converse(self, mail: EmailMessage | None) -> None:
        conversation = _Conversation(self._settings, self._tls)
        try:
            self._deadline.run(lambda: conversation.deliver(mail))
        except TimeoutError:
            raise self._trouble(
                f"is not done within {self._settings.seconds:g} s", conversation.was_handed_over
            ) from None
        except smtplib.SMTPRecipientsRefused as error:
            # Where one of them may be taken later, it is worth trying again.
            code, said = min(error.recipients.values(), key=lambda answer: answer[0])
            raise self._answered(code, said, "the recipient") from None
        except smtplib.SMTPResponseException as error:
            raise self._answered(error.smtp_code, error.smtp_error, "this mail") from None
        except smtplib.SMTPNotSupportedError as error:
            raise ChannelRefused(
                f"{self._named()} cannot do what is set: {neutral.line(str(error), 200)}; mend its security or user"
            ) from None
        except ssl.SSLCertVerificationError as error:
            raise ChannelRefused(
                f"{self._named()} shows a certificate that is not trusted: {error.verify_message}; "
                "set ca_file to the authority's"
            ) from None
        except (OSError, smtplib.SMTPException) as error:
            raise self._trouble(f"broke off: {_why(error)}", conversation.was_handed_over) from None

    # -------------------------------------------------------------------------------------------------- the mail

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = _address("Incidents", self._settings.sender)
        mail["To"] = self._recipients(message)
        mail["Subject"] = digest(message)
        mail["Date"] = format_datetime(self._now())
        mail["Message-ID"] = self._message_id(message.key)
        mail["X-Actinf-Key"] = hashlib.sha256(message.key.encode("utf-8", "surrogatepass")).hexdigest()
        mail["Auto-Submitted"] = "auto-generated"
        if message.kind in _URGENT:
            mail["Importance"] = "high"
            mail["X-Priority"] = "1"
        if message.update_of is not None and _MESSAGE_ID.fullmatch(message.update_of):
            mail["In-Reply-To"] = message.update_of
            mail["References"] = message.update_of
        mail.set_content(plain_text(message))
        return mail

    def _recipients(self, message: Message) -> list[Address]:
        if message.to is None or message.room is not None or message.kind in (Kind.ALERT, Kind.RESOLVED):
            if not self._settings.recipients:
                raise ChannelRefused("this mail is for nobody in particular, and no recipients are set: set some")
            return [_address("", address) for address in self._settings.recipients]
        handle = neutral.line(message.to.handle, 80)
        if message.to.email is None:
            raise ChannelRefused(f"@{handle} cannot be reached by mail: set the person's email")
        if not _ADDRESS.fullmatch(message.to.email):
            raise ChannelRefused(
                f"the mail address of @{handle} is {neutral.line(message.to.email, 100)!r}: "
                "expected one like ada@example.org, in ASCII"
            )
        return [_address(neutral.line(message.to.name, 100), message.to.email)]

    def _message_id(self, key: str) -> str:
        digest_of_key = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:40]
        return f"<{digest_of_key}@{self._settings.sender.rpartition('@')[2]}>"

    # ---------------------------------------------------------------------------------------------- what went wrong

    def _answered(self, code: int, said: bytes | str, what: str) -> ChannelRefused | ChannelTrouble:
        text = neutral.line(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said), 200)
        if 500 <= code < 600:
            mend = "check the user and the password" if code in (530, 534, 535) else "check the addresses"
            return ChannelRefused(f"{self._named()} refuses {what}: {code} {text}; {mend}")
        return self._trouble(f"does not take {what} now: {code} {text}", False)

    def _trouble(self, what: str, may_have_arrived: bool) -> ChannelTrouble:
        return ChannelTrouble(f"{self._named()} {what}", may_have_arrived=may_have_arrived)

    def _named(self) -> str:
        return f"the mail server {self._settings.host}:{self._settings.port}"


class _Conversation:
    """One mail over one connection, which remembers how far it came."""

    def __init__(self, settings: MailSettings, tls: ssl.SSLContext):
        self._settings = settings
        self._tls = tls
        self.was_handed_over = False

    def deliver(self, mail: EmailMessage | None) -> None:
        """Hand a mail over; None: go only as far as it would be handed over."""
        settings = self._settings
        server = connected(settings, self._tls)
        try:
            if mail is None:
                server.ehlo_or_helo_if_needed()
                server.noop()
                return
            self.was_handed_over = True
            not_taken = server.send_message(mail)
            if not_taken:
                _LOG.warning("the mail server %s did not take %d recipients", settings.host, len(not_taken))
            # What it answers to this changes nothing: it has accepted the mail.
            server.putcmd("QUIT")
        finally:
            server.close()


def connected(settings: MailSettings, tls: ssl.SSLContext) -> smtplib.SMTP:
    """A connection to the mail server that mails can be handed over on: encrypted and logged in, as it is set.

    Args:
        settings: which server.
        tls: whom to trust.

    Raises:
        OSError: nobody answers, or breaks off.
        smtplib.SMTPException: the server refuses it.
    """
    # The full name of this machine would be asked of a name server, which may be down as well.
    here = socket.gethostname()
    server: smtplib.SMTP
    if settings.security is Security.TLS:
        server = smtplib.SMTP_SSL(settings.host, settings.port, here, timeout=settings.seconds, context=tls)
    else:
        server = smtplib.SMTP(settings.host, settings.port, here, timeout=settings.seconds)
    try:
        if settings.security is Security.STARTTLS:
            server.starttls(context=tls)
        if settings.user is not None and settings.password is not None:
            server.login(settings.user, settings.password.get_secret_value())
    except BaseException:
        server.close()
        raise
    return server


def _address(name: str, address: str) -> Address:
    return Address(display_name=name, addr_spec=address)


def _why(error: Exception) -> str:
    return neutral.line(str(error) or type(error).__name__, 200)

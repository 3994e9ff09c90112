"""One connection to the mail server, over which mail after mail is handed over."""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from typing import Any

from actinf.errors import ChannelTrouble
from actinf.responder.channels import neutral
from actinf.responder.channels.mail import MailSettings, connected
from actinf.responder.subscribing.journal import Journal
from actinf.responder.subscribing.mails import Outcome
from actinf.responder.subscribing.refusals import Refusal, refusal, refusal_of_mail

__all__ = ["Postman"]

_LINE_BEGINS_WITH_DOT = re.compile(rb"(?m)^\.")
_DOT = b".\r\n"
#: RFC 5321, 4.5.3.2.6, would have it ten minutes.
_ANSWER_SECONDS = 300.0


class Postman:
    """Hands mails over; for one thread.

    Args:
        settings: which server, and from whom.
        tls: whom to trust.
        journal: in which it is noted that one is handed over, before it is.
    """

    def __init__(self, settings: MailSettings, tls: ssl.SSLContext, journal: Journal):
        self._settings = settings
        self._tls = tls
        self._journal = journal
        self._server: smtplib.SMTP | None = None

    def hand_over(self, number: int, to: str, letter: bytes) -> Outcome | Refusal:
        """Hand a mail over.

        Args:
            number: of it.
            to: the address.
            letter: the whole mail.

        Returns:
            What became of it; where the server takes none for that address, or not this one, what it said.

        Raises:
            ChannelTrouble: the server was not reached, refuses us, or broke off; `may_have_arrived` says whether it
                has the mail perhaps.
        """
        was_handed_over = False
        try:
            data = _LINE_BEGINS_WITH_DOT.sub(b"..", letter if letter.endswith(b"\r\n") else letter + b"\r\n")
            outcome = self._announced(to)
            if outcome is not None:
                return outcome
            server = self._connected()
            server.send(data)
            at, mark = self._journal.place(number)
            until, memory, send = at + len(mark), self._journal.memory, _sender(server)
            was_handed_over = True
            # Killed between these two lines the mail would count as sent and not be: nothing may come between them.
            memory[at:until] = mark
            send(_DOT)
            code, said = self._answer(server)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise ChannelTrouble(_told(self._settings, error), may_have_arrived=was_handed_over) from None
        if code != 250:
            self._journal.forget(number)
            self._left_alone(code)
        if code >= 500:
            return refusal_of_mail(code, said, to)
        return Outcome.SENT if code == 250 else Outcome.LATER

    def close(self) -> None:
        """Hang up."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def part(self) -> None:
        """Hang up as it is usual; what is answered to it changes nothing."""
        if self._server is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._server.putcmd("QUIT")
            self.close()

    def _announced(self, to: str) -> Outcome | Refusal | None:
        """Say from whom and to whom, up to where the server waits for the mail; else what became of it."""
        code, said = self._greeted()
        if code == 250:
            code, said = self._connected().rcpt(to)
            if code not in (250, 251):
                self._begin_anew()
                return refusal(code, said, to) if code >= 500 else Outcome.LATER
            code, said = self._connected().docmd("DATA")
            if code == 354:
                return None
        raise smtplib.SMTPResponseException(code, said)

    def _greeted(self) -> tuple[int, bytes]:
        """Say from whom; a connection that the server has closed meanwhile, as they do, is made anew."""
        was_open = self._server is not None
        try:
            code, said = self._connected().mail(self._settings.sender)
            if code != 421 or not was_open:
                return code, said
        except (OSError, smtplib.SMTPServerDisconnected):
            if not was_open:
                raise
        self.close()
        return self._connected().mail(self._settings.sender)

    def _begin_anew(self) -> None:
        """Forget the sender and whom to; a server that hangs up instead has said what it had to say."""
        try:
            code, _ = self._connected().rset()
        except (OSError, smtplib.SMTPException):
            code = 421
        self._left_alone(code)

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            self._server = connected(self._settings, self._tls)
            self._server.ehlo_or_helo_if_needed()
        return self._server

    def _answer(self, server: smtplib.SMTP) -> tuple[int, bytes]:
        """What becomes of the mail: asked for patiently, since to ask again would send it twice."""
        if server.sock is not None:
            server.sock.settimeout(_ANSWER_SECONDS)
        answer = server.getreply()
        if server.sock is not None:
            server.sock.settimeout(self._settings.seconds)
        return answer

    def _left_alone(self, code: int) -> None:
        """After a refusal some servers hang up: the next mail begins with a connection of its own."""
        if code == 421:
            self.close()


def _sender(server: smtplib.SMTP) -> Any:
    """What sends on the socket itself, found before it is needed."""
    if server.sock is None:
        raise smtplib.SMTPServerDisconnected("the connection is gone")
    return server.sock.sendall


def _told(settings: MailSettings, error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        why = f"answers {error.smtp_code} {said}"
    else:
        why = f"broke off: {str(error) or type(error).__name__}"
    return f"the mail server {settings.host}:{settings.port} {neutral.line(why, 200)}"

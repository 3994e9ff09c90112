"""A real mail server (aiosmtpd) on a loopback port, with TLS and passwords, which can fall ill."""

import email
import email.policy
import socket
import ssl
import threading
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from support.ports import free_port

USER = "incidents"
PASSWORD = "correct horse"


class Authority:
    """Certificates for 127.0.0.1 and those who trust them."""

    def __init__(self, folder: Path):
        self._authority = trustme.CA()
        self.file = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(self.file)

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert("127.0.0.1").configure_cert(context)
        return context


class MailServer:
    """A server that keeps what it takes.

    Attributes:
        mails: what was accepted, in order, parsed.
        envelopes: to whom each of them went.
        say_to_recipient: what RCPT is answered with, "450 later"; None: it is taken.
        say_to_data: what the end of a mail is answered with; None: it is taken.
        hangs_up: whether it does so once it has refused somebody, instead of going on.

    Args:
        tls: None, "starttls" or "tls".
        authority: whose certificate it shows.
        asks_password: whether it takes mail from those alone who log in; with starttls only.
    """

    def __init__(self, *, tls: str | None = None, authority: Authority | None = None, asks_password: bool = False):
        self.mails: list[EmailMessage] = []
        self.envelopes: list[list[str]] = []
        self.say_to_recipient: str | None = None
        self.say_to_data: str | None = None
        self.hangs_up = False
        context = authority.context() if authority else None
        options: dict[str, Any] = {"ssl_context": context} if tls == "tls" else {}
        if tls == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        if asks_password:
            options |= {"authenticator": self._authenticate, "auth_required": True}
        self._controller = Controller(_Keeping(self), hostname="127.0.0.1", port=free_port(), **options)
        self._controller.start()

    @property
    def port(self) -> int:
        return self._controller.port

    def stop(self) -> None:
        self._controller.stop()

    @staticmethod
    def _authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=good)


class _Keeping:
    def __init__(self, server: MailServer):
        self._server = server

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if self._server.say_to_recipient is not None:
            return self._server.say_to_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_RSET(self, server: Any, _session: Any, _envelope: Any) -> str:
        if self._server.hangs_up:
            server.transport.close()
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self._server.say_to_data is not None:
            return self._server.say_to_data
        self._server.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        self._server.envelopes.append(list(envelope.rcpt_tos))
        return "250 OK"


class RawServer:
    """Something that is no mail server: it says a piece when somebody connects, again and again, or nothing at all.

    Args:
        piece: what it says.
        every: seconds between two pieces; None: once, and then it hangs up.
    """

    def __init__(self, piece: bytes, *, every: float | None):
        self._piece = piece
        self._every = every
        self._released = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.sendall(self._piece)
                while self._every is not None and not self._released.wait(self._every):
                    connection.sendall(self._piece)
            except OSError:
                return

    def stop(self) -> None:
        self._released.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

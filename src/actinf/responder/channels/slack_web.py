"""Slack's own client, kept to one attempt, a bounded answer and the way that it was told.

Left alone, the client sends again when a connection breaks off, although the message may have arrived; it follows
redirections with the token in its hand, asks the environment for proxies, logs what it sends, and reads whatever length
it is sent.
"""

import http.client
import json
import logging
import socket
import ssl
import urllib.error
import urllib.request
from typing import Any

from slack_sdk import WebClient

__all__ = ["NoRedirect", "NoReply", "SlackWeb"]

_MOST_OF_A_REPLY = 4 * 1024 * 1024

_SILENT = logging.getLogger("actinf.responder.channels.slack_sdk")
_SILENT.setLevel(logging.CRITICAL + 1)


class NoReply(Exception):
    """There was no answer, or none that Slack could have given.

    Attributes:
        was_connected: whether the request may have been read.
    """

    def __init__(self, message: str, *, was_connected: bool):
        self.was_connected = was_connected
        super().__init__(message)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: what is secret in a request is for whom it was sent to."""

    def redirect_request(self, *_: Any) -> None:
        """Lead nowhere, so that the redirection itself is the answer."""


class SlackWeb(WebClient):
    """A client that asks once.

    Args:
        token: of the app.
        base_url: of Slack's API.
        proxy: through which it is reached; None: directly.
        seconds: for each step of an exchange: connecting, sending, every piece of the answer.
    """

    def __init__(self, *, token: str, base_url: str, proxy: str | None, seconds: float):
        super().__init__(token, base_url=base_url, logger=_SILENT, retry_handlers=[])
        self._seconds = seconds
        proxies = {"http": proxy, "https": proxy} if proxy else {}
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies), NoRedirect)

    # The one place where the client touches the network.
    def _perform_urllib_http_request_internal(self, url: str, req: urllib.request.Request) -> dict[str, Any]:  # noqa: ARG002
        try:
            with self._opener.open(req, timeout=self._seconds) as reply:
                return self._read(reply.status, reply)
        except urllib.error.HTTPError as error:
            with error:
                return self._read(error.code, error)
        except urllib.error.URLError as error:
            never = isinstance(error.reason, ConnectionRefusedError | socket.gaierror | ssl.SSLError)
            raise NoReply(f"cannot be reached: {error.reason}", was_connected=not never) from None
        except (OSError, http.client.HTTPException) as error:
            raise NoReply(f"broke off: {type(error).__name__}", was_connected=True) from None

    def _read(self, status: int, reply: Any) -> dict[str, Any]:
        body = reply.read(_MOST_OF_A_REPLY)
        headers = dict(reply.headers.items())
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            if status in (429, 500, 502, 503, 504):
                document = {"ok": False, "error": "service_unavailable"}
            else:
                raise NoReply(f"answered {status} and nothing that Slack would say", was_connected=True)
        return {"status": status, "headers": headers, "body": json.dumps(document)}

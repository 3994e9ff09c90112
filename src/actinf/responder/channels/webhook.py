"""A message as JSON to an address of one's own: for providers of phone calls and text messages, and for all the rest.

Signed as the open specification Standard Webhooks says, for which verifiers exist in every language: `webhook-id`,
`webhook-timestamp` and `webhook-signature: v1,<base64 of HMAC-SHA256 over "id.timestamp.body">`.  The id, which is also
sent as `Idempotency-Key`, is the message's key: a receiver acts on each key once.
"""

import base64
import binascii
import hashlib
import hmac
import json
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

import actinf
from actinf.errors import ChannelRefused, ChannelTrouble, SettingError
from actinf.responder.channels import neutral
from actinf.responder.channels.deadline import Deadline
from actinf.responder.channels.port import Delivery, Message
from actinf.responder.channels.retry_after import seconds_to_wait
from actinf.runtime.listening import means_this_machine

__all__ = ["WebhookChannel", "WebhookSettings", "signature"]

_PREFIX = "whsec_"
_FEWEST_KEY_BYTES = 24
_MOST_OF_A_REPLY = 64 * 1024
_MOST_SECONDS = 30
#: Refused today, maybe taken tomorrow; 409: the same key is being worked on.
_LATER = (408, 409, 425, 429)


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookSettings:
    """Where a webhook goes, and what proves that it comes from here.

    Args:
        url: an https address, or http on this machine; it may hold a token, and is never shown.
        secret: "whsec_" and at least 24 bytes in base64, shared with the receiver.
        name: names the channel: "phone", "sms".
        seconds: how long an answer is waited for.
        ca_file: certificates of an authority of one's own; None: those of the system.

    Raises:
        SettingError: when one of them does not make sense.
    """

    url: SecretStr
    secret: SecretStr
    name: str = "webhook"
    seconds: float = 5.0
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url.get_secret_value())
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            raise SettingError(f"the address of the webhook {self.name!r} cannot be read: expected https://…") from None
        if not host or parts.username or not (parts.scheme == "https" or (parts.scheme == "http" and _is_here(host))):
            raise SettingError(
                f"the address of the webhook {self.name!r}: expected https://…, without a user's name in it; "
                "http:// is for this machine alone"
            )
        _key(self.secret, self.name)
        if not 0 < self.seconds <= _MOST_SECONDS:
            raise SettingError(
                f"the webhook {self.name!r} waits {self.seconds} s: expected more than 0 and at most {_MOST_SECONDS}"
            )


class WebhookChannel:
    """Posts messages as JSON.

    Args:
        settings: where to, and signed with what.
        clock: the time, seconds since 1970.
    """

    #: A receiver that acts on each `Idempotency-Key` once is what this channel is made for.
    takes_key = True

    def __init__(self, settings: WebhookSettings, *, clock: Callable[[], float] = time.time):
        self.name = settings.name
        self._settings = settings
        self._key = _key(settings.secret, settings.name)
        self._host = urlsplit(settings.url.get_secret_value()).hostname
        self._clock = clock
        self._deadline = Deadline(settings.seconds)
        # The transport alone: a client would follow redirects, ask the environment for proxies and log the address.
        self._tls = ssl.create_default_context(cafile=settings.ca_file)
        # No connection is kept: one that the other side has closed meanwhile would cost a page its first attempt.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._transport = httpx.HTTPTransport(verify=self._tls, trust_env=False, limits=limits)

    def __repr__(self) -> str:
        return f"WebhookChannel({self.name!r}, host={self._host!r})"

    def send(self, message: Message) -> Delivery:
        """Post a message; see `Channel.send`."""
        body = json.dumps(_document(message), ensure_ascii=False, separators=(",", ":")).encode()
        try:
            status, headers, reply = self._deadline.run(lambda: self._post(message.key, body))
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise ChannelTrouble(f"{self._named()} cannot be reached: {_why(error)}") from None
        except (TimeoutError, httpx.TimeoutException):
            raise ChannelTrouble(
                f"{self._named()} did not answer within {self._settings.seconds:g} s", may_have_arrived=True
            ) from None
        except (httpx.HTTPError, OSError) as error:
            raise ChannelTrouble(f"{self._named()} broke off: {_why(error)}", may_have_arrived=True) from None
        return self._outcome(status, headers, reply)

    def try_out(self) -> str:
        """Connect, and post nothing; see `TriesOut.try_out`."""
        parts = urlsplit(self._settings.url.get_secret_value())
        port = parts.port or (443 if parts.scheme == "https" else 80)

        def connect() -> None:
            with socket.create_connection((self._host or "", port), timeout=self._settings.seconds) as plain:
                if parts.scheme == "https":
                    self._tls.wrap_socket(plain, server_hostname=self._host).close()

        try:
            self._deadline.run(connect)
        except (TimeoutError, OSError) as error:
            raise ChannelTrouble(f"{self._named()} cannot be reached: {_why(error)}") from None
        return f"{self._named()} answers; whether it takes the secret shows with the first message"

    def _post(self, key: str, body: bytes) -> tuple[int, httpx.Headers, bytes]:
        timestamp = int(self._clock())
        request = httpx.Request(
            "POST",
            self._settings.url.get_secret_value(),
            content=body,
            headers={
                "Content-Type": "application/json",
                "User-Agent": f"actinf/{actinf.__version__}",
                "Idempotency-Key": _header(key),
                "webhook-id": _header(key),
                "webhook-timestamp": str(timestamp),
                "webhook-signature": signature(self._key, _header(key), timestamp, body),
            },
            extensions={"timeout": httpx.Timeout(self._settings.seconds).as_dict()},
        )
        response = self._transport.handle_request(request)
        try:
            read = b""
            for part in response.iter_raw():
                read += part
                if len(read) >= _MOST_OF_A_REPLY:
                    break
            return response.status_code, response.headers, read
        finally:
            response.close()

    def _outcome(self, status: int, headers: httpx.Headers, reply: bytes) -> Delivery:
        if 200 <= status < 300:
            return Delivery(reference=_reference(reply))
        if status in _LATER or status >= 500:
            asked = seconds_to_wait(headers.get("Retry-After"), datetime.fromtimestamp(self._clock(), UTC))
            raise ChannelTrouble(
                f"{self._named()} answered {status}: not now", retry_after=asked, may_have_arrived=status >= 500
            )
        if 300 <= status < 400:
            raise ChannelRefused(
                f"{self._named()} answered {status}, a redirection, which is not followed: set the final address"
            )
        mend = "check its secret and the clocks of both sides" if status in (401, 403) else "check its address"
        raise ChannelRefused(f"{self._named()} answered {status}: it does not take this message; {mend}")

    def _named(self) -> str:
        return f"the webhook {self.name!r} at {self._host}"


def signature(key: bytes, identity: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`.

    Args:
        key: the secret's bytes.
        identity: the value of `webhook-id`.
        timestamp: the value of `webhook-timestamp`, seconds since 1970.
        body: as it is sent.
    """
    signed = f"{identity}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _document(message: Message) -> dict[str, Any]:
    """What is posted: one object whose texts are plain, so that a provider can read them out."""
    to = message.to
    return {
        "kind": str(message.kind),
        "key": message.key,
        "incident": message.incident,
        "to": None
        if to is None
        else {
            "handle": to.handle,
            "name": neutral.line(to.name),
            "role": neutral.line(to.role),
            "phone": to.phone,
            "email": to.email,
            "chat_id": to.chat_id,
        },
        "subject": neutral.line(message.subject),
        "fields": [{"name": neutral.line(name), "value": neutral.line(value)} for name, value in message.fields],
        "text": neutral.block(message.text),
        "update_of": message.update_of,
        "room": message.room,
    }


def _key(secret: SecretStr, name: str) -> bytes:
    text = secret.get_secret_value()
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True) if text.startswith(_PREFIX) else b""
    except binascii.Error:
        key = b""
    if len(key) < _FEWEST_KEY_BYTES:
        raise SettingError(
            f"the secret of the webhook {name!r}: expected whsec_ and at least {_FEWEST_KEY_BYTES} bytes in base64, "
            f"as from: python -c \"import base64, os; print('{_PREFIX}' + base64.b64encode(os.urandom(32)).decode())\""
        )
    return key


def _header(key: str) -> str:
    """The key itself; where it does not fit into a header, its digest."""
    fits = key.isascii() and key.isprintable() and " " not in key and "." not in key and 0 < len(key) <= 200
    return key if fits else hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _reference(reply: bytes) -> str | None:
    """What the receiver calls the message: the `id` of the object that it answered, if it did."""
    try:
        document = json.loads(reply)
    except (ValueError, RecursionError):
        return None
    named = document.get("id") if isinstance(document, dict) else None
    return named if isinstance(named, str) and 0 < len(named) <= 200 and named.isprintable() else None


def _is_here(host: str) -> bool:
    return means_this_machine(host)


def _why(error: Exception) -> str:
    return neutral.line(str(error) or type(error).__name__, 200)

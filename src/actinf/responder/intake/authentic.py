"""Whether a webhook comes from whom it should come from: tokens and signatures, compared in constant time.

Several secrets may be valid at once, so that one can be replaced without a gap.  No message quotes a secret, nor says
which part of a signature is wrong.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from actinf.errors import SettingError, WebhookUnauthenticated

__all__ = ["REPLAY_WINDOW", "check_sentry", "check_signed", "check_slack", "check_token", "sign"]

#: How far the time of a signed message may be from ours, either way.
REPLAY_WINDOW = timedelta(minutes=5)

#: A shorter secret can be guessed offline from one signed message.
_SHORTEST_SECRET = 16
_LONGEST_HEADER = 1024


def check_token(authorization: str | None, tokens: Sequence[str]) -> None:
    """Check the token that Alertmanager sends (`http_config: {authorization: {credentials: …}}`).

    Args:
        authorization: the header of that name; None: there is none.
        tokens: those that are valid.

    Raises:
        WebhookUnauthenticated: there is none, or none of those.
        SettingError: no token is valid, or one is too short.
    """
    valid = _secrets(tokens, "a token")
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise WebhookUnauthenticated("the webhook has no token: send Authorization: Bearer <token>", why="missing")
    # Digests are compared: of texts of different lengths the comparison would tell the length.
    given = hashlib.sha256(token.strip().encode("utf-8", "replace")).digest()
    _require_one(given, [hashlib.sha256(secret).digest() for secret in valid], "the token of the webhook")


def check_sentry(body: bytes, signature: str | None, secrets: Sequence[str]) -> None:
    """Check the header `Sentry-Hook-Signature`: HMAC-SHA256 of the body, hexadecimal.

    Sentry's signature covers no time: a message that somebody recorded can be sent again.  It then says once more what
    was true of the issue before, and the fingerprint makes it the same alert.

    Args:
        body: of the request, as it was received.
        signature: the header; None: there is none.
        secrets: client secrets of the integration that are valid.

    Raises:
        WebhookUnauthenticated: there is none, or it is wrong.
        SettingError: no secret is valid, or one is too short.
    """
    valid = _secrets(secrets, "a client secret")
    if not signature or len(signature) > _LONGEST_HEADER:
        raise WebhookUnauthenticated("the webhook has no signature: expected Sentry-Hook-Signature", why="missing")
    made = [hmac.new(secret, body, hashlib.sha256).hexdigest().encode() for secret in valid]
    _require_one(signature.strip().lower().encode("utf-8", "replace"), made, "Sentry-Hook-Signature")


def sign(body: bytes, at: datetime, secret: str) -> dict[str, str]:
    """The headers that make a body a signed webhook.

    Args:
        body: as it will be sent.
        at: the time, to be sent within five minutes.
        secret: that the receiver knows, too.

    Returns:
        `X-Actinf-Timestamp`, whole seconds since 1970, and `X-Actinf-Signature`, "v1=" and the hexadecimal
        HMAC-SHA256 of the timestamp, a full stop and the body.
    """
    timestamp = str(int(at.timestamp()))
    [key] = _secrets([secret], "a secret")
    return {"X-Actinf-Timestamp": timestamp, "X-Actinf-Signature": f"v1={_signature(body, timestamp, key)}"}


def check_signed(
    body: bytes, timestamp: str | None, signature: str | None, secrets: Sequence[str], at: datetime
) -> str:
    """Check the headers of a signed webhook.

    Args:
        body: of the request, as it was received.
        timestamp: the header `X-Actinf-Timestamp`; None: there is none.
        signature: the header `X-Actinf-Signature`; None: there is none.  It may hold several, with commas between
            them, while a secret is replaced.
        secrets: those that are valid.
        at: the time now.

    Returns:
        The signature that is right.  Whoever keeps it for twice `REPLAY_WINDOW`, and takes none twice, takes no
        message twice.

    Raises:
        WebhookUnauthenticated: one is missing or wrong, or the time is more than five minutes from ours.
        SettingError: no secret is valid, or one is too short.
    """
    valid = _secrets(secrets, "a secret")
    if not timestamp or not signature or len(signature) > _LONGEST_HEADER:
        raise WebhookUnauthenticated(
            "the webhook has no signature: expected X-Actinf-Timestamp and X-Actinf-Signature", why="missing"
        )
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise WebhookUnauthenticated("X-Actinf-Timestamp is no time: expected whole seconds since 1970", why="wrong")
    # The signature first: to somebody who has no secret the clock of this machine is nobody's business.
    given = [
        part.strip().removeprefix("v1=").lower() for part in signature.split(",") if part.strip().startswith("v1=")
    ]
    made = [_signature(body, timestamp, secret).encode() for secret in valid]
    right = [one for one in given if _is_among(one.encode("utf-8", "replace"), made)]
    if not right:
        raise WebhookUnauthenticated(
            "X-Actinf-Signature is wrong: check the secret, and sign what is sent", why="wrong"
        )
    _require_lately("X-Actinf-Timestamp", timestamp, at)
    return right[0]


def check_slack(body: bytes, timestamp: str | None, signature: str | None, secret: str, at: datetime) -> str:
    """Check the headers with which Slack signs what it sends to an app.

        "v0=" and HMAC-SHA256 of "v0:", the timestamp, ":" and the body

    Args:
        body: of the request, as it was received.
        timestamp: the header `X-Slack-Request-Timestamp`; None: there is none.
        signature: the header `X-Slack-Signature`; None: there is none.
        secret: the signing secret of the app.
        at: the time now.

    Returns:
        The signature; as of `check_signed`, none is to be taken twice.

    Raises:
        WebhookUnauthenticated: one is missing or wrong, or the time is more than five minutes from ours.
        SettingError: the secret is too short.
    """
    [key] = _secrets([secret], "a signing secret")
    if not timestamp or not signature or len(signature) > _LONGEST_HEADER:
        raise WebhookUnauthenticated(
            "the request has no signature: expected X-Slack-Request-Timestamp and X-Slack-Signature", why="missing"
        )
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise WebhookUnauthenticated(
            "X-Slack-Request-Timestamp is no time: expected whole seconds since 1970", why="wrong"
        )
    made = "v0=" + hmac.new(key, b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    _require_one(signature.strip().lower().encode("utf-8", "replace"), [made.encode()], "X-Slack-Signature")
    _require_lately("X-Slack-Request-Timestamp", timestamp, at)
    return made


def _require_lately(header: str, timestamp: str, at: datetime) -> None:
    if abs(int(timestamp) - at.timestamp()) > REPLAY_WINDOW.total_seconds():
        raise WebhookUnauthenticated(
            f"{header} is {timestamp}, and here it is {int(at.timestamp())}: expected at most "
            f"{REPLAY_WINDOW.total_seconds():.0f} seconds between them; set the clock, and sign each message anew",
            why="stale",
        )


def _signature(body: bytes, timestamp: str, secret: bytes) -> str:
    return hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _secrets(secrets: Sequence[str], what: str) -> list[bytes]:
    if not secrets:
        raise SettingError(f"there is no {what.partition(' ')[2]} for this webhook: set one before anything can send")
    for secret in secrets:
        if len(secret) < _SHORTEST_SECRET:
            raise SettingError(
                f"{what} of a webhook has {len(secret)} characters: expected at least {_SHORTEST_SECRET}, random ones"
            )
    return [secret.encode("utf-8", "surrogatepass") for secret in secrets]


def _is_among(given: bytes, valid: list[bytes]) -> bool:
    # All are compared, so that the time it takes does not say which.
    return any([hmac.compare_digest(given, one) for one in valid])  # noqa: C419


def _require_one(given: bytes, valid: list[bytes], what: str) -> None:
    if not _is_among(given, valid):
        raise WebhookUnauthenticated(f"{what} is wrong: check the secret on both sides", why="wrong")

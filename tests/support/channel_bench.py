"""Channels and people for tests, each channel with the far side that it speaks to: real servers on loopback."""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr
from support.slack_stub import TOKEN, SlackStub
from support.webhook_receiver import SECRET, WebhookReceiver

from actinf.responder.channels.mail import MailChannel, MailSettings, Security
from actinf.responder.channels.port import Channel
from actinf.responder.channels.slack import SlackChannel, SlackSettings
from actinf.responder.channels.webhook import WebhookChannel, WebhookSettings
from actinf.responder.oncall.people import Person

ADA = Person(
    handle="ada",
    name="Ada Lovelace",
    role="Primary DevOps Engineer",
    chat_id="U012AB3CD",
    email="ada@example.org",
    phone="+49 30 1234567",
)


@dataclass
class Bench:
    """A channel with its far side.

    Attributes:
        channel: what is tested.
        seen: what people see, one text for each message.
        keys: by what the far side knows each message; None: it has no such thing.
    """

    channel: Channel
    seen: Callable[[], list[str]]
    keys: Callable[[], list[str]] | None


def slack_channel(stub: SlackStub, **settings) -> SlackChannel:
    return SlackChannel(SlackSettings(**{"token": SecretStr(TOKEN), "base_url": stub.url, **settings}))


def webhook_channel(
    receiver: WebhookReceiver, *, clock: Callable[[], float] = lambda: 1.7e9, **settings
) -> WebhookChannel:
    plain = {"url": SecretStr(receiver.url), "secret": SecretStr(SECRET)}
    return WebhookChannel(WebhookSettings(**{**plain, **settings}), clock=clock)


def mail_channel(port: int, **settings) -> MailChannel:
    plain = {
        "host": "127.0.0.1",
        "port": port,
        "sender": "incidents@example.org",
        "recipients": ("team@example.org",),
        "security": Security.NONE,
    }
    return MailChannel(MailSettings(**{**plain, **settings}))

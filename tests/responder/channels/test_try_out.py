"""Channels are tried up to the message: what would stop one is found, and none goes out."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from support.channel_bench import mail_channel, slack_channel, webhook_channel
from support.mail_server import MailServer
from support.ports import free_port
from support.slack_stub import SlackStub
from support.webhook_receiver import WebhookReceiver

from actinf.errors import ChannelRefused, ChannelTrouble
from actinf.responder.channels.port import TriesOut


@pytest.fixture
def slack() -> Iterator[SlackStub]:
    stub = SlackStub()
    yield stub
    stub.stop()


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    stub = WebhookReceiver()
    yield stub
    stub.stop()


@pytest.fixture
def mail() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.stop()


def test_nothing_is_sent(slack: SlackStub, receiver: WebhookReceiver, mail: MailServer) -> None:
    channels = (slack_channel(slack), webhook_channel(receiver), mail_channel(mail.port))
    for channel in channels:
        assert isinstance(channel, TriesOut)
        assert channel.try_out()
    assert [call.method for call in slack.calls] == ["auth.test"]
    assert (mail.mails, receiver.requests) == ([], [])


def test_a_token_that_slack_does_not_know_is_refused(slack: SlackStub) -> None:
    with pytest.raises(ChannelRefused):
        slack_channel(slack, token=SecretStr("xoxb-another")).try_out()


def test_nobody_there_is_trouble(slack: SlackStub) -> None:
    with pytest.raises(ChannelTrouble):
        mail_channel(free_port()).try_out()
    with pytest.raises(ChannelTrouble):
        slack_channel(slack, base_url=f"http://127.0.0.1:{free_port()}/").try_out()

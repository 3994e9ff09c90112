"""The far sides of the channels, and every channel on the bench."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.channel_bench import Bench, mail_channel, slack_channel, webhook_channel
from support.channels import RecordingChannel
from support.mail_server import Authority, MailServer
from support.slack_stub import SlackStub, shown_in
from support.webhook_receiver import WebhookReceiver

from actinf.responder.channels.messages import plain_text
from actinf.responder.channels.none import NoChannel


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


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(Path(tmp_path_factory.mktemp("authority")))


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture(params=["slack", "mail", "webhook", "none", "double"])
def bench(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Bench:
    if request.param == "slack":
        stub = request.getfixturevalue("slack")
        return Bench(
            slack_channel(stub),
            lambda: [shown_in(message) for message in stub.messages.values()],
            lambda: [message["metadata"]["event_payload"]["key"] for message in stub.messages.values()],
        )
    if request.param == "mail":
        server = request.getfixturevalue("mail_server")
        return Bench(
            mail_channel(server.port),
            lambda: [f"{mail['Subject']}\n{mail.get_content()}".replace("\r\n", "\n") for mail in server.mails],
            lambda: [mail["Message-ID"] for mail in server.mails],
        )
    if request.param == "webhook":
        receiver = request.getfixturevalue("receiver")
        return Bench(
            webhook_channel(receiver),
            lambda: [
                "\n".join(
                    [said["subject"], *(f"{part['name']}: {part['value']}" for part in said["fields"]), said["text"]]
                )
                for said in receiver.acted_on.values()
            ],
            lambda: list(receiver.acted_on),
        )
    if request.param == "none":
        caplog.set_level(logging.INFO, logger="actinf.responder.channels")
        return Bench(NoChannel(), lambda: [record.getMessage() for record in caplog.records], None)
    double = RecordingChannel()
    return Bench(
        double,
        lambda: [plain_text(message) for message in double.shown.values()],
        lambda: [message.key for message in double.shown.values()],
    )

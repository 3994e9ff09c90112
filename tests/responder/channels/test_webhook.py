"""The webhook, against a receiver that checks signatures by itself."""

import base64
import dataclasses

import pytest
from pydantic import SecretStr
from support.channel_bench import ADA, webhook_channel
from support.webhook_receiver import SECRET

from actinf.errors import ChannelRefused, ChannelTrouble, SettingError
from actinf.responder.channels import messages
from actinf.responder.channels.messages import Briefing
from actinf.responder.channels.webhook import WebhookSettings, signature

PAGE = messages.page(
    Briefing(incident="2026-11-23-001", severity="P0", component="API", impact="All requests fail", status="Open"),
    key="2026-11-23-001:page:1",
    to=ADA,
    duty="primary on-call",
)


def test_the_provider_gets_the_number_the_text_and_the_key(receiver):
    delivery = webhook_channel(receiver, name="phone").send(PAGE)
    ((headers, document),) = receiver.requests
    assert headers["idempotency-key"] == headers["webhook-id"] == PAGE.key
    assert headers["webhook-timestamp"] == "1700000000"
    assert headers["content-type"] == "application/json"
    assert document["to"] == {
        "handle": "ada", "name": "Ada Lovelace", "role": "Primary DevOps Engineer", "phone": "+49 30 1234567",
        "email": "ada@example.org", "chat_id": "U012AB3CD",
    }  # fmt: skip
    assert document["subject"] == "P0 page: API: All requests fail"
    assert document["fields"][0] == {"name": "Severity", "value": "P0"}
    assert delivery.reference == "call-1"


def test_the_signature_is_the_one_of_the_specifications_example():
    """Published with the specification Standard Webhooks, for its reference libraries."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    assert signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_a_receiver_with_another_secret_refuses_for_good(receiver):
    other = SecretStr("whsec_" + base64.b64encode(b"another secret of 32 bytes......").decode())
    with pytest.raises(ChannelRefused, match=r"401.*check its secret"):
        webhook_channel(receiver, secret=other).send(PAGE)


@pytest.mark.parametrize("status", [400, 403, 404, 410, 422])
def test_other_refusals_are_final(receiver, status):
    receiver.illness = status
    with pytest.raises(ChannelRefused, match=str(status)):
        webhook_channel(receiver).send(PAGE)


@pytest.mark.parametrize("status", [301, 307])
def test_a_redirection_is_not_followed(receiver, status):
    receiver.illness = status
    with pytest.raises(ChannelRefused, match="not followed"):
        webhook_channel(receiver).send(PAGE)
    assert len(receiver.requests) == 1


def test_a_date_says_as_well_when_to_come_back(receiver):
    receiver.illness, receiver.retry_after = 503, "Tue, 14 Nov 2023 22:14:00 GMT"
    with pytest.raises(ChannelTrouble) as caught:
        webhook_channel(receiver).send(PAGE)
    assert caught.value.retry_after == 40.0


@pytest.mark.parametrize("reply", [b"", b"thanks", b"[1]", b'{"id": 7}', b'{"id": "\\u001b[31m"}', b"[" * 60_000])
def test_a_reply_that_names_nothing_is_a_delivery_all_the_same(receiver, reply):
    receiver.reply = reply
    assert webhook_channel(receiver).send(PAGE).reference is None


@pytest.mark.parametrize("key", ["with blank", "dotted.key", "line\nbreak", "ключ", "", "x" * 300])
def test_a_key_that_fits_into_no_header_is_sent_as_its_digest(receiver, key):
    channel = webhook_channel(receiver)
    for _ in range(2):
        channel.send(dataclasses.replace(PAGE, key=key))
    (known,) = receiver.acted_on
    assert len(known) == 64


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": SecretStr("http://provider.example.org/calls")},
        {"url": SecretStr("https://user:pass@provider.example.org/")},
        {"url": SecretStr("https://[broken")},
        {"url": SecretStr("file:///etc/passwd")},
        {"secret": SecretStr("short")},
        {"secret": SecretStr("whsec_c2hvcnQ=")},
        {"secret": SecretStr("whsec_***")},
        {"seconds": -1},
    ],
)
def test_settings_that_make_no_sense_are_refused_without_showing_them(wrong):
    with pytest.raises(SettingError) as caught:
        WebhookSettings(**{"url": SecretStr("https://provider.example.org/"), "secret": SecretStr(SECRET), **wrong})
    assert not any(secret in str(caught.value) for secret in ("pass@", "c2hvcnQ=", "broken"))

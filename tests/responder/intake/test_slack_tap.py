"""What Slack sends when somebody taps: whose tap it is, on what, and what is none."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from actinf.errors import SettingError, WebhookRefused, WebhookUnauthenticated
from actinf.responder.channels.port import Offer
from actinf.responder.intake.authentic import check_slack
from actinf.responder.intake.slack_tap import Tap, read_slack_tap

# The example of Slack's own documentation on verifying requests.
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
    b"channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
    b"response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
    b"trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
TIMESTAMP = "1531420618"
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
AT = datetime.fromtimestamp(int(TIMESTAMP), UTC)


def test_the_example_of_slack_is_right() -> None:
    assert check_slack(BODY, TIMESTAMP, SIGNATURE, SECRET, AT + timedelta(minutes=4)) == SIGNATURE


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"timestamp": None}, "missing"),
        ({"signature": None}, "missing"),
        ({"signature": "v0=" + "0" * 64}, "wrong"),
        ({"signature": SIGNATURE.removeprefix("v0=")}, "wrong"),
        ({"timestamp": "1531420619"}, "wrong"),
        ({"timestamp": "-1"}, "wrong"),
        ({"timestamp": "1" * 13}, "wrong"),
        ({"body": BODY + b"&x=1"}, "wrong"),
        ({"secret": "another secret of the same kind"}, "wrong"),
        ({"at": AT + timedelta(seconds=301)}, "stale"),
        ({"at": AT - timedelta(seconds=301)}, "stale"),
    ],
)
def test_what_slack_did_not_sign_or_signed_long_ago_is_refused(changed: dict[str, Any], why: str) -> None:
    given = {"body": BODY, "timestamp": TIMESTAMP, "signature": SIGNATURE, "secret": SECRET, "at": AT, **changed}
    with pytest.raises(WebhookUnauthenticated) as refused:
        check_slack(**given)
    assert refused.value.why == why
    assert SECRET not in str(refused.value)


def test_a_secret_that_is_none_is_refused() -> None:
    with pytest.raises(SettingError, match="a signing secret"):
        check_slack(BODY, TIMESTAMP, SIGNATURE, "short", AT)


def form(**changes: Any) -> bytes:
    payload = {
        "type": "block_actions",
        "user": {"id": "U012AB3CD"},
        "container": {"type": "message", "message_ts": "1700000000.000001", "channel_id": "C000INC"},
        "response_url": "https://hooks.slack.com/actions/T1/2/3",
        "actions": [{"action_id": "actinf:ack", "value": "2026-11-23-001", "type": "button"}],
        **changes,
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


def test_a_tap_says_who_on_what_and_where() -> None:
    assert read_slack_tap(form()) == Tap(
        user="U012AB3CD",
        offer=Offer.ACKNOWLEDGE,
        incident="2026-11-23-001",
        message="C000INC:1700000000.000001",
        reply_to="https://hooks.slack.com/actions/T1/2/3",
    )


@pytest.mark.parametrize(
    "body",
    [
        form(type="view_submission"),
        form(actions=[]),
        form(actions=[{"action_id": "actinf:open", "type": "button"}]),
        form(actions=[{"action_id": "another app's", "value": "x"}]),
        b"ssl_check=1&token=x",
    ],
)
def test_what_is_no_tap_on_an_offer_is_passed_over(body: bytes) -> None:
    assert read_slack_tap(body) is None


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "payload is missing"),
        (b"\xff", "no form of Slack"),
        (b"payload=1&payload=2", "no form of Slack"),
        (b"&".join(b"a=1" for _ in range(20)), "no form of Slack"),
        (b"a=1", "payload is missing"),
        (b"payload=%5B1%5D", "JSON object"),
        (b"payload=" + b"[" * 100_000, "nested too deep"),
        (form(user={"id": "<!channel>"}), "expected an object with the id of a member"),
        (form(user=None), "user is missing"),
        (form(actions=[{"action_id": "actinf:ack", "value": "../../etc"}]), r"actions\[0\].value"),
        (form(actions=[{"action_id": "actinf:ack"}]), r"actions\[0\].value is missing"),
        (form(actions=[7]), r"actions\[0\] is 7"),
    ],
)
def test_what_slack_would_not_send_is_refused(body: bytes, told: str) -> None:
    with pytest.raises(WebhookRefused, match=told):
        read_slack_tap(body)


def test_a_message_of_which_slack_says_no_place_is_none() -> None:
    for container in (None, {}, {"channel_id": "C1:x", "message_ts": "1"}):
        tap = read_slack_tap(form(container=container))
        assert tap is not None
        assert tap.message == ""

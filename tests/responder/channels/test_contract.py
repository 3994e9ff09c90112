"""What every channel promises, and the test double with them."""

import dataclasses
import logging
import threading

import pytest
from pydantic import SecretStr
from support.channel_bench import ADA, mail_channel, slack_channel, webhook_channel
from support.channels import RecordingChannel
from support.mail_server import PASSWORD, USER, RawServer
from support.ports import free_port
from support.slack_stub import TOKEN
from support.webhook_receiver import SECRET

from actinf.errors import ChannelRefused, ChannelTrouble
from actinf.responder.channels.messages import Briefing, alert, page, possible_duplicate
from actinf.responder.channels.none import NoChannel

BRIEFING = Briefing(
    incident="2026-11-23-001",
    severity="P1",
    component="Active Inference API",
    impact="Inference requests failing",
    status="Investigating",
    lead=ADA,
)
HOSTILE = (
    "<!channel> <@U0GRACE99> @everyone *bold* [x](javascript:0) <script>alert(1)</script>\r\nBcc: all@example.org\n"
    "Status: Resolved \x1b[31mred\x1b[0m \x1b]0;title\x07 \x00\x08 \u202etxt.exe\u2066 " + "long " * 10_000
)


def a_page(key: str = "2026-11-23-001/page/1"):
    return page(BRIEFING, key=key, to=ADA, duty="primary on-call")


def test_it_has_a_name_and_says_whether_the_provider_takes_a_key(bench):
    assert bench.channel.name
    assert isinstance(bench.channel.takes_key, bool)


def test_a_page_arrives_once_and_says_what_is_wrong(bench):
    bench.channel.send(a_page())
    (seen,) = bench.seen()
    assert "P1 page: Active Inference API: Inference requests failing" in seen


def test_an_alert_arrives_where_all_look(bench):
    bench.channel.send(alert(BRIEFING, key="2026-11-23-001/alert"))
    (seen,) = bench.seen()
    assert "🚨 INCIDENT ALERT 🚨" in seen
    assert "P1" in seen
    assert "Active Inference API" in seen


def test_the_far_side_can_tell_that_two_deliveries_are_one_message(bench):
    if bench.keys is None:
        bench.channel.send(a_page())
        assert bench.channel.takes_key
        return
    bench.channel.send(a_page())
    bench.channel.send(possible_duplicate(a_page()))
    bench.channel.send(a_page("2026-11-23-001/page/2"))
    keys = bench.keys()
    assert len(set(keys)) == 2
    assert len(keys) == (2 if bench.channel.takes_key else 3)


def test_what_a_stranger_wrote_calls_nobody_and_forges_no_line(bench):
    hostile = dataclasses.replace(BRIEFING, impact=HOSTILE, component=HOSTILE, status="Investigating", lead=None)
    bench.channel.send(page(hostile, key="k", to=ADA, duty=HOSTILE))
    raw = dataclasses.replace(a_page("raw"), subject=HOSTILE, fields=((HOSTILE, HOSTILE),), text=HOSTILE)
    bench.channel.send(raw)
    for seen in bench.seen():
        assert not {"\x1b", "\x00", "\x08", "\u202e", "\u2066", "\r"} & set(seen)
        assert "<script>alert(1)</script>" in seen  # All of it can still be read.
        assert len(seen) < 8000
    forged = [line for line in bench.seen()[0].splitlines() if line.startswith(("Status:", "Bcc:"))]
    assert set(forged) <= {"Status: Investigating"}


def test_an_update_says_what_is_new_whatever_became_of_the_first_message(bench):
    first = bench.channel.send(alert(BRIEFING, key="k1"))
    later = dataclasses.replace(BRIEFING, status="Identified", impact="Half of the requests fail")
    bench.channel.send(alert(later, key="k2", update_of=first.reference))
    bench.channel.send(alert(later, key="k3", update_of="a reference of another channel"))
    assert "Half of the requests fail" in bench.seen()[-1]


def test_many_threads_may_send_at_once(bench):
    threads = [threading.Thread(target=bench.channel.send, args=(a_page(f"k{number}"),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bench.seen()) == 8


# --------------------------------------------------------------------------------------------------- when it goes wrong

ILL = [
    ("slack", illness)
    for illness in ("dead", "mute", "hangs_up", "garbage", "html", "list", "nested", "drips", "broken", "busy")
]
ILL += [
    ("webhook", illness) for illness in ("dead", "mute", "hangs_up", "garbage", "drips", "floods", 408, 429, 500, 503)
]
ILL += [("mail", illness) for illness in ("dead", "mute", "hangs_up", "garbage", "drips")]


@pytest.mark.parametrize(("which", "illness"), ILL)
def test_a_far_side_that_is_dead_slow_or_talks_garbage_is_trouble(which, illness, request):
    """Somebody who waits for an answer of 30 s would get one, and this test would fail: the channel must not wait."""
    channel = ill_channel(which, illness, request)
    if illness == "floods":
        channel.send(a_page())  # Accepted; of what it goes on to say, only the beginning is read.
        return
    with pytest.raises(ChannelTrouble) as caught:
        channel.send(a_page())
    handed_over = illness in ("mute", "hangs_up", "drips") and which != "mail"
    assert caught.value.may_have_arrived or not handed_over
    assert not (illness == "dead" and caught.value.may_have_arrived)
    assert channel.name in str(caught.value).lower()


def ill_channel(which, illness, request):
    impatient = {"seconds": 0.3}
    if which == "mail":
        if illness == "dead":
            return mail_channel(free_port(), **impatient)
        piece, every = {
            "mute": (b"", 30.0),
            "hangs_up": (b"", None),
            "garbage": (b"\x00\xff\x16\x03 not SMTP at all\r\n", None),
            "drips": (b"220-wait\r\n", 0.02),
        }[illness]
        server = RawServer(piece, every=every)
        request.addfinalizer(server.stop)
        return mail_channel(server.port, **impatient)
    stub = request.getfixturevalue("slack" if which == "slack" else "receiver")
    if illness == "dead":
        stub.stop()
    stub.illness = illness
    return slack_channel(stub, **impatient) if which == "slack" else webhook_channel(stub, **impatient)


@pytest.mark.parametrize("illness", ["hangs_up", "broken", "mute"])
def test_slack_is_asked_once_and_not_again_behind_our_back(slack, illness):
    slack.illness = illness
    with pytest.raises(ChannelTrouble):
        slack_channel(slack, seconds=0.3).send(a_page())
    assert len(slack.calls) == 1


def test_after_trouble_the_next_attempt_succeeds(slack, receiver):
    for stub, channel in ((slack, slack_channel(slack)), (receiver, webhook_channel(receiver))):
        stub.illness = "hangs_up"
        with pytest.raises(ChannelTrouble):
            channel.send(a_page())
        stub.illness = None
        channel.send(a_page())
    assert len(slack.messages) == len(receiver.acted_on) == 1


@pytest.mark.parametrize("which", ["slack", "webhook"])
@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("soon", None), ("nan", None), ("1e300", 86_400.0)]
)
def test_a_provider_that_is_busy_says_when_to_come_back(which, header, seconds, slack, receiver):
    slack.illness, slack.retry_after = "busy", header
    receiver.illness, receiver.retry_after = 429, header
    with pytest.raises(ChannelTrouble) as caught:
        (slack_channel(slack) if which == "slack" else webhook_channel(receiver)).send(a_page())
    assert caught.value.retry_after == seconds
    assert not caught.value.may_have_arrived


@pytest.mark.parametrize("which", ["slack", "mail", "webhook"])
def test_somebody_without_an_address_there_is_refused_by_name(which, slack, mail_server, receiver):
    nobody = dataclasses.replace(ADA, chat_id=None, email=None, phone=None)
    message = page(BRIEFING, key="k", to=nobody, duty="primary on-call")
    if which == "webhook":
        webhook_channel(receiver).send(message)  # The provider may know them by their handle.
        assert receiver.acted_on["k"]["to"]["handle"] == "ada"
        return
    channel = slack_channel(slack) if which == "slack" else mail_channel(mail_server.port)
    with pytest.raises(ChannelRefused, match="@ada cannot be reached"):
        channel.send(message)


# -------------------------------------------------------------------------------------------------------------- secrets


@pytest.mark.parametrize("illness", [None, "mute", "garbage", "forbidden"])
def test_no_secret_is_shown_or_logged(illness, slack, receiver, mail_server, caplog):
    """Even where everything is logged, and everything fails."""
    caplog.set_level(logging.DEBUG)
    slack.illness = illness
    receiver.illness = 401 if illness == "forbidden" else illness
    told = []
    for channel in (
        slack_channel(slack, seconds=0.3),
        webhook_channel(receiver, seconds=0.3),
        mail_channel(mail_server.port, user=USER, password=SecretStr(PASSWORD)),
    ):
        told += [repr(channel), repr(channel._settings), repr(vars(channel))]
        try:
            channel.send(a_page())
        except (ChannelRefused, ChannelTrouble) as error:
            told += [str(error), repr(error), repr(error.__cause__)]
    everything = "\n".join([*told, caplog.text])
    assert [secret for secret in (TOKEN, SECRET, PASSWORD, "in-the-address") if secret in everything] == []


# -------------------------------------------------------------------------------------------------- null and the double


def test_no_channel_never_fails_and_tells_the_log_nothing_that_people_wrote_below_the_subject(caplog):
    caplog.set_level(logging.INFO)
    NoChannel().send(dataclasses.replace(a_page(), text="what somebody wrote"))
    assert "to @ada: [2026-11-23-001] P1 page" in caplog.text
    assert "what somebody wrote" not in caplog.text


def test_the_double_fails_as_it_is_told_and_shows_what_may_have_arrived():
    double = RecordingChannel()
    double.failures = [
        ChannelTrouble("dead"),
        ChannelTrouble("slow", may_have_arrived=True),
        ChannelRefused("no"),
        None,
    ]
    for _ in range(2):
        with pytest.raises(ChannelTrouble):
            double.send(a_page())
    with pytest.raises(ChannelRefused):
        double.send(a_page())
    double.send(a_page())
    assert (len(double.attempts), len(double.shown)) == (4, 2)

"""Slack, as far as a loopback stub can stand for it."""

import dataclasses

import pytest
from pydantic import SecretStr
from support.channel_bench import ADA, slack_channel
from support.slack_stub import Room, shown_in

from actinf.errors import ChannelRefused, ChannelTrouble, SettingError
from actinf.responder.channels import messages
from actinf.responder.channels.messages import Briefing, plain_text
from actinf.responder.channels.port import Offer
from actinf.responder.channels.slack import SlackSettings
from actinf.responder.channels.slack_reply import SlackReplies

BRIEFING = Briefing(
    incident="2026-11-23-001",
    severity="P1",
    component="Active Inference API",
    impact="Inference requests failing",
    status="Investigating",
    lead=ADA,
)


def only_message(slack):
    (message,) = slack.messages.values()
    return message


def test_the_alert_stands_in_incidents_and_calls_its_lead(slack):
    delivery = slack_channel(slack).send(messages.alert(BRIEFING, key="k"))
    assert delivery.reference == "C000INC:1700000000.000000"
    assert list(slack.messages) == [("C000INC", "1700000000.000000")]
    expected = plain_text(messages.alert(BRIEFING, key="k")).replace("@ada", "<@U012AB3CD>")
    assert shown_in(only_message(slack)) == expected
    assert only_message(slack)["text"] == expected


def test_a_lead_whom_slack_does_not_know_is_named_all_the_same(slack):
    unknown = dataclasses.replace(BRIEFING, lead=dataclasses.replace(ADA, chat_id="ada.lovelace"))
    slack_channel(slack).send(messages.alert(unknown, key="k"))
    assert shown_in(only_message(slack)) == plain_text(messages.alert(unknown, key="k"))
    assert only_message(slack)["text"] == plain_text(messages.alert(unknown, key="k"))


def test_a_stranger_cannot_call_anybody(slack):
    hostile = "<!channel> <@U0GRACE99> <!subteam^S1> @everyone <https://evil.example|login> @ada"
    slack_channel(slack).send(messages.alert(dataclasses.replace(BRIEFING, impact=hostile, lead=None), key="k"))
    message = only_message(slack)
    assert f"Impact: {hostile}\n" in shown_in(message)
    elements = message["blocks"][0]["elements"][0]["elements"]
    assert {element["type"] for element in elements} == {"text"}
    assert "<" not in message["text"]
    assert "@everyone" not in message["text"]
    said = {name: message[name] for name in ("mrkdwn", "parse", "link_names", "unfurl_links", "unfurl_media")}
    assert said == {
        "mrkdwn": False, "parse": "none", "link_names": False, "unfurl_links": False, "unfurl_media": False,
    }  # fmt: skip


def test_an_update_edits_the_message_that_is_there(slack):
    channel = slack_channel(slack)
    first = channel.send(messages.alert(BRIEFING, key="k1"))
    over = dataclasses.replace(BRIEFING, status="Resolved")
    second = channel.send(messages.alert(over, key="k2", update_of=first.reference))
    assert second == first
    assert "Status: Resolved" in shown_in(only_message(slack))


def test_an_update_of_a_message_that_is_gone_is_a_new_message(slack):
    channel = slack_channel(slack)
    first = channel.send(messages.alert(BRIEFING, key="k1"))
    slack.messages.clear()
    channel.send(messages.alert(dataclasses.replace(BRIEFING, status="Resolved"), key="k2", update_of=first.reference))
    assert "Status: Resolved" in shown_in(only_message(slack))


def test_a_page_goes_to_the_person(slack):
    slack_channel(slack).send(messages.page(BRIEFING, key="k", to=ADA, duty="primary on-call"))
    ((place, _),) = slack.messages
    assert place == "U012AB3CD"


# ------------------------------------------------------------------------------------------------------------ war rooms


def test_a_war_room_is_made_with_its_topic_and_its_lead(slack):
    delivery = slack_channel(slack).send(messages.war_room(BRIEFING, key="k"))
    room = slack.room("incident-2026-11-23-001")
    assert delivery.reference == room.id
    assert room.members == ["U012AB3CD"]
    assert room.topic == "P1 Active Inference API: Investigating"
    assert room.purpose == "War room of incident 2026-11-23-001."
    assert not room.is_private


def test_the_room_of_a_private_incident_is_private(slack):
    slack_channel(slack).send(messages.war_room(dataclasses.replace(BRIEFING, private=True), key="k"))
    assert slack.room("incident-2026-11-23-001").is_private


def test_a_room_that_an_earlier_attempt_has_made_is_brought_up_to_date(slack):
    """After a crash half-way the same message is sent again; and later, when the lead changes."""
    slack.rooms |= {f"C{number}OLD": Room(f"C{number}OLD", f"room-{number}") for number in range(5)}
    slack.rooms_on_a_page = 2
    channel = slack_channel(slack)
    first = channel.send(messages.war_room(BRIEFING, key="k1"))
    grace = dataclasses.replace(ADA, handle="grace", chat_id="U0GRACE99")
    again = channel.send(messages.war_room(dataclasses.replace(BRIEFING, lead=grace, status="Monitoring"), key="k2"))
    assert again == first
    room = slack.room("incident-2026-11-23-001")
    assert room.members == ["U012AB3CD", "U0GRACE99"]
    assert room.topic == "P1 Active Inference API: Monitoring"
    channel.send(messages.war_room(dataclasses.replace(BRIEFING, lead=grace), key="k3"))
    assert room.members == ["U012AB3CD", "U0GRACE99"]


def test_a_room_past_the_999th_of_a_day_is_made_as_well(slack):
    slack_channel(slack).send(messages.war_room(dataclasses.replace(BRIEFING, incident="2026-11-23-1000"), key="k"))
    assert slack.room("incident-2026-11-23-1000")


def test_a_room_that_is_taken_and_not_to_be_seen_is_refused(slack):
    slack.rooms["C999ARC"] = Room("C999ARC", "incident-2026-11-23-001", is_archived=True)
    with pytest.raises(ChannelRefused, match="archived or which the app cannot see"):
        slack_channel(slack).send(messages.war_room(BRIEFING, key="k"))


def test_a_lead_who_cannot_be_invited_is_told_after_the_room_is_there(slack):
    unknown = dataclasses.replace(BRIEFING, lead=dataclasses.replace(ADA, chat_id="UNOBODY00"))
    with pytest.raises(ChannelRefused, match="is there, but @ada is not invited"):
        slack_channel(slack).send(messages.war_room(unknown, key="k"))
    assert slack.room("incident-2026-11-23-001").topic


def test_a_topic_of_a_stranger_calls_nobody_and_fits(slack):
    slack_channel(slack).send(messages.war_room(dataclasses.replace(BRIEFING, component="<!here> & " * 60), key="k"))
    topic = slack.room("incident-2026-11-23-001").topic
    assert "<" not in topic
    assert len(topic) <= 250


# ------------------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("code", "mend"),
    [
        ("invalid_auth", "set a token that is valid"),
        ("missing_scope", "give the app the scopes"),
        ("not_in_channel", "invite the app into the room"),
        ("something_new", "chat.postMessage"),
    ],
)
def test_a_no_of_slack_is_final_and_says_how_to_mend_it(slack, code, mend):
    slack.refuse["chat.postMessage"] = code
    with pytest.raises(ChannelRefused, match=code) as caught:
        slack_channel(slack).send(messages.alert(BRIEFING, key="k"))
    assert mend in str(caught.value)


def test_a_fault_of_slack_itself_is_worth_another_try(slack):
    slack.refuse["chat.postMessage"] = "internal_error"
    with pytest.raises(ChannelTrouble) as caught:
        slack_channel(slack).send(messages.alert(BRIEFING, key="k"))
    assert caught.value.may_have_arrived


def test_an_edit_that_got_no_answer_can_be_repeated_without_a_trace(slack):
    channel = slack_channel(slack, seconds=0.3)
    first = channel.send(messages.alert(BRIEFING, key="k"))
    slack.illness = "mute"
    with pytest.raises(ChannelTrouble) as caught:
        channel.send(messages.alert(BRIEFING, key="k", update_of=first.reference))
    assert not caught.value.may_have_arrived


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": SecretStr("")},
        {"token": SecretStr("xoxb two\nlines")},
        {"room": "#incidents"},
        {"base_url": "http://slack.example.org/api/"},
        {"base_url": "file:///etc/passwd"},
        {"seconds": 0},
        {"seconds": 31},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(SettingError):
        SlackSettings(**{"token": SecretStr("xoxb-1"), **wrong})


# ------------------------------------------------------------------------------------------------------------ buttons

OFFERED = dataclasses.replace(BRIEFING, offers=(Offer.ACKNOWLEDGE, Offer.LEAD), link="https://r.example/incidents/1")


def test_without_a_way_for_taps_there_are_no_buttons(slack):
    slack_channel(slack).send(messages.alert(OFFERED, key="k"))
    assert [block["type"] for block in only_message(slack)["blocks"]] == ["rich_text"]


def test_a_message_offers_what_can_be_done_and_an_edit_what_can_be_done_then(slack):
    channel = slack_channel(slack, buttons=True)
    first = channel.send(messages.alert(OFFERED, key="k"))
    ((at, _),) = slack.messages.items()
    buttons = slack.buttons(at)
    assert list(buttons) == ["Acknowledge", "Take the lead", "Open"]
    assert (buttons["Acknowledge"]["value"], buttons["Open"]["url"]) == ("2026-11-23-001", OFFERED.link)
    assert "confirm" not in buttons["Take the lead"]
    led = dataclasses.replace(OFFERED, offers=(Offer.TAKE_OVER,))
    channel.send(messages.alert(led, key="k2", update_of=first.reference))
    assert list(slack.buttons(at)) == ["Take the lead", "Open"]
    assert slack.buttons(at)["Take the lead"]["confirm"]["confirm"]["text"] == "Take it"
    channel.send(messages.alert(dataclasses.replace(OFFERED, offers=()), key="k3", update_of=first.reference))
    assert slack.buttons(at) == {}


def test_a_page_that_was_answered_is_edited_and_else_goes_to_who_was_paged_alone(slack):
    channel = slack_channel(slack, buttons=True)
    page = channel.send(messages.page(OFFERED, key="k", to=ADA, duty="primary on-call"))
    led = dataclasses.replace(OFFERED, offers=(Offer.TAKE_OVER,), private=True)
    answered = messages.answered(led, key="k2", to=ADA, update_of=page.reference)
    channel.send(answered)
    assert only_message(slack)["text"].startswith("P1 Investigating: Active Inference API")
    slack.messages.clear()
    channel.send(answered)
    assert [place for place, _ in slack.messages] == ["U012AB3CD"]


def test_a_reply_goes_to_slack_and_nowhere_else(slack):
    replies = SlackReplies(slack.url)
    host = slack.url.removesuffix("/api/")
    assert replies.tell(f"{host}/actions/T1/U012AB3CD", "done <!channel>")
    for elsewhere in ("", "https://evil.example/actions", "file:///etc/passwd", host.replace("http", "https"), "//x"):
        assert not replies.tell(elsewhere, "done")
    replies.close()
    assert slack.whispers == [("U012AB3CD", "done &lt;!channel&gt;")]
    real = SlackReplies("https://slack.com/api/")
    assert not real.tell("https://hooks.slack.com.evil.example/actions", "x")
    assert not real.tell("https://a@evil.example", "x")
    assert not real.tell("http://hooks.slack.com/actions", "x")
    real.close()

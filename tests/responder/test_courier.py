"""Messages: in order, tried again, given up, and never silently twice."""

from datetime import timedelta

import pytest
from support.responding import Responding, responding

from actinf.errors import ChannelError, ChannelRefused, ChannelTrouble
from actinf.responder.channels.port import Delivery, Message
from actinf.responder.incident import decisions
from actinf.responder.incident.events import Undelivered
from actinf.responder.store import outbox


def test_a_channel_that_fails_is_tried_again_ever_more_rarely(desk_at_hand: Responding) -> None:
    desk_at_hand.opened()
    desk_at_hand.paper.fails = [ChannelTrouble("nobody answers") for _ in range(12)]
    waits = []
    for _ in range(6):
        desk_at_hand.beat()
        with desk_at_hand.store.reading() as connection:
            following = outbox.next_at(connection)
        assert following is not None
        waits.append((following - desk_at_hand.clock.now).total_seconds())
        desk_at_hand.clock.now = following
    assert desk_at_hand.paper.fails == []
    assert waits[0] == 2
    assert 32 <= max(waits) <= 120
    desk_at_hand.clock.pass_(minutes=2)
    desk_at_hand.beat()
    assert {"alert", "page"} <= set(desk_at_hand.paper.kinds)
    assert not any(message.subject.startswith("Possible duplicate") for message in desk_at_hand.paper.sent)


def test_the_wait_that_a_provider_asks_for_is_kept(desk_at_hand: Responding) -> None:
    desk_at_hand.opened(severity=decisions.Severity.P2)
    desk_at_hand.clock.pass_(seconds=1)
    desk_at_hand.paper.fails = [ChannelTrouble("too many", retry_after=90)] * 2
    desk_at_hand.beat()
    desk_at_hand.clock.pass_(seconds=89)
    desk_at_hand.beat()
    assert desk_at_hand.paper.sent == []
    desk_at_hand.clock.pass_(seconds=1)
    desk_at_hand.beat()
    assert set(desk_at_hand.paper.kinds) == {"alert", "page"}


def test_what_is_refused_is_given_up_and_stands_on_the_timeline(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened()
    desk_at_hand.paper.fails = [ChannelRefused("the channel is archived")] * 2
    desk_at_hand.beat()
    lost = [one.event for one in desk_at_hand.desk.timeline(name) if isinstance(one.event, Undelivered)]
    assert {event.what for event in lost} == {"page", "alert"}
    assert lost[0].why == "the channel is archived"


@pytest.mark.parametrize("error", [ChannelTrouble("no answer from ada@example.org"), ChannelRefused("no ada")])
def test_what_is_erased_while_it_is_under_way_is_not_tried_again_and_blocks_nothing(
    desk_at_hand: Responding, monkeypatch: pytest.MonkeyPatch, error: ChannelError
) -> None:
    name = desk_at_hand.opened()
    desk_at_hand.desk.act(name, lambda one: decisions.resolve(one, "x"), by="ada")
    send = desk_at_hand.paper.send

    def erased_meanwhile(message: Message) -> Delivery:
        monkeypatch.setattr(desk_at_hand.paper, "send", send)
        desk_at_hand.desk.erase(name, "asked for", by="eve")
        raise error

    monkeypatch.setattr(desk_at_hand.paper, "send", erased_meanwhile)
    assert desk_at_hand.courier.deliver(desk_at_hand.paper)
    events = [one.event.kind for one in desk_at_hand.desk.timeline(name)]
    assert events[-1] == "erased"
    desk_at_hand.clock.pass_(hours=1)
    other = desk_at_hand.opened()
    desk_at_hand.beat()
    assert other in {one.incident for one in desk_at_hand.paper.sent}
    with desk_at_hand.store.reading() as connection:
        (row,) = connection.execute("SELECT state, trouble FROM outbox WHERE incident = ? ORDER BY id LIMIT 1", [name])
    assert tuple(row) == ("withdrawn", None)


def test_what_is_a_day_old_is_given_up(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened()
    desk_at_hand.paper.fails = [ChannelTrouble("nobody answers")] * 10_000
    for _ in range(50):
        desk_at_hand.beat()
        desk_at_hand.clock.pass_(minutes=30)
    first = [one.event for one in desk_at_hand.desk.timeline(name) if isinstance(one.event, Undelivered)]
    assert any(event.what == "alert" for event in first)


@pytest.mark.parametrize("takes_key", [False, True])
def test_what_was_under_way_when_the_process_died_is_sent_once_more_and_says_so(
    desk_at_hand: Responding, takes_key: bool
) -> None:
    desk_at_hand.paper.takes_key = takes_key
    desk_at_hand.opened()
    with desk_at_hand.store.writing() as connection:
        claimed = outbox.claim(connection, "paper", desk_at_hand.clock.now)
    assert claimed is not None
    desk_at_hand.beat()
    assert "alert" not in desk_at_hand.paper.kinds  # it is still thought to be under way
    assert desk_at_hand.courier.begin() == (0 if takes_key else 1)
    desk_at_hand.beat()
    again = [message for message in desk_at_hand.paper.sent if message.kind == "alert"]
    assert [message.subject.startswith("Possible duplicate: ") for message in again] == [not takes_key]
    assert desk_at_hand.courier.begin() == 0


def test_the_order_of_an_incident_is_kept_while_others_go_on(desk_at_hand: Responding) -> None:
    first = desk_at_hand.opened(severity=decisions.Severity.P2, component="first")
    desk_at_hand.pulse.once()
    desk_at_hand.paper.fails = [ChannelTrouble("once"), ChannelTrouble("once")]
    desk_at_hand.beat()
    desk_at_hand.desk.act(first, lambda one: decisions.acknowledge(one, "ada"), by="ada")
    second = desk_at_hand.opened(severity=decisions.Severity.P3, component="second")
    desk_at_hand.desk.act(
        second, lambda one: decisions.change_severity(one, decisions.Severity.P2, "it grew"), by="ada"
    )
    desk_at_hand.beat()
    assert {message.incident for message in desk_at_hand.paper.sent} == {second}
    desk_at_hand.clock.pass_(seconds=10)
    desk_at_hand.beat()
    told = [message for message in desk_at_hand.paper.sent if message.incident == first and message.kind == "alert"]
    assert [message.update_of is None for message in told] == [True, False]
    # Nobody is paged for what was acknowledged meanwhile.
    assert not any(message.incident == first and message.kind == "page" for message in desk_at_hand.paper.sent)


def test_how_long_messages_waited_is_told(desk_at_hand: Responding) -> None:
    seen = []
    desk_at_hand.courier.sent = lambda channel, kind, waited: seen.append((channel, kind, waited))
    desk_at_hand.opened()
    desk_at_hand.pulse.once()
    desk_at_hand.clock.pass_(seconds=3)
    desk_at_hand.beat()
    assert ("paper", "page", timedelta(seconds=3)) in seen


def test_another_process_delivers_what_the_first_put_in(desk_at_hand: Responding) -> None:
    desk_at_hand.opened()
    other = responding(desk_at_hand.store.folder, schedule=False, clock=desk_at_hand.clock)
    other.beat()
    assert set(other.paper.kinds) == {"alert", "page"}
    other.store.close()

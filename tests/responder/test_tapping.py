"""A tap in the chat does what a command would, for whom the chat knows, and tells nobody else anything."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from support.responding import Responding, schedule_text

from actinf.responder.access.accounts import Principal
from actinf.responder.access.roles import Role
from actinf.responder.channels.port import Kind, Message, Offer
from actinf.responder.contacts.directory import KEY_FILE, Directory
from actinf.responder.incident import decisions
from actinf.responder.incident.severity import Severity
from actinf.responder.intake.slack_tap import Tap
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.store import outbox
from actinf.responder.tapping import Tapping

ADA, BEN, EVE, STRANGER = "U012AB3CD", "U0GRACE99", "U0VIEWER1", "U0UNKNOWN"
ACCOUNTS: Mapping[str, Principal] = {
    "ada": Principal(handle="ada", role=Role.RESPONDER),
    "ben": Principal(handle="ben", role=Role.RESPONDER),
    "eve": Principal(handle="eve", role=Role.VIEWER),
}


class Tapped:
    """A responder that takes taps."""

    def __init__(self, at_hand: Responding):
        self.at_hand = at_hand
        self.tapping = Tapping(at_hand.desk, ACCOUNTS.get, channel="paper")
        text = schedule_text()
        for handle, chat_id in (("ada", ADA), ("ben", BEN), ("eve", EVE), ("cto", "U0NOACCNT")):
            text = text.replace(f"  {handle}: {{", f"  {handle}: {{chat_id: {chat_id}, ")
        at_hand.desk.set_schedule(Schedule.from_text(text), by="eve")
        self.taps = 0

    def tap(self, incident: str, offer: Offer = Offer.ACKNOWLEDGE, user: str = ADA, message: str = "") -> str | None:
        self.taps += 1
        tap = Tap(user=user, offer=offer, incident=incident, message=message, reply_to="")
        return self.tapping.take(tap, f"v0={self.taps}", self.at_hand.clock())

    def kinds(self, incident: str) -> list[str]:
        return [one.event.kind for one in self.at_hand.desk.timeline(incident)]


@pytest.fixture
def tapped(desk_at_hand: Responding) -> Tapped:
    return Tapped(desk_at_hand)


def test_a_tap_acknowledges_and_ends_paging(tapped: Tapped) -> None:
    incident = tapped.at_hand.opened()
    assert tapped.tap(incident) == f"You have acknowledged {incident}: nobody else is paged for it."
    after = tapped.at_hand.desk.incident(incident)
    assert (after.acknowledged_by, after.lead, after.attended) == ("ada", "ada", True)
    tapped.at_hand.clock.pass_(minutes=30)
    tapped.at_hand.beat()
    assert "page" not in tapped.at_hand.paper.kinds


def test_whose_member_id_is_in_their_contact_alone_can_tap(tapped: Tapped) -> None:
    """As after `actinf contacts import --from-schedule`, which moves it there."""
    at_hand = tapped.at_hand
    directory = Directory(at_hand.store, at_hand.clock, at_hand.store.folder / KEY_FILE)
    assert "ada" in directory.import_schedule(by="eve")
    at_hand.desk.announcer.known = directory
    incident = at_hand.opened()
    assert tapped.tap(incident) == f"You have acknowledged {incident}: nobody else is paged for it."
    assert "nobody in the schedule has your member id" in str(tapped.tap(incident, user=STRANGER))


def test_a_second_tap_changes_nothing_whoever_makes_it(tapped: Tapped) -> None:
    incident = tapped.at_hand.opened()
    tapped.tap(incident)
    before = tapped.kinds(incident)
    assert tapped.tap(incident) == f"Nothing to do: you have acknowledged {incident} already."
    assert tapped.tap(incident, user=BEN) == f"Nothing to do: @ada has acknowledged {incident} already."
    assert tapped.kinds(incident) == before


def test_who_takes_the_lead_is_there_and_who_takes_it_over_says_from_whom(tapped: Tapped) -> None:
    incident = tapped.at_hand.opened()
    assert tapped.tap(incident, Offer.LEAD) == f"You lead {incident} now."
    assert tapped.tap(incident, Offer.LEAD) == f"Nothing to do: you lead {incident} already."
    assert tapped.kinds(incident).count("acknowledged") == 1
    assert tapped.tap(incident, Offer.TAKE_OVER, BEN) == f"You lead {incident} now, in the place of @ada."
    assert tapped.at_hand.desk.incident(incident).lead == "ben"


def test_of_two_who_take_the_lead_at_once_the_second_takes_it_from_nobody(tapped: Tapped) -> None:
    """Both saw that nobody leads; who takes it over has to be asked first."""
    incident = tapped.at_hand.opened()
    tapped.tap(incident, Offer.LEAD)
    told = tapped.tap(incident, Offer.LEAD, BEN)
    assert told == f"Nothing was done: @ada leads {incident} by now. Tap again to take it over."
    assert tapped.at_hand.desk.incident(incident).lead == "ada"


def test_the_same_message_again_is_not_taken_again(tapped: Tapped) -> None:
    incident = tapped.at_hand.opened()
    tap = Tap(user=ADA, offer=Offer.LEAD, incident=incident, message="", reply_to="")
    now = tapped.at_hand.clock()
    assert tapped.tapping.take(tap, "v0=same", now) is not None
    tapped.tap(incident, Offer.TAKE_OVER, BEN)
    assert tapped.tapping.take(tap, "v0=same", now + timedelta(minutes=4)) is None
    assert tapped.at_hand.desk.incident(incident).lead == "ben"


@pytest.mark.parametrize(
    ("user", "told"),
    [
        (STRANGER, "nobody in the schedule has your member id"),
        ("U0NOACCNT", "you are @cto in the schedule, but have no account"),
        (EVE, "needs the role responder, and yours is viewer"),
    ],
)
def test_who_may_not_is_told_why_and_nothing_is_done(tapped: Tapped, user: str, told: str) -> None:
    incident = tapped.at_hand.opened()
    before = tapped.kinds(incident)
    assert told in str(tapped.tap(incident, user=user))
    assert tapped.kinds(incident) == before


def test_two_people_with_one_member_id_are_neither(tapped: Tapped) -> None:
    text = (
        schedule_text()
        .replace("{name: Ada", f"{{chat_id: {ADA}, name: Ada")
        .replace("{name: Ben", f"{{chat_id: {ADA}, name: Ben")
    )
    tapped.at_hand.desk.set_schedule(Schedule.from_text(text), by="eve")
    assert "@ada and @ben have the same member id" in str(tapped.tap(tapped.at_hand.opened()))


def test_of_a_private_incident_nobody_learns_who_may_not_see_it(tapped: Tapped) -> None:
    private = tapped.at_hand.opened(private=True)
    assert tapped.tap(private, user=BEN) == str(tapped.tap("2026-01-01-001", user=BEN)).replace(
        "2026-01-01-001", private
    )
    tapped.at_hand.beat()  # ada is paged, and so concerned
    assert str(tapped.tap(private)).startswith("You have acknowledged")


def test_what_is_resolved_is_not_taken(tapped: Tapped) -> None:
    incident = tapped.at_hand.opened()
    tapped.at_hand.desk.act(incident, lambda one: decisions.resolve(one, "it stopped"), by="ben")
    assert tapped.tap(incident) == f"{incident} is resolved: nothing was done."
    assert tapped.tap(incident, Offer.LEAD) == f"{incident} is resolved: nothing was done."


def sent(tapped: Tapped, kind: Kind) -> list[Message]:
    return [message for message in tapped.at_hand.paper.sent if message.kind is kind]


def test_a_page_that_was_tapped_on_says_how_it_stands_to_whoever_was_paged_alone(tapped: Tapped) -> None:
    incident = tapped.at_hand.opened(private=True)
    tapped.at_hand.beat()
    (page,) = sent(tapped, Kind.PAGE)
    assert page.offers == (Offer.ACKNOWLEDGE, Offer.LEAD)
    with tapped.at_hand.store.reading() as connection:
        reference = connection.execute("SELECT reference FROM outbox WHERE kind = 'page'").fetchone()["reference"]
        assert outbox.page_of(connection, "paper", "another") is None
    tapped.tap(incident, message=reference)
    tapped.at_hand.beat()
    (edit,) = sent(tapped, Kind.ACKNOWLEDGED)
    assert (edit.update_of, edit.to and edit.to.handle, edit.private) == (reference, "ada", True)
    assert edit.offers == (Offer.TAKE_OVER,)
    assert dict(edit.fields)["Lead"] == "@ada"


def test_a_page_of_another_incident_is_not_edited(tapped: Tapped) -> None:
    tapped.at_hand.opened()
    tapped.at_hand.beat()
    other = tapped.at_hand.opened(Severity.P2)
    tapped.tap(other, message="ref 1")
    tapped.at_hand.beat()
    assert sent(tapped, Kind.ACKNOWLEDGED) == []


def test_what_is_offered_follows_from_how_it_stands(tapped: Tapped) -> None:
    incident = tapped.at_hand.opened()
    tapped.at_hand.beat()
    tapped.tap(incident)
    tapped.at_hand.beat()
    offered = [message.offers for message in sent(tapped, Kind.ALERT)]
    assert offered[0] == (Offer.ACKNOWLEDGE, Offer.LEAD)
    assert offered[-1] == (Offer.TAKE_OVER,)

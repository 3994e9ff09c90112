"""Who is told how a ramp goes: everybody by the incident's channel, and who leads where it waits."""

from support.ramping import RampAtHand

from actinf.responder.channels.port import Kind, Message
from actinf.responder.documents import event_document
from actinf.responder.incident import decisions
from actinf.responder.ramp.plan import Kind as Step
from actinf.responder.ramp.requests import Direction
from actinf.responder.ramp.trials import Fate
from actinf.responder.record.narrative import sentence


def news(at_hand: RampAtHand) -> list[Message]:
    at_hand.responding.beat()
    return [one for one in at_hand.responding.paper.sent if one.kind is Kind.RAMP]


def test_the_channel_hears_of_its_beginning_and_its_end_and_not_of_each_step(at_hand: RampAtHand) -> None:
    at_hand.start()
    at_hand.turn()
    at_hand.pass_(minutes=6)
    told = news(at_hand)
    assert [one.to for one in told] == [None, None]
    assert "ramp 1 began, deployment active-inference-api" in told[0].text
    assert "ramp 1 is done" in told[1].text
    assert f"actinf incident ramp show {at_hand.incident}" in told[1].text
    first = next(number for number, one in enumerate(at_hand.responding.paper.sent, 1) if one.kind is Kind.ALERT)
    assert {one.update_of for one in told} == {f"ref {first}"}


def held(at_hand: RampAtHand) -> None:
    at_hand.trials.ends = {Step.SMOKE: Fate.LOST}
    at_hand.start()
    at_hand.turn()


def test_who_leads_is_asked_where_it_waits(at_hand: RampAtHand) -> None:
    at_hand.responding.desk.act(at_hand.incident, lambda one: decisions.assign(one, "eve"), by="ada")
    held(at_hand)
    (asked,) = [one for one in news(at_hand) if one.to is not None]
    assert asked.to is not None
    assert asked.to.handle == "eve"
    assert "is held at step 1, smoke test" in asked.subject


def test_without_a_lead_who_is_on_call_is_asked(at_hand: RampAtHand) -> None:
    held(at_hand)
    assert [one.to.handle for one in news(at_hand) if one.to is not None] == ["ada"]


def test_a_private_incident_is_told_to_its_lead_alone_and_else_to_security(at_hand: RampAtHand) -> None:
    at_hand.incident = at_hand.responding.opened(incident_type="security")
    held(at_hand)
    assert [one.to and one.to.handle for one in news(at_hand)] == ["sec"]
    at_hand.responding.desk.act(at_hand.incident, lambda one: decisions.assign(one, "eve"), by="ada")
    at_hand.say(Direction.RESUME)
    at_hand.turn()
    assert [one.to and one.to.handle for one in news(at_hand)] == ["sec", "eve"]


def test_what_people_said_to_it_is_erased_with_its_incident(at_hand: RampAtHand) -> None:
    secret = "because Jane Doe said so"
    at_hand.start()
    at_hand.turn()
    at_hand.say(Direction.PAUSE, reason=secret)
    at_hand.say(Direction.RESUME, reason=secret)
    at_hand.say(Direction.PASS, reason=secret)
    at_hand.turn()
    at_hand.say(Direction.ROLLBACK, reason=secret, down=True, yes_down=True)
    at_hand.turn()
    desk = at_hand.responding.desk
    told = [sentence(event_document(one)) for one in desk.timeline(at_hand.incident)]
    assert sum(secret in one for one in told) == 4
    desk.act(at_hand.incident, decisions.resolve, by="ada")
    desk.erase(at_hand.incident, "asked for", by="ada")
    at_hand.responding.store.close()
    folder = at_hand.responding.store.folder
    assert not [path for path in folder.iterdir() if path.is_file() and secret.encode() in path.read_bytes()]

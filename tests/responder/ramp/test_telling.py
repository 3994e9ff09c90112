"""Who is told how a ramp goes: everybody by the incident's channel, and who leads where it waits."""

from io import StringIO

from rich.console import Console
from support.ramping import RampAtHand

from actinf.cli.ramp_screen import print_ramp
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


def test_who_leads_is_asked_where_the_way_back_is_refused(at_hand: RampAtHand) -> None:
    at_hand.responding.desk.act(at_hand.incident, lambda one: decisions.assign(one, "eve"), by="ada")
    at_hand.cluster.with_autoscaler(2, 5)
    at_hand.start()
    at_hand.turn()
    at_hand.pass_(seconds=30)
    at_hand.measured.errors, at_hand.cluster.refuses = 0.5, "eve may not patch"
    at_hand.pass_(seconds=15)
    shown = printed(at_hand)
    assert "trouble  eve may not patch (tried once, again at 10:00 UTC)" in shown
    assert f"to leave all as it is now: actinf incident ramp abort {at_hand.incident}" in shown
    at_hand.pass_(minutes=1)
    (asked,) = [one for one in news(at_hand) if one.to is not None]
    assert asked.to is not None
    assert (asked.to.handle, "is held at its way back" in asked.subject) == ("eve", True)
    assert "it cannot go back, minReplicas of hpa 3 → 2: eve may not patch" in asked.text
    again = f"actinf incident ramp {{}} {at_hand.incident}"
    shown = printed(at_hand)
    assert f"to try again (minReplicas of hpa 3 → 2): {again.format('resume')}, or {again.format('abort')}" in shown
    assert "pass" not in shown.partition("next, ")[2]
    assert "rollback" not in shown


def printed(at_hand: RampAtHand) -> str:
    console = Console(width=200, file=StringIO())
    print_ramp(console, at_hand.ramping.document(at_hand.incident), at_hand.responding.clock())
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


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

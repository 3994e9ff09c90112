"""Whom to call for an incident: on-call people, duties, vendors, those first whom it is about."""

from dataclasses import replace
from typing import Any

from support.duties import EXAMPLE
from support.responding import MONDAY

from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.contacts.calling import people_to_call, vendors_to_call, without_means
from actinf.responder.contacts.document import contact_from, vendor_from
from actinf.responder.incident.state import Incident
from actinf.responder.oncall.rotation import Schedule

CATALOGUE = Catalogue.shipped()
SCHEDULE = Schedule.from_text(EXAMPLE)


def incident(kept: Any, **given: Any) -> Incident:
    found: Incident = kept.at_hand.desk.incident(kept.at_hand.opened(**given))
    return found


def test_who_is_paged_comes_first_and_who_has_two_posts_comes_once(kept: Any) -> None:
    found = people_to_call(incident(kept), SCHEDULE, {}, CATALOGUE, MONDAY)
    assert [(one.name, one.title, one.fits) for one in found] == [
        ("Bob Jones", "Level 1: Primary DevOps Engineer", True),
        ("Cyd Ray", "Level 2: Secondary Senior Backend Engineer, security", False),
        ("Eve Moss", "Level 3: Engineering Manager, legal", False),
        ("Fay Orr", "Level 4: CTO", False),
    ]
    escalated = replace(incident(kept), level=3)
    assert people_to_call(escalated, SCHEDULE, {}, CATALOGUE, MONDAY)[0].name == "Eve Moss"
    assert people_to_call(escalated, None, {}, CATALOGUE, MONDAY) == []


def test_the_duty_that_an_incident_is_about_comes_first(kept: Any) -> None:
    about = incident(kept, incident_type="security")
    assert [one.name for one in people_to_call(about, SCHEDULE, {}, CATALOGUE, MONDAY) if one.fits] == [
        "Bob Jones",
        "Cyd Ray",
    ]
    breached = replace(incident(kept), breach_known_at=MONDAY)
    assert "Eve Moss" in [one.name for one in people_to_call(breached, SCHEDULE, {}, CATALOGUE, MONDAY) if one.fits]
    document = CATALOGUE.document()
    document["components"]["api"]["duty"] = "legal"
    catalogue = Catalogue.from_document(document)
    assert "Eve Moss" in [
        one.name for one in people_to_call(incident(kept), SCHEDULE, {}, catalogue, MONDAY) if one.fits
    ]


def test_means_are_those_of_the_contact_then_those_of_the_schedule(kept: Any) -> None:
    fay = contact_from(
        "fay", {"name": "Fay", "role": "CTO", "means": [{"email": "f@x.org"}], "note": "after 22 by phone"}
    )
    (found,) = [
        one for one in people_to_call(incident(kept), SCHEDULE, {"fay": fay}, CATALOGUE, MONDAY) if one.key == "fay"
    ]
    assert [one.link for one in found.means] == ["mailto:f@x.org", "tel:+49307654321"]
    assert found.facts == (("note", "after 22 by phone"),)
    (bare,) = without_means([found])
    assert (bare.means, bare.facts, bare.name) == ((), (), "Fay Orr")


def test_vendors_of_what_has_failed_come_before_those_that_it_rests_on(kept: Any) -> None:
    vendors = [
        vendor_from("aaa", {"name": "Aaa", "kind": "security"}),
        vendor_from("pg", {"name": "Pg", "kind": "database", "for": ["Database", "postgres"]}),
        vendor_from("cloud", {"name": "Cloud", "kind": "cloud", "for": ["Active Inference API"]}),
        vendor_from("far", {"name": "Far", "for": ["no such part"]}),
    ]
    found = vendors_to_call(incident(kept, component="inference api"), vendors, CATALOGUE)
    assert [(one.key, one.fits) for one in found] == [("cloud", True), ("pg", True), ("aaa", False), ("far", False)]
    unknown = vendors_to_call(incident(kept, component="no such part"), vendors, CATALOGUE)
    assert [one.key for one in unknown if one.fits] == ["far"]

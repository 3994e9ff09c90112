"""What the catalogue does for incidents: one name, a type, where to look, who is paged, what fails as well."""

from support.responding import MONDAY, Responding

from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.incident.severity import Severity
from actinf.responder.intake.alert import Alert
from actinf.responder.reception import Reception
from actinf.responder.record.postmortem import post_mortem
from actinf.responder.verbs import Assess, OpenIncident


def alert(name: str, component: str, **labels: str) -> Alert:
    given = {"alertname": name, "component": component, "severity": "P1", **labels}
    return Alert(
        source="alertmanager",
        fingerprint=f"{name} {component}",
        name=name,
        status="firing",
        labels=given,
        annotations={},
        starts_at=MONDAY,
        ends_at=None,
        generator_url="",
    )


def take(desk_at_hand: Responding, *alerts: Alert) -> None:
    reception = Reception(desk_at_hand.desk)
    reception.accept(alerts)
    reception.digest()


def test_an_incident_gets_the_name_and_the_type_of_its_component(desk_at_hand: Responding) -> None:
    opened = OpenIncident(component="active-inference-api", impact="fails").run(desk_at_hand.desk, "ada")
    assert (opened.component, opened.incident_type) == ("Active Inference API", "api_down")
    assert opened.dependents == ("nginx",)
    other = OpenIncident(component="redis", impact="full", incident_type="high_memory").run(desk_at_hand.desk, "ada")
    assert (other.component, other.incident_type) == ("Cache", "high_memory")
    document = desk_at_hand.desk.document(opened.id)
    assert document["guidance"] == {
        "component": "api",
        "runbook": "docs/runbooks/api-down.md",
        "dashboard": "https://monitoring.active-inference.com/d/api-down",
        "near": (),
    }


def test_what_the_catalogue_does_not_have_is_opened_as_it_is_said(desk_at_hand: Responding) -> None:
    opened = OpenIncident(component=" Databse ", impact="slow").run(desk_at_hand.desk, "ada")
    assert (opened.component, opened.incident_type, opened.dependents) == ("Databse", "other", ())
    assert desk_at_hand.desk.document(opened.id)["guidance"]["near"] == ("Database",)


def test_a_part_of_security_is_critical_and_private(desk_at_hand: Responding) -> None:
    opened = OpenIncident(component="audit log", impact="rows are gone", severity=Severity.P3).run(
        desk_at_hand.desk, "ada"
    )
    assert (opened.incident_type, opened.severity, opened.private) == ("security", Severity.P0, True)


def test_alerts_under_different_names_of_a_part_are_one_incident(desk_at_hand: Responding) -> None:
    kind = {"incident_type": "database_performance"}
    take(
        desk_at_hand,
        alert("Slow", "postgres", **kind),
        alert("Waits", "PostgreSQL", **kind),
        alert("Slow", "db", **kind),
    )
    (incident,) = desk_at_hand.desk.list()
    assert (incident.component, len(incident.alerts)) == ("Database", 3)


def test_an_alert_joins_what_a_person_opened_under_another_name(desk_at_hand: Responding) -> None:
    opened = OpenIncident(component="Active Inference API", impact="fails").run(desk_at_hand.desk, "ada")
    take(desk_at_hand, alert("ApiDown", "api", incident_type="api_down"))
    (incident,) = desk_at_hand.desk.list()
    assert (incident.id, len(incident.alerts)) == (opened.id, 1)


def test_an_alert_without_a_type_gets_that_of_its_component_but_not_security(desk_at_hand: Responding) -> None:
    take(desk_at_hand, alert("Odd", "redis"), alert("Strange", "audit"))
    found = {one.component: (one.incident_type, one.private) for one in desk_at_hand.desk.list()}
    assert found == {"Cache": ("api_down", False), "Audit log": ("other", False)}


def test_an_assessment_names_parts_as_the_catalogue_does(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened()
    said = Assess(severity=Severity.P1, components=("db", "postgres", "Mailer"), impact="slow", findings="locks")
    assert said.run(desk_at_hand.desk, name, "ada").components == ("Database", "Mailer")


def test_a_post_mortem_proposes_what_depends_on_it_until_somebody_has_assessed_that(desk_at_hand: Responding) -> None:
    name = OpenIncident(component="api", impact="fails").run(desk_at_hand.desk, "ada").id

    def services() -> tuple[str, ...]:
        desk = desk_at_hand.desk
        found = post_mortem(desk.incident(name), desk.timeline(name)).impact.services
        assert found is not None
        return found.value

    assert services() == ("Active Inference API", "nginx (perhaps: depends on it)")
    Assess(severity=Severity.P1, components=("api",), impact="fails", findings="a deploy").run(
        desk_at_hand.desk, name, "ada"
    )
    assert services() == ("Active Inference API",)


def test_the_duty_of_a_part_is_paged_and_a_page_says_where_to_look(desk_at_hand: Responding) -> None:
    parts = {
        "mail": {"name": "Mail", "dashboard": "https://grafana.example.org/d/mail", "duty": "security"},
        "legal": {"name": "Contracts", "duty": "legal"},
    }
    desk_at_hand.desk.set_catalogue(Catalogue.from_document({"components": parts}), by="eve")
    OpenIncident(component="mail", impact="fails", severity=Severity.P1).run(desk_at_hand.desk, "ada")
    desk_at_hand.beat()
    pages = [one for one in desk_at_hand.paper.sent if one.kind == "page"]
    assert [one.to.handle for one in pages if one.to] == ["sec", "ada"]
    assert all(
        "Runbook: docs/runbooks/README.md\nDashboard: https://grafana.example.org/d/mail" in one.text for one in pages
    )
    name = OpenIncident(component="Contracts", impact="gone", severity=Severity.P1).run(desk_at_hand.desk, "ada").id
    desk_at_hand.beat()
    reasons = [getattr(one.event, "reason", "") for one in desk_at_hand.desk.timeline(name)]
    assert "nobody has the duty of legal" in reasons


def test_a_new_catalogue_leaves_incidents_as_they_are(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened()
    desk_at_hand.desk.set_catalogue(Catalogue.from_document({"components": {"x": {"name": "X"}}}), by="eve")
    assert desk_at_hand.desk.incident(name).component == "Active Inference API"
    assert desk_at_hand.desk.document(name)["guidance"]["component"] is None

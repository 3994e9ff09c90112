"""What people may tell the public, in which words, and what is refused with what to do."""

from pathlib import Path

import pytest
from support.responding import Responding

from actinf.errors import OutOfTurn, SettingError
from actinf.responder.incident import decisions
from actinf.responder.incident.severity import Severity
from actinf.responder.publishing import plain
from actinf.responder.publishing.page import NoticeState, Working
from actinf.responder.publishing.reading import About, Reader
from actinf.responder.publishing.site import Site
from actinf.responder.publishing.verbs import Publish, UpdateNotice, Withhold
from actinf.responder.publishing.writer import Writer
from actinf.responder.verbs import VERBS, Check

HOSTILE = "Fine <script>alert(1)</script>\x1b[31m @everyone \u202egnp.exe help@example.org"


def public(at_hand: Responding, name: str) -> dict[str, object]:
    document: dict[str, object] = at_hand.desk.document(name)["public"]
    return document


def test_what_would_be_told_is_what_is_told(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened(Severity.P2)
    draft = public(desk_at_hand, name)["draft"]
    Publish().run(desk_at_hand.desk, name, "ada")
    notice = desk_at_hand.desk.document(name)["public"]["notice"]
    assert {**notice, **notice["updates"][0]} | draft == {**notice, **notice["updates"][0]}  # type: ignore[operator]
    assert (notice["updates"][0]["by"], notice["updates"][0]["template"]) == ("ada", True)


def test_what_somebody_says_stays_until_something_else_happens(desk_at_hand: Responding) -> None:
    name, desk = desk_at_hand.opened(), desk_at_hand.desk
    said = UpdateNotice(text="You may retry.", impact=Working.DEGRADED, components=("Simulations",), title="Slow runs")
    notice = said.run(desk, name, "ada").notice
    assert notice is not None
    assert (notice.title, notice.last.text, notice.last.components) == ("Slow runs", "You may retry.", ("worker",))
    desk.act(name, lambda one: decisions.change_severity(one, Severity.P2, "less"), by="ada")
    desk.act(name, lambda _: decisions.note("x"), by="ada")
    assert desk.incident(name).notice == notice
    after = desk.act(name, lambda one: decisions.resolve(one, "x"), by="ada").notice
    assert after is not None
    assert (after.title, after.last.impact, after.last.text) == (
        "Slow runs",
        Working.DEGRADED,
        "The problems with Simulations are over.",
    )


def test_what_is_told_of_a_resolved_one_is_not_corrected_by_itself(desk_at_hand: Responding) -> None:
    name, desk = desk_at_hand.opened(), desk_at_hand.desk
    desk.act(name, lambda one: decisions.resolve(one, "x"), by="ada")
    after = UpdateNotice(text="We still watch.", state=NoticeState.MONITORING).run(desk, name, "ada")
    assert after.notice is not None
    assert after.notice.last.state == NoticeState.MONITORING


def test_of_a_p3_nothing_is_told_but_with_a_reason(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened(Severity.P3)
    with pytest.raises(OutOfTurn, match=r"is P3, of which the public is not told: say why .*--override REASON"):
        Publish().run(desk_at_hand.desk, name, "ada")
    with pytest.raises(OutOfTurn, match="is not told"):
        Publish(override="  ").run(desk_at_hand.desk, name, "ada")
    after = Publish(override="many ask").run(desk_at_hand.desk, name, "ada")
    assert after.notice is not None
    assert (after.notice.last.override, after.notice.last.impact) == ("many ask", Working.DEGRADED)
    UpdateNotice(text="It looks right again.").run(desk_at_hand.desk, name, "ada")


def test_of_what_is_private_nothing_is_told_but_what_is_written(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened(Severity.P0, private=True, component="api", impact="a leak")
    desk = desk_at_hand.desk
    assert public(desk_at_hand, name)["draft"] is None
    with pytest.raises(OutOfTurn, match="is private: what is published of it everybody reads"):
        Publish(title="Access", text="We look.").run(desk, name, "sec")
    for given in ({}, {"title": "Access"}, {"text": "We look."}):
        with pytest.raises(SettingError, match="is private, and nothing is told of it but what you write"):
            Publish(override="the law", **given).run(desk, name, "sec")  # type: ignore[arg-type]
    desk_at_hand.clock.pass_(minutes=7)
    notice = Publish(override="the law", title="Access", text="We look.").run(desk, name, "sec").notice
    assert notice is not None
    assert (notice.last.state, notice.last.impact, notice.last.components) == ("investigating", "operational", ())
    shown = desk.document(name)["public"]["notice"]
    assert shown["began_at"] == shown["updates"][-1]["at"], "not even since when it is known is told"
    desk.act(name, lambda one: decisions.resolve(one, "x"), by="sec")
    assert desk.incident(name).notice == notice


def test_what_is_withheld_is_not_told_until_it_is_worse(desk_at_hand: Responding) -> None:
    name, desk = desk_at_hand.opened(Severity.P2), desk_at_hand.desk
    with pytest.raises(SettingError, match="reason is empty"):
        Withhold(reason=" ").run(desk, name, "ada")
    Withhold(reason="one user").run(desk, name, "ada")
    with pytest.raises(OutOfTurn, match="withheld already, by ada: one user"):
        Withhold(reason="two").run(desk, name, "ben")
    assert public(desk_at_hand, name)["withheld"] == {
        "at": "2026-11-23T10:00:00+00:00",
        "by": "ada",
        "reason": "one user",
    }
    desk_at_hand.clock.pass_(hours=3)
    desk_at_hand.beat()
    assert desk.incident(name).notice is None
    after = desk.act(name, lambda one: decisions.change_severity(one, Severity.P1, "all"), by="ada")
    assert after.notice is not None
    with pytest.raises(OutOfTurn, match=r"is on the status page since .* UTC: take it back .*--state withdrawn"):
        Withhold(reason="too late").run(desk, name, "ada")


def test_what_makes_no_sense_is_refused_with_what_to_do(desk_at_hand: Responding) -> None:
    desk, p3, p1 = desk_at_hand.desk, desk_at_hand.opened(Severity.P3), desk_at_hand.opened()
    with pytest.raises(OutOfTurn, match=r"told nothing of .* yet: actinf status publish"):
        UpdateNotice(text="x").run(desk, p3, "ada")
    with pytest.raises(OutOfTurn, match="is P3, of which nothing is published by itself"):
        Withhold(reason="x").run(desk, p3, "ada")
    with pytest.raises(OutOfTurn, match=r"knows that of .* already"):
        Publish().run(desk, p1, "ada")
    with pytest.raises(SettingError, match="text is empty"):
        UpdateNotice(text="\n").run(desk, p1, "ada")
    with pytest.raises(SettingError, match="text has 5,001 characters, of which 5,000 are taken"):
        UpdateNotice(text="x" * 5001).run(desk, p1, "ada")
    with pytest.raises(SettingError, match="title has 151 characters"):
        UpdateNotice(text="x", title="x" * 151).run(desk, p1, "ada")
    with pytest.raises(SettingError, match="'Database', which users do not know: expected one of api, worker"):
        UpdateNotice(text="x", components=("Database",)).run(desk, p1, "ada")
    with pytest.raises(SettingError, match="state is 'scheduled': expected one of investigating"):
        UpdateNotice(text="x", state=NoticeState.SCHEDULED).run(desk, p1, "ada")
    with pytest.raises(SettingError, match="at is given"):
        Publish(at=desk_at_hand.clock.now).run(desk, p1, "ada")
    desk.merge(p3, p1, by="ada")
    with pytest.raises(OutOfTurn, match=f"goes on as {p1}: publish that one"):
        Publish(override="x").run(desk, p3, "ada")


def test_hostile_text_is_plain_text_that_calls_nobody(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened()
    UpdateNotice(text=HOSTILE, title=HOSTILE).run(desk_at_hand.desk, name, "ada")
    notice = desk_at_hand.desk.document(name)["public"]["notice"]
    for text in (notice["title"], notice["updates"][0]["text"]):
        assert text == "Fine <script>alert(1)</script> @\u2060everyone gnp.exe help@example.org"


def test_users_were_told_by_the_status_page(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened(Severity.P2)
    Publish().run(desk_at_hand.desk, name, "ada")
    offered = desk_at_hand.desk.document(name)["updates"]
    assert [(one["number"], one["channel"]) for one in offered] == [("page-2", "status page")]
    for number in ("latest", "page-2"):
        found = Check(item="users", passed=True, message=number).run(desk_at_hand.desk, name, "ada").checklist["users"]
        assert (found.channel, found.reference, found.subject) == (
            "status page",
            f"{name}/2",
            "Problems with Inference API",
        )
    with pytest.raises(SettingError, match=r"no update page-3 of .* expected one of page-2"):
        Check(item="users", passed=True, message="page-3").run(desk_at_hand.desk, name, "ada")


def test_what_was_erased_is_nowhere_on_the_page_or_in_a_state_before(desk_at_hand: Responding, tmp_path: Path) -> None:
    name, desk, secret = desk_at_hand.opened(), desk_at_hand.desk, "zzsecretzz"
    site = Site(tmp_path / "status" / "site")
    writer = Writer(desk.store, desk.clock, Reader(About()), plain.render, site)
    UpdateNotice(text=f"a {secret}", title=secret).run(desk, name, "ada")
    writer.once()
    UpdateNotice(text=f"another {secret}").run(desk, name, "ada")
    writer.once()
    desk.act(name, lambda one: decisions.resolve(one, "x"), by="ada")
    desk.erase(name, "asked for", by="eve")
    writer.once()
    files = [one for one in (tmp_path / "status").rglob("*") if one.is_file()]
    assert files
    assert not [one for one in files if secret in one.read_text(encoding="utf-8")]
    notice = desk.document(name)["public"]["notice"]
    assert notice["title"] == "Problems with Inference API"
    assert [one["text"].split()[0] for one in notice["updates"]] == ["The", "We", "We", "We"]


def test_the_verbs_are_among_all() -> None:
    assert {"publish", "update", "withhold"} <= set(VERBS)

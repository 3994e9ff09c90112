"""The page is written when it says something else, without a word too many, and whatever is in the way."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from support.responding import MONDAY, Responding

from actinf.errors import PublishingError
from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.incident import decisions
from actinf.responder.incident.severity import Severity
from actinf.responder.publishing import plain
from actinf.responder.publishing.page import PublicPage, Working, page_of
from actinf.responder.publishing.reading import About, Reader
from actinf.responder.publishing.site import Site
from actinf.responder.publishing.writer import Writer, written


@pytest.fixture
def writer(desk_at_hand: Responding, tmp_path: Path) -> Writer:
    reader = Reader(About(name="Lab", url="https://status.example.org"))
    return Writer(desk_at_hand.store, desk_at_hand.clock, reader, plain.render, Site(tmp_path / "status" / "site"))


def shown(writer: Writer) -> PublicPage:
    return page_of(json.loads((writer.site.link / plain.DOCUMENT).read_bytes()))


def test_a_grave_incident_is_on_the_page_from_its_opening_to_its_end(desk_at_hand: Responding, writer: Writer) -> None:
    assert writer.once()
    assert (shown(writer).working, shown(writer).current) == (Working.OPERATIONAL, ())
    name = desk_at_hand.opened(detected_at=MONDAY - timedelta(minutes=4))
    assert writer.once()
    page = shown(writer)
    assert (page.name, page.url, page.working) == ("Lab", "https://status.example.org", Working.PARTIAL_OUTAGE)
    (notice,) = page.current
    assert (notice.key, notice.components, notice.began_at) == (name, ("api",), MONDAY - timedelta(minutes=4))
    assert [one.key for one in notice.updates] == [f"{name}/2"]
    assert {one.key: one.working for one in page.components} == {
        "api": Working.PARTIAL_OUTAGE,
        "worker": Working.OPERATIONAL,
    }
    desk_at_hand.clock.pass_(minutes=30)
    desk_at_hand.desk.act(name, lambda one: decisions.resolve(one, "x"), by="ada")
    writer.once()
    page = shown(writer)
    assert (page.working, page.current, [one.key for one in page.past]) == (Working.OPERATIONAL, (), [name])
    (api, _) = page.components
    assert (api.days[-1].seconds_down, api.days[-1].notices) == (30 * 60, (name,))


def test_what_was_nothing_counts_as_nothing(desk_at_hand: Responding, writer: Writer) -> None:
    writer.once()
    name = desk_at_hand.opened()
    desk_at_hand.clock.pass_(minutes=30)
    desk_at_hand.desk.act(name, lambda one: decisions.close_as_false(one, "x"), by="ada")
    writer.once()
    api = shown(writer).components[0]
    assert (api.days[-1].seconds_down, api.uptime) == (0, 1.0)


def test_what_is_worst_stands_first_and_what_users_know_no_more_is_called_by_no_key(
    desk_at_hand: Responding, writer: Writer
) -> None:
    over = desk_at_hand.opened(component="worker")
    desk_at_hand.desk.act(over, lambda one: decisions.resolve(one, "x"), by="ada")
    begun = [desk_at_hand.opened(severity) for severity in (Severity.P1, Severity.P0, Severity.P1)]
    desk_at_hand.clock.pass_(minutes=1)
    mild = desk_at_hand.opened(Severity.P2, component="worker")
    desk_at_hand.clock.pass_(hours=2)
    desk_at_hand.beat()
    writer.once()
    assert [one.key for one in shown(writer).current] == [begun[1], begun[2], begun[0], mild]
    document = desk_at_hand.desk.catalogue().document()
    del document["components"]["worker"]["public"]
    for one in document["components"].values():
        one.pop("shown_on", None)
    desk_at_hand.desk.set_catalogue(Catalogue.from_document(document), by="eve")
    writer.once()
    page = shown(writer)
    assert [(one.key, one.components, one.title) for one in (page.current[-1], *page.past)] == [
        (mild, (), "Problems with Simulations"),
        (over, (), "Problems with Simulations"),
    ]


def test_it_is_written_only_where_it_says_something_else(desk_at_hand: Responding, writer: Writer) -> None:
    writer.once()
    name = desk_at_hand.opened(Severity.P3)
    desk_at_hand.desk.act(name, lambda _: decisions.note("what users must not read"), by="ada")
    assert not writer.once()
    desk_at_hand.opened()
    assert writer.once()
    assert not writer.once()
    desk_at_hand.clock.pass_(hours=24)
    assert writer.once(), "another day"


def test_a_server_keeps_it_fresh_and_a_command_does_not(desk_at_hand: Responding, writer: Writer) -> None:
    writer.once(keeps_fresh=True)
    assert not writer.once(keeps_fresh=True)
    writer._fresh_until = 0.0  # a minute is over
    desk_at_hand.clock.pass_(seconds=61)
    assert not writer.once()
    assert writer.once(keeps_fresh=True)
    assert shown(writer).written_at == MONDAY + timedelta(seconds=61)


def test_another_process_goes_on_where_the_last_one_was(desk_at_hand: Responding, writer: Writer) -> None:
    desk_at_hand.opened()
    writer.once()
    again = Writer(writer.store, writer.clock, Reader(writer.reader.about), writer.render, writer.site)
    assert not again.once()
    writer.site.link.unlink()
    fresh = Writer(writer.store, writer.clock, Reader(writer.reader.about), writer.render, writer.site)
    fresh.once()
    assert shown(fresh).current, "what somebody deleted is there again"


def test_what_is_in_the_way_is_noted_and_gone_when_it_is(desk_at_hand: Responding, writer: Writer) -> None:
    def broken(_: PublicPage) -> Mapping[str, bytes]:
        raise KeyError("a colour")

    name = desk_at_hand.opened()
    well, writer.render = writer.render, broken
    for _ in range(2):
        with pytest.raises(PublishingError, match="cannot be rendered: KeyError"):
            writer.once()
    with writer.store.reading() as connection:
        assert "KeyError" in written(connection).trouble
    writer.render = well
    assert writer.once()
    with writer.store.reading() as connection:
        assert written(connection).trouble == ""
    assert [one.key for one in shown(writer).current] == [name]


def test_how_long_it_took_is_told(desk_at_hand: Responding, writer: Writer) -> None:
    writer.once()
    waited: list[timedelta] = []
    writer.shown = waited.append
    desk_at_hand.clock.pass_(seconds=1)
    desk_at_hand.opened()
    desk_at_hand.clock.pass_(seconds=2)
    writer.once()
    assert waited == [timedelta(seconds=2)]

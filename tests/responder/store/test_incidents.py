"""Lists of incidents: page by page, and no more is read than is shown."""

from datetime import timedelta

import pytest
from support.responding import Responding

from actinf.errors import NoSuchIncident
from actinf.responder.incident import decisions
from actinf.responder.incident.severity import Severity
from actinf.responder.store.incidents import Wanted, each, listed, names

SEVERITIES = (Severity.P2, Severity.P0, Severity.P3, Severity.P1, Severity.P2, Severity.P2, Severity.P0)


@pytest.fixture
def many(desk_at_hand: Responding) -> list[str]:
    """Seven incidents, some of which were opened at the same moment; the fourth is over, the fifth private."""
    made = []
    for number, severity in enumerate(SEVERITIES):
        made.append(desk_at_hand.opened(severity, private=number == 4))
        if number % 2:
            desk_at_hand.clock.pass_(minutes=1)
    desk_at_hand.desk.act(made[3], lambda one: decisions.close_as_false(one, "a probe"), by="ada")
    return made


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_the_pages_of_a_list_are_the_list(desk_at_hand: Responding, many: list[str], size: int) -> None:
    with desk_at_hand.store.reading() as connection:
        whole = [one.id for one in each(connection, Wanted(which="all"))]
        assert whole == [many[number] for number in (6, 1, 3, 5, 4, 0, 2)]
        paged: list[str] = []
        more = True
        while more:
            after = paged[-1] if paged else None
            found, more = listed(connection, Wanted(which="all", after=after), size)
            assert 0 < len(found) <= size
            paged += [one.id for one in found]
    assert paged == whole


def test_what_somebody_may_not_see_takes_no_place(desk_at_hand: Responding, many: list[str]) -> None:
    with desk_at_hand.store.reading() as connection:
        wanted = Wanted(severities=(Severity.P2,))
        found, more = listed(connection, wanted, 2, lambda one: not one.private)
        assert ([one.id for one in found], more) == ([many[5], many[0]], False)
        assert names(connection, wanted, lambda one: not one.private) == [many[5], many[0]]
        assert names(connection, wanted) == [many[5], many[4], many[0]]


def test_a_list_is_of_what_was_opened_since(desk_at_hand: Responding, many: list[str]) -> None:
    since = desk_at_hand.clock.now - timedelta(minutes=1)
    with desk_at_hand.store.reading() as connection:
        assert names(connection, Wanted(which="all", since=since)) == [many[6], many[5], many[4]]


def test_no_more_is_read_than_is_shown(desk_at_hand: Responding, many: list[str]) -> None:
    """Of some thousand incidents each list, and each look at the console, read every timeline."""
    asked: list[str] = []
    with desk_at_hand.store.reading() as connection:
        connection.set_trace_callback(asked.append)
        try:
            listed(connection, Wanted(which="all"), 2)
            timelines = [one for one in asked if one.startswith("SELECT * FROM event")]
            assert len(timelines) == 3  # one more, to know that there is more
            asked.clear()
            names(connection, Wanted(which="all"))
            assert [one for one in asked if one.startswith("SELECT * FROM event")][1:] == []  # the private one
        finally:
            connection.set_trace_callback(None)


def test_nothing_comes_after_what_there_is_not(desk_at_hand: Responding, many: list[str]) -> None:
    with (
        desk_at_hand.store.reading() as connection,
        pytest.raises(NoSuchIncident, match=r"after is '; DROP', which is no incident: expected `next`"),
    ):
        listed(connection, Wanted(after="; DROP"), 2)

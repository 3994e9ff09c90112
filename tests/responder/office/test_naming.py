"""Short names for incidents."""

import pytest

from actinf.errors import NoSuchIncident
from actinf.responder.office.naming import full_name

OPEN = ["2026-11-27-001", "2026-11-27-1000"]
ALL = [*OPEN, "2026-11-26-001", "2026-11-26-002", "2026-11-25-002"]


def meant(name: str) -> str:
    return full_name(name, lambda which: OPEN if which == "open" else ALL)


def test_an_open_incident_is_meant_before_those_that_are_over() -> None:
    assert meant("001") == "2026-11-27-001"
    assert meant("26-001") == "2026-11-26-001"


def test_the_latest_is_the_one_with_the_highest_number_of_the_last_day() -> None:
    assert meant("latest") == "2026-11-27-1000"


def test_a_whole_id_is_taken_as_it_is() -> None:
    assert meant("2020-01-01-001") == "2020-01-01-001"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("002", "the end of several known incidents: 2026-11-26-002, 2026-11-25-002"),
        ("01", "no incident whose id ends with '01'"),
        ("one", "expected an id as 2026-11-23-001"),
        ("../x", "expected an id as 2026-11-23-001"),
        ("", "expected an id as 2026-11-23-001"),
    ],
)
def test_what_is_not_clear_is_refused(name: str, told: str) -> None:
    with pytest.raises(NoSuchIncident, match=told):
        meant(name)

"""A month's end loses no row, and old steps go while their agents stay."""

from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest

from actinf.errors import SettingError
from actinf.runtime.database import connect
from actinf.runtime.settings import Settings
from actinf.service import schema_version

if TYPE_CHECKING:
    from support.service import RunningService

CENTRE = {"where": "centre", "cue": "none"}
CUE = {"where": "cue", "cue": "left"}

STEP = """
INSERT INTO steps (agent_id, step, created_at, episode, time, request_digest, request, action, free_energy, results)
VALUES ('01997a3e-5d7c-7c39-9d51-6a1f6b1a2f10', %s, %s, 0, 0, '', '', 0, 0, '')
"""
ENTRY = """
INSERT INTO audit_log (seq, created_at, actor, action, object, request_id, outcome, mac)
VALUES (%s, %s, '', '', '', '', '', '')
"""


@pytest.fixture
def migrated_url(database_url: str) -> str:
    """The address of a database with the tables of this release."""
    schema_version.upgrade(database_url)
    return database_url


def places(connection: psycopg.Connection[Any], table: str) -> list[str]:
    """In which partition each row is, in the order of the rows."""
    key = "step" if table == "steps" else "seq"
    return [name for (name,) in connection.execute(f"SELECT tableoid::regclass::text FROM {table} ORDER BY {key}")]


@pytest.mark.parametrize(("table", "insert"), [("steps", STEP), ("audit_log", ENTRY)])
def test_a_month_without_a_partition_loses_nothing(migrated_url: str, table: str, insert: str) -> None:
    """As where no process ran for a year, or a clock jumped: the rows wait, and move when their month comes."""
    moments = [
        "2031-01-31T23:59:59.999999Z",
        "2031-02-01T00:00:00Z",
        "2031-02-28T23:59:59.999999Z",
        "2031-03-01T00:00Z",
    ]
    with psycopg.connect(migrated_url, autocommit=True) as owner, connect(migrated_url, application="test") as service:
        # Months end where they end in UTC, whatever the owner's own time zone is.
        owner.execute("ALTER ROLE CURRENT_USER IN DATABASE " + owner.info.dbname + " SET timezone = 'Asia/Tokyo'")
        for number, moment in enumerate(moments, 1):
            service.execute(insert, (number, moment))
        assert places(owner, table) == [f"{table}_default"] * 4
        assert service.execute("SELECT ensure_partitions(2)").fetchone() == (3,)
        months = [f"{table}_2031_{month:02d}" for month in (1, 2, 2, 3)]
        assert places(owner, table) == months
        assert service.execute(f"SELECT count(*) FROM {table}").fetchone() == (4,)
        assert service.execute("SELECT ensure_partitions(2)").fetchone() == (0,)
        service.execute(insert, (5, moments[1]))
        assert places(owner, table) == [*months, f"{table}_2031_02"]
    with psycopg.connect(migrated_url, autocommit=True) as elsewhere, connect(migrated_url, application="x") as service:
        assert elsewhere.execute("SHOW timezone").fetchone() == ("Asia/Tokyo",)
        elsewhere.execute(insert, (6, "2031-04-30T23:59:59.999999Z"))
        elsewhere.execute("SELECT ensure_partitions(0)")
        service.execute(insert, (7, "2031-05-01T00:00:00Z"))
        assert places(elsewhere, table)[5:] == [f"{table}_2031_04", f"{table}_default"]


def test_a_new_month_stops_no_step(migrated_url: str) -> None:
    """Neither waits for a transaction that has not ended: not the month for a step, and not a step for the month."""
    step_now = STEP.replace("%s, %s", "%s, now()")
    with psycopg.connect(migrated_url) as writing, psycopg.connect(migrated_url) as making:
        writing.execute(step_now, (1,))
        assert making.execute("SELECT ensure_partitions(3)").fetchone() == (2,)
        with connect(migrated_url, application="test") as service:
            service.execute("SET lock_timeout = '2s'")
            service.execute(step_now, (2,))
        making.commit()


def test_old_steps_go_and_their_agent_goes_on(
    service: "RunningService", api: httpx.Client, agent: dict[str, Any]
) -> None:
    steps = f"/v1/agents/{agent['id']}/steps"
    for observation in (CENTRE, CUE, {}):
        api.post(steps, json={"observation": observation}).raise_for_status()
    assert api.get(steps).json()["begins"] == 0
    with psycopg.connect(service.database.url, autocommit=True) as owner:
        owner.execute(
            "UPDATE steps SET created_at = created_at - interval '1 year' WHERE agent_id = %s AND step < 2",
            (agent["id"],),
        )
    with connect(service.database.url, application="test") as worker:
        assert worker.execute("SELECT ensure_partitions(0)").fetchone() == (1,)
        dropped = worker.execute("SELECT drop_steps_before(now() - interval '28 days')").fetchone()
        assert dropped is not None
        assert len(dropped[0]) == 1
        with pytest.raises(psycopg.errors.RaiseException, match="younger than 28 days"):
            worker.execute("SELECT drop_steps_before(now() - interval '27 days')")
    page = api.get(steps).json()
    assert page["begins"] == 2
    assert [step["step"] for step in page["items"]] == [2]
    gone = api.get(f"{steps}/0")
    assert gone.status_code == 404
    assert "is not kept any more" in gone.json()["detail"]
    assert api.post(steps, json={"observation": {}}).raise_for_status().json()["step"] == 3


@pytest.mark.parametrize("days", ["1", "27"])
def test_less_than_a_month_cannot_be_kept(days: str) -> None:
    with pytest.raises(SettingError, match="expected 0, which keeps steps for ever, or at least 28"):
        Settings.read(retention_days=days)

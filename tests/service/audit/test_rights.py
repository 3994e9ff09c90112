"""What the service's role can do with the audit log: add to it, and read it."""

from typing import Any

import psycopg
import pytest

from actinf.runtime.database import connect


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET actor = 'x'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "DROP TABLE audit_log",
        "DROP TABLE {month}",
        "ALTER TABLE audit_log DETACH PARTITION {month}",
        "DELETE FROM {month}",
        "UPDATE {month} SET actor = 'x'",
        "INSERT INTO {month} SELECT * FROM audit_log",
        "DELETE FROM audit_log_default",
        "SELECT * FROM audit_log FOR UPDATE",
        "ALTER TABLE audit_log DISABLE TRIGGER ALL",
        "CREATE RULE nothing AS ON INSERT TO audit_log DO INSTEAD NOTHING",
        "INSERT INTO audit_log SELECT * FROM audit_log ON CONFLICT (seq, created_at) DO UPDATE SET actor = 'x'",
        "MERGE INTO audit_log a USING audit_head h ON a.seq = h.seq WHEN MATCHED THEN DELETE",
        "COPY audit_log TO PROGRAM 'true'",
        "DELETE FROM audit_head",
        "INSERT INTO audit_head VALUES (false, 0, '')",
        "CREATE TABLE audit_log_mine (LIKE audit_log)",
        "CREATE OR REPLACE FUNCTION ensure_partitions(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "DELETE FROM alembic_version",
    ],
)
def test_the_role_of_the_service_can_change_nothing_in_the_log(long_log: Any, statement: str) -> None:
    with connect(long_log.database.url, application="test") as service:
        month = service.execute("SELECT tableoid::regclass::text FROM audit_log LIMIT 1").fetchone()
        assert month is not None
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            service.execute(statement.format(month=month[0]))


def test_the_functions_that_it_may_call_leave_the_log_alone(long_log: Any) -> None:
    with connect(long_log.database.url, application="test") as service, long_log.owner() as owner:
        service.execute("SELECT ensure_partitions(24)")
        service.execute("SELECT drop_steps_before(now() - interval '28 days')")
        # Neither finds other tables or functions where the caller put some in its way.
        service.execute("CREATE TEMP TABLE pg_inherits (inhrelid oid, inhparent oid)")
        service.execute("SET search_path = pg_temp, public")
        service.execute("SELECT drop_steps_before(now() - interval '28 days')")
        assert long_log.verdict(owner).good


def test_setting_the_head_back_is_allowed_to_it_and_found(long_log: Any) -> None:
    """It has to move the head on, and the database cannot tell forward from back; the chain can."""
    with connect(long_log.database.url, application="test") as service, long_log.owner() as owner:
        service.execute("BEGIN")
        service.execute("UPDATE audit_head SET seq = 12, mac = (SELECT mac FROM audit_log WHERE seq = 12)")
        service.execute("COMMIT")
        verdict = long_log.verdict(owner)
        owner.execute("UPDATE audit_head SET seq = 300, mac = (SELECT mac FROM audit_log WHERE seq = 300)")
        assert "audit_head is not the last row: it says 12" in str(verdict.wrong[0])


def test_a_process_with_another_key_does_not_break_the_chain(log: Any) -> None:
    from dataclasses import replace

    from actinf.errors import ServiceUnavailable

    log.add(2)
    with pytest.raises(ServiceUnavailable, match="ACTINF_AUDIT_KEY"):
        replace(log, key=bytes(32)).add(1)
    log.add(1)
    log.write_anchor()
    with log.owner() as connection:
        assert log.verdict(connection).good

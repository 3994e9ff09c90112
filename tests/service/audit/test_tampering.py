"""What a superuser does to the audit log shows; each time the transaction is undone."""

import random
from typing import Any

import psycopg
import pytest

from actinf.runtime.chain import key_id

ROWS = 300
# Every column, each with a value that the row cannot have had.
EDITS = {
    "seq": "seq + 1000",
    "created_at": "created_at + interval '1 microsecond'",
    "workspace_id": "gen_random_uuid()",
    "actor": "actor || '.'",
    "action": "'agents.delete'",
    "object": "upper(object)",
    "request_id": "''",
    "outcome": "'failed'",
    "details": "jsonb_set(details, '{rate}', to_jsonb((details ->> 'rate')::numeric + 0.0000000000000000000001))",
    "mac": "set_byte(mac, 31, get_byte(mac, 31) # 1)",
}


def tampered(connection: psycopg.Connection[Any], dice: random.Random) -> tuple[str, set[int]]:
    """Do one thing to the log; what, and the rows of which verification has to name at least one."""
    kind = dice.choice(["edit", "delete", "swap", "move", "insert"])
    row = dice.randint(1, ROWS)
    if kind == "edit":
        column = dice.choice(sorted(EDITS))
        connection.execute(f"UPDATE audit_log SET {column} = {EDITS[column]} WHERE seq = %s", (row,))
        return f"{column} of row {row}", {row, row + 1}
    if kind == "delete":
        last = min(ROWS, row + dice.randint(0, 40))
        connection.execute("DELETE FROM audit_log WHERE seq BETWEEN %s AND %s", (row, last))
        return f"delete {row} to {last}", set(range(row, last + 1))
    if kind == "swap":
        other = dice.choice([one for one in range(1, ROWS + 1) if one != row])
        connection.execute(
            "UPDATE audit_log SET seq = CASE seq WHEN %(a)s THEN %(b)s ELSE %(a)s END WHERE seq IN (%(a)s, %(b)s)",
            {"a": row, "b": other},
        )
        return f"swap {row} and {other}", {row, other}
    if kind == "move":
        row = min(row, ROWS - 1)
        # The row goes to the end, those behind it move up, and the head is made to fit.
        connection.execute("UPDATE audit_log SET seq = %s WHERE seq = %s", (ROWS + 1, row))
        connection.execute("UPDATE audit_log SET seq = -seq WHERE seq > %s", (row,))
        connection.execute("UPDATE audit_log SET seq = -seq - 1 WHERE seq < 0")
        connection.execute("UPDATE audit_head SET mac = (SELECT mac FROM audit_log WHERE seq = %s)", (ROWS,))
        return f"move {row} to the end", set(range(row, ROWS + 1))
    connection.execute(
        "INSERT INTO audit_log SELECT seq, created_at + interval '1 s' * %s, workspace_id, actor, action, object, "
        "request_id, outcome, details, mac FROM audit_log WHERE seq = %s",
        (dice.choice([-1, 1]), row),
    )
    return f"insert beside {row}", {row}


def test_of_a_hundred_random_changes_a_hundred_are_found(long_log: Any) -> None:
    dice = random.Random(20261127)
    with long_log.owner() as connection:
        assert long_log.verdict(connection).good
        for _ in range(100):
            what, rows = tampered(connection, dice)
            verdict = long_log.verdict(connection)
            connection.rollback()
            named = {row for one in verdict.wrong if one.first is not None for row in range(one.first, one.last + 1)}
            assert named & rows, f"{what}: {[str(one) for one in verdict.wrong]}"
        assert long_log.verdict(connection).good


@pytest.mark.parametrize("column", sorted(EDITS))
def test_an_edit_of_any_column_is_found_and_its_row_is_named(long_log: Any, column: str) -> None:
    with long_log.owner() as connection:
        connection.execute(f"UPDATE audit_log SET {column} = {EDITS[column]} WHERE seq = 150")
        verdict = long_log.verdict(connection)
        connection.rollback()
    assert verdict.wrong[0].first == 150
    assert all(one.last in (150, 151, 1149, 1150) for one in verdict.wrong if one.last is not None)


def test_every_wrong_range_is_named(long_log: Any) -> None:
    with long_log.owner() as connection:
        connection.execute("UPDATE audit_log SET actor = 'x' WHERE seq IN (20, 21, 22, 40)")
        connection.execute("DELETE FROM audit_log WHERE seq BETWEEN 60 AND 70")
        verdict = long_log.verdict(connection)
        connection.rollback()
    assert [(one.first, one.last) for one in verdict.wrong] == [(20, 22), (40, 40), (60, 70), (71, 71)]
    assert str(verdict.wrong[2]) == "rows 60 to 70: missing"


@pytest.mark.parametrize("kept", [0, 99, 100, 250, 289])
def test_a_cut_before_the_last_anchor_is_found(long_log: Any, kept: int) -> None:
    """The intruder sets the head back as well, so that the chain itself has nothing to say."""
    with long_log.owner() as connection:
        connection.execute("DELETE FROM audit_log WHERE seq > %s", (kept,))
        connection.execute(
            "UPDATE audit_head SET seq = %s, mac = coalesce((SELECT mac FROM audit_log WHERE seq = %s), %s)",
            (kept, kept, bytes(32)),
        )
        verdict = long_log.verdict(connection)
        connection.rollback()
    assert verdict.wrong[0].last == 290
    assert "not what was anchored" in verdict.wrong[0].what


def test_a_cut_after_the_last_anchor_is_the_window(long_log: Any) -> None:
    with long_log.owner() as connection:
        assert long_log.verdict(connection).unanchored == 10
        connection.execute("DELETE FROM audit_log WHERE seq > 290")
        head = "UPDATE audit_head SET seq = 290, mac = (SELECT mac FROM audit_log WHERE seq = 290)"
        connection.execute(head)
        verdict = long_log.verdict(connection)
        connection.rollback()
    assert verdict.good
    assert verdict.unanchored == 0


def test_a_log_that_went_on_after_a_cut_does_not_hide_it(log: Any) -> None:
    """The service itself continues the chain from the head that the intruder left: rows are there, but others."""
    log.add(20)
    log.write_anchor()
    log.add(20)
    log.write_anchor()
    with log.owner() as connection:
        connection.execute("DELETE FROM audit_log WHERE seq > 30")
        connection.execute("UPDATE audit_head SET seq = 30, mac = (SELECT mac FROM audit_log WHERE seq = 30)")
    log.add(30)
    anchor = log.write_anchor()
    assert (anchor.seq, anchor.follows) == (60, False)
    with log.owner() as connection:
        verdict = log.verdict(connection)
    assert [(one.first, one.last) for one in verdict.wrong] == [(21, 40)]


@pytest.mark.parametrize(
    ("done", "said"),
    [
        ("UPDATE audit_head SET seq = 250", "audit_head is not the last row"),
        ("UPDATE audit_head SET seq = 400", "missing: the log ends with row 300, its head says 400"),
        ("UPDATE audit_head SET mac = sha256('x')", "audit_head is not the last row"),
        ("DELETE FROM audit_head", "audit_head has 0 rows"),
    ],
)
def test_a_head_that_does_not_match_is_found(long_log: Any, done: str, said: str) -> None:
    with long_log.owner() as connection:
        connection.execute(done)
        verdict = long_log.verdict(connection)
        connection.rollback()
    assert said in str(verdict.wrong[0])


def test_a_month_that_was_dropped_is_named(long_log: Any) -> None:
    with long_log.owner() as connection:
        # Rows that were written in another month; they are wrong as well, and there.
        connection.execute("UPDATE audit_log SET created_at = created_at - interval '62 days' WHERE seq <= 100")
        connection.execute(
            "UPDATE audit_log SET created_at = created_at - interval '31 days' WHERE seq BETWEEN 101 AND 200"
        )
        connection.execute("SELECT ensure_partitions(0)")
        month = connection.execute("SELECT tableoid::regclass::text FROM audit_log WHERE seq = 150").fetchone()
        connection.execute(f"DROP TABLE {month[0]}")
        verdict = long_log.verdict(connection)
        connection.rollback()
    assert f"rows 101 to 200: missing (there is no partition {month[0]})" in [str(one) for one in verdict.wrong]


def test_another_key_is_told_from_a_log_that_was_changed(long_log: Any) -> None:
    with long_log.owner() as connection:
        verdict = long_log.verdict(connection, key=bytes(32))
        connection.rollback()
    assert len(verdict.wrong) == 1
    assert "most probably this is the wrong key" in str(verdict.wrong[0])
    assert key_id(long_log.key).hex() in str(verdict.wrong[0])


def test_what_only_a_superuser_can_write_is_read_as_wrong(long_log: Any) -> None:
    """Times and numbers that Python cannot hold must not stop verification."""
    for change in (
        "created_at = '-infinity'",
        "created_at = '0044-03-15 BC'",
        "details = jsonb_build_object('n', repeat('9', 9000)::numeric)",
        "details = (repeat('[', 4000) || repeat(']', 4000))::jsonb",
        "details = 'null'",
    ):
        with long_log.owner() as connection:
            connection.execute(f"UPDATE audit_log SET {change} WHERE seq = 7")
            verdict = long_log.verdict(connection)
            connection.rollback()
        assert (verdict.wrong[0].first, verdict.wrong[0].last) == (7, 7), change


def test_details_come_back_as_they_were_signed(log: Any) -> None:
    """JSON in the database keeps the digits of a number, and not how Python wrote them."""
    log.add(1, text="\u2028 \U0001f600 \x7f", none=None, yes=True, nested={"b": [1, 2.5, -0.0], "a": {}})
    log.add(1, large=2**80, float_large=1e300, small=5e-324, whole=3.0, minus=-1e-9, exponent=1e22)
    with log.owner() as connection:
        verdict = log.verdict_without_anchors(connection)
    assert verdict.good, verdict.wrong

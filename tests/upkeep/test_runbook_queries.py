"""Every line of psql in the runbook, through the real psql, as user postgres beside the server."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from threading import Thread

import psycopg
import pytest
from support.ports import wait_until
from support.postgres_pod import PASSWORDS, PostgresPod

from actinf.runtime.preparation import is_prepared

TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND query_start < now() - interval "
    "'5 minutes';"
)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("SELECT version();", r"PostgreSQL 18\."),
        ("SELECT count(*) FROM pg_stat_activity;", r"\n +\d+\n"),
        (
            "SELECT query, calls, total_time FROM pg_stat_statements ORDER BY total_time DESC LIMIT 10;",
            r"query .*\| +calls +\| +total_time[\s\S]*\(10 rows\)",
        ),
        ("SELECT * FROM pg_locks WHERE NOT granted;", r"waitstart[\s\S]*\(0 rows\)"),
        (TERMINATE, r"pg_terminate_backend[\s\S]*\(0 rows\)"),
        (
            "SELECT * FROM audit_log WHERE created_at > now() - interval '24 hours' ORDER BY created_at DESC;",
            r"actor[\s\S]*\(0 rows\)",
        ),
        ("SELECT count(*) FROM critical_table;", r"\n +0\n"),
        ("SELECT * FROM pg_stat_activity;", r"backend_type"),
        ("SELECT * FROM pg_locks;", r"AccessShareLock"),
        ("EXPLAIN ANALYZE SELECT count(*) FROM critical_table;", r"Execution Time"),
    ],
)
def test_each_line_of_the_runbook_answers_as_typed(migrated_pod: PostgresPod, line: str, shown: str) -> None:
    assert re.search(shown, migrated_pod.psql("-U", "postgres", "-c", line).stdout)


def test_a_login_that_is_no_superuser_looks_from_elsewhere(migrated_pod: PostgresPod) -> None:
    """`psql -h <host> -U <user> -d <database>`, with the password from a variable or a file."""
    done = subprocess.run(
        [migrated_pod.psql_program, "-h", "127.0.0.1", "-U", "actinf_operator", "-d", "actinf"],
        input="SELECT 'seen', count(*) FROM pg_stat_activity;\nSELECT * FROM ops.connections;\n",
        env={"PGPASSWORD": "looks", "PGPORT": str(migrated_pod.port)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "seen" in done.stdout
    assert "max_connections" in done.stdout


# ------------------------------------------------------------------------------------------------------------ the locks


@dataclass
class Trap:
    """A transaction that was forgotten, and who waits for it."""

    blocker: int
    victims: list[int]


@contextmanager
def a_lock_that_is_held(pod: PostgresPod, *, victims: int = 2, where: str = "") -> Iterator[Trap]:
    """Somebody begins, changes a row, and goes for lunch; others wait for that row.  `where`: not as the owner."""
    with ExitStack() as stack:
        where = where or pod.address("actinf_owner")
        forgotten = stack.enter_context(closing(psycopg.connect(where, application_name="lunch")))
        forgotten.execute("UPDATE audit_head SET seq = seq")
        waiting = [psycopg.connect(pod.address("actinf_service"), autocommit=True) for _ in range(victims)]

        def wait(connection: psycopg.Connection) -> None:
            try:
                connection.execute("SET ROLE actinf_app")
                connection.execute("UPDATE audit_head SET seq = seq")
            except psycopg.Error:
                pass  # it was ended
            finally:
                connection.close()

        pids = [connection.info.backend_pid for connection in waiting]
        threads = [Thread(target=wait, args=(connection,)) for connection in waiting]
        for thread in threads:
            thread.start()
        wait_until(lambda: pod.ask("SELECT count(*) FROM pg_locks WHERE NOT granted") == victims, "all of them wait")
        time.sleep(0.3)
        try:
            yield Trap(blocker=forgotten.info.backend_pid, victims=pids)
        finally:
            for pid in (forgotten.info.backend_pid, *pids):
                pod.ask("SELECT pg_terminate_backend(%s)", (pid,))
            for thread in threads:
                thread.join()


def lives(pod: PostgresPod, *pids: int) -> bool:
    return pod.ask("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)", (list(pids),)) == len(pids)


def test_the_literal_line_kills_the_victims_of_a_lock_and_leaves_who_holds_it(migrated_pod: PostgresPod) -> None:
    """Why there is another one.  Five minutes are made a moment here, which is all that is changed."""
    with a_lock_that_is_held(migrated_pod) as trap:
        line = TERMINATE.replace("5 minutes", "0.2 seconds")
        assert line != TERMINATE
        migrated_pod.psql("-U", "postgres", "-c", line)
        wait_until(lambda: not any(lives(migrated_pod, pid) for pid in trap.victims), "the victims are dead")
        assert lives(migrated_pod, trap.blocker)


def test_who_holds_up_others_is_named_and_ended_and_the_others_go_on(migrated_pod: PostgresPod) -> None:
    with a_lock_that_is_held(migrated_pod) as trap:
        waiters = migrated_pod.psql(
            "-U", "postgres", "-tAc", "SELECT pid FROM pg_locks WHERE NOT granted"
        ).stdout.split()
        assert sorted(map(int, waiters)) == sorted(trap.victims)  # and not a word of who it is that they wait for
        whom = "SELECT DISTINCT blocked_by, blocker_application, blocker_state FROM ops.blocking WHERE is_root"
        roots = migrated_pod.psql("-U", "postgres", "-tAc", whom)
        assert roots.stdout.strip() == f"{trap.blocker}|lunch|idle in transaction"
        preview = migrated_pod.psql(
            "-U", "postgres", "-tAc", "SELECT pid, verdict, why FROM ops.would_terminate('0.2 seconds')"
        ).stdout.splitlines()
        assert preview[0] == f"{trap.blocker}|terminate|2 wait for it, and it waits for nobody"
        assert {line for line in preview if "victim" in line} == {
            f"{pid}|spare|a victim, it waits for {trap.blocker} and goes on by itself" for pid in trap.victims
        }
        assert lives(migrated_pod, trap.blocker, *trap.victims)  # a preview changes nothing
        ended = migrated_pod.psql("-U", "postgres", "-tAc", "SELECT pid, ended FROM ops.terminate('0.2 seconds')")
        assert ended.stdout.split() == [f"{trap.blocker}|t"]
        wait_until(
            lambda: migrated_pod.ask("SELECT count(*) FROM ops.blocking") == 0, "nobody waits any more", seconds=10
        )


def test_a_long_queue_is_followed_by_pairs_and_not_by_ways(migrated_pod: PostgresPod) -> None:
    """Of 40 in a queue each waits for all before it: there are 2^39 ways from the last to the first."""
    with a_lock_that_is_held(migrated_pod, victims=40) as trap, psycopg.connect(migrated_pod.local) as connection:
        connection.execute("SET statement_timeout = '20s'")
        pairs = connection.execute("SELECT waiting_pid, blocked_by, is_root FROM ops.blocking").fetchall()
        assert len(pairs) == len(set(pairs)) <= 41 * 41
        assert {(waiting, blocker) for waiting, blocker, is_root in pairs if is_root} == {
            (pid, trap.blocker) for pid in trap.victims
        }
        judged = connection.execute("SELECT pid, verdict, holds_up FROM ops.would_terminate('0.2 seconds')").fetchall()
        assert judged[0] == (trap.blocker, "terminate", 40)
        assert {pid for pid, verdict, _ in judged if verdict == "spare"} == set(trap.victims)


def test_who_has_not_been_in_the_way_for_long_is_left_alone(migrated_pod: PostgresPod) -> None:
    with a_lock_that_is_held(migrated_pod) as trap:
        assert migrated_pod.psql("-U", "postgres", "-tAc", "SELECT * FROM ops.terminate()").stdout == ""
        assert lives(migrated_pod, trap.blocker, *trap.victims)


def test_a_forgotten_psql_of_the_superuser_is_no_backup(migrated_pod: PostgresPod) -> None:
    """It may replicate, as every first superuser may; in the pod, everybody who types is this one."""
    with a_lock_that_is_held(migrated_pod, where=migrated_pod.local) as trap:
        ended = migrated_pod.psql("-U", "postgres", "-tAc", "SELECT pid, ended FROM ops.terminate('0.2 seconds')")
        assert ended.stdout.split() == [f"{trap.blocker}|t"]


@contextmanager
def sleeping(pod: PostgresPod, login: str, application: str) -> Iterator[int]:
    """A session with one long statement."""
    with closing(psycopg.connect(pod.address(login), application_name=application)) as connection:

        def sleep() -> None:
            with suppress(psycopg.Error):  # it is ended
                connection.execute("SELECT pg_sleep(60)")

        thread = Thread(target=sleep)
        thread.start()
        wait_until(
            lambda: pod.ask("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND pid = %s "
            "AND state = 'active'", (connection.info.backend_pid,)) == 1, "it runs"
        )  # fmt: skip
        time.sleep(0.3)
        yield connection.info.backend_pid
        pod.ask("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        thread.join()


def test_long_statements_are_ended_and_backups_are_spared(migrated_pod: PostgresPod) -> None:
    """The literal line ends a backup that is under way, and a replica's stream."""
    with (
        sleeping(migrated_pod, "actinf_service", "report") as report,
        sleeping(migrated_pod, "actinf_backup", "manifest") as backup,
        sleeping(migrated_pod, "actinf_owner", "pg_dump") as dump,
        receiving_wal(migrated_pod) as stream,
    ):
        ended = migrated_pod.psql("-U", "postgres", "-tAc", "SELECT pid, why FROM ops.terminate('0.2 seconds')")
        assert ended.stdout.strip() == f"{report}|active for longer than 00:00:00.2"
        assert lives(migrated_pod, backup, dump, stream)
        spared = migrated_pod.psql(
            "-U", "postgres", "-tAc", "SELECT pid FROM ops.would_terminate('0.2 seconds') WHERE why LIKE '%backup%'"
        )
        assert set(map(int, spared.stdout.split())) == {backup, dump}


@contextmanager
def receiving_wal(pod: PostgresPod) -> Iterator[int]:
    """A replica, as far as the server can tell."""
    program = pod.psql_program.with_name("pg_receivewal")
    process = subprocess.Popen(
        [program, "--no-loop", "-D", ".", "-d", pod.address("actinf_backup")], stderr=subprocess.DEVNULL
    )
    try:
        find = "SELECT pid FROM pg_stat_replication WHERE application_name = 'pg_receivewal' AND state = 'streaming'"
        wait_until(lambda: pod.ask(find) is not None, "the stream runs")
        yield pod.ask(find)
    finally:
        process.terminate()
        process.wait()


# ------------------------------------------------------------------------------------------------------------- EXPLAIN


def test_explain_keeps_nothing_of_what_it_ran(migrated_pod: PostgresPod) -> None:
    explained = migrated_pod.psql(
        "-U", "postgres", "-tAc", "SELECT * FROM ops.explain($$UPDATE audit_head SET seq = 1000000$$)"
    )
    assert "Update on audit_head" in explained.stdout
    assert "Execution Time" in explained.stdout
    assert migrated_pod.ask("SELECT seq FROM audit_head") != 1_000_000


def test_explain_ends_when_its_time_is_up(migrated_pod: PostgresPod) -> None:
    """By a statement_timeout it would not: one that is set within a statement counts from the next one on."""
    done = migrated_pod.psql(
        "-U", "postgres", "-c", "SELECT * FROM ops.explain('SELECT pg_sleep(50)', '300 ms')", check=False
    )
    assert done.returncode == 2
    assert "terminating connection due to transaction timeout" in done.stderr
    with psycopg.connect(migrated_pod.local, autocommit=True) as connection:
        connection.execute("SELECT * FROM ops.explain('SELECT 1', '300 ms')")
        connection.execute("SELECT pg_sleep(0.5)")  # its limit ended with it


@pytest.mark.parametrize(
    ("query", "timeout", "said"),
    [
        ("SELECT 1; DROP TABLE switches", "1 s", "cannot open multi-query plan"),
        ("SELECT 1", "0 s", "expected more than nothing"),
        ("SELECT 1", "11 minutes", "at most 10 minutes"),
        ("DROP TABLE switches", "1 s", "syntax error"),
    ],
)
def test_explain_refuses_what_is_no_single_statement(
    migrated_pod: PostgresPod, query: str, timeout: str, said: str
) -> None:
    with pytest.raises(psycopg.Error, match=said), psycopg.connect(migrated_pod.local) as connection:
        connection.execute("SELECT * FROM ops.explain(%s, %s::interval)", (query, timeout))
    assert migrated_pod.ask("SELECT to_regclass('switches') IS NOT NULL")


# -------------------------------------------------------------------------------------------------------- who sees what


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("SELECT 1", "SELECT 1"),
        ("SELECT 'it''s' || E'\\'s' , \"a'b\" FROM t", "SELECT '***' || '***' , \"a'b\" FROM t"),
        ("ALTER ROLE x PASSWORD 'hunter2'; SELECT 5", "ALTER ROLE x PASSWORD '***'; SELECT 5"),
        ("SELECT date'2020-01-01', $1, $12", "SELECT date'***', $1, $12"),
        ("SELECT 'cut off", "SELECT '***'"),
        ("DO $x$ secret $x$; secret", "DO $***$"),
        ("SELECT 1 -- it's\n, 'a'", "SELECT 1 /* *** */\n, '***'"),
        ("SELECT /* it's ** a secret */ 'a'", "SELECT /* *** */ '***'"),
        ("SELECT /* cut off 'a'", "SELECT /* *** */"),
        ("", ""),
    ],
)
def test_constants_are_masked(migrated_pod: PostgresPod, statement: str, shown: str) -> None:
    assert migrated_pod.ask("SELECT compat.masked(%s)", (statement,)) == shown
    assert migrated_pod.ask("SELECT ops.masked(%s)", (statement,)) == shown


def test_the_operator_sees_no_secret_in_a_query(migrated_pod: PostgresPod) -> None:
    with (
        psycopg.connect(migrated_pod.local, autocommit=True) as somebody,
        psycopg.connect(migrated_pod.address("actinf_operator"), autocommit=True) as operator,
    ):
        somebody.execute("SELECT 'hunter2'")
        seen = operator.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", (somebody.info.backend_pid,))
        assert seen.fetchone() == ("SELECT '***'",)
        assert operator.execute("SELECT count(*) FROM pg_stat_statements WHERE query ~ 'hunter2'").fetchone() == (0,)
        assert operator.execute("SELECT count(*) FROM ops.slow_queries WHERE query ~ '\\$1'").fetchone() != (0,)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_head SET seq = 0",
        "SELECT * FROM api_keys",
        "SELECT * FROM ops.terminate()",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'actinf_service'",
        "CREATE TABLE compat.mine ()",
        "CREATE TABLE public.mine ()",
        "SET ROLE actinf_app",
        "SELECT pg_reload_conf()",
    ],
)
def test_the_operator_changes_nothing(migrated_pod: PostgresPod, statement: str) -> None:
    with (
        psycopg.connect(migrated_pod.address("actinf_service"), autocommit=True),
        psycopg.connect(migrated_pod.address("actinf_operator"), autocommit=True) as operator,
    ):
        operator.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            operator.execute(statement)


@pytest.mark.parametrize("view", ["ops.connections", "ops.blocking", "ops.slow_queries", "ops.would_terminate()"])
def test_the_operator_sees_all_of_ops(migrated_pod: PostgresPod, view: str) -> None:
    with psycopg.connect(migrated_pod.address("actinf_operator")) as operator:
        operator.execute(f"SELECT * FROM {view}")


def test_connections_are_told_by_state_against_the_limit(migrated_pod: PostgresPod) -> None:
    with psycopg.connect(migrated_pod.local) as connection:
        connection.execute("SELECT 1")
        rows = connection.execute(
            "SELECT state, connections, max_connections, reserved FROM ops.connections"
        ).fetchall()
    assert ("active", 1, 100, 8) in rows


# --------------------------------------------------------------------------------------------------- a server of yours


def prepare_by_hand(url: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "actinf.cli", "db", "prepare", "--superuser-url", url],
        env=PASSWORDS,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_database_that_was_migrated_before_is_prepared_by_hand(migrated_pod: PostgresPod) -> None:
    """Once more than needed: it changes nothing that is as it should be."""
    migrated_pod.ask("DROP SCHEMA compat CASCADE")
    migrated_pod.ask("REVOKE ALL ON SCHEMA ops FROM actinf_operator")
    assert not is_prepared(migrated_pod.local)
    for _ in range(2):
        done = prepare_by_hand(migrated_pod.local)
        assert done.returncode == 0, done.stderr
    assert is_prepared(migrated_pod.local)
    with psycopg.connect(migrated_pod.address("actinf_operator")) as operator:
        operator.execute("SELECT * FROM ops.connections")
        operator.execute("SELECT total_time FROM pg_stat_statements LIMIT 1")


def test_a_login_that_cannot_prepare_is_told_so(migrated_pod: PostgresPod) -> None:
    done = prepare_by_hand(migrated_pod.address("actinf_owner"))
    assert done.returncode == 2
    assert "the login 'actinf_owner' is no superuser" in done.stderr
    done = prepare_by_hand("host=127.0.0.1 port=1 user=postgres dbname=actinf")
    assert done.returncode == 2
    assert "the database was not prepared" in done.stderr

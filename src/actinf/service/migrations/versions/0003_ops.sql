-- The schema `ops`: what the runbook's queries are typed for, safe to run, and what their answers mean.
-- Whoever asks sees of other sessions what PostgreSQL lets them: everything as a member of pg_monitor.
CREATE SCHEMA ops;
COMMENT ON SCHEMA ops IS 'For operators: docs/howto/operate-the-database.md says which to use when.';

-- A statement without its constants; the same as compat.masked, for databases that nobody prepared.
CREATE FUNCTION ops.masked(statement text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 SET search_path = pg_catalog, pg_temp AS $function$
    SELECT coalesce(string_agg(
        CASE
            WHEN token[1] ~ '^[eE]?''' THEN '''***'''
            WHEN token[1] ~ '^(--|/\*)' THEN '/* *** */'
            WHEN token[1] ~ '^\$' AND length(token[1]) > 1 AND token[1] !~ '^\$[0-9]+$' THEN '$***$'
            ELSE token[1]
        END, '' ORDER BY place), '')
    FROM regexp_matches(statement, $pattern$(--[^\n]*|/\*([^*]|\*+[^*/])*(\*+/|\**$)|[eE]'([^'\\]|\\.|'')*('|\\?$)|'([^']|'')*('|$)|"([^"]|"")*("|$)|\$([A-Za-z_][A-Za-z_0-9]*)?\$.*|\$[0-9]+|\w+|.)$pattern$, 'g')
        WITH ORDINALITY AS found (token, place)
$function$;

CREATE VIEW ops.connections AS
SELECT
    coalesce(state, backend_type) AS state,
    count(*) AS connections,
    max(now() - coalesce(state_change, backend_start)) AS longest,
    max(now() - xact_start) AS longest_transaction,
    current_setting('max_connections')::integer AS max_connections,
    current_setting('superuser_reserved_connections')::integer + current_setting('reserved_connections')::integer
        AS reserved,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS in_use,
    round(100.0 * (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
        / current_setting('max_connections')::integer, 1) AS percent_in_use
FROM pg_stat_activity
WHERE backend_type = 'client backend'
GROUP BY coalesce(state, backend_type)
ORDER BY connections DESC;
COMMENT ON VIEW ops.connections IS 'Clients by state, against what the server admits.';

-- Who waits for whom, at first hand or through others.  PostgreSQL also names those who are ahead in a queue: of N who
-- wait for one row there are N*N/2 pairs, and ways from the last to the first without number.  So pairs are followed, each
-- once, and never ways.
CREATE VIEW ops.waits AS
WITH RECURSIVE edges AS MATERIALIZED (
    SELECT waiting.pid AS waiting, blocker.pid AS blocker
    FROM pg_stat_activity AS waiting
    CROSS JOIN LATERAL unnest(pg_blocking_pids(waiting.pid)) AS blocker (pid)
    WHERE waiting.wait_event_type = 'Lock'
), pairs AS (
    SELECT waiting, blocker FROM edges
    UNION
    SELECT pairs.waiting, edges.blocker
    FROM pairs JOIN edges ON edges.waiting = pairs.blocker
    WHERE edges.blocker <> pairs.waiting
)
SELECT
    waiting AS waiting_pid,
    blocker AS blocked_by,
    NOT EXISTS (SELECT FROM edges WHERE edges.waiting = pairs.blocker) AS is_root
FROM pairs;
COMMENT ON VIEW ops.waits IS 'Pairs of sessions: who waits, and each that it waits for, at first hand or through others.';

-- The same with what is known of both; statements are masked once for each session, not for each pair.
CREATE VIEW ops.blocking AS
WITH waits AS MATERIALIZED (
    SELECT * FROM ops.waits
), sessions AS MATERIALIZED (
    SELECT pid, usename, application_name, state, state_change, xact_start, ops.masked(query) AS query
    FROM pg_stat_activity
    WHERE pid IN (SELECT waiting_pid FROM waits UNION SELECT blocked_by FROM waits)
)
SELECT
    waits.waiting_pid,
    waiting.usename AS waiting_user,
    now() - waiting.state_change AS waiting_for,
    waiting.query AS waiting_query,
    waits.blocked_by,
    waits.is_root,
    blocker.usename AS blocker_user,
    blocker.application_name AS blocker_application,
    blocker.state AS blocker_state,
    now() - blocker.xact_start AS blocker_transaction,
    blocker.query AS blocker_last_query
FROM waits
JOIN sessions AS waiting ON waiting.pid = waits.waiting_pid
LEFT JOIN sessions AS blocker ON blocker.pid = waits.blocked_by
ORDER BY waits.is_root DESC, waiting_for DESC;
COMMENT ON VIEW ops.blocking IS 'Who waits for whose lock; is_root marks who waits for nobody and holds up the others.';

-- The extension need not be there, nor in a certain schema.
CREATE FUNCTION ops.statements()
RETURNS TABLE (
    userid oid, query text, calls bigint, total_ms double precision, mean_ms double precision, max_ms double precision,
    rows bigint, shared_blks_hit bigint, shared_blks_read bigint, temp_blks_written bigint, wal_bytes numeric
)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    place text := (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'pg_stat_statements');
BEGIN
    IF place IS NULL THEN
        RAISE EXCEPTION 'this database keeps no statistics of statements'
            USING HINT = 'Prepare it: actinf db prepare.', ERRCODE = 'undefined_object';
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT userid, query, calls, total_exec_time, mean_exec_time, max_exec_time, rows, shared_blks_hit,
            shared_blks_read, temp_blks_written, wal_bytes
        FROM %s.pg_stat_statements
        WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())', place);
END
$function$;

CREATE VIEW ops.slow_queries AS
SELECT
    ops.masked(query) AS query,
    calls,
    round(total_ms::numeric, 1) AS total_ms,
    round((100 * total_ms / nullif(sum(total_ms) OVER (), 0))::numeric, 1) AS percent,
    round(mean_ms::numeric, 2) AS mean_ms,
    round(max_ms::numeric, 1) AS max_ms,
    rows,
    shared_blks_read,
    round(100.0 * shared_blks_hit / nullif(shared_blks_hit + shared_blks_read, 0), 1) AS percent_from_memory,
    temp_blks_written,
    pg_get_userbyid(userid) AS "user"
FROM ops.statements()
ORDER BY total_ms DESC
LIMIT 50;
COMMENT ON VIEW ops.slow_queries IS 'The 50 statements of this database that took most time since the last reset.';

-- What `ops.terminate` would do, and why; it changes nothing.
CREATE FUNCTION ops.would_terminate(older interval DEFAULT '5 minutes')
RETURNS TABLE (
    place bigint, pid integer, verdict text, why text, "user" name, application text, state text, age interval,
    holds_up bigint, query text, backend_start timestamptz
)
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $function$
    WITH locks AS MATERIALIZED (
        SELECT waiting_pid, blocked_by, is_root FROM ops.waits
    ), sessions AS (
        SELECT
            a.*,
            coalesce((SELECT count(DISTINCT waiting_pid) FROM locks WHERE blocked_by = a.pid), 0) AS held_up,
            (SELECT string_agg(DISTINCT blocked_by::text, ', ') FROM locks WHERE waiting_pid = a.pid AND is_root) AS roots,
            now() - CASE WHEN a.state LIKE 'idle in transaction%' THEN a.xact_start ELSE a.query_start END AS since,
            -- A lock of a session, not of a transaction, is held by who may be in none.
            now() - coalesce(a.xact_start, a.state_change) AS holds_since,
            -- The first superuser has that right as well, and is a person in psql; its streams are no client backends.
            (coalesce(r.rolreplication, false) AND NOT r.rolsuper) OR a.usename = 'actinf_backup'
                OR a.application_name IN ('pg_dump', 'pg_dumpall', 'pg_basebackup', 'pg_receivewal') AS is_backup,
            coalesce(r.rolsuper, false) AS of_superuser
        FROM pg_stat_activity AS a LEFT JOIN pg_roles AS r ON r.oid = a.usesysid
    ), judged AS (
        SELECT
            s.*,
            CASE
                WHEN s.pid = pg_backend_pid() THEN NULL
                WHEN s.backend_type <> 'client backend' THEN CASE
                    WHEN s.held_up > 0 OR s.is_long THEN 'spare: the server''s own process (' || s.backend_type || ')' END
                WHEN s.roots IS NOT NULL THEN CASE
                    WHEN s.since > older THEN 'spare: a victim, it waits for ' || s.roots || ' and goes on by itself' END
                WHEN NOT s.is_root AND NOT s.is_long THEN CASE
                    WHEN s.state LIKE 'idle in transaction%' AND s.since > older
                        THEN 'spare: idle in a transaction, and nobody waits for it' END
                WHEN s.is_backup THEN 'spare: a backup or a replica'
                WHEN s.of_superuser AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
                    THEN 'spare: of a superuser, which only a superuser may end'
                WHEN s.is_root THEN 'terminate: ' || s.held_up || ' wait for it, and it waits for nobody'
                ELSE 'terminate: active for longer than ' || older
            END AS said
        FROM (
            SELECT
                sessions.*,
                (held_up > 0 AND holds_since > older) IS TRUE AS is_root,
                (sessions.state = 'active' AND since > older) IS TRUE AS is_long
            FROM sessions
        ) AS s
    )
    SELECT
        row_number() OVER (ORDER BY split_part(said, ':', 1) DESC, held_up DESC, since DESC),
        judged.pid, split_part(said, ':', 1), split_part(said, ': ', 2), usename, application_name, judged.state, since, held_up,
        ops.masked(judged.query), judged.backend_start
    FROM judged WHERE said IS NOT NULL
    ORDER BY 1
$function$;
COMMENT ON FUNCTION ops.would_terminate IS 'What ops.terminate would end and what it would spare, and why.';

-- Not for the operator's login, which changes nothing: a superuser, or a member of pg_signal_backend who was given it.
CREATE FUNCTION ops.terminate(older interval DEFAULT '5 minutes')
RETURNS TABLE (pid integer, ended boolean, why text, "user" name, application text, query text)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    doomed record;
BEGIN
    FOR doomed IN SELECT * FROM ops.would_terminate(older) AS w WHERE w.verdict = 'terminate' ORDER BY w.place LOOP
        -- Its number may belong to another session by now.
        PERFORM pg_stat_clear_snapshot();
        CONTINUE WHEN NOT EXISTS (
            SELECT FROM pg_stat_activity AS a WHERE a.pid = doomed.pid AND a.backend_start = doomed.backend_start);
        pid := doomed.pid;
        ended := pg_terminate_backend(doomed.pid, 2000);
        why := doomed.why;
        "user" := doomed."user";
        application := doomed.application;
        query := doomed.query;
        RETURN NEXT;
    END LOOP;
END
$function$;
COMMENT ON FUNCTION ops.terminate IS 'End what ops.would_terminate names, those who hold up others first.';

-- EXPLAIN ANALYZE runs the statement.  Here its effect is rolled back, and its time is bounded: a statement_timeout that
-- is set in the middle of a statement only counts from the next one on, a transaction_timeout counts at once.
CREATE FUNCTION ops.explain(query text, timeout interval DEFAULT '5 seconds') RETURNS SETOF text
LANGUAGE plpgsql VOLATILE AS $function$
DECLARE
    line text;
    plan text[] := '{}';
    milliseconds bigint := (extract(epoch FROM timeout) * 1000)::bigint;
BEGIN
    IF milliseconds NOT BETWEEN 1 AND 600000 THEN
        RAISE EXCEPTION 'timeout is %, expected more than nothing and at most 10 minutes', timeout;
    END IF;
    BEGIN
        PERFORM set_config('transaction_timeout', milliseconds::text, true);
        PERFORM set_config('lock_timeout', least(milliseconds, 1000)::text, true);
        -- A loop opens a cursor, which takes one statement and no second one behind a semicolon.
        FOR line IN EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, SETTINGS) ' || query LOOP
            plan := plan || line;
        END LOOP;
        RAISE EXCEPTION USING ERRCODE = 'AI000', MESSAGE = 'done: what it did is undone';
    EXCEPTION WHEN SQLSTATE 'AI000' THEN
        NULL; -- the variables of this function keep what was read
    END;
    RETURN QUERY SELECT unnest(plan);
END
$function$;
COMMENT ON FUNCTION ops.explain IS 'EXPLAIN ANALYZE of one statement, rolled back, and ended with the session after the timeout.';

REVOKE ALL ON FUNCTION ops.terminate(interval) FROM PUBLIC;

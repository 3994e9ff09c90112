-- What one database needs so that it can be looked after.  Run by a superuser, as often as one likes.

-- `compat` makes what is typed from memory work, and keeps secrets out of what is pasted into a chat.
CREATE SCHEMA IF NOT EXISTS compat;
GRANT USAGE ON SCHEMA compat TO actinf_operator;

-- A statement without its constants, quoted identifiers excepted.  A text that was cut off within a constant is masked
-- to its end, and so is everything after a dollar quote.  All quantifiers are greedy, and the longest match wins.
CREATE OR REPLACE FUNCTION compat.masked(statement text) RETURNS text
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

-- PostgreSQL 13 took the column total_time away; who types it still finds it here.
CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public;
DO $$
DECLARE
    place text := (
        SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'pg_stat_statements');
BEGIN
    DROP VIEW IF EXISTS compat.pg_stat_statements, compat.pg_stat_activity;
    EXECUTE format(
        'CREATE VIEW compat.pg_stat_statements AS SELECT %s, total_exec_time AS total_time, min_exec_time AS min_time,
            max_exec_time AS max_time, mean_exec_time AS mean_time, stddev_exec_time AS stddev_time
        FROM %s.pg_stat_statements AS seen',
        (SELECT string_agg(
            CASE WHEN attname = 'query' THEN 'compat.masked(query) AS query' ELSE quote_ident(attname) END, ', '
            ORDER BY attnum)
        FROM pg_attribute
        WHERE attrelid = format('%s.pg_stat_statements', place)::regclass AND attnum > 0 AND NOT attisdropped),
        place);
    EXECUTE format(
        'CREATE VIEW compat.pg_stat_activity AS SELECT %s FROM pg_catalog.pg_stat_activity AS seen',
        (SELECT string_agg(
            CASE WHEN attname = 'query' THEN 'compat.masked(query) AS query' ELSE quote_ident(attname) END, ', '
            ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = 'pg_catalog.pg_stat_activity'::regclass AND attnum > 0));
    GRANT SELECT ON compat.pg_stat_statements, compat.pg_stat_activity TO actinf_operator;

    -- The superuser sees pg_catalog before all else; the operator sees the masked activity in its place.
    EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = compat, public', current_user, current_database());
    EXECUTE format('ALTER ROLE actinf_operator IN DATABASE %I SET search_path = compat, pg_catalog, ops, public',
        current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO actinf_owner, actinf_service, actinf_operator, actinf_backup,
        actinf_health', current_database());
END $$;

-- `upkeep` is what the health adapter writes to, whether or not the service's tables are there.
CREATE SCHEMA IF NOT EXISTS upkeep;
CREATE TABLE IF NOT EXISTS upkeep.heartbeat (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    written_at timestamptz NOT NULL
) WITH (fillfactor = 10);
INSERT INTO upkeep.heartbeat VALUES (true, now()) ON CONFLICT DO NOTHING;
GRANT USAGE ON SCHEMA upkeep TO actinf_health, actinf_operator;
GRANT SELECT, UPDATE ON upkeep.heartbeat TO actinf_health;
GRANT SELECT ON upkeep.heartbeat TO actinf_operator;

-- A backup ends the segment that it needs.
GRANT EXECUTE ON FUNCTION pg_switch_wal() TO actinf_backup;

-- A database that was migrated before it was prepared.
DO $$
BEGIN
    IF to_regclass('ops.connections') IS NOT NULL THEN
        GRANT USAGE ON SCHEMA ops TO actinf_operator;
        GRANT SELECT ON ALL TABLES IN SCHEMA ops TO actinf_operator;
        GRANT SELECT ON public.critical_table TO actinf_operator;
    END IF;
END $$;

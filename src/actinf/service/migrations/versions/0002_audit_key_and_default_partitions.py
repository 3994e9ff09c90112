"""The audit log knows its key, and no row is lost at the end of a month."""

from alembic import context, op

from actinf.runtime.database import APP_ROLE

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# A row whose month has no partition goes into the default one, instead of being refused.
DEFAULTS = """
DO $$ DECLARE parent text; BEGIN
    FOREACH parent IN ARRAY ARRAY['steps', 'audit_log'] LOOP
        EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS)', parent || '_default', parent);
        EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I DEFAULT', parent, parent || '_default');
    END LOOP;
END $$;
"""

# A new month is made beside its table and then attached, which stops neither steps nor entries; what the default
# partition holds of that month moves there first.  Locks are had within 2 s or the function fails as a whole: it is
# called again.
PARTITIONS = """
CREATE OR REPLACE FUNCTION ensure_partitions(months_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    made integer := 0;
    parent text;
    month date;
    child text;
    first_moment timestamptz;
    next_moment timestamptz;
BEGIN
    IF months_ahead NOT BETWEEN 0 AND 24 THEN
        RAISE EXCEPTION 'months_ahead is %, expected 0 to 24', months_ahead;
    END IF;
    PERFORM pg_advisory_xact_lock(7349001);
    FOREACH parent IN ARRAY ARRAY['steps', 'audit_log'] LOOP
        FOR month IN EXECUTE format(
            'SELECT (date_trunc(''month'', now() AT TIME ZONE ''UTC'') + make_interval(months => ahead))::date
            FROM generate_series(0, $1) ahead
            UNION
            SELECT date_trunc(''month'', created_at AT TIME ZONE ''UTC'')::date FROM public.%I
            WHERE created_at BETWEEN now() - interval ''50 years'' AND now() + interval ''50 years'' ORDER BY 1',
            parent || '_default') USING months_ahead
        LOOP
            child := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
            CONTINUE WHEN to_regclass(format('public.%I', child)) IS NOT NULL;
            first_moment := month::timestamp AT TIME ZONE 'UTC';
            next_moment := (month + interval '1 month') AT TIME ZONE 'UTC';
            EXECUTE format('LOCK TABLE public.%I IN ACCESS EXCLUSIVE MODE', parent || '_default');
            EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS)', child, parent);
            EXECUTE format(
                'WITH moved AS (
                    DELETE FROM public.%I WHERE created_at >= $1 AND created_at < $2 RETURNING *
                ) INSERT INTO public.%I SELECT * FROM moved',
                parent || '_default', child) USING first_moment, next_moment;
            EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                parent, child, first_moment, next_moment);
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
ALTER FUNCTION drop_steps_before(timestamptz) SET lock_timeout = '2s';
SELECT ensure_partitions(2);
"""

KEY = "ALTER TABLE audit_head ADD COLUMN key_id bytea"

# Where the server is prepared for it and the login may: a database that is not ours to prepare does without.
STATISTICS = """
DO $$ BEGIN
    IF current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%' THEN
        CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
    END IF;
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
    RAISE NOTICE 'pg_stat_statements was not made: %', SQLERRM;
END $$;
"""

UNDO = """
SELECT ensure_partitions(2);
DO $$ DECLARE parent text; stays bigint; BEGIN
    FOREACH parent IN ARRAY ARRAY['steps', 'audit_log'] LOOP
        EXECUTE format('SELECT count(*) FROM public.%I', parent || '_default') INTO stays;
        IF stays > 0 THEN
            RAISE EXCEPTION '%_default holds % rows that belong to no month within 50 years: move them first',
                parent, stays;
        END IF;
        EXECUTE format('DROP TABLE public.%I', parent || '_default');
    END LOOP;
END $$;
DROP FUNCTION ensure_partitions(integer);
DROP FUNCTION drop_steps_before(timestamptz);
ALTER TABLE audit_head DROP COLUMN key_id;
"""


def _execute(statements: str) -> None:
    """Run several statements as they are: no parameters, and so no placeholders to be escaped."""
    op.get_bind().connection.cursor().execute(statements)


def upgrade() -> None:
    """Add what the release before does not look at."""
    for part in (KEY, DEFAULTS, PARTITIONS, STATISTICS):
        _execute(part)


def downgrade() -> None:
    """Take it away; the default partitions' rows move into months.  pg_stat_statements stays: others may use it."""
    _execute(UNDO)
    _execute(context.script.get_revision("0001").module.PARTITIONS)
    _execute(f"GRANT EXECUTE ON FUNCTION ensure_partitions(integer), drop_steps_before(timestamptz) TO {APP_ROLE}")

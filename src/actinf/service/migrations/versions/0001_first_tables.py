"""The first tables."""

from alembic import op
from procrastinate.schema import SchemaManager

from actinf.runtime.database import APP_ROLE

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ACCESS = """
CREATE TABLE workspaces (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    name text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE api_keys (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    name text NOT NULL,
    prefix text NOT NULL UNIQUE,
    digest bytea NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);
CREATE INDEX api_keys_workspace ON api_keys (workspace_id, id);
CREATE TABLE browser_sessions (
    digest bytea PRIMARY KEY,
    key_id uuid NOT NULL REFERENCES api_keys ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX browser_sessions_key ON browser_sessions (key_id);
CREATE INDEX browser_sessions_expires_at ON browser_sessions (expires_at);
CREATE TABLE idempotency_keys (
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    key text NOT NULL,
    operation text NOT NULL,
    digest bytea NOT NULL,
    status smallint,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, key)
);
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
"""

MODELS = """
CREATE TABLE models (
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    hash text NOT NULL CHECK (length(hash) = 64),
    document bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, hash)
);
CREATE TABLE model_names (
    workspace_id uuid NOT NULL,
    name text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    hash text NOT NULL,
    description text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, name, version),
    FOREIGN KEY (workspace_id, hash) REFERENCES models ON DELETE CASCADE
);
CREATE INDEX model_names_hash ON model_names (workspace_id, hash);
"""

# What an agent is never changes; where it stands changes with every step, and is a row of its own with room beside it,
# so that PostgreSQL can put the next one on the same page and touch no index.
AGENTS = """
CREATE TABLE agents (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    name text NOT NULL DEFAULT '',
    model_hash text NOT NULL,
    settings jsonb NOT NULL,
    seed bigint NOT NULL CHECK (seed >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (workspace_id, model_hash) REFERENCES models (workspace_id, hash)
);
CREATE INDEX agents_workspace ON agents (workspace_id, id);
CREATE INDEX agents_model ON agents (workspace_id, model_hash);
CREATE TABLE agent_states (
    agent_id uuid PRIMARY KEY REFERENCES agents ON DELETE CASCADE,
    next_step bigint NOT NULL CHECK (next_step >= 0),
    episode integer NOT NULL,
    time integer NOT NULL,
    action integer NOT NULL,
    carry bytea NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);
CREATE TABLE steps (
    agent_id uuid NOT NULL,
    step bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    episode integer NOT NULL,
    time integer NOT NULL,
    request_key text,
    request_digest bytea NOT NULL,
    request bytea NOT NULL,
    action integer NOT NULL,
    free_energy double precision NOT NULL,
    results bytea NOT NULL,
    carry bytea,
    PRIMARY KEY (agent_id, step, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX steps_request_key ON steps (agent_id, request_key) WHERE request_key IS NOT NULL;
"""

# The document is text, for the order of its keys is the order of the model's axes.  `engine` is the version of actinf
# that the chunks are of, `chunk_agents` the most agents of one: with the document they say where each chunk ends.
SIMULATIONS = """
CREATE TABLE simulations (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    name text NOT NULL DEFAULT '',
    document text NOT NULL,
    num_agents bigint NOT NULL,
    num_steps bigint NOT NULL,
    num_episodes bigint NOT NULL,
    engine text NOT NULL,
    chunk_agents bigint NOT NULL CHECK (chunk_agents > 0),
    status text NOT NULL DEFAULT 'queued'
        CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    num_chunks integer NOT NULL,
    chunks_done integer NOT NULL DEFAULT 0,
    work_total bigint NOT NULL,
    work_done bigint NOT NULL DEFAULT 0,
    seconds double precision NOT NULL DEFAULT 0,
    job_id bigint,
    attempts integer NOT NULL DEFAULT 0,
    deaths integer NOT NULL DEFAULT 0,
    error text,
    summary jsonb,
    version bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz
);
CREATE INDEX simulations_workspace ON simulations (workspace_id, id);
CREATE INDEX simulations_unfinished ON simulations (id) WHERE status IN ('queued', 'running');
CREATE TABLE simulation_chunks (
    simulation_id uuid NOT NULL REFERENCES simulations ON DELETE CASCADE,
    chunk integer NOT NULL,
    data bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (simulation_id, chunk)
);
ALTER TABLE simulation_chunks ALTER COLUMN data SET STORAGE EXTERNAL;
"""

# `head` is one row: who adds to the log holds it until the transaction ends, so that the log has one order.
AUDIT = """
CREATE TABLE audit_log (
    seq bigint NOT NULL,
    created_at timestamptz NOT NULL,
    workspace_id uuid,
    actor text NOT NULL,
    action text NOT NULL,
    object text NOT NULL,
    request_id text NOT NULL,
    outcome text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    mac bytea NOT NULL,
    PRIMARY KEY (seq, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX audit_log_created_at ON audit_log (created_at);
CREATE INDEX audit_log_workspace ON audit_log (workspace_id, seq);
CREATE TABLE audit_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    seq bigint NOT NULL,
    mac bytea NOT NULL
);
INSERT INTO audit_head (seq, mac) VALUES (0, decode(repeat('00', 32), 'hex'));
"""

OPERATION = """
CREATE TABLE switches (
    name text PRIMARY KEY,
    position text NOT NULL CHECK (position IN ('auto', 'open', 'closed')),
    reason text NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE health_probe (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    written_at timestamptz NOT NULL
) WITH (fillfactor = 10);
INSERT INTO health_probe VALUES (true, now());
"""

# A partition is a table, and only an owner may make or drop one.  The service may ask for it through these, which do
# nothing else: months that are to come, and months of steps that are past.
PARTITIONS = """
CREATE FUNCTION ensure_partitions(months_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    made integer := 0;
    parent text;
    month date;
    child text;
BEGIN
    IF months_ahead NOT BETWEEN 0 AND 24 THEN
        RAISE EXCEPTION 'months_ahead is %, expected 0 to 24', months_ahead;
    END IF;
    PERFORM pg_advisory_xact_lock(7349001);
    FOREACH parent IN ARRAY ARRAY['steps', 'audit_log'] LOOP
        FOR ahead IN 0..months_ahead LOOP
            month := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead))::date;
            child := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
            IF to_regclass(format('public.%I', child)) IS NULL THEN
                EXECUTE format(
                    'CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)', child, parent,
                    month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC'
                );
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
CREATE FUNCTION drop_steps_before(moment timestamptz) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    dropped text[] := '{}';
    child text;
BEGIN
    IF moment > now() - interval '28 days' THEN
        RAISE EXCEPTION 'steps younger than 28 days are not dropped: asked for all before %', moment;
    END IF;
    FOR child IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.steps'::regclass AND c.relname ~ '^steps_[0-9]{4}_[0-9]{2}$'
            AND (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= moment
        ORDER BY c.relname
    LOOP
        EXECUTE format('DROP TABLE public.%I', child);
        dropped := dropped || child;
    END LOOP;
    RETURN dropped;
END $$;
REVOKE ALL ON FUNCTION ensure_partitions(integer), drop_steps_before(timestamptz) FROM PUBLIC;
SELECT ensure_partitions(2);
"""

# Roles belong to the whole server: another database of it may have made ours already, or be making it now.
ROLE = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
        CREATE ROLE {APP_ROLE} NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$ BEGIN
    IF NOT pg_has_role(current_user, '{APP_ROLE}', 'SET') THEN
        EXECUTE format('GRANT {APP_ROLE} TO %I', current_user);
    END IF;
END $$;
"""

# What an extension brought into the schema is not ours to give away, and may belong to another login.
RIGHTS = f"""
GRANT USAGE ON SCHEMA public TO {APP_ROLE};
DO $$ DECLARE given text; BEGIN
    FOR given IN
        SELECT CASE
            WHEN c.relkind = 'S' THEN format('GRANT USAGE ON SEQUENCE %s TO {APP_ROLE}', c.oid::regclass)
            ELSE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO {APP_ROLE}', c.oid::regclass) END
        FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
            AND NOT c.relispartition AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
        UNION ALL
        SELECT format('GRANT EXECUTE ON FUNCTION %s TO {APP_ROLE}', p.oid::regprocedure)
        FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    LOOP
        EXECUTE given;
    END LOOP;
END $$;
REVOKE UPDATE, DELETE ON audit_log FROM {APP_ROLE};
REVOKE ALL ON alembic_version FROM {APP_ROLE};
GRANT SELECT ON alembic_version TO {APP_ROLE};
REVOKE INSERT, DELETE ON audit_head, health_probe FROM {APP_ROLE};
"""


def _execute(statements: str) -> None:
    """Run several statements as they are: no parameters, and so no placeholders to be escaped."""
    op.get_bind().connection.cursor().execute(statements)


def upgrade() -> None:
    """Make everything."""
    for part in (ROLE, ACCESS, MODELS, AGENTS, SIMULATIONS, AUDIT, OPERATION, SchemaManager.get_schema(), PARTITIONS):
        _execute(part)
    _execute(RIGHTS)


def downgrade() -> None:
    """Remove everything, the role excepted: other databases of the server may use it."""
    _execute(
        f"""
        DO $$ DECLARE name text; BEGIN
            FOR name IN SELECT relname FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
                    AND relname <> 'alembic_version'
            LOOP
                EXECUTE format('DROP TABLE public.%I CASCADE', name);
            END LOOP;
            FOR name IN SELECT format('%s(%s)', proname, pg_get_function_identity_arguments(p.oid)) FROM pg_proc p
                WHERE pronamespace = 'public'::regnamespace AND proowner = current_user::regrole
                    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
            LOOP
                EXECUTE format('DROP FUNCTION public.%s CASCADE', name);
            END LOOP;
            FOR name IN SELECT typname FROM pg_type
                WHERE typnamespace = 'public'::regnamespace AND typname LIKE 'procrastinate%' AND typtype IN ('e', 'c')
            LOOP
                EXECUTE format('DROP TYPE public.%I CASCADE', name);
            END LOOP;
            EXECUTE 'REVOKE ALL ON SCHEMA public FROM {APP_ROLE}';
        END $$;
        """
    )

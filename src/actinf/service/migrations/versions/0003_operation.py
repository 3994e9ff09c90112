"""What operators look at: acknowledged steps as one relation, and the schema `ops`."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# A step is answered when its row is committed: what this shows is what was acknowledged.
CRITICAL = """
CREATE VIEW critical_table AS
SELECT agent_id, step, created_at, episode, time, request_key, request_digest, request, action,
    free_energy, results, carry
FROM steps;
COMMENT ON VIEW critical_table IS 'Steps that were acknowledged: what must never be lost.';
"""

OPS = (Path(__file__).parent / "0003_ops.sql").read_text(encoding="utf-8")

# Roles are made by whoever prepares the server, before this or after it.
RIGHTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'actinf_operator') THEN
        GRANT USAGE ON SCHEMA ops TO actinf_operator;
        GRANT SELECT ON ALL TABLES IN SCHEMA ops TO actinf_operator;
        GRANT SELECT ON public.critical_table TO actinf_operator;
    END IF;
END $$;
"""


def _execute(statements: str) -> None:
    """Run several statements as they are: no parameters, and so no placeholders to be escaped."""
    op.get_bind().connection.cursor().execute(statements)


def upgrade() -> None:
    """Add what the release before does not look at."""
    for part in (CRITICAL, OPS, RIGHTS):
        _execute(part)


def downgrade() -> None:
    """Take it away: views and functions hold no data."""
    _execute("DROP SCHEMA ops CASCADE; DROP VIEW critical_table")

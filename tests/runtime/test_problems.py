"""What an error is to the caller."""

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError

from actinf.runtime.problems import problem_of

REMOVED = psycopg.errors.ForeignKeyViolation('insert on table "agents" violates a foreign key constraint')


@pytest.mark.parametrize("error", [REMOVED, IntegrityError("INSERT", {}, REMOVED)], ids=["driver", "sqlalchemy"])
def test_what_is_removed_while_it_is_taken_into_use_is_a_conflict(error: Exception) -> None:
    problem, retry_after = problem_of(error, "/v1/agents")
    assert (problem.status, problem.type, retry_after) == (409, "/problems/conflict", None)
    assert "removed at the same moment" in problem.detail
    assert "violates" not in problem.detail


def test_another_broken_constraint_is_our_own_mistake() -> None:
    assert problem_of(psycopg.errors.CheckViolation("amount > 0"), "/v1/agents")[0].status == 500

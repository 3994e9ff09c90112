"""The connections to PostgreSQL: one driver, psycopg, under SQLAlchemy and under the plain SQL of the step path.

Every connection takes the role `actinf_app`, which may add to the audit log and never change it.  Migrations connect as
whoever owns the tables.
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

__all__ = ["APP_ROLE", "IN_PUBLIC", "connect", "connect_async", "make_engine", "sqlalchemy_url"]

#: The role that the service works as.
APP_ROLE = "actinf_app"

#: The tables are in the schema `public`, whatever a login's own search_path looks at first.
IN_PUBLIC = "-c search_path=public"

_CONNECT_SECONDS = 3
_PARAMETERS: dict[str, Any] = {
    "connect_timeout": _CONNECT_SECONDS,
    # A server that vanished without a word is noticed within seconds, not hours.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def session_options(*, application: str, statement_seconds: float | None) -> dict[str, Any]:
    """The parameters of a connection that works as the service's role."""
    options = f"-c role={APP_ROLE} {IN_PUBLIC} -c timezone=UTC -c idle_in_transaction_session_timeout=30s"
    if statement_seconds is not None:
        options += f" -c statement_timeout={int(statement_seconds * 1000)}"
    return {**_PARAMETERS, "options": options, "application_name": application}


def sqlalchemy_url(url: str) -> Any:
    """The same address, in SQLAlchemy's words."""
    return make_url(url).set(drivername="postgresql+psycopg")


def make_engine(url: str, *, pool_size: int, application: str, statement_seconds: float = 15.0) -> AsyncEngine:
    """The pool of connections for requests.

    Args:
        url: postgresql://….
        pool_size: the most connections at once; a request waits 5 s for one, then fails as unavailable.
        application: what `pg_stat_activity` shows.
        statement_seconds: after which a statement is given up.
    """
    return create_async_engine(
        sqlalchemy_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        connect_args=session_options(application=application, statement_seconds=statement_seconds),
    )


async def connect_async(url: str, *, application: str, **more: Any) -> psycopg.AsyncConnection[Any]:
    """One connection outside the pool, in autocommit, working as the service's role."""
    parameters: Mapping[str, Any] = session_options(application=application, statement_seconds=15.0)
    return await psycopg.AsyncConnection.connect(url, autocommit=True, **{**parameters, **more})


def connect(url: str, *, application: str) -> psycopg.Connection[Any]:
    """One blocking connection for the command line, in autocommit."""
    parameters = session_options(application=application, statement_seconds=None)
    return psycopg.connect(url, autocommit=True, **parameters)

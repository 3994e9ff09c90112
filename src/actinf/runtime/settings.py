"""The settings of a serving process: one frozen object, built where the process starts and handed down."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict
from sqlalchemy.exc import ArgumentError

from actinf.errors import SettingError
from actinf.runtime.database import sqlalchemy_url
from actinf.runtime.listening import means_this_machine
from actinf.runtime.process_settings import ProcessSettings, is_address, unknown_among

__all__ = ["Settings", "unknown_variables"]

MEBIBYTE = 2**20
PREFIX = "ACTINF_"

#: What other parts of the project read: the engine, the client, the load test, the benchmark, the backups.
_OF_OTHERS = (
    "CACHE_DIR", "URL", "KEY", "USER", "LOAD_P95_MS", "LOAD_ERROR_RATE", "BENCH_REPLY",
    "BACKUP_URL", "BACKUP_PASSWORD", "BACKUP_KEEP_DAYS", "BACKUP_KEEP_COUNT", "RESTORE_RUN", "POSTGRES_ARCHIVE",
    "POSTGRES_DATA", "POSTGRES_LISTEN", "POSTGRES_MAX_CONNECTIONS", "POSTGRES_SHARED_BUFFERS", "DATABASE_OWNER_URL",
    "OPERATOR_PASSWORD", "SUPERUSER_URL", "ADAPTER_LISTEN", "ADAPTER_DATABASE",
)  # fmt: skip


class Settings(ProcessSettings):
    """What `actinf serve` and `actinf worker` are told, by flag or by an environment variable `ACTINF_…`.

    A flag wins over the variable; without either the default applies.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    insecure_local: bool = Field(False, description="Need no key. Only where `host` is a loopback address.")
    data_dir: Path | None = Field(
        None,
        description="Where the embedded database, the audit key and its anchor live; None: the user's data folder.",
    )
    database_url: SecretStr | None = Field(
        None, description="postgresql://… of PostgreSQL 18; None starts the embedded one in `data_dir`."
    )
    cache_url: SecretStr | None = Field(
        None, description="redis://… of a Redis or Valkey that the replicas share; None keeps the cache in the process."
    )
    workers: int = Field(1, ge=0, le=64, description="Worker processes that `serve` runs beside itself.")
    metrics_port: int | None = Field(
        None, ge=1, le=65535, description="Port on `host` where `actinf worker` serves /metrics; None: nowhere."
    )
    pool_size: int = Field(8, ge=2, le=100, description="Connections to the database that a process may hold.")

    audit_key: SecretStr | None = Field(
        None, description="Key of the audit chain, 64 hexadecimal digits; None: read from, or made in, `data_dir`."
    )
    audit_anchor: Path | None = Field(None, description="File of the signed head; None: `audit.anchor` in `data_dir`.")

    rate_limit: int = Field(
        60_000, ge=1, description="Requests a minute that one key may make; each process counts for itself, or all "
        "replicas together where there is a shared cache."
    )  # fmt: skip
    failure_limit: int = Field(
        120, ge=1, description="Requests a minute from one address that may come without a valid key."
    )
    max_in_flight: int = Field(
        512, ge=8, description="Requests that a process answers at once; more are refused with 503."
    )
    trusted_proxies: str = Field(
        "127.0.0.1", description="Addresses or networks, by commas, whose X-Forwarded-For says where a request is from."
    )
    max_body_bytes: int = Field(8 * MEBIBYTE, ge=1024, description="Largest body of a request.")
    max_memory_bytes: int = Field(
        1024 * MEBIBYTE, ge=16 * MEBIBYTE, description="Largest estimate of memory that any one piece of work may have."
    )
    memory_budget_bytes: int = Field(
        2048 * MEBIBYTE, ge=16 * MEBIBYTE, description="Memory that all work of a process together may take at once."
    )
    max_trace_bytes: int = Field(
        1024 * MEBIBYTE, ge=MEBIBYTE, description="Largest trace of a simulation, as it is before it is packed."
    )
    max_simulation_seconds: float = Field(
        86_400.0, gt=0, description="Longest time that a simulation may take on one core, by its estimate."
    )
    large_work_bytes: int = Field(
        64 * MEBIBYTE, ge=MEBIBYTE, description="Estimate from which on work passes the switch `memory`."
    )
    max_step_seconds: float = Field(
        10.0, gt=0, description="Longest estimate of one step's time, on one core; slower agents are refused."
    )
    slow_threads: int = Field(
        0, ge=0, le=256, description="Threads for work that takes longer than milliseconds; 0: as many as cores."
    )
    hot_agents: int = Field(4096, ge=1, description="Agents that a process keeps ready in memory.")
    retention_days: int = Field(
        0, ge=0, description="Days that steps are kept, by whole months, at least 28; 0 keeps them for ever."
    )
    drain_seconds: float = Field(
        2.0, ge=0, le=300, description="Between SIGTERM, when /ready says no, and the end of accepting."
    )
    cors_origins: Annotated[
        tuple[str, ...],
        NoDecode,
        Field(description="Origins, by commas, whose pages may call from a browser: `https://lab.example`."),
    ] = ()

    sentry_dsn: SecretStr | None = Field(None, description="Where errors are reported; None: nowhere.")
    environment: str = Field("local", description="What Sentry calls this installation.")
    log_format: Literal["json", "text"] = Field("json", description="`json` for machines, `text` for people.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged.")

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _leads_to_postgresql(value.get_secret_value()):
            raise ValueError(
                "expected an address like postgresql://user:password@host:5432/actinf, with %40 for an @ in the "
                "password, %2F for a / and so on"
            )
        return value

    @field_validator("cache_url")
    @classmethod
    def _is_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not is_address(value.get_secret_value(), ("redis", "rediss", "unix")):
            raise ValueError("expected an address like redis://host:6379/0")
        return value

    @field_validator("sentry_dsn")
    @classmethod
    def _is_dsn(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_dsn_of_sentry(value.get_secret_value()):
            raise ValueError("expected a DSN as Sentry shows it, like https://key@sentry.example/7")
        return value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _by_commas(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            # As browsers say it; any other spelling would never be the same.
            if not is_address(origin, ("http", "https")) or origin != "://".join(urlsplit(origin)[:2]).lower():
                raise ValueError(
                    f"{origin!r} is no origin: expected https://host or https://host:port, in small letters and "
                    "without a path or a slash at the end; several by commas"
                )
        return value

    @field_validator("retention_days")
    @classmethod
    def _is_a_month(cls, value: int) -> int:
        if 0 < value < 28:
            raise ValueError("expected 0, which keeps steps for ever, or at least 28: steps go by whole months")
        return value

    @field_validator("audit_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                good = len(bytes.fromhex(value.get_secret_value())) == 32
            except ValueError:
                good = False
            if not good:
                raise ValueError("expected 64 hexadecimal digits, as `openssl rand -hex 32` prints them")
        return value

    @property
    def on_loopback(self) -> bool:
        """Whether only programs on this machine can reach the process."""
        return means_this_machine(self.host)

    @classmethod
    def read(cls, **given: Any) -> Self:
        """As every process reads its settings, and none that would let strangers in without a key.

        Raises:
            SettingError: names each setting that is wrong, with what was expected.
        """
        settings = super().read(**given)
        if settings.insecure_local and not settings.on_loopback:
            raise SettingError(
                f"--insecure-local with --host {settings.host}: without keys the API only listens on a loopback "
                "address: leave out --host, or leave out --insecure-local and make a key (actinf keys create)"
            )
        return settings


def unknown_variables(environment: Iterable[str]) -> list[str]:
    """A sentence for each variable `ACTINF_…` that nothing reads, with the nearest that something does.

    Args:
        environment: the names of all variables; whether their letters are large does not matter.
    """
    # The responder, its watcher and its status page look after their own.
    of_responder = (f"{PREFIX}RESPOND_", f"{PREFIX}WATCH_", f"{PREFIX}STATUS_")
    others = [name for name in environment if not name.upper().startswith(of_responder)]
    settings = [name.upper() for name in Settings.model_fields]
    return unknown_among(others, prefix=PREFIX, settings=settings, others=_OF_OTHERS)


def _is_dsn_of_sentry(value: str) -> bool:
    parts = urlsplit(value) if is_address(value, ("http", "https")) else None
    return parts is not None and bool(parts.username and parts.hostname) and parts.path.rpartition("/")[2].isdecimal()


def _leads_to_postgresql(value: str) -> bool:
    """Whether both who reads it, the driver and SQLAlchemy, can make something of it."""
    try:
        sqlalchemy_url(value)
        conninfo_to_dict(value)
    except (ArgumentError, ValueError, psycopg.Error):
        return False
    return is_address(value, ("postgresql", "postgres"))

"""The settings of a serving process: one frozen object, built where the process starts and handed down."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.exc import ArgumentError

from actinf.errors import SettingError
from actinf.runtime.database import sqlalchemy_url
from actinf.runtime.validation import expected, told

__all__ = ["Settings", "unknown_variables"]

MEBIBYTE = 2**20
PREFIX = "ACTINF_"

#: What other parts of the project read: the engine, the client, the load test, the benchmark, the backups.
_OF_OTHERS = (
    "CACHE_DIR", "URL", "KEY", "LOAD_P95_MS", "LOAD_ERROR_RATE", "BENCH_REPLY",
    "BACKUP_URL", "BACKUP_PASSWORD", "BACKUP_KEEP_DAYS", "BACKUP_KEEP_COUNT", "POSTGRES_ARCHIVE", "POSTGRES_DATA",
    "POSTGRES_LISTEN", "POSTGRES_MAX_CONNECTIONS", "POSTGRES_SHARED_BUFFERS", "DATABASE_OWNER_URL", "OPERATOR_PASSWORD",
    "SUPERUSER_URL", "ADAPTER_LISTEN", "ADAPTER_DATABASE",
)  # fmt: skip


class Settings(BaseSettings):
    """What `actinf serve` and `actinf worker` are told, by flag or by an environment variable `ACTINF_…`.

    A flag wins over the variable; without either the default applies.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True, hide_input_in_errors=True
    )

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
        if value is not None and not _is_address(value.get_secret_value(), ("redis", "rediss", "unix")):
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
            if not _is_address(origin, ("http", "https")) or origin != "://".join(urlsplit(origin)[:2]).lower():
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
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    @classmethod
    def read(cls, **given: Any) -> "Settings":
        """The settings of this process: what is given (None: not given), then the environment, then the defaults.

        Raises:
            SettingError: names each setting that is wrong, with what was expected.
        """
        told_so = {name: value for name, value in given.items() if value is not None}
        try:
            settings = cls(**told_so)
        except ValidationError as error:
            wrong = error.errors(include_url=False)
            raise SettingError("\n".join(_told(cls.model_fields, one, told_so) for one in wrong)) from None
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
    settings = [name.upper() for name in Settings.model_fields]
    sentences = []
    for variable in sorted(environment):
        name = variable.upper().removeprefix(PREFIX)
        if not variable.upper().startswith(PREFIX) or name in settings or name in _OF_OTHERS:
            continue
        near = get_close_matches(name, [*settings, *_OF_OTHERS], 1, 0.8) or get_close_matches(name, settings, 1)
        hint = f"did you mean {PREFIX}{near[0]}?" if near else "docs/reference/settings.md lists those that there are"
        sentences.append(f"{variable} is set, but there is no such setting, so it changes nothing: {hint}")
    return sentences


def _told(fields: Mapping[str, FieldInfo], mistake: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """A mistake in the words of who made it: the flag or the variable, its value, and what was expected."""
    name = str(mistake["loc"][0])
    if name not in fields:
        return f"there is no setting {name!r}"
    field = fields[name]
    called = f"--{name.replace('_', '-')}" if name in given else f"{PREFIX}{name.upper()}"
    value = "set to a secret that is not shown here" if _is_of(field, SecretStr) else _shown(mistake["input"])
    default = "" if field.default in (None, ()) else f" (by default {str(field.default).lower()})"
    said = told(mistake) if mistake["type"] == "value_error" else f"expected {_wanted(field, mistake)}"
    return f"{called} is {value}: {said}{default}"


def _wanted(field: FieldInfo, mistake: Mapping[str, Any]) -> str:
    """What a setting may be; of a number all of it, not only the bound that was passed."""
    kind = "a whole number" if _is_of(field, int) else "a number" if _is_of(field, float) else None
    if kind is None or _is_of(field, bool):
        return expected(mistake) or "another value"
    bounds = {name: bound for limit in field.metadata for name, bound in asdict(limit).items()}
    if "ge" in bounds and "le" in bounds:
        return f"{kind} from {bounds['ge']} to {bounds['le']}"
    if "gt" in bounds:
        return f"{kind} above {bounds['gt']}"
    return f"{kind} of at least {bounds['ge']}"


def _is_of(field: FieldInfo, kind: type) -> bool:
    return field.annotation is kind or kind in get_args(field.annotation)


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _is_address(value: str, schemes: Iterable[str]) -> bool:
    """Whether it is an address of one of the schemes, with a port that is one where it has any."""
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and (parts.port is None or parts.port > 0) and len(parts.netloc + parts.path) > 0
    except ValueError:
        return False


def _is_dsn_of_sentry(value: str) -> bool:
    parts = urlsplit(value) if _is_address(value, ("http", "https")) else None
    return parts is not None and bool(parts.username and parts.hostname) and parts.path.rpartition("/")[2].isdecimal()


def _leads_to_postgresql(value: str) -> bool:
    """Whether both who reads it, the driver and SQLAlchemy, can make something of it."""
    try:
        sqlalchemy_url(value)
        conninfo_to_dict(value)
    except (ArgumentError, ValueError, psycopg.Error):
        return False
    return _is_address(value, ("postgresql", "postgres"))

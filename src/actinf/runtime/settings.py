"""The settings of a serving process: one frozen object, built where the process starts and handed down."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from actinf.errors import SettingError

__all__ = ["Settings"]

MEBIBYTE = 2**20


class Settings(BaseSettings):
    """What `actinf serve` and `actinf worker` are told, by flag or by an environment variable `ACTINF_…`.

    A flag wins over the variable; without either the default applies.
    """

    model_config = SettingsConfigDict(
        env_prefix="ACTINF_", frozen=True, extra="forbid", env_ignore_empty=True, hide_input_in_errors=True
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
        tuple[str, ...], Field(description="Origins of browsers that may call; none by default.")
    ] = ()

    sentry_dsn: SecretStr | None = Field(None, description="Where errors are reported; None: nowhere.")
    environment: str = Field("local", description="What Sentry calls this installation.")
    log_format: str = Field("json", pattern="^(json|text)$", description="`json` for machines, `text` for people.")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="The least that is logged.")

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("expected an address like postgresql://user:password@host:5432/actinf")
        return value

    @field_validator("cache_url")
    @classmethod
    def _is_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("expected an address like redis://host:6379/0")
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
        try:
            settings = cls(**{name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            problems = [(str(one["loc"][0]), one["msg"]) for one in error.errors(include_input=False)]
            raise SettingError(
                "\n".join(f"{name} (ACTINF_{name.upper()}, or its flag): {said}" for name, said in problems)
            ) from None
        if settings.insecure_local and not settings.on_loopback:
            raise SettingError(
                f"--insecure-local with --host {settings.host}: without keys the API only listens on a loopback "
                "address: leave out --host, or leave out --insecure-local and make a key (actinf keys create)"
            )
        return settings

"""The settings of `actinf respond watch`, which runs on another machine than the responder, and has none of its."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from actinf.responder.settings import MailServer, SecretAddress
from actinf.runtime.process_settings import ProcessSettings, is_address, unknown_among

__all__ = ["WATCH_PREFIX", "WatchSettings", "unknown_watch_variables"]

WATCH_PREFIX = "ACTINF_WATCH_"

#: Seconds that one look may take.
LOOK_SECONDS = 5.0


class WatchSettings(ProcessSettings):
    """What `actinf respond watch` is told, by flag or by a variable `ACTINF_WATCH_…`."""

    model_config = SettingsConfigDict(env_prefix=WATCH_PREFIX)

    url: str = Field(description="Address of the responder that is watched, http://responder:8070.")
    data_dir: Path | None = Field(
        None, description="Where it is kept what was told; None: `watch` in the user's data folder."
    )
    webhook_url: SecretAddress = Field(
        None, description="https://… that is posted to: a provider of calls or short messages, or a chat; None: none."
    )
    webhook_secret: SecretStr | None = Field(None, description="whsec_…, with which those posts are signed.")
    smtp_url: MailServer = Field(
        None, description="smtps://user:password@host:465, or smtp://… for STARTTLS on port 587; None: no mail."
    )
    mail_from: str | None = Field(None, description="Address that mails come from; needed where `smtp_url` is given.")
    mail_to: Annotated[tuple[str, ...], NoDecode] = Field((), description="Addresses, by commas, that are mailed to.")
    every: float = Field(15.0, gt=0, le=60, description="Seconds between two looks.")
    silent: float = Field(
        90.0,
        gt=0,
        description="Seconds without a look that went well until it is told; 90 is told within 2 minutes.",
    )
    repeat: float = Field(900.0, gt=0, description="Seconds after which it is told again that it lasts.")
    log_format: Literal["json", "text"] = Field("json", description="`json` for machines, `text` for people.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged.")

    @field_validator("mail_to", mode="before")
    @classmethod
    def _by_commas(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("url")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        parts = urlsplit(value) if is_address(value, ("http", "https")) else None
        if parts is None or not parts.hostname or parts.username or parts.query or parts.fragment:
            raise ValueError("expected an address like http://responder.example.org:8070, without a user's name in it")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _belong_together(self) -> WatchSettings:
        if (self.webhook_url is None) != (self.webhook_secret is None):
            raise ValueError(f"{WATCH_PREFIX}WEBHOOK_URL and …_WEBHOOK_SECRET belong together: give both, or neither")
        if self.smtp_url is not None and (self.mail_from is None or not self.mail_to):
            raise ValueError(f"{WATCH_PREFIX}SMTP_URL is set: say from whom and to whom, by …_MAIL_FROM and …_MAIL_TO")
        if self.mail_to and self.smtp_url is None:
            raise ValueError(f"{WATCH_PREFIX}MAIL_TO is set: say through which server, by …_SMTP_URL")
        if self.webhook_url is None and self.smtp_url is None:
            raise ValueError(
                f"nothing says whom to tell: set {WATCH_PREFIX}WEBHOOK_URL with …_WEBHOOK_SECRET, or …_SMTP_URL with "
                "…_MAIL_FROM and …_MAIL_TO"
            )
        if self.silent < self.every:
            raise ValueError(
                f"silent is {self.silent:g} and every {self.every:g} seconds: expected a "
                "silence that lasts for one look at least"
            )
        return self


def unknown_watch_variables(environment: list[str]) -> list[str]:
    """A sentence for each variable `ACTINF_WATCH_…` that nothing reads."""
    return unknown_among(
        environment, prefix=WATCH_PREFIX, settings=[name.upper() for name in WatchSettings.model_fields]
    )

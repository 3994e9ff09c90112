"""The settings of `actinf status serve`, which needs none of the responder's, nor sees them."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from actinf.errors import SubscriptionRefused
from actinf.responder.settings import MailServer
from actinf.responder.subscribing.addresses import mailbox_told
from actinf.runtime.process_settings import ProcessSettings, unknown_among

__all__ = ["STATUS_PREFIX", "StatusSettings", "unknown_status_variables"]

STATUS_PREFIX = "ACTINF_STATUS_"


class StatusSettings(ProcessSettings):
    """What `actinf status serve` is told, by flag or by a variable `ACTINF_STATUS_…`."""

    model_config = SettingsConfigDict(env_prefix=STATUS_PREFIX)

    data_dir: Path | None = Field(
        None, description="Folder of the page and of its subscribers; None: `status` in the responder's data folder."
    )
    site: Path | None = Field(None, description="Folder of the site that is served; None: `site` in `data_dir`.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8071, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    most_connections: int = Field(
        500, ge=10, le=50_000, description="Connections at once; when there are more the one that waits longest ends."
    )
    trusted_proxies: str = Field(
        "127.0.0.1", description="Addresses or networks, by commas, whose X-Forwarded-For says where a request is from."
    )
    metrics: Literal["loopback", "everyone"] = Field(
        "loopback", description="Whom `/metrics` answers: this machine, or whoever asks."
    )
    smtp_url: MailServer = Field(
        None,
        description="smtps://user:password@host:465, or smtp://… for STARTTLS on port 587, that subscribers are mailed "
        "through; None: nobody can subscribe.",
    )
    mail_from: str | None = Field(None, description="Address that mails come from; needed where `smtp_url` is given.")
    leave_mail: str | None = Field(
        None,
        description="Address of a mailbox that somebody reads, for those who leave by mail; None: by links alone.",
    )
    mails_per_second: float = Field(50.0, gt=0, le=10_000, description="The most mails a second that go out.")
    mail_connections: int = Field(4, ge=1, le=32, description="Connections to the mail server at once.")
    first_mails_per_network: int = Field(
        10, ge=1, description="Addresses an hour that may be typed from one network, a /24 or /64."
    )
    first_mails_per_hour: int = Field(500, ge=1, description="Addresses an hour that may be typed from all of them.")
    log_format: Literal["json", "text"] = Field("json", description="`json` for machines, `text` for people.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged.")

    @model_validator(mode="after")
    def _belong_together(self) -> StatusSettings:
        if self.smtp_url is not None and self.mail_from is None:
            raise ValueError(
                f"{STATUS_PREFIX}SMTP_URL is set, and {STATUS_PREFIX}MAIL_FROM is not: say from whom mails come"
            )
        return self

    @field_validator("mail_from", "leave_mail")
    @classmethod
    def _is_mailbox(cls, value: str | None) -> str | None:
        try:
            return mailbox_told(value) if value is not None else None
        except SubscriptionRefused:
            raise ValueError("expected an address like status@example.org") from None

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        for one in (part.strip() for part in value.split(",")):
            try:
                ipaddress.ip_network(one)
            except ValueError:
                raise ValueError(
                    f"{one!r} is no address or network: expected one like 10.0.0.7 or 10.0.0.0/8"
                ) from None
        return value


def unknown_status_variables(environment: list[str]) -> list[str]:
    """A sentence for each variable `ACTINF_STATUS_…` that nothing reads."""
    settings = [name.upper() for name in StatusSettings.model_fields]
    return unknown_among(environment, prefix=STATUS_PREFIX, settings=settings)

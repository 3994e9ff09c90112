"""The settings of the responder: one frozen object, built where a process starts and handed down.

Nothing of it is needed: without any, incidents are opened, led and recorded, and nobody is told through a channel.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from actinf.responder.publishing.unattended import SERVICE
from actinf.runtime.listening import means_this_machine
from actinf.runtime.process_settings import ProcessSettings, is_address, unknown_among

__all__ = ["MailServer", "RespondSettings", "SecretAddress", "unknown_respond_variables"]

PREFIX = "ACTINF_RESPOND_"

_Secrets = Annotated[tuple[SecretStr, ...], NoDecode]


def _mail_server(value: SecretStr | None) -> SecretStr | None:
    if value is not None and not (
        is_address(value.get_secret_value(), ("smtp", "smtps")) and urlsplit(value.get_secret_value()).hostname
    ):
        raise ValueError("expected an address like smtps://user:password@host:465")
    return value


def _secret_address(value: SecretStr | None) -> SecretStr | None:
    if value is not None and not is_address(value.get_secret_value(), ("http", "https")):
        raise ValueError("expected an address like https://provider.example/hook")
    return value


def _none(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() == "none" else value


#: The address of a mail server, and one of the web, each with what is secret in it; None: none.
MailServer = Annotated[SecretStr | None, AfterValidator(_mail_server)]
SecretAddress = Annotated[SecretStr | None, AfterValidator(_secret_address)]


class RespondSettings(ProcessSettings):
    """What `actinf respond`, `actinf incident` and their kin are told, by flag or by a variable `ACTINF_RESPOND_…`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX)

    data_dir: Path | None = Field(
        None, description="Where the store, its key and its anchor live; None: `responder` in the user's data folder."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8070, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    insecure_local: bool = Field(
        False, description="Take webhooks without a token and commands without a key. Only on a loopback address."
    )
    public_url: str | None = Field(
        None, description="Address under which people reach the console, for links in messages; None: no links."
    )

    alert_tokens: _Secrets = Field(
        (), description="Bearer tokens, by commas, one of which Alertmanager has to send with its webhook."
    )
    sentry_secrets: _Secrets = Field((), description="Client secrets, by commas, with which Sentry signs its webhook.")
    hook_secrets: _Secrets = Field(
        (), description="Secrets, by commas, with which senders sign the generic webhook and that of changes."
    )
    scan_tokens: _Secrets = Field(
        (), description="Bearer tokens, by commas, one of which has to come with the report of a scanner."
    )
    scan_opens_from: Literal["critical", "high", "medium", "low"] = Field(
        "high", description="How bad a finding of a scanner is that opens an incident; the rest is listed."
    )
    waiting_alerts: int = Field(
        100_000, ge=1000, description="Alerts that may wait to be looked at; more are refused with 429."
    )

    slack_token: SecretStr | None = Field(None, description="Of the Slack app, xoxb-…; None: no Slack.")
    slack_room: str = Field("incidents", description="Where incidents are announced, without #.")
    slack_signing_secret: SecretStr | None = Field(
        None, description="Of the Slack app, for taps on buttons; None: messages have no buttons."
    )
    slack_url: str = Field("https://slack.com/api/", description="Slack's API.")
    smtp_url: MailServer = Field(
        None, description="smtps://user:password@host:465, or smtp://… for STARTTLS on port 587; None: no mail."
    )
    mail_from: str | None = Field(None, description="Address that mails come from; needed where `smtp_url` is given.")
    mail_to: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Addresses, by commas, that every incident is announced to."
    )
    pager_url: SecretAddress = Field(
        None, description="https://… that pages are posted to, of a provider of calls or short messages; None: none."
    )
    pager_secret: SecretStr | None = Field(None, description="whsec_…, with which those posts are signed.")

    status_name: str = Field(
        SERVICE, min_length=1, max_length=100, description="What the status page calls the service as a whole."
    )
    status_url: str | None = Field(
        None, description="Address of the status page, for links in feeds and mails; None: nobody is told of one."
    )

    prometheus_url: str | None = Field(
        None, description="Prometheus that checks the recovery and measures the impact; None: a person does both."
    )
    heartbeat_url: SecretAddress = Field(
        None, description="Asked every 30 s for as long as all is well: a service that alarms when that ends."
    )
    watchdog: str | None = Field(
        None,
        min_length=1,
        description="Name of an alert that always fires, and comes every minute; where it stays away, a P1 opens. "
        "None: that alerts arrive is not looked after.",
    )
    watchdog_seconds: float = Field(120.0, ge=1, description="How long the watchdog may stay away.")
    kubectl: str | None = Field(
        None,
        min_length=1,
        description="The program kubectl, with which a ramp scales a deployment; None: there is no ramp.",
    )
    in_cluster: bool = Field(
        False,
        description="Whether a ramp scales through the API of the cluster that the responder runs in, with the service "
        "account of its pod; instead of kubectl.",
    )
    kube_context: str | None = Field(None, min_length=1, description="Context of kubectl; None: its current one.")
    kube_namespace: str | None = Field(
        None, min_length=1, description="Namespace of the deployment; None: the context's, or the pod's."
    )
    ramp_deployment: str = Field("active-inference-api", min_length=1, description="The deployment that a ramp scales.")
    ramp_most_replicas: int = Field(
        5, ge=1, description="As many replicas as the database has connections for (api.mostReplicas of the chart)."
    )
    ramp_smoke: str = Field(
        "python tests/smoke/test_basic_functionality.py",
        description="The smoke test of a ramp: a command; 0 is a pass.",
    )
    ramp_load: Annotated[str | None, BeforeValidator(_none)] = Field(
        "locust -f tests/load/locustfile.py --users=10 --spawn-rate=1 -t 5m --headless",
        description="The load test of a ramp, with reduced traffic: a command; 0 is a pass. `none`: there is none, and "
        "the runbook's plan goes without.",
    )
    ramp_folder: Path | None = Field(None, description="Where both are run; None: where the responder was started.")
    ramp_url: str | None = Field(
        None, description="The service that both try, their ACTINF_URL; None: that of the process."
    )
    ramp_key: SecretStr | None = Field(None, description="A key for it, their ACTINF_KEY; None: that of the process.")
    ramp_environment: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Names, by commas, of further variables that kubectl and both tests get of the responder's; `X_*`: "
        "all that begin so. Of its own, `ACTINF_RESPOND_*`, none is handed on.",
    )
    advice: bool = Field(
        True, description="Advise what to look at next in an incident, by a process of the engine beside this one."
    )
    advice_learning: bool = Field(
        True, description="Count the causes of closed incidents, and what was seen of them, for later advice."
    )
    hold_seconds: float = Field(
        300.0, ge=0, description="How long none of its alerts may fire before an unattended incident is closed."
    )
    longest_silence_hours: float = Field(
        24.0, gt=0, le=8760, description="The longest that a silence may last, so that none is forgotten."
    )
    status_port: Annotated[int | None, Field(ge=0, le=65535), BeforeValidator(_none)] = Field(
        8071, description="Port at which a process of its own serves the status page; `none`: nobody does."
    )
    contacts_key_file: Path | None = Field(
        None,
        description="File of the keys with which contacts and vendors are sealed; None: `contacts.key` beside the "
        "store. Keep it on another disk than the store and its backups.",
    )
    contact_test_days: int = Field(
        90, ge=1, le=3650, description="Days after which it is to be tried again whether a contact is reached."
    )
    log_format: Literal["json", "text"] = Field("json", description="`json` for machines, `text` for people.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged.")

    @field_validator(
        "alert_tokens", "sentry_secrets", "hook_secrets", "scan_tokens", "mail_to", "ramp_environment", mode="before"
    )
    @classmethod
    def _by_commas(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def can_ramp(self) -> bool:
        """Whether it is said how a ramp reaches a cluster."""
        return self.kubectl is not None or self.in_cluster

    @field_validator("ramp_smoke", "ramp_load")
    @classmethod
    def _is_command(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            words = shlex.split(value)
        except ValueError:
            words = []
        if not words:
            raise ValueError('expected a command, as "python tests/smoke/test_basic_functionality.py"')
        return value

    @field_validator("public_url", "slack_url", "status_url", "prometheus_url", "ramp_url")
    @classmethod
    def _is_web_address(cls, value: str | None) -> str | None:
        if value is not None and not is_address(value, ("http", "https")):
            raise ValueError("expected an address like https://respond.example.org")
        return value

    @model_validator(mode="after")
    def _belong_together(self) -> RespondSettings:
        if self.smtp_url is not None and self.mail_from is None:
            raise ValueError(f"{PREFIX}SMTP_URL is set, and {PREFIX}MAIL_FROM is not: say from whom mails come")
        if self.slack_signing_secret is not None and self.slack_token is None:
            raise ValueError(f"{PREFIX}SLACK_SIGNING_SECRET is set, and {PREFIX}SLACK_TOKEN is not: give both")
        if (self.pager_url is None) != (self.pager_secret is None):
            raise ValueError(f"{PREFIX}PAGER_URL and {PREFIX}PAGER_SECRET belong together: give both, or neither")
        if self.kubectl is not None and self.in_cluster:
            raise ValueError(f"{PREFIX}KUBECTL and {PREFIX}IN_CLUSTER are two ways to one cluster: give one of them")
        if self.insecure_local and not means_this_machine(self.host):
            raise ValueError(
                f"--insecure-local with --host {self.host}: strangers could open and close incidents; leave out one"
            )
        return self


def unknown_respond_variables(environment: list[str]) -> list[str]:
    """A sentence for each variable `ACTINF_RESPOND_…` that nothing reads."""
    settings = [*(name.upper() for name in RespondSettings.model_fields), "URL", "KEY"]
    return unknown_among(environment, prefix=PREFIX, settings=settings)

"""The settings of a process: a mistake is told as who made it would say it, and a misspelt variable is noticed."""

import re
from pathlib import Path

import pytest

from actinf.errors import SettingError
from actinf.responder.settings import RespondSettings
from actinf.runtime.settings import Settings, unknown_variables

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "abc", "ACTINF_PORT is 'abc': expected a whole number from 0 to 65535 (by default 8000)"),
        ("METRICS_PORT", "0", "ACTINF_METRICS_PORT is '0': expected a whole number from 1 to 65535"),
        ("RATE_LIMIT", "0", "ACTINF_RATE_LIMIT is '0': expected a whole number of at least 1 (by default 60000)"),
        ("POOL_SIZE", "1.5", "ACTINF_POOL_SIZE is '1.5': expected a whole number from 2 to 100 (by default 8)"),
        ("MAX_STEP_SECONDS", "0", "ACTINF_MAX_STEP_SECONDS is '0': expected a number above 0 (by default 10.0)"),
        ("INSECURE_LOCAL", "perhaps", "ACTINF_INSECURE_LOCAL is 'perhaps': expected true or false (by default false)"),
        ("LOG_FORMAT", "xml", "ACTINF_LOG_FORMAT is 'xml': expected 'json' or 'text' (by default json)"),
        ("RETENTION_DAYS", "3", "ACTINF_RETENTION_DAYS is '3': expected 0, which keeps steps for ever, or at least 28"),
        ("CORS_ORIGINS", "https://a.example/", "ACTINF_CORS_ORIGINS is 'https://a.example/': 'https://a.example/' is"),
        ("CORS_ORIGINS", "https://A.example", "ACTINF_CORS_ORIGINS is 'https://A.example': 'https://A.example' is no"),
    ],
)
def test_a_wrong_variable_is_told_with_its_value_and_what_was_expected(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"ACTINF_{name}", value)
    with pytest.raises(SettingError, match=f"^{re.escape(said)}"):
        Settings.read()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", "mysql://u:hush@host/x", "expected an address like postgresql://"),
        ("DATABASE_URL", "postgresql://u:hush@host:port/x", "expected an address like postgresql://"),
        ("DATABASE_URL", "postgresql://u:hush%zz@host/x", "with %40 for an @ in the password"),
        ("CACHE_URL", "redis://:hush@host:port", "expected an address like redis://"),
        ("AUDIT_KEY", "hush", "expected 64 hexadecimal digits"),
        ("SENTRY_DSN", "https://hush@sentry.example/", "expected a DSN as Sentry shows it"),
    ],
)
def test_of_a_secret_that_is_wrong_only_the_name_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"ACTINF_{name}", value)
    with pytest.raises(SettingError) as refused:
        Settings.read()
    assert str(refused.value).startswith(f"ACTINF_{name} is set to a secret that is not shown here: expected ")
    assert said in str(refused.value)
    assert "hush" not in str(refused.value)


def test_a_wrong_flag_is_called_by_its_name_and_each_mistake_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTINF_PORT", "80")
    monkeypatch.setenv("ACTINF_HOT_AGENTS", "-1")
    with pytest.raises(SettingError) as refused:
        Settings.read(port=99999, workers=None)
    assert str(refused.value).splitlines() == [
        "--port is 99999: expected a whole number from 0 to 65535 (by default 8000)",
        "ACTINF_HOT_AGENTS is '-1': expected a whole number of at least 1 (by default 4096)",
    ]


def test_origins_are_given_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """They had to be JSON, which no page said, and anything else ended in a traceback."""
    monkeypatch.setenv("ACTINF_CORS_ORIGINS", "https://lab.example, http://localhost:3000")
    assert Settings.read().cors_origins == ("https://lab.example", "http://localhost:3000")


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("ACTINF_DATABSE_URL", "did you mean ACTINF_DATABASE_URL?"),
        ("ACTINF_DB_URL", "did you mean ACTINF_DATABASE_URL?"),
        ("ACTINF_CACHE_DRI", "did you mean ACTINF_CACHE_DIR?"),
        ("actinf_prot", "did you mean ACTINF_PORT?"),
        ("ACTINF_XYZZY", "docs/reference/settings.md lists"),
    ],
)
def test_a_variable_that_nothing_reads_is_told_with_the_nearest_that_something_does(variable: str, hint: str) -> None:
    (sentence,) = unknown_variables(["HOME", "ACTINF_PORT", variable])
    assert sentence.startswith(f"{variable} is set, but there is no such setting")
    assert hint in sentence


def test_every_variable_that_the_project_names_is_known() -> None:
    """A variable that another part comes to read would be called a mistake by every command of the service."""
    files = [ROOT / "Makefile", ROOT / "README.md"]
    for folder in ("src", "docs", "deploy", "benchmarks", "examples", "tests/load", "tests/smoke"):
        files += [path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".md", ".sh", ".example")]
    named = {name for path in files for name in re.findall(r"\bACTINF_[A-Z0-9_]*[A-Z0-9]\b", path.read_text("utf-8"))}
    assert {"ACTINF_URL", "ACTINF_CACHE_DIR", "ACTINF_LOAD_P95_MS", "ACTINF_BENCH_REPLY"} <= named
    assert unknown_variables(named) == []


def test_settings_that_belong_together_are_told_together() -> None:
    with pytest.raises(SettingError, match=r"^ACTINF_RESPOND_SMTP_URL is set, and ACTINF_RESPOND_MAIL_FROM is not"):
        RespondSettings.read(smtp_url="smtp://127.0.0.1")

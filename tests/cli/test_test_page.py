"""`actinf respond test-page` on the store of this machine, with and without a provider."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.duties import EXAMPLE
from support.webhook_receiver import SECRET, WebhookReceiver


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebhookReceiver]:
    receiver = WebhookReceiver()
    monkeypatch.setenv("ACTINF_RESPOND_PAGER_URL", receiver.url)
    monkeypatch.setenv("ACTINF_RESPOND_PAGER_SECRET", SECRET)
    yield receiver
    receiver.stop()


@pytest.fixture(autouse=True)
def store(actinf: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACTINF_RESPOND_URL", "ACTINF_RESPOND_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACTINF_RESPOND_DATA_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("ACTINF_USER", "bob")


def with_schedule(actinf: Any, tmp_path: Path) -> None:
    (tmp_path / "schedule.yaml").write_text(EXAMPLE)
    assert actinf("oncall", "schedule", "--set", tmp_path / "schedule.yaml").code == 0


def test_it_reaches_who_asks_and_says_so(actinf: Any, tmp_path: Path, provider: WebhookReceiver) -> None:
    with_schedule(actinf, tmp_path)
    said = actinf("respond", "test-page")
    assert (said.code, "sent: look whether it has arrived" in said.out) == (0, True), said.err
    assert provider.requests[-1][1]["kind"] == "contact_test"
    again = actinf("respond", "test-page")
    assert (again.code, "a moment ago" in again.err) == (2, True)
    other = actinf("respond", "test-page", "fay", "--json").plain
    assert [one["state"] for one in other["channels"]] == ["sent"]


@pytest.mark.parametrize(
    ("illness", "told"), [(400, "refused: "), (503, "not sent yet: "), ("hangs_up", "not sent yet: ")]
)
def test_what_did_not_arrive_is_told_with_why(
    actinf: Any, tmp_path: Path, provider: WebhookReceiver, illness: Any, told: str
) -> None:
    with_schedule(actinf, tmp_path)
    provider.illness = illness
    said = actinf("respond", "test-page", "bob")
    assert (said.code, told in said.out) == (1, True), said.out + said.err


def test_without_a_schedule_a_channel_or_a_known_handle_it_says_what_is_missing(actinf: Any, tmp_path: Path) -> None:
    assert "no schedule is set" in actinf("respond", "test-page").err
    with_schedule(actinf, tmp_path)
    for handle, told in (
        ("bob", "no channel is set up"),
        ("bib", "did you mean 'bob'"),
        ("x\x1b[31m", "is not in the"),
    ):
        said = actinf("respond", "test-page", handle)
        assert (said.code, told in " ".join(said.err.split())) == (2, True), said.err
        assert "\x1b[31m" not in said.err

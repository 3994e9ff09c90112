"""One's own account: another password, signing out everywhere; and what is erased of an incident."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import expect
from support.browser import visiting

from actinf.responder.access.accounts import Access
from actinf.responder.access.roles import Role
from actinf.responder.clocks.steady import SteadyClock

if TYPE_CHECKING:
    from support.responder_site import ResponderSite

PASSWORD, OTHER = "four or five words", "another four or five"


@pytest.fixture
def guarded(tmp_path: Path) -> "Iterator[ResponderSite]":
    """A responder with accounts; one for each test, for they change passwords and lock doors."""
    from support.responder_in_thread import responder_in_thread

    with responder_in_thread(tmp_path) as process:
        store = process.store()
        access = Access(store, SteadyClock())
        for handle, role in (("ada", Role.RESPONDER), ("eve", Role.ADMIN), ("bob", Role.COMMANDER)):
            access.set_account(handle, role, by="root")
            access.set_password(handle, PASSWORD, by="root")
        store.close()
        yield process


@contextmanager
def signed_in(guarded: "ResponderSite", who: str, password: str = PASSWORD) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=guarded.url, headers={"Origin": guarded.url, "Accept": "text/html"}) as client:
        form = {"token": token_in(client.get("/login")), "handle": who, "password": password}
        assert client.post("/login", data=form).status_code == 303
        yield client


def token_in(page: httpx.Response) -> str:
    return page.text.partition('name="token" value="')[2].partition('"')[0]


def test_a_new_password_needs_the_old_one_and_ends_every_other_session(guarded: "ResponderSite", browser: Any) -> None:
    with signed_in(guarded, "ada") as other, visiting(browser, guarded.url) as visit:
        page = visit.page
        page.goto("/me")
        page.fill("#handle", "ada")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{guarded.url}/me")
        expect(page.locator("main")).to_contain_text("With 2 browsers")
        for old, new, again, told in (
            ("not the old one", OTHER, OTHER, "the old password is not right"),
            (PASSWORD, OTHER, OTHER + "!", "not written the same way twice"),
            (PASSWORD, "short", "short", "expected 12 to 256"),
            (PASSWORD, PASSWORD, PASSWORD, "choose another"),
        ):
            for name, value in (("old", old), ("new", new), ("again", again)):
                page.fill(f"#password-{name}", value)
            page.get_by_role("button", name="Change it").click()
            expect(page.get_by_role("alert")).to_contain_text(told)
            assert other.get("/me").status_code == 200
        for name, value in (("old", PASSWORD), ("new", OTHER), ("again", OTHER)):
            page.fill(f"#password-{name}", value)
        page.get_by_role("button", name="Change it").click()
        expect(page.get_by_role("status")).to_contain_text("The password was changed")
        assert other.get("/me").status_code == 303
        page.goto("/")
        expect(page.locator(".who")).to_contain_text("as ada")
    with signed_in(guarded, "ada", OTHER) as again_in:
        assert "With 2 browsers" in " ".join(again_in.get("/me").text.split())


def test_guessing_the_old_password_is_slowed_down_as_at_the_door(guarded: "ResponderSite") -> None:
    with signed_in(guarded, "bob") as client:
        token = token_in(client.get("/me"))
        form = {"token": token, "new": OTHER, "again": OTHER}
        answers = [client.post("/me/password", data={**form, "old": f"guess {n}"}).status_code for n in range(8)]
    assert answers[:5] == [422] * 5
    assert 429 in answers[5:]


def test_signing_out_everywhere_ends_the_sessions_of_oneself_alone(guarded: "ResponderSite") -> None:
    with signed_in(guarded, "eve") as one, signed_in(guarded, "eve") as two, signed_in(guarded, "eve") as three:
        assert one.post("/me/sign-out-everywhere", data={"token": "0" * 64}).status_code == 403
        assert two.get("/me").status_code == 200
        assert one.post("/me/sign-out-everywhere", data={"token": token_in(one.get("/me"))}).status_code == 303
        assert [client.get("/me").status_code for client in (one, two, three)] == [303, 303, 303]


def test_where_no_password_is_needed_there_is_none_to_change(responder: "ResponderSite") -> None:
    with httpx.Client(base_url=responder.url, headers={"Origin": responder.url}) as client:
        client.cookies.set("actinf_responder", "anything.ada")
        page = client.get("/me")
        assert "No password is needed" in page.text
        form = {"token": "0" * 64, "old": "a", "new": OTHER, "again": OTHER}
        assert client.post("/me/password", data=form).status_code == 403


def test_erasing_says_what_goes_and_is_done_in_two_steps(open_page: Any, incident: Any, api: httpx.Client) -> None:
    name = incident(impact="Mrs Miller cannot pay")
    api.post(f"/v1/incidents/{name}/note", json={"text": "called Mrs Miller"}).raise_for_status()
    page = open_page(f"/incidents/{name}/erase")
    expect(page.locator("main")).to_contain_text("is open")
    expect(page.get_by_role("button", name="Erase what is personal")).to_have_count(0)
    api.post(f"/v1/incidents/{name}/resolve", json={}).raise_for_status()
    page.goto(f"/incidents/{name}")
    page.locator("#do-seldom > summary").click()
    page.get_by_role("link", name="Erase what is personal").click()
    expect(page.locator("main")).to_contain_text("who acted: ada")
    page.fill("#erase-reason", "asked for")
    page.evaluate("document.querySelector('[name=sure]').required = false")
    page.get_by_role("button", name="Erase what is personal").click()
    expect(page.get_by_role("alert")).to_contain_text("say below that you know")
    assert "Mrs Miller" in api.get(f"/v1/incidents/{name}").text
    expect(page.locator("#erase-reason")).to_have_value("asked for")
    page.check("[name=sure]")
    page.get_by_role("button", name="Erase what is personal").click()
    page.wait_for_url(f"**/incidents/{name}")
    assert "Mrs Miller" not in api.get(f"/v1/incidents/{name}").text + page.locator("main").inner_text()


def test_only_an_admin_erases(guarded: "ResponderSite") -> None:
    with signed_in(guarded, "eve") as admin:
        form = {"token": token_in(admin.get("/incidents/new")), "component": "A", "impact": "B", "key": "k"}
        path = admin.post("/incidents", data=form).headers["location"]
        assert admin.get(f"{path}/erase").status_code == 200
    with signed_in(guarded, "ada") as client:
        assert client.get(f"{path}/erase").status_code == 403
        form = {"token": token_in(client.get(path)), "reason": "no", "sure": "yes"}
        assert client.post(f"{path}/erase", data=form).status_code == 403

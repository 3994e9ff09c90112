"""Who is let in: signing in and out, roles, private incidents, other sites."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import expect
from support.browser import visiting
from support.ports import wait_until

from actinf.responder.access.accounts import Access
from actinf.responder.access.roles import Role
from actinf.responder.clocks.steady import SteadyClock

if TYPE_CHECKING:
    from support.responder_site import ResponderSite

PASSWORD = "four or five words"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[ResponderSite]":
    """A responder with accounts, one for each role."""
    from support.responder_in_thread import responder_in_thread

    with responder_in_thread(tmp_path_factory.mktemp("guarded")) as process:
        store = process.store()
        access = Access(store, SteadyClock())
        for role in Role:
            access.set_account(role, role, by="root")
            access.set_password(role, PASSWORD, by="root")
        store.close()
        yield process


@contextmanager
def signed_in(guarded: "ResponderSite", who: str) -> Iterator[httpx.Client]:
    """A client with the cookie of a session, as a browser that is on a page of the responder."""
    with httpx.Client(base_url=guarded.url, headers={"Origin": guarded.url, "Accept": "text/html"}) as client:
        form = {"token": token_in(client.get("/login")), "handle": who, "password": PASSWORD}
        assert client.post("/login", data=form).status_code == 303
        yield client


def token_in(page: httpx.Response) -> str:
    return page.text.partition('name="token" value="')[2].partition('"')[0]


def test_a_password_opens_a_session_and_signing_out_ends_it(guarded: "ResponderSite", browser: Any) -> None:
    with visiting(browser, guarded.url) as visit:
        page = visit.page
        page.goto("/")
        page.wait_for_url("**/login?next=/")
        page.fill("#handle", "responder")
        page.fill("#password", "not the password")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("no account has this handle and this password")
        expect(page.locator("#handle")).to_have_value("responder")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Nothing is burning")).to_be_visible()
        cookie = next(one for one in page.context.cookies() if one["name"] == "actinf_responder")
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        assert page.evaluate("document.cookie") == ""
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/login")
    old = httpx.get(guarded.url, cookies={cookie["name"]: cookie["value"]}, headers={"Accept": "text/html"})
    assert old.headers["location"] == "/login?next=/&ended=1"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://[", "null", ""])
def test_another_site_changes_nothing_even_with_cookie_and_token(guarded: "ResponderSite", origin: str) -> None:
    with signed_in(guarded, "responder") as client:
        form = {"token": token_in(client.get("/incidents/new")), "component": "A", "impact": "B", "key": "k"}
        for path in ("/incidents", "/logout", "/oncall/take"):
            assert client.post(path, data=form, headers={"Origin": origin}).status_code == 403
        assert client.get("/").status_code == 200


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
def test_a_form_without_its_token_changes_nothing(guarded: "ResponderSite", token: str) -> None:
    with signed_in(guarded, "responder") as client:
        refused = client.post("/incidents", data={"token": token, "component": "A", "impact": "B"})
        assert refused.status_code == 403
        assert "nothing was done" in refused.text
        assert "Nothing is burning" in client.get("/").text


def test_the_api_takes_no_cookie(guarded: "ResponderSite") -> None:
    with signed_in(guarded, "admin") as client:
        assert client.get("/v1/incidents").status_code == 401


@pytest.mark.parametrize("there", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(guarded: "ResponderSite", there: str) -> None:
    with httpx.Client(base_url=guarded.url, headers={"Origin": guarded.url}) as client:
        form = {"token": token_in(client.get("/login")), "handle": "viewer", "password": PASSWORD, "next": there}
        assert client.post("/login", data=form).headers["location"] == "/"


def test_roles_are_offered_what_they_may_and_refused_the_rest(guarded: "ResponderSite") -> None:
    with signed_in(guarded, "responder") as client:
        form = {"token": token_in(client.get("/incidents/new")), "component": "Gateway", "impact": "slow", "key": "1"}
        path = client.post("/incidents", data={**form, "severity": "P3"}).headers["location"]
        assert "do-close" not in client.get(path).text
        assert client.post(f"{path}/close", data={**form, "reason": "nothing"}).status_code == 403
        assert client.get("/accounts").status_code == 403
        assert client.get("/oncall/schedule").status_code == 403
        written = {"token": form["token"], "text": "zone: UTC", "step": "save"}
        assert client.post("/oncall/schedule", data=written).status_code == 403
    with signed_in(guarded, "viewer") as client:
        page = client.get(path)
        assert "needs the role responder" in " ".join(page.text.split())
        for action in (
            f"{path}/note",
            f"{path}/ack",
            "/incidents",
            "/oncall/take",
            "/oncall/test-page",
            "/accounts/set",
        ):
            assert client.post(action, data={"token": token_in(page), "text": "no"}).status_code == 403
    with signed_in(guarded, "commander") as client:
        form = {"token": token_in(client.get(path)), "reason": "nothing"}
        assert client.post(f"{path}/close", data=form).status_code == 303


def test_a_private_incident_is_seen_by_nobody_else(guarded: "ResponderSite") -> None:
    with signed_in(guarded, "admin") as client:
        form = {"token": token_in(client.get("/incidents/new")), "component": "Vault", "impact": "strange calls"}
        made = client.post("/incidents", data={**form, "incident_type": "security", "key": "1"})
        path = made.headers["location"]
        assert "strange calls" in client.get("/").text
        token = token_in(client.get(path))
    with signed_in(guarded, "commander") as client:
        assert "strange calls" not in client.get("/").text
        assert client.get(path).status_code == 404
        assert client.get(f"{path}/post-mortem").status_code == 404
        token = token_in(client.get("/oncall"))
        assert client.post(f"{path}/ack", data={"token": token}).status_code == 404


def test_an_admin_keeps_accounts(guarded: "ResponderSite", browser: Any) -> None:
    with visiting(browser, guarded.url) as visit:
        page = visit.page
        page.goto("/accounts")
        page.fill("#handle", "admin")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{guarded.url}/accounts")
        page.fill("#set-handle", "night")
        page.fill("#set-password", "short")
        page.get_by_role("button", name="Set it").click()
        expect(page.get_by_role("alert")).to_contain_text("expected 12 to 256")
        expect(page.locator("#set-handle")).to_have_value("night")
        page.fill("#set-password", PASSWORD)
        page.get_by_role("button", name="Set it").click()
        expect(page.locator(".rows").first).to_contain_text("night")
        page.fill("#key-handle", "night")
        page.get_by_role("button", name="Make it").click()
        key = page.locator("code.key").inner_text()
        assert httpx.get(f"{guarded.url}/v1/me", headers={"Authorization": f"Bearer {key}"}).json()["handle"] == "night"
        page.get_by_role("button", name=f"Revoke {key.split('_')[1]}").click()
        assert httpx.get(f"{guarded.url}/v1/me", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_a_link_in_a_message_leads_to_the_page_where_somebody_is_signed_in(
    guarded: "ResponderSite", browser: Any
) -> None:
    """With a link of another site no cookie is sent that is `Strict`; whoever was paged must not sign in again."""
    window = browser.new_context()
    page = window.new_page()
    page.goto(f"{guarded.url}/login")
    page.fill("#handle", "responder")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{guarded.url}/")
    elsewhere = guarded.url.replace("127.0.0.1", "localhost")
    page.goto(f"{elsewhere}/login")
    page.evaluate("there => { location.href = there }", f"{guarded.url}/oncall?x=1")
    page.wait_for_url(f"{guarded.url}/oncall?x=1")
    expect(page.get_by_role("heading", name="On call")).to_be_visible()
    window.clear_cookies()
    page.goto(f"{elsewhere}/login")
    page.evaluate("there => { location.href = there }", f"{guarded.url}/oncall")
    page.wait_for_url(f"{guarded.url}/login?next=/oncall")
    window.close()


FOREIGN = [{"Host": "evil.example"}, {"Host": "localhost.evil.example"}, {"Origin": "https://evil.example"}]


@pytest.mark.parametrize("headers", FOREIGN)
def test_without_passwords_no_other_site_is_answered(responder: "ResponderSite", headers: dict[str, str]) -> None:
    with httpx.Client(base_url=responder.url, headers={"Accept": "text/html", **headers}) as client:
        client.cookies.set("actinf_responder", "anything.ada")
        for path in ("/", "/login", "/oncall"):
            assert client.get(path).status_code == 403


def test_without_passwords_somebody_says_who_acts(responder: "ResponderSite", browser: Any) -> None:
    with visiting(browser, responder.url) as visit:
        page = visit.page
        page.goto("/oncall")
        page.fill("#handle", "not a handle")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("is no handle")
        page.fill("#handle", "Bob")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{responder.url}/oncall")
        expect(page.locator(".who")).to_contain_text("as bob")


def test_what_scanners_found_is_shown_as_text_and_only_to_who_sees_what_is_private(guarded: "ResponderSite") -> None:
    hostile = "<script>alert(1)</script>\u202egnp.exe \x1b[31mred"
    rule = {"id": hostile, "shortDescription": {"text": hostile}, "helpUri": "javascript:alert(1)"}
    found: dict[str, Any] = {"ruleId": hostile, "message": {"text": hostile}}
    found["properties"] = {"security-severity": "9.8"}
    run = {"tool": {"driver": {"name": hostile, "rules": [rule]}}, "results": [found]}
    with closing(guarded.store()) as store:
        key = Access(store, SteadyClock()).create_key("admin", "scans", by="root").text
    with guarded.client(key) as client:
        client.post("/v1/scans?target=a%26b", json={"version": "2.1.0", "runs": [run]}).raise_for_status()
        wait_until(lambda: client.get("/v1/findings").json()["findings"][0]["incident"] is not None, "its incident")
        (known,) = client.get("/v1/findings").json()["findings"]
    with signed_in(guarded, "commander") as client:
        hidden = client.get("/findings")
        assert (hidden.status_code, "alert(1)" in hidden.text) == (403, False)
        assert "/findings" not in client.get("/").text
    with signed_in(guarded, "admin") as client:
        assert 'href="/findings"' in client.get("/").text
        shown = client.get("/findings").text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;gnp.exe" in shown
        assert not any(bad in shown for bad in ("<script>alert", "\u202e", "\x1b", "javascript:"))
        assert f'href="/incidents/{known["incident"]}"' in shown
        link = f"/findings?alert={known['fingerprint']}"
        assert f'href="{link}"' in client.get(f"/incidents/{known['incident']}").text
        assert "One finding" in client.get(link).text
        assert "Nothing is suppressed" in client.get("/findings?fate=accepted").text
        for odd in ("fate=%00", "alert=none", "scan=%3Cb%3E&fate=gone", "every=true"):
            assert client.get(f"/findings?{odd}").status_code == 200, odd
        found["properties"]["security-severity"] = "5.0"
        with guarded.client(key) as api:
            api.post("/v1/scans?target=a%26b", json={"version": "2.1.0", "runs": [run]}).raise_for_status()
        shown = client.get("/findings").text
        assert ("listed only" in shown, 'class="found failed"' in shown) == (True, False), "it is no alert any more"
        assert f'href="/incidents/{known["incident"]}"' in shown

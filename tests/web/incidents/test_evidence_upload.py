"""A file is taken as evidence from the page of an incident, as it is, and only by who may."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from playwright.sync_api import expect

if TYPE_CHECKING:
    from support.responder_site import ResponderSite


def test_a_file_is_taken_as_it_is_with_its_digest(
    open_page: Any, incident: Any, api: httpx.Client, tmp_path: Path
) -> None:
    name, content = incident(), bytes(range(256)) * 12_000  # larger than what is held in memory
    file = tmp_path / "dump <b>.bin"
    file.write_bytes(content)
    page = open_page(f"/incidents/{name}")
    page.locator("#do-evidence > summary").click()
    page.set_input_files("#evidence-file", file)
    page.fill("#evidence-source", "api-1")
    page.get_by_role("button", name="Add it").first.click()
    expect(page.locator("#about")).to_contain_text("dump <b>.bin")
    expect(page.locator("#about")).to_contain_text(hashlib.sha256(content).hexdigest())
    [kept] = api.get(f"/v1/incidents/{name}").json()["evidence"]
    assert page.request.get(f"/incidents/{name}/evidence/{kept['sha256']}").body() == content


def test_without_a_file_from_elsewhere_or_too_large_nothing_is_taken(
    responder: "ResponderSite", incident: Any, api: httpx.Client
) -> None:
    name = incident()
    with httpx.Client(base_url=responder.url, headers={"Origin": responder.url}, timeout=60) as client:
        client.cookies.set("actinf_responder", "anything.ada")
        token = client.get(f"/incidents/{name}").text.partition('name="token" value="')[2].partition('"')[0]
        path, file = f"/incidents/{name}/evidence", {"file": ("../../etc/passwd", b"x")}
        assert client.post(path, data={"token": token}).status_code == 422
        assert client.post(path, data={"token": "0" * 64}, files=file).status_code == 403
        stranger = {"Origin": "https://evil.example"}
        assert client.post(path, data={"token": token}, files=file, headers=stranger).status_code == 403
        two = [("file", ("a", b"a")), ("file", ("b", b"b"))]
        assert client.post(path, data={"token": token}, files=two).status_code == 422
        large = {"file": ("large", bytes(65 * 2**20))}
        assert client.post(path, data={"token": token}, files=large).status_code == 413
        assert client.post("/incidents/2001-01-01-001/evidence", data={"token": token}, files=file).status_code == 404
        assert api.get(f"/v1/incidents/{name}").json()["evidence"] == []
        assert client.post(path, data={"token": token}, files=file).status_code == 303
    assert [one["name"] for one in api.get(f"/v1/incidents/{name}").json()["evidence"]] == ["passwd"]

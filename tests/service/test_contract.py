"""The OpenAPI document: what it says is what the service does."""

from actinf.runtime.settings import Settings
from actinf.service.app import create_app


def test_the_document_can_be_made() -> None:
    app = create_app(Settings.read(insecure_local=True), database_url="postgresql://nowhere", audit_key=bytes(32))
    assert "/v1/agents/{agent}/events" in app.openapi()["paths"]

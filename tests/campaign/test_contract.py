"""Every check of schemathesis on every operation, with many examples and several seeds."""

import pytest
from support.postgres import PostgresServer, fresh_database
from support.schemathesis import held_to_its_document
from support.service import running_service


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_service_does_what_its_document_says(postgres_server: PostgresServer, seed: int) -> None:
    with fresh_database(postgres_server) as url, running_service(url, log_level="error") as service:
        passed, said = held_to_its_document(service, "--max-examples", "200", "--seed", str(seed), seconds=3600)
        print(said[-2_000:])
        with service.client() as api:
            assert api.get("/v1/keys").status_code == 200, "the key that all requests had was revoked on the way"
    assert passed, said[-12_000:]

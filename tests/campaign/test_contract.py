"""Every check of schemathesis on every operation, with many examples and several seeds."""

import pytest
from support.postgres import PostgresServer
from support.schemathesis import held_to_its_document


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_service_does_what_its_document_says(postgres_server: PostgresServer, seed: int) -> None:
    passed, said = held_to_its_document(postgres_server, "--max-examples", "200", "--seed", str(seed), seconds=3600)
    print(said[-2_000:])
    assert passed, said[-12_000:]

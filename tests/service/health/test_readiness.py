"""A process that starts while its database is away listens all the same, and is ready when the database has come."""

import httpx
from support.ports import wait_until
from support.postgres import folder_for_servers, running_postgres
from support.serving import Serving

from actinf.service import schema_version


def test_a_process_waits_for_its_database_and_for_its_tables() -> None:
    with running_postgres(durable=True) as server, folder_for_servers() as folder:
        server.embedded.stop()
        process = Serving(folder, "--database-url", server.url, "--workers", "0")

        def missing() -> list[str]:
            return list(httpx.get(f"{process.url}/ready", timeout=10).json()["missing"])

        try:
            process.start()
            process.wait_until_ready(path="/live")
            no_database = "the database does not answer, or was not migrated"
            wait_until(lambda: missing() == [no_database], "only the database is missing")
            assert httpx.get(f"{process.url}/health").status_code == 503
            server.embedded.start()
            wait_until(lambda: httpx.get(f"{process.url}/health").status_code == 503, "there are no tables yet")
            assert missing() == [no_database]
            schema_version.upgrade(server.url)
            process.wait_until_ready()
            process.wait_until_ready(path="/health")
            server.embedded.stop(mode="immediate")
            wait_until(lambda: httpx.get(f"{process.url}/health").status_code == 503, "the database is away")
            assert missing() == []
        finally:
            process.stop()

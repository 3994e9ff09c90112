"""One serving process, from its first line to its last."""

from collections.abc import Callable, Sequence

import uvicorn
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.runtime.at_hand import Database, database_at_hand
from actinf.runtime.listening import bound_socket
from actinf.runtime.one_transaction import in_transaction
from actinf.runtime.sentry import report_errors
from actinf.runtime.settings import Settings
from actinf.service import schema_version
from actinf.service.access import repository
from actinf.service.access.keys import new_key
from actinf.service.app import create_app
from actinf.service.audit.log import AuditLog, Entry
from actinf.service.audit.secret import audit_key
from actinf.service.jobs.supervisor import Supervisor
from actinf.service.server import OrderlyServer

__all__ = ["serve"]


def serve(settings: Settings, *, say: Callable[[str], None], pages: Sequence[Callable[[FastAPI], None]] = ()) -> None:
    """Serve until told to stop.

    Args:
        settings: of the process.
        say: tells the user a line.
        pages: what is served beside the API, as `create_app` takes it.

    Raises:
        SettingError: when the port is taken.
        DatabaseError: when the embedded database does not start.
    """
    report_errors(settings, process="api")
    with database_at_hand(settings, keep_alive=True) as database:
        if settings.database_url is None:
            schema_version.upgrade(database.url)
        key = audit_key(settings, database.data_dir)
        app = create_app(settings, database_url=database.url, audit_key=key, disk=database.disk, pages=pages)
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            loop="uvloop",
            http="httptools",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            forwarded_allow_ips=settings.trusted_proxies,
            timeout_graceful_shutdown=25,
            timeout_keep_alive=30,
            h11_max_incomplete_event_size=65_536,
        )
        with bound_socket(settings.host, settings.port) as sock, Supervisor(settings, database.url) as workers:
            if not settings.insecure_local and settings.database_url is None:
                first = _first_key(database, AuditLog(key))
                if first is not None:
                    say(
                        f"The first key, for everything in workspace 'default'. It is shown this once:\n\n    {first}\n"
                    )

            def drain() -> None:
                app.state.lifecycle.draining = True
                workers.end()

            server = OrderlyServer(config, drain=drain, drain_seconds=settings.drain_seconds)
            host, port = sock.getsockname()[:2]
            address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            say(f"Active Inference API on {address} (documentation: {address}/docs). Ctrl-C ends it.")
            server.run(sockets=[sock])


def _first_key(database: Database, audit: AuditLog) -> str | None:
    """A key for everything, where there has never been any."""

    async def work(connection: AsyncConnection) -> str | None:
        if await repository.any_key(connection):
            return None
        workspace = await repository.workspace_named(connection, "default")
        key = new_key()
        await repository.insert_key(connection, workspace, key, "first key", ["admin"], None)
        entry = Entry(workspace=workspace, actor="serve", action="keys.create", object=f"key:{key.prefix}")
        await audit.append(connection, entry)
        return key.text

    return in_transaction(database.url, work, application="actinf serve")

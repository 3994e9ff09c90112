"""All contacts are sealed with another key, again and again, by a process that is killed at any point of it."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from actinf.responder.contacts.document import contact_from
from actinf.responder.contacts.sealing import key_ring
from actinf.responder.parts import make_parts
from actinf.responder.settings import RespondSettings

CONTACTS, KILLS = 300, 40


def test_no_contact_is_lost_and_none_is_left_behind_however_often_it_is_killed(tmp_path: Path) -> None:
    folder, dice = tmp_path / "store", random.Random(7)
    known = {"name": "Fay", "role": "CTO", "means": [{"phone": "+49 30 7654321"}]}
    parts = make_parts(RespondSettings(data_dir=folder))
    parts.directory.set_contacts([contact_from(f"p{number}", known) for number in range(CONTACTS)], by="eve")
    command = [sys.executable, "-m", "actinf.cli", "contacts", "rekey", "--new", "--data-dir", str(folder)]
    environment = {**os.environ, "ACTINF_USER": "eve"}
    began = time.monotonic()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    whole, ended = time.monotonic() - began, 0
    for _ in range(KILLS):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0.3, 1.1) * whole)
        process.send_signal(signal.SIGKILL)
        ended += process.wait() == 0
        keys = key_ring(folder / "contacts.key")
        with sqlite3.connect(folder / "responder.db") as connection:
            used = {row[0] for row in connection.execute("SELECT DISTINCT key FROM sealed")}
        connection.close()
        assert len(used) == 1, "all of it is sealed anew, or nothing"
        assert used <= keys.keys.keys()
        assert [one.document() for one in parts.directory.contacts()] == [known] * CONTACTS
    assert 0 < ended < KILLS, f"{ended} of {KILLS} ended before they were killed: kill sooner, or later"
    subprocess.run(command[:5] + command[6:], env=environment, check=True, capture_output=True)
    (folder / "contacts.key").write_text((folder / "contacts.key").read_text().splitlines()[0])
    assert len(parts.directory.contacts()) == CONTACTS
    verified = [sys.executable, "-m", "actinf.cli", "respond", "verify", "--data-dir", str(folder)]
    assert subprocess.run(verified, env=environment, capture_output=True).returncode == 0
    parts.close()

"""A backup of two million steps is restored within five minutes; and none of many that are taken under load is off."""

import time

from support.archiving_postgres import archiving_server
from support.backed_up import LOGIN, Writers, held
from support.postgres import folder_for_servers

from actinf.service import schema_version
from actinf.upkeep.backup.choice import Newest
from actinf.upkeep.backup.restore import restored
from actinf.upkeep.backup.take import copied
from actinf.upkeep.backup.verification import verified

STEPS = 2_000_000
MOST_SECONDS = 300
BACKUPS = 12

# What a step of a small agent weighs: an observation, and the beliefs and policies that were reported.
FILL = f"""
INSERT INTO steps (
    agent_id, step, episode, time, request_key, request_digest, request, action, free_energy, results
)
SELECT ('01997a3e-5d7c-7c39-9d51-' || lpad(to_hex(n / 1000), 12, '0'))::uuid, n % 1000, 0, n % 1000, NULL,
    sha256(n::text::bytea), convert_to('{{"observation": {{"cue": ' || n % 3 || '}}}}', 'UTF8'), n % 4, random(),
    decode(repeat(md5(n::text), 20), 'hex')
FROM generate_series(0, {STEPS - 1}) AS n
"""


def test_two_million_steps_are_restored_within_five_minutes() -> None:
    with folder_for_servers() as folder, archiving_server(folder) as server:
        schema_version.upgrade(server.url)
        with server.connected() as connection:
            connection.execute(LOGIN)
            connection.execute(FILL)
        account = server.archive.prepared()
        begun = time.perf_counter()
        backup = copied(server.archive, server.live("actinf_backup"), account, print)
        taken = time.perf_counter() - begun
        compared = verified(server.archive, backup, account, server.binaries, print)
        with Writers(server.url, 2) as writers:
            while writers.inserted < 5_000:
                time.sleep(0.01)
        expected = held(server)
        server.kill()
        begun = time.perf_counter()
        restored(
            server.archive,
            server.volume,
            Newest(),
            binaries=server.binaries,
            replace_foreign=False,
            quiet=lambda: None,
            sign=lambda *_: None,
            say=print,
        )
        server.start()
        seconds = time.perf_counter() - begun
        size = backup.manifest().bytes.size
        print(
            f"\n{STEPS:,} steps, {size / 2**20:,.0f} MiB: copied in {taken:.1f} s, restored and compared in "
            f"{compared:.1f} s; after a kill restored to the newest state in {seconds:.1f} s"
        )
        assert held(server) == expected
        assert expected["steps"].rows >= STEPS + 5_000
        assert seconds <= MOST_SECONDS


def test_every_backup_that_is_taken_under_load_is_exactly_what_the_server_held() -> None:
    with folder_for_servers(in_memory=True) as folder, archiving_server(folder) as server:
        schema_version.upgrade(server.url)
        with server.connected() as connection:
            connection.execute(LOGIN)
        account = server.archive.prepared()
        held_off: list[str] = []
        with Writers(server.url, 8) as writers:
            for _ in range(BACKUPS):
                backup = copied(server.archive, server.live("actinf_backup"), account, held_off.append)
                verified(server.archive, backup, account, server.binaries, lambda _: None)
            print(f"\n{BACKUPS} backups, {writers.inserted:,} transactions meanwhile")
        print("\n".join(said for said in held_off if "held off" in said))
        assert [backup.state for backup in server.archive.backups()] == ["good"] * BACKUPS

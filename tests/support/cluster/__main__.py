"""A cluster in a process of its own: `python -m support.cluster OPTIONS` with the options as JSON.

It prints one line of JSON when it is ready, and ends, with every process that it started, when its standard input ends:
so it goes with whoever started it, however that one goes.
"""

import asyncio
import json
import sys
from pathlib import Path

from support.cluster.cluster import ClusterProcess, Options


async def main() -> None:
    given = json.loads(sys.argv[1])
    options = Options(
        folder=Path(given["folder"]),
        programs=tuple(map(Path, given["programs"])),
        environment=given["environment"],
        back_off=given["back_off"],
    )
    cluster = ClusterProcess(options)
    port = await cluster.start()
    print(json.dumps({"port": port, "api_address": cluster.network.api_address}), flush=True)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.read)
    await cluster.close()


if __name__ == "__main__":
    asyncio.run(main())

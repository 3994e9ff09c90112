"""A worker that another process watches: `python -m actinf.service.jobs.supervised`.

It is told what it needs, secrets included, by one line of JSON on its standard input.  When that input ends, its parent
is gone, however that came about, and it ends too.
"""

import json
import os
import sys
import threading
from collections.abc import Callable

from actinf.runtime.logs import configure_logs
from actinf.runtime.settings import Settings
from actinf.service.jobs.worker import work

__all__ = ["main"]

#: After the parent is gone: a worker that has not ended by then does not end by itself.
LAST_SECONDS = 15.0


def main() -> None:
    """Read what is to be done, and be a worker."""
    said = json.loads(sys.stdin.buffer.readline())
    settings = Settings(**said["settings"])
    configure_logs(settings.log_format, settings.log_level)

    def watch_parent(end: Callable[[], object]) -> None:
        def wait_for_its_end() -> None:
            while os.read(sys.stdin.fileno(), 1024):
                pass
            last = threading.Timer(LAST_SECONDS, os._exit, (1,))
            last.daemon = True
            last.start()
            end()

        threading.Thread(target=wait_for_its_end, name="parent", daemon=True).start()

    work(settings, said["database_url"], concurrency=said["concurrency"], watch=watch_parent)


if __name__ == "__main__":
    main()

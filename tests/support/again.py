"""Something that goes on in the background while a test does something else."""

import contextlib
import threading
from collections.abc import Callable, Iterator

import httpx


@contextlib.contextmanager
def again_and_again(act: Callable[[], object], *, threads: int = 4, pause: float = 0.1) -> Iterator[None]:
    """Do something in the background, whatever becomes of it."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(pause):
            with contextlib.suppress(httpx.HTTPError):
                act()

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        ended.set()
        for worker in workers:
            worker.join()

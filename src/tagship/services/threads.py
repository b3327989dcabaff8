"""Threads that run programs, side by side, and what Ctrl-C does to them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tagship.services.shell import RUNNING


@contextmanager
def side_by_side(most: int) -> Iterator[ThreadPoolExecutor]:
    """So many threads; they are over at the end.

    Ctrl-C reaches the main thread alone, for every program has a process group of its own. Where it comes in here, the
    programs of all threads are ended, and it is raised in each thread that waits for one.
    """
    with ThreadPoolExecutor(most) as pool:
        try:
            yield pool
        except KeyboardInterrupt:
            with RUNNING.stop():
                pool.shutdown(cancel_futures=True)
            raise

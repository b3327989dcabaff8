"""The door to other processes: how what it started ends."""

import queue
import time
from pathlib import Path

import pytest

from tagship.services.shell import Shell
from tagship.services.threads import side_by_side

PATH = {"PATH": "/usr/bin:/bin"}


def test_ctrl_c_ends_what_all_threads_run(tmp_path: Path) -> None:
    """Programs end with Ctrl-C in whatever thread they run, what waits does not begin, and others can be run after."""
    begun: queue.Queue[int] = queue.Queue()
    shell, began = Shell(PATH, started=begun.put), time.monotonic()
    with pytest.raises(KeyboardInterrupt), side_by_side(2) as pool:
        futures = [pool.submit(shell.run, ("sleep", "300"), cwd=tmp_path) for _ in range(3)]
        groups = {begun.get(timeout=30), begun.get(timeout=30)}
        raise KeyboardInterrupt
    assert time.monotonic() - began < 150
    assert [future.cancelled() for future in futures] == [False, False, True]
    assert [type(future.exception()) for future in futures[:2]] == [KeyboardInterrupt] * 2
    assert (len(groups), begun.empty()) == (2, True)
    assert shell.run(("true",), cwd=tmp_path).ok


def test_ctrl_c_reaches_threads_of_threads(tmp_path: Path) -> None:
    """A thread that runs programs in threads of its own is reached as well, and begins no other one."""
    begun: queue.Queue[int] = queue.Queue()
    shell = Shell(PATH, started=begun.put)

    def several() -> None:
        with side_by_side(2) as inner:
            for future in [inner.submit(shell.run, ("sleep", "300"), cwd=tmp_path) for _ in range(2)]:
                future.result()

    with pytest.raises(KeyboardInterrupt), side_by_side(1) as pool:
        outer = pool.submit(several)
        begun.get(timeout=30)
        begun.get(timeout=30)
        raise KeyboardInterrupt
    assert (type(outer.exception()), begun.empty()) == (KeyboardInterrupt, True)

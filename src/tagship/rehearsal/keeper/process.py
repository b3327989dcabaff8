"""What runs inside the keeper's process: answering questions, and cleaning up at the end of the rehearsal."""

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tagship.rehearsal.keeper.dependencies import NO_PAGE, Ask, Told
from tagship.rehearsal.keeper.handle import MARK, Charge, Enclosed, Group
from tagship.rehearsal.walls import scratch
from tagship.shapes import read_json

if TYPE_CHECKING:
    from tagship.rehearsal.keeper.fetching import Fetcher

_PR_SET_DUMPABLE = 4
_NS_GET_PARENT = 0xB702
_DAY = 86400.0
_ROUNDS = 100
"""How often what is left is looked for, 20 ms apart: a process may start another while it is killed."""


def main(channels: Iterable[int]) -> None:
    """Serve until the rehearsal's end of the pipe is gone; then clean up and end this process.

    Args:
        channels: descriptors of inherited sockets, on which questions come, one JSON line each.
    """
    if sys.platform == "linux":
        # what we know of the user's index is not for other processes of the same user (prctl(2))
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    pipe = sys.stdin.buffer
    first = pipe.readline()
    if not first:
        os._exit(0)
    charge = read_json(first, Charge)
    desk = Desk(charge)
    for channel in channels:
        threading.Thread(target=desk.serve, args=(socket.socket(fileno=channel),), daemon=True).start()
    desk.open()
    groups: set[int] = set()
    namespace = 0
    for line in pipe:
        match read_json(line, Group | Enclosed):
            case Enclosed(namespace=namespace):
                pass
            case Group(group=group, running=True):
                groups.add(group)
            case Group(group=group):
                groups.discard(group)
    for group in groups:
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)
    _end(f"{MARK}={charge.mark}".encode(), namespace)
    scratch.remove(Path(charge.scratch))
    os._exit(0)


class Desk:
    """Answers questions about other projects."""

    def __init__(self, charge: Charge) -> None:
        self._charge = charge
        self._opened: Future[Fetcher] = Future()

    def open(self) -> None:
        """Read the user's settings; questions wait for it."""
        try:
            # imported here, so that all this happens while the rehearsal is busy with something else
            from tagship.rehearsal.keeper import user_index
            from tagship.rehearsal.keeper.cache import DoorCache
            from tagship.rehearsal.keeper.fetching import Fetcher

            index, cache = user_index.read(self._charge.environ), DoorCache(Path(self._charge.cache))
            cache.sweep(time.time() - _DAY)
            self._opened.set_result(Fetcher(index, cache, offline=self._charge.offline, now=time.time))
        except Exception as error:
            self._opened.set_exception(error)

    def serve(self, sock: socket.socket) -> None:
        """Answer on one channel until it is closed."""
        with sock, contextlib.suppress(OSError), sock.makefile("rwb") as channel:
            for line in channel:
                channel.write(msgspec.json.encode(self._answer(read_json(line, Ask))) + b"\n")
                channel.flush()

    def _answer(self, ask: Ask) -> Told:
        try:
            door = self._opened.result()
            if ask.what == "page":
                page, words = door.page(ask.name)
                return Told(page=msgspec.Raw(page) if page is not None else NO_PAGE, words=words)
            path, words = door.file(ask.name)
            return Told(path=str(path) if path is not None else None, words=words)
        except Exception as error:
            # its message may hold an address with a password; the kind of error says enough to report it
            return Told(words=f"{ask.name}: the dependency door failed ({type(error).__name__}).")


def _end(mark: bytes, namespace: int) -> None:
    """Kill what the rehearsal left running, on Linux, until nothing is left: what is in its namespace, whatever it
    did to get away, and what carries its mark. The rehearsal itself waits for us."""
    spared = {os.getpid(), os.getppid()}
    for _ in range(_ROUNDS):
        left = [p for p in _processes() - spared if (namespace and _within(p, namespace)) or _carries(p, mark)]
        for process in left:
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        if not left:
            return
        time.sleep(0.02)


def _processes() -> set[int]:
    """All processes but those that only wait to be collected."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (folder / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
                found.add(int(folder.name))
    return found


def _carries(process: int, mark: bytes) -> bool:
    """Whether the process was started with the rehearsal's variable."""
    with contextlib.suppress(OSError):
        return mark in Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    return False


def _within(process: int, namespace: int) -> bool:
    """Whether the process is in a user namespace, or in one that was made inside of it (ioctl_ns(2))."""
    own = Path("/proc/self/ns/user").stat().st_ino
    with contextlib.ExitStack() as opened, contextlib.suppress(OSError):
        handle = os.open(f"/proc/{process}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
        opened.callback(os.close, handle)
        while (found := os.fstat(handle).st_ino) != own:
            if found == namespace:
                return True
            handle = fcntl.ioctl(handle, _NS_GET_PARENT)
            opened.callback(os.close, handle)
    return False

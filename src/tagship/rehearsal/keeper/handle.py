"""The keeper: a small process of a rehearsal that stays outside when the rehearsal is shut in.

It is the dependency door's outer side (`fetching`), and it cleans up (`process`). Its standard input is a pipe from the
rehearsal: when that ends, the rehearsal did, in whatever way, and the keeper kills what it left running and
removes its folder. Questions come over socket pairs that were made before the keeper
started: no address, so nothing else can ask, and nothing can be too early.
"""

import contextlib
import io
import queue
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import msgspec

from tagship.errors import ToolFailed
from tagship.model import Record
from tagship.rehearsal.keeper.dependencies import Ask, Told
from tagship.shapes import read_json

MARK = "TAGSHIP_REHEARSAL"
"""The variable that every process of a rehearsal carries, with a value of its own."""
CHANNELS = 16
"""Questions that can be under way at the same time."""
CLEANING = 60.0
"""Seconds that a rehearsal waits for its keeper to clean up; the keeper goes on without it."""


class Charge(Record, frozen=True, kw_only=True):
    """What the keeper is told first."""

    environ: dict[str, str]
    """The user's environment, in which their index, proxies and certificates are named."""
    cache: str
    """The folder of the door cache."""
    offline: bool
    scratch: str
    """The folder to remove at the end."""
    mark: str
    """The value of `MARK`."""


class Group(Record, frozen=True, kw_only=True, tag=True):
    """A process group that began or ended."""

    group: int
    running: bool


class Enclosed(Record, frozen=True, kw_only=True, tag=True):
    """The rehearsal is in a user namespace of its own, which no process in it can leave."""

    namespace: int
    """Its inode in /proc."""


class Keeper:
    """The rehearsal's handle on its keeper; a context manager.

    Args:
        environ: the user's environment.
        cache: tagship's cache folder; the door cache is `door` in it.
        scratch: the rehearsal's folder, removed at the end.
        offline: whether the user's index must not be asked.
    """

    def __init__(self, environ: Mapping[str, str], *, cache: Path, scratch: Path, offline: bool = False) -> None:
        self.mark = {MARK: secrets.token_hex(16)}
        """The variable for every child of the rehearsal."""
        self._charge = Charge(
            environ=dict(environ),
            cache=str(cache / "door"),
            offline=offline,
            scratch=str(scratch),
            mark=self.mark[MARK],
        )
        self._lock = threading.Lock()
        self._channels: queue.LifoQueue[io.BufferedRWPair] = queue.LifoQueue()

    def __enter__(self) -> Self:
        pairs = [socket.socketpair() for _ in range(CHANNELS)]
        theirs = [pair[1].fileno() for pair in pairs]
        # the same modules as here, whatever the variables or the current folder say there
        path = [str(Path(entry).absolute()) for entry in sys.path]
        code = (
            f"import sys; sys.path[:] = {path!r}; from tagship.rehearsal.keeper.process import main; main({theirs!r})"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            pass_fds=theirs,
            start_new_session=True,  # Ctrl-C is for the rehearsal
        )
        for ours, other in pairs:
            other.close()
            self._channels.put(ours.makefile("rwb"))
            ours.close()
        self._tell(self._charge)
        return self

    def __exit__(self, *how: object) -> None:
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        for channel in tuple(self._channels.queue):  # they stay there: who asks now must not wait for one
            with contextlib.suppress(OSError):
                channel.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(CLEANING)

    def ask(self, question: Ask) -> Told:
        """Put a question, from any thread; it waits while all channels are busy."""
        channel = self._channels.get()
        try:
            channel.write(msgspec.json.encode(question) + b"\n")
            channel.flush()
            line = channel.readline()
        except (OSError, ValueError):  # it is closed
            line = b""
        finally:
            self._channels.put(channel)
        if not line:
            raise ToolFailed("the rehearsal's keeper is gone", remedy="Run the rehearsal again.")
        return read_json(line, Told)

    def enclosed(self) -> None:
        """This process has entered a user namespace of its own: at the end nothing in it may be left."""
        self._tell(Enclosed(namespace=Path("/proc/self/ns/user").stat().st_ino))

    def guard(self, group: int) -> None:
        """A process group began: kill it should the rehearsal be killed."""
        self._tell(Group(group=group, running=True))

    def release(self, group: int) -> None:
        """The process group ended, and its number may come to mean another."""
        self._tell(Group(group=group, running=False))

    def _tell(self, record: Record) -> None:
        pipe = self.process.stdin
        with self._lock, contextlib.suppress(OSError, ValueError):  # a keeper that is gone shows in `ask`
            if pipe is not None:
                pipe.write(msgspec.json.encode(record) + b"\n")
                pipe.flush()

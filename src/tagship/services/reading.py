"""A setting of a service that was read, or could not be: one that is hidden must not hide the others.

A record, so that what was seen can be kept in a file. A setting that is not there was read as well: its value is None.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Generic, TypeVar

from tagship.model import Record

T = TypeVar("T")


class Unseen(Exception):
    """A setting could not be seen."""

    def __init__(self, hidden: "Hidden", how: str) -> None:
        super().__init__(hidden.why)
        self.hidden = hidden
        self.how = how


class Hidden(Record, frozen=True, kw_only=True):
    """Why something could not be seen."""

    why: str
    """In words: `GitHub refused: 403 Resource not accessible by integration`."""
    remedy: str = ""
    """What would make it visible: the permission that a token lacks."""


class Reading(Record, Generic[T], frozen=True, kw_only=True):
    """One setting."""

    value: T | None = None
    """None where it is not there, and where it is hidden."""
    hidden: Hidden | None = None
    how: str = ""
    """How it was read: the request."""

    def get(self) -> T | None:
        """What was read.

        Raises:
            Unseen: it could not be read.
        """
        if self.hidden is not None:
            raise Unseen(self.hidden, self.how)
        return self.value


class Asked(Thread, Generic[T]):
    """Something that is asked in a thread of its own, which keeps no process alive that somebody gave up."""

    def __init__(self, ask: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._ask = ask
        self._answer: Future[T] = Future()

    def run(self) -> None:
        """Ask."""
        try:
            self._answer.set_result(self._ask())
        except BaseException as error:
            self._answer.set_exception(error)

    def result(self) -> T:
        """The answer, once the thread is over: one that is still ending may crash an interpreter that ends as well.

        Raises:
            Exception: what asking raised.
        """
        self._answer.exception()  # waits as well; but CPython 3.11 takes a thread for ended whose `join` is interrupted
        self.join()
        return self._answer.result()


def begin(ask: Callable[[], T]) -> Asked[T]:
    """Begin to ask."""
    asked = Asked(ask)
    asked.start()
    return asked


def over(seconds: float) -> bool:
    """Whether everything that was begun is over, within so many seconds: for who leaves without the answers."""
    asked, until = [t for t in threading.enumerate() if isinstance(t, Asked)], time.monotonic() + seconds
    for thread in asked:
        thread.join(max(0.0, until - time.monotonic()))
    return not any(thread.is_alive() for thread in asked)

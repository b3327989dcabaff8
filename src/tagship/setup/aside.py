"""Looking at several services at once: each in a thread of its own, which nobody has to wait for on Ctrl-C."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

from tagship.services.world import World

T = TypeVar("T")


def aside(world: World, name: str, look: Callable[[World], T]) -> "Future[T]":
    """Begin to look at something, and report when it begins and ends; the result is there when it is asked for.

    The thread does not keep the process alive: a service that hangs would hold up somebody who gave up on it.

    Args:
        name: what is looked at, as people call it: `PyPI`.
        look: may raise; whoever asks for the result gets the error.
    """
    future: Future[T] = Future()
    own = world.during(name)

    def work() -> None:
        failed = True
        try:
            result = look(own)
            failed = False
        except BaseException as error:
            future.set_exception(error)
        finally:
            own.journal.close(failed=failed, now=own.clock.now())
        if not failed:
            future.set_result(result)

    Thread(target=work, name=name, daemon=True).start()
    return future

"""The clock of a rehearsal, in which waiting takes no time.

A release may wait minutes for CI or for an index. A rehearsal does not: who sleeps is at once at the end of the
sleep, and so is everybody else who asks this clock, servers included. Times of a rehearsal are therefore those that
the release would have taken.
"""

import threading
import time


class JumpingClock:
    """The machine's clock, ahead by all that was slept. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.slept = 0.0
        """Seconds that were slept altogether, and how far this clock is ahead."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self.slept

    def sleep(self, seconds: float) -> None:
        """Jump."""
        with self._lock:
            self.slept += seconds

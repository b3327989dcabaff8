"""Stages that run side by side, put one after another for the reader.

What a stage says is held back while another one has the word; the word goes to the next stage, in the order of
the pipeline, when the one that has it ends. So the output has the same order in every run and no two stages mix.
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """What waits to be printed, by stage. Not safe for threads: the renderer holds a lock."""

    def __init__(self, stages: tuple[str, ...]) -> None:
        self._rank = {name: number for number, name in enumerate(stages)}
        self._waiting: dict[str, list[T]] = {}
        self._ended: set[str] = set()
        self._speaker = ""

    def start(self, stage: str) -> None:
        """A stage begins; it has the word if nobody else has it."""
        self._waiting.setdefault(stage, [])
        self._speaker = self._speaker or stage

    def add(self, stage: str, item: T) -> None:
        """Keep one thing that a stage says."""
        self.start(stage)
        self._waiting[stage].append(item)

    def end(self, stage: str) -> None:
        """A stage is over and will say no more."""
        self._ended.add(stage)

    def held(self) -> frozenset[str]:
        """The stages that have begun and are not printed to their end."""
        return frozenset(self._waiting)

    def ready(self) -> Iterator[T]:
        """Hand over what may be printed now, once."""
        while self._speaker:
            items = self._waiting[self._speaker]
            yield from items
            items.clear()
            if self._speaker not in self._ended:
                return
            self._ended.remove(self._speaker)
            del self._waiting[self._speaker]
            self._speaker = min(self._waiting, key=self._place, default="")

    def close(self) -> Iterator[T]:
        """Hand over everything: nobody will say more."""
        self._ended.update(self._waiting)
        yield from self.ready()

    def _place(self, stage: str) -> int:
        return self._rank.get(stage, len(self._rank))

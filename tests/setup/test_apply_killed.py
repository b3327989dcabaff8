"""`tagship doctor --apply` is killed at each of its writes, before GitHub has it and after, and run again."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import pytest

from tests.cli.calling import IMPORTED
from tests.setup.applying import empty, state
from tests.setup.worlds import ADMIN, SetUp, Stagehand

CHANGES = 13
"""What an undisturbed run changes on a bare repository."""
Side = Literal["before", "after"]
SIDES: tuple[Side, Side] = ("before", "after")


@dataclass
class Assassin:
    """Runs the command in a process of its own, and kills it at one of its writes."""

    made: SetUp
    writes: int = 0
    """Those that GitHub got of the newest run."""

    def __post_init__(self) -> None:
        self._whole = self.made.embedded.doors.hosts["api.github.com"]
        self.made.embedded.doors.hosts["api.github.com"] = self._between
        self._end: tuple[int, Side] | None = None
        self._token = self.made.token(ADMIN)

    def run(self, end: tuple[int, Side] | None = None) -> int:
        """The exit code of `tagship doctor --apply --yes`; killed at its n-th write, before it arrives or after."""
        self.writes, self._end = 0, end
        own = {"PYTHONPATH": IMPORTED, "NO_COLOR": "1", "GH_TOKEN": self._token}
        with subprocess.Popen(
            (sys.executable, "-P", "-m", "tagship", "doctor", str(self.made.root), "--apply", "--yes"),
            cwd=self.made.root,
            env={**self.made.embedded.shell.environment, **own},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as self._process:
            _, self.said = self._process.communicate(timeout=120)
        return self._process.returncode

    def _between(self, environ: dict[str, object], start_response: Callable[..., object]) -> Iterator[bytes]:
        if environ["REQUEST_METHOD"] == "GET":
            return self._whole(environ, start_response)
        self.writes += 1
        if self._end == (self.writes, "before"):
            self._kill()
        answer = self._whole(environ, start_response)
        if self._end == (self.writes, "after"):
            self._kill()
        return answer

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()
        raise ConnectionResetError


@pytest.fixture(scope="module")
def end(worlds: Stagehand) -> object:
    """Where an undisturbed run ends."""
    with worlds.open("killed-never") as made:
        command = Assassin(empty(made))
        assert (command.run(), command.writes) == (0, CHANGES), command.said
        return state(made)


@pytest.mark.requirement("C3")
def test_killed_at_every_write_in_turn_it_ends_where_it_should(end: object, worlds: Stagehand) -> None:
    """Killed before and after each write, one run after another, it repeats nothing and ends like one that was not."""
    with worlds.open("killed-always") as made:
        command = Assassin(empty(made))
        ends = [command.run((1, side)) for _ in range(CHANGES) for side in SIDES]
        assert ends == [-9] * CHANGES * 2, command.said
        assert (command.run(), command.writes) == (0, 0), command.said
        assert state(made) == end


@pytest.mark.slow
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("number", range(1, CHANGES + 1))
def test_killed_anywhere_the_next_run_does_the_rest(number: int, side: Side, end: object, worlds: Stagehand) -> None:
    """Killed at one write, the run after it makes every change that is not made, and none twice."""
    with worlds.open(f"killed-{number}-{side}") as made:
        command = Assassin(empty(made))
        assert command.run((number, side)) == -9, command.said
        assert command.run() == 0, command.said
        assert command.writes == CHANGES - number + (side == "before")
        assert state(made) == end

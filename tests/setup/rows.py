"""Rows of what a check says in one world: its id, what somebody changed, and what is seen."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from tagship.model import Status
from tagship.setup.doctor import CHECKS
from tests.setup.worlds import SetUp, Stagehand

OK, PENDING, PROBLEM, UNKNOWN = Status
Change = Callable[[SetUp], None]


@dataclass(frozen=True)
class Row:
    """What one check says, with the rest of the world as it should be."""

    id: str
    """Of the check, with what it is about: `ci.paths:ci.yml`."""
    why: str
    """What was changed, in words."""
    change: Change
    status: Status
    detail: str
    token: str | None = None
    """None for one that sees everything, empty for none."""

    def seen(self, worlds: Stagehand) -> tuple[Status, str, bool]:
        """Open a world, change it and look: the status, what was seen, and whether there is something to do."""
        with worlds.open(re.sub(r"\W+", "-", f"{self.id}-{self.why}")) as made:
            self.change(made)
            mine = [check for check in CHECKS if check.id == self.id.partition(":")[0]]
            found = {check.fact.id: check for check in made.doctor(self.token, checks=mine).checks}
        check = found.get(self.id)
        if check is None:
            raise AssertionError(f"{self.id} is none of {', '.join(found) or 'nothing'}")
        return check.fact.status, check.fact.detail, check.finding is not None and check.finding.remedy != ""

    @property
    def wanted(self) -> tuple[Status, str, bool]:
        """What is to be seen: a remedy for all that is not ok."""
        return self.status, self.detail, self.status is not OK


def rows(table: Sequence[Row]) -> pytest.MarkDecorator:
    """A test for each row."""
    return pytest.mark.parametrize("row", table, ids=[f"{row.id}: {row.why}" for row in table])


def edit(path: str, old: str, new: str) -> Change:
    """Change what stands in a file, commit and push it."""
    return lambda made: made.edit(path, old, new)


def write(path: str, text: str | None) -> Change:
    """Write a file, or with None remove it, commit and push it."""
    return lambda made: made.write(path, text)

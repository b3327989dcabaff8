"""Rehearsals of a repository's own workflow in act, inside this process."""

import contextlib
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tagship.rehearsal.act.rehearse import act_on, rehearse
from tagship.rehearsal.request import Assumptions, Request
from tagship.rehearsal.result import Rehearsal
from tagship.rehearsal.run import backstage
from tagship.services.reporter import Silence
from tests.rehearsal.act.workflows import FILE
from tests.rehearsing import Opened, Stage


@dataclass(frozen=True)
class Act:
    """Rehearses the own workflow of a repository with `act(path, ...)`."""

    stage: Stage

    def __call__(self, path: Path, request: Request | None = None, **assumptions: object) -> Rehearsal:
        """Run the workflow once; assumptions by keyword."""
        request = request or _request(path, Assumptions(**assumptions))  # type: ignore[arg-type]
        outside = self.stage.outside(path)
        with backstage(outside, offline=False, enforce=False) as behind:
            return rehearse(request, outside, behind, Silence())

    @contextlib.contextmanager
    def open(self, path: Path, request: Request | None = None, **assumptions: object) -> Iterator["Again"]:
        """Push, and leave it to the test how often the workflow runs."""
        request = request or _request(path, Assumptions(**assumptions))  # type: ignore[arg-type]
        with self.stage.open(path, request) as opened:
            yield Again(opened=opened, request=request)


def _request(path: Path, assumptions: Assumptions) -> Request:
    """The push of the next tag, for the hand-written workflow where there is one."""
    return Request(workflow="release.yml" if (path / FILE).is_file() else "", assumptions=assumptions)


@dataclass(frozen=True)
class Again:
    """A world that stays open, in which the workflow can run several times."""

    opened: Opened
    request: Request

    def run(self) -> Rehearsal:
        """Run it."""
        return act_on(self.request, self.opened.scene, self.opened.embedded, Silence())


@pytest.fixture
def act(stage: Stage) -> Act:
    """Rehearse a workflow; skips where there is no act."""
    if shutil.which("act") is None and not Path(sys.executable).with_name("act").exists():
        pytest.skip("act is not installed: pip install 'tagship[act]'")
    return Act(stage)

"""The gate of a run that calls its CI itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from tagship.errors import GateClosed
from tagship.stages import STAGES, run
from tagship.stages.gate_called import decide
from tagship.stages.needed import Job, Jobs
from tests.rehearsing import PYPROJECT, Stage, repository

pytestmark = pytest.mark.requirement("A3", "A12")
INLINE = {"pyproject.toml": f'{PYPROJECT}\n[tool.tagship]\ninline-ci = "ci.yml"\n'}


@pytest.mark.parametrize(
    ("jobs", "message", "remedy"),
    [
        (
            {"ci": Job(result="failure")},
            "ci.yml, which this run called, failed",
            "Correct what failed, and publish that commit; where it was chance, re-run the failed jobs.",
        ),
        (
            {"ci": Job(result="cancelled")},
            "ci.yml, which this run called, was cancelled",
            "Re-run the failed jobs, and let it end.",
        ),
        (
            {"ci": Job(result="skipped")},
            "ci.yml, which this run called, was skipped, which is no success",
            "Let its jobs run for pushes, tags and dispatches: look at each `if`.",
        ),
        (
            {"other": Job(result="success")},
            "this run was to call ci.yml, and how that ended is not known",
            "Run `tagship sync`: the job ci of the workflow calls it, and wait-for-ci is told how it ended.",
        ),
    ],
    ids=["failed", "cancelled", "skipped", "no such job"],
)
def test_each_end_has_its_own_words(jobs: Jobs, message: str, remedy: str) -> None:
    """Only success opens the gate; every other end, and none, is named with what to do."""
    closed = decide("ci.yml", jobs)
    assert closed is not None
    assert (closed.message, closed.remedy, closed.where) == (f"Not published: {message}", remedy, "ci.yml")


def test_success_opens() -> None:
    """The called workflow succeeded."""
    assert decide("ci.yml", {"ci": Job(result="success")}) is None


@pytest.mark.parametrize(
    ("assumed", "verdict", "said"),
    [
        ({}, "ready", "ci.yml succeeded in this run for "),
        ({"Test Suite": "failure"}, "refused", "Not published: ci.yml, which this run called, failed"),
        ({"ci.yml": "skipped"}, "refused", "Not published: ci.yml, which this run called, was skipped"),
        ({"ci.yml": "missing"}, "refused", "Not published: ci.yml, which this run called, was cancelled"),
    ],
    ids=["success", "failure", "skipped", "missing"],
)
def test_a_rehearsal_of_it(assumed: dict[str, str], verdict: str, said: str, stage: Stage, tmp_path: Path) -> None:
    """A rehearsal lets the called workflow end as is assumed, and GitHub is not asked for any other run."""
    result = stage(repository(tmp_path / "sample", INLINE), ci=assumed)
    gate = result.manifest.entry("gate")
    assert gate is not None
    assert result.verdict == verdict
    assert [text for text in (*gate.said, *(f.title for f in gate.findings)) if text.startswith(said)] != []
    assert [fact.how for fact in gate.facts] == ["needs.ci.result of this run"]


def test_nobody_said_how_it_ended(stage: Stage, tmp_path: Path) -> None:
    """Outside of the workflow, where nobody hands the result on, the gate stays closed."""
    with stage.open(repository(tmp_path / "sample", INLINE)) as opened:
        planned = opened.run("plan").manifest
        gate = next(row for row in STAGES if row.name == "gate")
        world = opened.scene.world_of(gate)
        bare = {name: value for name, value in world.environment.items() if name != "TAGSHIP_NEEDS"}
        error = run(gate, planned, replace(world, environment=bare)).error
    assert isinstance(error, GateClosed)
    assert error.message == "Not published: this run was to call ci.yml, and how that ended is not known"

"""The gate of a run that calls its CI itself."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tagship.errors import GateClosed
from tagship.services.github import CheckRun
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
    closed = decide("ci.yml", jobs, ())
    assert closed is not None
    assert (closed.message, closed.remedy, closed.where) == (f"Not published: {message}", remedy, "ci.yml")


@pytest.mark.requirement("A3")
@pytest.mark.parametrize(
    ("checks", "how"),
    [
        ({}, "succeeded, but no job `CI / …` of it is seen to have"),
        ({"Our own name / Tests": "success"}, "succeeded, but no job `CI / …` of it is seen to have"),
        ({"CI / Build": "skipped"}, "succeeded, but no job `CI / …` of it is seen to have"),
        ({"CI / Tests": "success", "CI / Lint": "skipped"}, None),
        ({"CI / Tests (3.12)": "success", "CI / Tests (3.13)": "skipped"}, None),
        ({"CI / Lint": "success", "CI / Tests": "skipped"}, "succeeded, but skipped CI / Tests"),
        ({"ci / test": "skipped"}, "succeeded, but skipped ci / test"),
        ({"Publish to TestPyPI": "skipped", "Check": "success", "CI / Tests": "success"}, None),
    ],
    ids=[
        "no jobs",
        "called otherwise",
        "all skipped",
        "lint skipped",
        "one of the matrix",
        "tests skipped",
        "by their ids",
        "jobs of our own",
    ],
)
def test_success_opens_unless_the_tests_were_skipped(checks: dict[str, str], how: str | None) -> None:
    """A called workflow is a success however many of its jobs were skipped: its tests have to be among the others."""
    seen = [
        CheckRun(id=number, name=name, status="completed", conclusion=end)
        for number, (name, end) in enumerate(checks.items())
    ]
    closed = decide("ci.yml", {"ci": Job(result="success")}, seen)
    assert (closed and closed.message) == (how and f"Not published: ci.yml, which this run called, {how}")


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


def test_the_jobs_of_this_run_alone_are_asked_for(stage: Stage, tmp_path: Path) -> None:
    """Tests that this run's called workflow skipped keep the gate closed, whatever other runs of the commit say."""
    with stage.open(repository(tmp_path / "sample", INLINE)) as opened:
        planned = opened.run("plan").manifest
        assert planned.plan is not None
        gate = next(row for row in STAGES if row.name == "gate")
        world, github = opened.scene.world_of(gate), opened.embedded.github
        other = github.add_run(planned.plan.event, ".github/workflows/x.yml", jobs={"CI / Tests": "skipped"})
        assert run(gate, planned, world).error is None
        plan = msgspec.structs.replace(
            planned.plan, event=msgspec.structs.replace(planned.plan.event, run_id=str(other.id))
        )
        error = run(gate, msgspec.structs.replace(planned, plan=plan), world).error
    assert isinstance(error, GateClosed)
    assert error.message == "Not published: ci.yml, which this run called, succeeded, but skipped CI / Tests"

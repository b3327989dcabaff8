"""CI that did not succeed, in every way that GitHub knows, and in the ways that only a release has."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tagship.errors import GateClosed, UsageError
from tagship.model import Inputs, Status
from tagship.rehearsal.clock import JumpingClock
from tagship.rehearsal.request import Assumptions, Request
from tests.rehearsing import PYPROJECT, Stage, git, repository, why

AGAIN = "Correct it, or run it again if it was an accident; then run this workflow again."
OVERRIDDEN = Inputs(target_env="testpypi", override_reason="the CI service is down")
ALLOWED = PYPROJECT + "\n[tool.tagship]\nallow-override = true\n"

ENDS = {
    "failure": ("failed", AGAIN),
    "cancelled": (
        "was cancelled",
        "Run it again, then this workflow. Where newer pushes cancel it, take `cancel-in-progress` away for pushes.",
    ),
    "skipped": (
        "was skipped",
        "What was skipped shows nothing: let it run for pushes (look at its `if:`), or name other CI in [tool.tagship]"
        " ci.",
    ),
    "neutral": (
        "ended neither with success nor failure",
        "Let it end with success, or name other CI in [tool.tagship] ci.",
    ),
    "timed_out": (
        "ran out of time",
        "Run it again, or give it more `timeout-minutes`; then run this workflow again.",
    ),
    "startup_failure": (
        "could not start: the workflow file is invalid",
        "Correct the file, and release the commit that corrects it.",
    ),
    "action_required": ("waits for somebody's approval", "Approve it on its page; then run this workflow again."),
    "stale": ("was given up by GitHub after 14 days", "Run it again, then run this workflow again."),
}


@pytest.mark.requirement("A3", "E3", "D1")
@pytest.mark.parametrize("end", ENDS)
def test_ci_that_ended_in_another_way_than_success_closes_the_gate(stage: Stage, tmp_path: Path, end: str) -> None:
    """Whatever is not success publishes nothing; the workflow is named, with its address."""
    result = stage(repository(tmp_path / "sample", {}), ci={"ci.yml": end})
    ((where, finding),) = result.causes
    assert (where, finding.code, finding.title, finding.remedy) == (
        "gate",
        "TE05",
        f"Not published: Test Suite (ci.yml) {ENDS[end][0]}",
        ENDS[end][1],
    )
    assert finding.url.startswith("https://github.com/owner/sample/actions/runs/")
    assert (result.verdict, result.headline, result.exit_code) == ("refused", finding.title, 5)
    assert not [e for e in result.exchanges if "legacy" in e.url or "mint-token" in e.url]


@pytest.mark.requirement("A3", "D1")
@pytest.mark.parametrize(
    ("end", "words", "remedy", "seconds"),
    [
        (
            "missing",
            "ci.yml did not run for this commit",
            "Push the commit to a branch on which it runs, or correct its name in [tool.tagship] ci.",
            600,
        ),
        (
            "pending",
            "Test Suite (ci.yml) is still running after 90 minutes",
            "Look why it hangs, then run this workflow again.",
            5400,
        ),
    ],
)
def test_ci_that_does_not_end_is_waited_for_and_not_for_ever(
    stage: Stage, tmp_path: Path, end: str, words: str, remedy: str, seconds: int
) -> None:
    """CI that nobody has seen counts as missing after ten minutes, CI that runs as stuck after ninety."""
    clock = JumpingClock()
    result = replace(stage, clock=clock)(repository(tmp_path / "sample", {}), ci={"ci.yml": end})
    ((where, finding),) = result.causes
    assert (where, finding.code, finding.title, finding.remedy) == (
        "gate",
        "TE05",
        f"Not published: {words}",
        remedy,
    )
    assert seconds - 30 < clock.slept <= seconds


@pytest.mark.requirement("A3")
@pytest.mark.parametrize("name", ["ci.yml", "Test Suite", "Tests"])
def test_ci_is_named_by_its_file_its_name_or_its_check(stage: Stage, tmp_path: Path, name: str) -> None:
    """The workflow's file, the workflow's name and the check's name all mean the same CI."""
    result = stage(repository(tmp_path / "sample", {}), ci={name: "failure"})
    assert result.headline == "Not published: Test Suite (ci.yml) failed"


@pytest.mark.requirement("A3")
def test_a_repository_without_ci_is_not_released(stage: Stage, tmp_path: Path) -> None:
    """Where no CI is found nothing is published: nothing is true of nothing."""
    result = stage(repository(tmp_path / "sample", {".github/workflows/ci.yml": None}))
    ((where, finding),) = result.causes
    assert (where, finding.code, finding.title, finding.remedy) == (
        "gate",
        "TE05",
        "Not published: no CI was found that has to succeed",
        "Let a workflow run the tests on pull requests and on pushes to main. Where another service does, give"
        ' [tool.tagship] its check\'s name: ci = ["Test Suite"].',
    )


@pytest.mark.parametrize(
    ("ci", "words", "remedy"),
    [
        (
            {"Lint": "failure"},
            "Nothing was rehearsed: there is no required CI called Lint",
            "Name one that is required: ci.yml, Test Suite, Tests.",
        ),
        (
            {"ci.yml": "exploded"},
            "Nothing was rehearsed: GitHub has no conclusion 'exploded'",
            "Use one of success, failure, neutral, cancelled, skipped, timed_out, action_required, stale, "
            "startup_failure, missing, pending.",
        ),
    ],
)
def test_assumptions_about_ci_that_mean_nothing_are_refused(
    stage: Stage, tmp_path: Path, ci: dict[str, str], words: str, remedy: str
) -> None:
    """A name that is not required, or an end that GitHub does not know, is an error with what there is."""
    path = repository(tmp_path / "sample", {})
    with pytest.raises(UsageError) as caught:
        stage(path, ci=ci)
    assert (caught.value.message, caught.value.remedy) == (words, remedy)


def _overridden(**assumptions: dict[str, str]) -> Request:
    return Request(kind="dispatch", inputs=OVERRIDDEN, assumptions=Assumptions(**assumptions))


@pytest.mark.requirement("A4")
def test_an_override_that_the_project_does_not_allow_is_refused(stage: Stage, tmp_path: Path) -> None:
    """Off by default: a reason alone opens nothing, not even where the CI succeeded."""
    result = stage(repository(tmp_path / "sample", {}), _overridden())
    ((where, finding),) = result.causes
    assert (where, finding.code, finding.title, finding.remedy) == (
        "gate",
        "TE05",
        "Not published: an override was asked for, and this project does not allow one",
        "Let the CI pass; or allow it, reviewed: [tool.tagship] allow-override = true.",
    )


@pytest.mark.requirement("A4")
def test_an_override_that_is_allowed_is_kept_with_its_reason(stage: Stage, tmp_path: Path) -> None:
    """Where the project allows it, failed CI is passed over, and the reason stands in the manifest as an unknown."""
    result = stage(repository(tmp_path / "sample", {"pyproject.toml": ALLOWED}), _overridden(ci={"ci.yml": "failure"}))
    assert (result.verdict, result.headline) == ("ready", "sample 1.0.0.dev1 would be released on TestPyPI")
    gate = result.manifest.entry("gate")
    assert gate is not None
    assert [(fact.id, fact.status, fact.detail) for fact in gate.facts] == [
        ("ci.override", Status.UNKNOWN, "the CI service is down")
    ]
    assert gate.said == ("The required CI was not waited for. Reason given: the CI service is down",)


@pytest.mark.requirement("A4")
def test_an_override_on_another_branch_is_refused(stage: Stage, tmp_path: Path) -> None:
    """What a branch says about itself allows nothing: an override comes from the default branch, or from a tag."""
    path = repository(tmp_path / "sample", {"pyproject.toml": ALLOWED})
    git(path, "branch", "feature")
    result = stage(path, Request(kind="dispatch", ref="feature", inputs=OVERRIDDEN))
    ((where, finding),) = result.causes
    assert (where, finding.code, finding.title) == (
        "plan",
        "TE04",
        "Nothing is released from the branch feature: its versions could be those of other commits",
    )
    assert finding.remedy.startswith("Dispatch it on main, or on a version tag")


@pytest.mark.requirement("A4")
def test_the_gate_takes_no_override_from_another_branch_either(stage: Stage, tmp_path: Path) -> None:
    """Whatever a manifest says was planned, the gate looks for itself where the override was asked for."""
    path = repository(tmp_path / "sample", {"pyproject.toml": ALLOWED})
    with stage.open(path, Request(kind="dispatch", ref="main", inputs=OVERRIDDEN)) as opened:
        planned = opened.run("plan").manifest
        assert planned.plan is not None
        event = msgspec.structs.replace(planned.plan.event, ref="refs/heads/feature")
        other = msgspec.structs.replace(planned, plan=msgspec.structs.replace(planned.plan, event=event))
        error = opened.run("gate", after=other).error
    assert isinstance(error, GateClosed)
    assert error.message == "Not published: an override was asked for on feature, where no review allowed it"
    assert error.remedy == "Dispatch it on main, or on a version tag."


@pytest.mark.requirement("A4")
def test_an_override_on_a_tag_is_kept(stage: Stage, tmp_path: Path) -> None:
    """A dispatch on a version tag may pass over failed CI on the way to PyPI, where the project allows it."""
    path = repository(tmp_path / "sample", {"pyproject.toml": ALLOWED})
    git(path, "tag", "v1.0.0")
    inputs = Inputs(target_env="pypi", override_reason="the CI service is down")
    failed = Assumptions(ci={"ci.yml": "failure"})
    result = stage(path, Request(kind="dispatch", ref="v1.0.0", inputs=inputs, assumptions=failed))
    assert (result.verdict, result.headline) == ("ready", "sample 1.0.0 would be released on PyPI")


@pytest.mark.requirement("A3")
def test_a_check_of_any_name_is_no_required_check(stage: Stage, tmp_path: Path) -> None:
    """Where the required check is called `*` nothing is published: one that means nothing would open the gate."""
    project = PYPROJECT + '\n[tool.tagship]\nci = ["*"]\n'
    result = stage(repository(tmp_path / "sample", {"pyproject.toml": project}))
    ((where, finding),) = result.causes
    assert (where, finding.code, finding.title, finding.remedy) == (
        "gate",
        "TE05",
        "Not published: a required check is called *, which is any check at all",
        'Write more of its name: [tool.tagship] ci = ["ci / *"], or name the workflow: ci = ["ci.yml"].',
    )


@pytest.mark.requirement("A4")
def test_an_override_cannot_come_with_a_push(stage: Stage, tmp_path: Path) -> None:
    """Failed CI of a pushed tag stays failed, whether or not the project allows overrides."""
    result = stage(repository(tmp_path / "sample", {"pyproject.toml": ALLOWED}), ci={"ci.yml": "failure"})
    assert result.headline == "Not published: Test Suite (ci.yml) failed"


PUBLISHING = (
    "on: {push: {branches: [main], tags: ['v*']}, pull_request: }\n"
    "jobs:\n"
    "  test: {name: Test, runs-on: x, strategy: {matrix: {v: [1, 2]}}, steps: [{run: pytest}]}\n"
    "  lint: {runs-on: x, steps: [{run: ruff}]}\n"
    "  release:\n    needs: [test, lint]\n    if: startsWith(github.ref, 'refs/tags/')\n    runs-on: x\n"
    "    steps: [{uses: pypa/gh-action-pypi-publish@release/v1}]\n"
)


@pytest.mark.requirement("A3", "A12")
@pytest.mark.parametrize(
    ("ci", "headline"),
    [
        ({}, "sample 1.0.0 would be released on PyPI"),
        ({"lint": "failure"}, "Not published: lint failed"),
        ({"Test": "cancelled", "lint": "skipped"}, "Not published: Test was cancelled; lint was skipped"),
        ({"lint": "missing"}, "Not published: ci.yml: lint did not run, although its workflow did"),
        ({"lint": "pending"}, "Not published: lint is still running after 90 minutes"),
    ],
)
def test_jobs_of_a_workflow_that_also_publishes_are_waited_for(
    stage: Stage, tmp_path: Path, ci: dict[str, str], headline: str
) -> None:
    """CI that holds a publishing job is waited for job by job, in one run of that very workflow."""
    path = repository(tmp_path / "sample", {".github/workflows/ci.yml": PUBLISHING})
    result = replace(stage, clock=JumpingClock())(path, ci=ci)
    assert result.headline == headline
    ends = {name: ci.get(name, "success") for name in ("Test", "lint")}
    said = sorted((f"ci.yml: {name}: {end}" for name, end in ends.items()), key=lambda words: words.endswith("success"))
    assert result.assumptions[0].value == "; ".join(said)


@pytest.mark.requirement("A3", "A5")
def test_a_closed_gate_does_not_hide_what_else_stands_in_the_way(stage: Stage, tmp_path: Path) -> None:
    """The jobs beside the gate run as they do on GitHub: tests that fail are said in the same rehearsal."""
    broken = repository(tmp_path / "sample", {"tests/test_sample.py": "def test_it():\n    assert False\n"})
    result = stage(broken, ci={"ci.yml": "missing"})
    assert why(result) == [("gate", "TE05"), ("test", "TE07")]
    assert (result.verdict, result.exit_code) == ("refused", GateClosed.exit_code)
    assert {entry.stage for entry in result.manifest.log} == {"plan", "gate", "build", "test", "check", "summary"}

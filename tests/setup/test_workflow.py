"""What the doctor says about the workflow that publishes."""

import re

import pytest

from tagship.model import Status
from tagship.setup.workflow import CHECKS
from tests.rehearsing import git
from tests.setup.rows import OK, PROBLEM, UNKNOWN, Row, edit, rows, write
from tests.setup.worlds import SetUp, Stagehand

WORKFLOW = ".github/workflows/publish.yml"
LOCK = ".github/tagship/requirements.txt"
UPLOADER = "    permissions:\n      id-token: write # trusted publishing: the index trades"
BY_HAND = (
    "on: push\njobs:\n  upload:\n    runs-on: ubuntu-latest\n    steps:\n"
    "    - uses: pypa/gh-action-pypi-publish@release/v1\n"
)


def _renamed(made: SetUp) -> None:
    git(made.root, "mv", WORKFLOW, ".github/workflows/release.yaml")
    made.write("README.md", "# sample\n\nmoved\n")


def _by_hand(made: SetUp) -> None:
    made.write(WORKFLOW, None)
    made.write(".github/workflows/pypi.yml", BY_HAND)


def _two_by_hand(made: SetUp) -> None:
    made.write(".github/workflows/more.yml", BY_HAND)
    _by_hand(made)


def _elsewhere(made: SetUp) -> None:
    git(made.root, "remote", "set-url", "origin", "https://gitlab.com/owner/sample.git")


def _no_branch(made: SetUp) -> None:
    git(made.root, "remote", "remove", "origin")


def _newer(made: SetUp) -> None:
    text = (made.root / LOCK).read_text()
    made.write(LOCK, text.replace("tagship==0.1.0", "tagship==99.0"))


def _range(made: SetUp) -> None:
    text = (made.root / LOCK).read_text()
    made.write(LOCK, re.sub(r"tagship==0\.1\.0 \\\n +--hash=\S+\n", "tagship>=0.1.0\n", text))


NOT_KNOWN = "which repository on GitHub it is for is not known (the repository is on gitlab.com)"
TABLE = [
    Row(
        "workflow.present",
        "two by hand",
        _two_by_hand,
        PROBLEM,
        f"there is no {WORKFLOW}, and more.yml, pypi.yml upload by themselves",
    ),
    Row("workflow.present", "own", write(WORKFLOW, BY_HAND), OK, "publish.yml, written by hand"),
    Row("workflow.present", "none", write(WORKFLOW, None), PROBLEM, f"there is no {WORKFLOW}"),
    Row("workflow.present", "by hand", _by_hand, PROBLEM, f"there is no {WORKFLOW}, and pypi.yml uploads by itself"),
    Row("workflow.present", "renamed", _renamed, PROBLEM,
        ".github/workflows/release.yaml is the workflow that tagship wrote, under another name; PyPI trusts a workflow"
        " by its file's name"),
    *(Row(f"workflow.{id}", "elsewhere", _elsewhere, UNKNOWN, NOT_KNOWN)
      for id in ("present", "valid", "push", "tag", "environments", "gate", "identity")),
    *(Row(f"workflow.{id}", "of a newer tagship", _newer, UNKNOWN,
          "the files are those of tagship 99.0, and this is 0.1.0")
      for id in ("unchanged", "locks", "documents")),
    Row("workflow.valid:TS01", "a key twice", edit(WORKFLOW, "on:\n  push:", "on:\n  push:\n  push:"), PROBLEM,
        "the key `push` is there already, in line 8"),
    Row("workflow.valid:TS03", "no environment", edit(
        WORKFLOW, "    environment:\n      name: pypi\n", "    env:\n      NAME: pypi\n"), PROBLEM,
        "`publish-pypi` uploads without an environment"),
    Row("workflow.unchanged", "edited", edit(WORKFLOW, "    timeout-minutes: 120\n", ""), PROBLEM,
        "jobs.wait-for-ci.timeout-minutes: is missing: 120"),
    Row("workflow.unchanged", "pins moved", edit(WORKFLOW, "3d3c42e5aac5ba805825da76410c181273ba90b1", "1" * 40), OK,
        "it means what tagship would write"),
    Row("workflow.unchanged", "the configuration changed", edit("pyproject.toml", "[dependency-groups]",
        "[tool.tagship]\nallow-override = true\n\n[dependency-groups]"), PROBLEM,
        "on.workflow_dispatch.inputs.override_reason: is missing: {description, type, default}"),
    Row(f"workflow.locks:{LOCK}", "missing", write(LOCK, None), PROBLEM, "there is none"),
    Row(f"workflow.locks:{LOCK}", "a range", _range, PROBLEM,
        "no exact version with a digest: tagship>=0.1.0, it lacks tagship"),
    Row("workflow.push", "tags alone", edit(WORKFLOW, "    branches: [main]\n", ""), PROBLEM,
        "a push to main does not start the workflow: its `push` has filters for tags only, so no branch starts it"),
    Row("workflow.push", "another branch", edit(WORKFLOW, "branches: [main]", "branches: [trunk]"), PROBLEM,
        "a push to main does not start the workflow: branch main: it fits none of the `branches`: trunk"),
    Row("workflow.tag", "another spelling", edit(WORKFLOW, '"v*.*.*"', '"release-*"'), PROBLEM,
        "a tag like v0.9.1 does not start the workflow: tag v0.9.1: it fits none of the `tags`: release-*"),
    Row("workflow.environments:publish-pypi", "another", edit(WORKFLOW, "name: pypi\n", "name: production\n"), PROBLEM,
        "publish-pypi uses production, and the configuration says pypi"),
    Row("workflow.environments:publish-pypi", "capitals", edit(WORKFLOW, "name: pypi\n", "name: PyPI\n"), OK,
        "publish-pypi uses PyPI"),
    Row("workflow.gate:publish-pypi", "not waited for", edit(WORKFLOW,
        "    name: Publish to PyPI\n    needs: [wait-for-ci, pre-publish-validation]",
        "    name: Publish to PyPI\n    needs: [pre-publish-validation]"), PROBLEM,
        "publish-pypi waits for no job that asks how the CI ended"),
    Row("workflow.identity", "too many", edit(WORKFLOW, "      checks: read # its checks",
        "      checks: read\n      id-token: write"), PROBLEM,
        "wait-for-ci may ask for an identity, and should not"),
    Row("workflow.identity", "too few", edit(WORKFLOW,
        "    name: Publish to PyPI\n", "    name: Publish to PyPI\n    permissions: {}\n"), PROBLEM,
        "publish-pypi cannot ask for an identity: id-token: write is missing"),
    Row("workflow.documents:PUBLISHING.md", "missing", write("PUBLISHING.md", None), PROBLEM, "it is missing"),
    Row("workflow.documents:PUBLISHING.md", "your own", write("PUBLISHING.md", "# How we publish\n"), OK,
        "up to date, or your own"),
]  # fmt: skip


@pytest.mark.requirement("C2")
@rows(TABLE)
def test_the_workflow(row: Row, worlds: Stagehand) -> None:
    """What is wrong with the workflow is named; where nobody can know what it should be, it is unknown."""
    assert row.seen(worlds) == row.wanted


def test_a_workflow_that_somebody_wrote_is_judged_as_such(worlds: Stagehand) -> None:
    """What a workflow of one's own does is left to the audit; nothing is asked of it that only tagship's own has."""
    with worlds.open("workflow-own") as made:
        made.write(WORKFLOW, BY_HAND)
        result = made.doctor(checks=CHECKS)
    assert {check.fact.id.partition(":")[0] for check in result.checks} == {
        f"workflow.{id}" for id in ("present", "valid", "unchanged", "tag")
    }
    (unchanged,) = [check for check in result.checks if check.fact.id == "workflow.unchanged"]
    assert unchanged.fact.detail.startswith("it was not written by tagship, and differs in ")
    assert unchanged.finding is not None
    assert unchanged.finding.remedy.startswith("See what ours would be: tagship init --dry-run")


@pytest.mark.parametrize("auth", ["trusted-publishing", "token"])
def test_a_good_workflow(worlds: Stagehand, auth: str) -> None:
    """Every check of the workflow is ok where everything is right."""
    with worlds.open(f"workflow-{auth}", auth=auth) as made:  # type: ignore[arg-type]
        result = made.doctor(checks=CHECKS)
    assert {check.fact.id.partition(":")[0] for check in result.checks} == {check.id for check in CHECKS}
    assert {check.fact.status for check in result.checks} == {Status.OK}

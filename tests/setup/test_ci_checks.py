"""What the doctor says about the CI that a release waits for."""

import pytest

from tagship.model import Status
from tagship.setup.ci import CHECKS
from tests.rehearsing import git
from tests.setup.rows import OK, PENDING, PROBLEM, UNKNOWN, Change, Row, edit, rows, write
from tests.setup.test_github import DOWN, down
from tests.setup.worlds import SetUp, Stagehand

CI = ".github/workflows/ci.yml"
PUSH = "  push: {branches: [main]}\n"
HIDDEN = "GitHub refused: 404 Not Found (asked without a token)"


def _required(line: str) -> Change:
    return edit("pyproject.toml", "[dependency-groups]", f"[tool.tagship]\nci = {line}\n\n[dependency-groups]")


def _both(*changes: Change) -> Change:
    def change(made: SetUp) -> None:
        for one in changes:
            one(made)

    return change


def _private(made: SetUp) -> None:
    made.github.private = True


def _disabled(made: SetUp) -> None:
    made.github.disabled_workflows.add(CI)


def _not_merged(made: SetUp) -> None:
    git(made.root, "switch", "--quiet", "--create", "more")
    made.write(".github/workflows/lint.yml", (made.root / CI).read_text(), push=False)


def _ended(conclusion: str) -> Change:
    def change(made: SetUp) -> None:
        made.github.finish(made.github.runs[-1], conclusion)  # type: ignore[arg-type]

    return change


def _running(made: SetUp) -> None:
    event = made.github.event("push", "refs/heads/main")
    assert event is not None
    made.github.add_run(event, CI, jobs={"Tests": None})


def _no_run(made: SetUp) -> None:
    made.github.runs.clear()
    made.github.checks.clear()


def _not_pushed(made: SetUp) -> None:
    made.github.git.text("update-ref", "-d", "refs/heads/main")


def _from_app(made: SetUp) -> None:
    _required('[{names = ["build"], app = "some-ci"}]')(made)


def _by_app(made: SetUp) -> None:
    _from_app(made)
    made.github.add_check(git(made.root, "rev-parse", "HEAD"), "build", conclusion="success")


def _by_status(made: SetUp) -> None:
    _required('["ci/elsewhere"]')(made)
    made.github.add_status(git(made.root, "rev-parse", "HEAD"), "ci/elsewhere", "success")


def _sha(made: SetUp) -> str:
    return git(made.root, "rev-parse", "--short=10", "HEAD")


MATRIX = (
    "    name: Tests\n",
    "    name: Tests (${{ matrix.python }})\n    strategy: {matrix: {python: ['3.12', '3.13']}}\n",
)
COMPUTED = ("    name: Tests\n", "    name: Tests ${{ vars.FLAVOUR }}\n")
ALONE = "{group: '${{ github.workflow }}-${{ github.head_ref || github.run_id }}', cancel-in-progress: true}"
TABLE = [
    Row("ci.found", "none", write(CI, None), PROBLEM, "no CI was found that has to succeed"),
    Row("ci.found", "unreadable", edit(CI, "jobs:", "jobs: ["), PROBLEM,
        f"{CI}:7 is no workflow that GitHub would run, and whether it is CI cannot be known"),
    Row("ci.found", "anything", _required('["*"]'), PROBLEM, "a required check is called *, which is any check at all"),
    Row("ci.found", "by name", _required('["Tests"]'), OK, "Tests"),
    Row("ci.pushes:ci.yml", "pull requests alone", _both(edit(CI, PUSH, ""), _required('["ci.yml"]')), PROBLEM,
        "ci.yml runs on pull_request only, never for a pushed commit"),
    Row("ci.pushes:ci.yml", "another branch", _both(edit(CI, "[main]", "[trunk]"), _required('["ci.yml"]')), PROBLEM,
        "ci.yml does not run for a push to main"),
    Row("ci.pushes:test.yml", "no such file", _required('["test.yml"]'), PROBLEM,
        "test.yml is not in .github/workflows of this commit"),
    Row("ci.paths:ci.yml", "some", _both(edit(CI, PUSH, "  push: {branches: [main], paths: ['sample/**']}\n"),
        _required('["ci.yml"]')), PROBLEM, "it runs only where sample/** changes"),
    Row("ci.ignored-paths:ci.yml", "documents", edit(CI, PUSH, "  push: {branches: [main], paths-ignore: ['**.md']}\n"),
        PROBLEM, "a commit that changes nothing but **.md has no run, and cannot be released"),
    Row("ci.paths:ci.yml", "documents", edit(CI, PUSH, "  push: {branches: [main], paths-ignore: ['**.md']}\n"), OK,
        "any file may change, but for those that are left out"),
    Row("ci.cancelled:ci.yml", "always", edit(CI, "jobs:\n",
        "concurrency: {group: ci, cancel-in-progress: true}\njobs:\n"), PROBLEM,
        "a newer push cancels the run of an older one"),
    Row("ci.cancelled:ci.yml", "one job", edit(CI, "    runs-on:",
        "    concurrency: {group: ci, cancel-in-progress: true}\n    runs-on:"), PROBLEM,
        "a newer push cancels the run of an older one"),
    Row("ci.cancelled:ci.yml", "each by itself", edit(CI, "jobs:\n", f"concurrency: {ALONE}\njobs:\n"), OK,
        "each push keeps its run"),
    Row("ci.cancelled:ci.yml", "pull requests alone", edit(CI, "jobs:\n",
        "concurrency: {group: ci, cancel-in-progress: \"${{ github.event_name == 'pull_request' }}\"}\njobs:\n"), OK,
        "each push keeps its run"),
    Row("ci.names:Unit tests", "nobody makes it", _required('["Unit tests"]'), PROBLEM,
        "no workflow makes a check of that name"),
    Row("ci.names:Tests (3.9)", "another matrix", _both(edit(CI, *MATRIX), _required('["Tests (3.9)"]')), PROBLEM,
        "no workflow makes a check of that name"),
    Row("ci.names:Tests", "a matrix", _both(edit(CI, *MATRIX), _required('["Tests"]')), OK, "ci.yml makes it"),
    Row("ci.names:ci/elsewhere", "a status", _by_status, OK, "the default branch has it"),
    Row("ci.names:ci/elsewhere", "a status, and GitHub is down", _both(_by_status, down), UNKNOWN,
        f"no workflow makes a check of that name; whether another CI does was not seen: {DOWN}"),
    Row("ci.names:build", "of an app", _from_app, UNKNOWN, "it comes from the app some-ci, and was not seen"),
    Row("ci.one-maker:Tests", "two", _both(write(".github/workflows/more.yml",
        "on: push\njobs:\n  more:\n    name: Tests\n    runs-on: ubuntu-latest\n    steps: [{run: pytest}]\n"),
        _required('["Tests"]')), PROBLEM,
        "ci.yml, more.yml make a check of that name, and all of them have to succeed"),
    Row("ci.known-names:Tests fast", "a variable", _both(edit(CI, *COMPUTED), _required('["Tests fast"]')), PROBLEM,
        "only the running workflow knows whether one of its jobs has that name"),
    Row("ci.active:ci.yml", "disabled", _disabled, PROBLEM, "it is disabled (disabled_manually)"),
    Row("ci.active:lint.yml", "on a branch", _not_merged, PENDING,
        "GitHub does not list it yet: it is not on the default branch"),
    Row("ci.active", "private, without a token", _private, UNKNOWN, HIDDEN, token=""),
    Row("ci.succeeded", "private, without a token", _private, UNKNOWN, HIDDEN, token=""),
    Row("ci.succeeded", "never pushed", _not_pushed, PENDING, "GitHub has no branch main yet"),
]  # fmt: skip


@pytest.mark.requirement("C2")
@rows(TABLE)
def test_the_ci(row: Row, worlds: Stagehand) -> None:
    """CI that would close the gate on the day of a release is named before."""
    assert row.seen(worlds) == row.wanted


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        (_ended("failure"), PROBLEM, "it failed, for {sha}, the newest commit of main"),
        (_ended("cancelled"), PROBLEM, "it was cancelled, for {sha}, the newest commit of main"),
        (_ended("skipped"), PROBLEM, "it was skipped, for {sha}, the newest commit of main"),
        (_running, PENDING, "it is still running for {sha}, the newest commit of main"),
        (_no_run, PROBLEM, "it did not run for {sha}, the newest commit of main"),
        (lambda _: None, OK, "it succeeded for {sha}, the newest commit of main"),
    ],
)
def test_how_the_newest_commit_ended(worlds: Stagehand, change: Change, status: Status, words: str) -> None:
    """The CI of the commit that would be released next is shown as the gate would judge it."""
    with worlds.open("newest") as made:
        change(made)
        (check,) = made.doctor(checks=[check for check in CHECKS if check.id == "ci.succeeded"]).checks
        assert (check.fact.status, check.fact.detail) == (status, words.format(sha=_sha(made)))


def test_good_ci(worlds: Stagehand) -> None:
    """Every check of the CI that applies is ok where everything is right, without a token as well."""
    named = {"ci.ignored-paths", "ci.names", "ci.one-maker", "ci.known-names"}
    for token in (None, ""):
        with worlds.open("ci") as made:
            result = made.doctor(token, checks=CHECKS)
        assert {check.fact.id.partition(":")[0] for check in result.checks} == {check.id for check in CHECKS} - named
        assert {check.fact.status for check in result.checks} == {OK}


def test_ci_that_the_run_calls_need_not_have_run_before(worlds: Stagehand) -> None:
    """Where the release calls its CI itself, nothing of it has to have run before."""
    with worlds.open("inline") as made:
        made.edit(".github/workflows/ci.yml", PUSH, "  workflow_call:\n")
        configured = '[tool.tagship]\ninline-ci = "ci.yml"\n\n[dependency-groups]'
        made.edit("pyproject.toml", "[dependency-groups]", configured)
        result = made.doctor(checks=[check for check in CHECKS if check.id != "ci.active"])
    assert [(check.fact.id, check.fact.status) for check in result.checks] == [("ci.found", OK)]

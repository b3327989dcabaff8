"""The verdict on a commit's runs, checks and statuses, as tables of the lists that GitHub sends."""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tagship.project.ci import CI, Job, Problem, Workflow
from tagship.project.config import Check
from tagship.services.github import CheckRun, CommitStatus, WorkflowRun
from tagship.stages.gate_judge import AGAIN, ENDS, EVENTS, Closed, Open, Seen, State, Waiting, judge, never

SHA, OTHER = "c" * 40, "d" * 40
ACTIONS, EXTERNAL = "github-actions", "circleci-checks"
BEGUN, LATER, LAST = "2026-01-02T03:00:00Z", "2026-01-02T04:00:00Z", "2026-01-02T05:00:00Z"
Json = dict[str, object]


def run(number: int, end: str | None = "success", *, event: str = "push", path: str = "ci.yml", **more: object) -> Json:
    """A workflow run as the API lists it; its check suite has its number. Without an end it is under way."""
    return {
        "id": number,
        "name": "CI",
        "path": f".github/workflows/{path}",
        "event": event,
        "head_sha": SHA,
        "status": "completed" if end else "in_progress",
        "conclusion": end,
        "check_suite_id": number,
        "html_url": f"https://github.com/o/r/actions/runs/{number}",
        "run_attempt": 1,
        "run_started_at": BEGUN,
        "head_branch": "main",
    } | more


def check(name: str, end: str | None = "success", *, suite: int = 1, app: str | None = ACTIONS, **more: object) -> Json:
    """A check run as the API lists it. Without an end it is queued."""
    return {
        "id": 100 + suite,
        "name": name,
        "head_sha": SHA,
        "status": "completed" if end else "queued",
        "conclusion": end,
        "html_url": f"https://github.com/o/r/runs/{suite}",
        "app": None if app is None else {"id": 15368, "slug": app},
        "check_suite": {"id": suite},
        "completed_at": LATER if end else None,
    } | more


def status(state: str, context: str = "Test Suite") -> Json:
    """A commit status as the API combines them."""
    return {"context": context, "state": state, "target_url": "https://ci.invalid/1", "description": None}


def see(runs: Iterable[Json] = (), checks: Iterable[Json] = (), statuses: Iterable[Json] = (), own: str = "9") -> Seen:
    """The lists, decoded as the door decodes them."""
    return Seen(
        sha=SHA,
        runs=msgspec.convert(list(runs), tuple[WorkflowRun, ...]),
        checks=msgspec.convert(list(checks), tuple[CheckRun, ...]),
        statuses=msgspec.convert(list(statuses), tuple[CommitStatus, ...]),
        own_run=own,
    )


def said(state: State) -> tuple[type, str]:
    """The kind and the words of a verdict."""
    return type(state), f"{state.title}" if isinstance(state, Open) else f"{state.title} {state.how}"


CI_YML = Check(workflow="ci.yml")
JOB = Check(workflow="ci.yml", names=("Test",))
NAMED = Check(names=("Test Suite",))
NAME = "CI (ci.yml)"
URL = "https://github.com/o/r/actions/runs/1"
RERUN = {"run_attempt": 2, "run_started_at": LAST}


@dataclass(frozen=True)
class Row:
    """One recorded list and what is to be made of it."""

    seen: Seen
    kind: type
    words: str


WORKFLOW = {
    "it succeeded": Row(see([run(1)]), Open, NAME),
    "it succeeded and skipped its tests": Row(
        see([run(1)], [check("lint"), check("Tests (3.12)", "skipped", id=2), check("tests / slow", "skipped", id=3)]),
        Closed,
        f"{NAME} succeeded, but skipped Tests (3.12) and tests / slow",
    ),
    "it skipped some of its tests": Row(
        see([run(1)], [check("Tests (3.12)"), check("Tests (3.13)", "skipped", id=2)]), Open, NAME
    ),
    "its tests were skipped in an earlier attempt": Row(
        see([run(1)], [check("Tests", "skipped", id=2), check("Tests", id=3)]), Open, NAME
    ),
    "another run skipped its tests": Row(see([run(1)], [check("Tests", "skipped", suite=2)]), Open, NAME),
    "nothing ran": Row(see(), Waiting, "ci.yml did not run for this commit"),
    "it runs": Row(see([run(1, None)]), Waiting, f"{NAME} is still running"),
    "it is queued": Row(see([run(1, None, status="queued")]), Waiting, f"{NAME} is still queued"),
    "it is requested": Row(see([run(1, None, status="requested")]), Waiting, f"{NAME} is still queued"),
    "it is pending": Row(see([run(1, None, status="pending")]), Waiting, f"{NAME} is still queued"),
    "it waits for approval": Row(
        see([run(1, None, status="waiting")]), Waiting, f"{NAME} still waits for somebody's approval"
    ),
    "it has no status yet": Row(see([run(1, None, status=None)]), Waiting, f"{NAME} is still running"),
    **{f"it ended with {end}": Row(see([run(1, end)]), Closed, f"{NAME} {how}") for end, (how, _) in ENDS.items()},
    "it ended with news": Row(see([run(1, "exploded")]), Closed, f"{NAME} ended with 'exploded'"),
    "it ended with nothing": Row(see([run(1, None, status="completed")]), Closed, f"{NAME} ended with None"),
    "the newer one succeeded": Row(see([run(2), run(1, "failure")]), Open, NAME),
    "the newer one failed": Row(see([run(1), run(2, "failure")]), Closed, f"{NAME} failed"),
    "the newer one runs": Row(see([run(1), run(2, None)]), Waiting, f"{NAME} is still running"),
    "it is run again": Row(see([run(1, None, status="queued", **RERUN)]), Waiting, f"{NAME} is still queued"),
    "its second attempt succeeded": Row(see([run(1, **RERUN)]), Open, NAME),
    "the queue for merging ran it": Row(see([run(1, event="merge_group")]), Open, NAME),
    **{
        f"only {event} ran it": Row(
            see([run(1, event=event)]), Waiting, f"ci.yml did not run for this commit, only for {event}"
        )
        for event in ("pull_request", "pull_request_target", "workflow_dispatch", "schedule", "workflow_run", "release")
    },
    "the push failed, a dispatch succeeded": Row(
        see([run(1, "failure"), run(2, event="workflow_dispatch")]), Closed, f"{NAME} failed"
    ),
    "another commit succeeded": Row(see([run(1, head_sha=OTHER)]), Waiting, "ci.yml did not run for this commit"),
    "another branch with the same commit": Row(see([run(1, head_branch="side")]), Open, NAME),
    "another workflow succeeded": Row(see([run(1, path="other.yml")]), Waiting, "ci.yml did not run for this commit"),
    "a name that ends alike": Row(see([run(1, path="my-ci.yml")]), Waiting, "ci.yml did not run for this commit"),
    "another repository's of the same name": Row(
        see([run(1) | {"path": "o/.github/.github/workflows/ci.yml@refs/heads/main"}]),
        Waiting,
        "ci.yml did not run for this commit",
    ),
    "a path with its ref": Row(see([run(1, path="ci.yml@refs/heads/main")]), Open, NAME),
    "it is the workflow that waits": Row(
        see([run(9, None)]), Closed, "ci.yml is the workflow that waits, and cannot wait for itself"
    ),
    "another run of the workflow that waits": Row(
        see([run(8), run(9, None)]), Closed, "ci.yml is the workflow that waits, and cannot wait for itself"
    ),
    "emoji and slashes": Row(see([run(1, name="🚀 CI / all")]), Open, "🚀 CI / all (ci.yml)"),
    "a workflow without a name": Row(see([run(1, name=".github/workflows/ci.yml")]), Open, "ci.yml"),
    "a check of that name alone": Row(see([], [check("CI")]), Waiting, "ci.yml did not run for this commit"),
    "a status of that name alone": Row(
        see([], [], [status("success", "ci.yml")]), Waiting, "ci.yml did not run for this commit"
    ),
}


@pytest.mark.requirement("A3")
@pytest.mark.parametrize("name", WORKFLOW)
def test_a_required_workflow(name: str) -> None:
    """The newest run of that very file for that very commit decides, and nothing but its success opens the gate."""
    row = WORKFLOW[name]
    assert said(judge(CI_YML, row.seen)) == (row.kind, row.words)


DONE = [run(1)]
NAMES = {
    "it succeeded": Row(see(DONE, [check("Test Suite")]), Open, "Test Suite"),
    "a matrix succeeded": Row(
        see(DONE, [check("Test Suite (3.12)"), check("Test Suite (3.13)", id=2)]), Open, "Test Suite (2 checks)"
    ),
    "one of a matrix failed": Row(
        see(DONE, [check("Test Suite (3.12)"), check("Test Suite (3.13)", "failure", id=2)]),
        Closed,
        "Test Suite (3.13) failed",
    ),
    "one of a matrix is queued": Row(
        see(DONE, [check("Test Suite (3.12)"), check("Test Suite (3.13)", None, id=2)]),
        Waiting,
        "Test Suite (3.13) is still queued",
    ),
    "a failed job was run again": Row(
        see(DONE, [check("Test Suite", id=2), check("Test Suite", "failure", id=1)]), Open, "Test Suite"
    ),
    "a job is being run again": Row(
        see(DONE, [check("Test Suite", id=1), check("Test Suite", None, id=2)]), Waiting, "Test Suite is still queued"
    ),
    "all is run again, and the new checks are not there": Row(
        see([run(1, None, **RERUN)], [check("Test Suite")]), Waiting, "Test Suite is being run again"
    ),
    "all is run again, and the new check succeeded": Row(
        see([run(1, None, **RERUN)], [check("Test Suite", id=2, completed_at="2026-01-02T05:00:01Z")]),
        Open,
        "Test Suite",
    ),
    "all is run again, and nothing says when": Row(
        see([run(1, None, run_attempt=2, run_started_at=None)], [check("Test Suite")]),
        Waiting,
        "Test Suite is being run again",
    ),
    "all was run again": Row(see([run(1, **RERUN)], [check("Test Suite")]), Open, "Test Suite"),
    "a plain name waits for no run": Row(see([run(1, None)], [check("Test Suite")]), Open, "Test Suite"),
    "the branch's run failed, the tag's succeeded": Row(
        see([run(1, "failure"), run(2)], [check("Test Suite", "failure"), check("Test Suite", suite=2)]),
        Open,
        "Test Suite",
    ),
    "two workflows, one failed": Row(
        see([run(1, "failure"), run(2, path="b.yml")], [check("Test Suite", "failure"), check("Test Suite", suite=2)]),
        Closed,
        "Test Suite failed",
    ),
    "two workflows, one runs": Row(
        see([run(1, None), run(2, path="b.yml")], [check("Test Suite", None), check("Test Suite", suite=2)]),
        Waiting,
        "Test Suite is still queued",
    ),
    "another app": Row(
        see(DONE, [check("Test Suite", app="somebody-else")]), Waiting, "Test Suite did not run for this commit"
    ),
    "an app without a name": Row(
        see(DONE, [check("Test Suite") | {"app": {}}]), Waiting, "Test Suite did not run for this commit"
    ),
    "no app": Row(see(DONE, [check("Test Suite", app=None)]), Waiting, "Test Suite did not run for this commit"),
    "another name": Row(see(DONE, [check("Test Suite 2")]), Waiting, "Test Suite did not run for this commit"),
    "another case": Row(see(DONE, [check("test suite")]), Waiting, "Test Suite did not run for this commit"),
    "another commit": Row(
        see([run(1, head_sha=OTHER)], [check("Test Suite", head_sha=OTHER)]),
        Waiting,
        "Test Suite did not run for this commit",
    ),
    "another commit in the same suite": Row(
        see(DONE, [check("Test Suite", head_sha=OTHER)]), Waiting, "Test Suite did not run for this commit"
    ),
    "a run that is not shown": Row(
        see([], [check("Test Suite")]), Waiting, "Test Suite belongs to a run that GitHub does not show"
    ),
    "no suite": Row(
        see(DONE, [check("Test Suite", check_suite=None)]),
        Waiting,
        "Test Suite belongs to a run that GitHub does not show",
    ),
    "a failure of a run that is not shown": Row(see([], [check("Test Suite", "failure")]), Closed, "Test Suite failed"),
    "only a pull request": Row(
        see([run(1, event="pull_request")], [check("Test Suite")]), Waiting, "Test Suite did not run for this commit"
    ),
    "only a dispatch": Row(
        see([run(1, event="workflow_dispatch")], [check("Test Suite")]),
        Waiting,
        "Test Suite did not run for this commit",
    ),
    "our own run": Row(
        see([run(9)], [check("Test Suite", suite=9)]), Waiting, "Test Suite did not run for this commit"
    ),
    "another run of our own workflow": Row(
        see([run(8, path="p.yml"), run(9, None, path="p.yml")], [check("Test Suite", suite=8)]),
        Waiting,
        "Test Suite did not run for this commit",
    ),
    "GitHub's own run": Row(see([run(1, event="dynamic", path="codeql")], [check("Test Suite")]), Open, "Test Suite"),
    "a status succeeded": Row(see([], [], [status("success")]), Open, "Test Suite"),
    "a status is pending": Row(see([], [], [status("pending")]), Waiting, "Test Suite is still running"),
    "a status failed": Row(see([], [], [status("failure")]), Closed, "Test Suite failed"),
    "a status erred": Row(see([], [], [status("error")]), Closed, "Test Suite failed"),
    "a status of news": Row(see([], [], [status("expected")]), Closed, "Test Suite ended with 'expected'"),
    "a status against a check": Row(
        see(DONE, [check("Test Suite", "failure")], [status("success")]), Closed, "Test Suite failed"
    ),
    "a check against a status": Row(see(DONE, [check("Test Suite")], [status("error")]), Closed, "Test Suite failed"),
    "a check under way against a status": Row(
        see(DONE, [check("Test Suite", None)], [status("success")]), Waiting, "Test Suite is still queued"
    ),
    "no check at all": Row(see(DONE), Waiting, "Test Suite did not run for this commit"),
    **{
        f"it ended with {end}": Row(see(DONE, [check("Test Suite", end)]), Closed, f"Test Suite {how}")
        for end, (how, _) in ENDS.items()
    },
}


@pytest.mark.requirement("A3")
@pytest.mark.parametrize("name", NAMES)
def test_a_required_check(name: str) -> None:
    """A check counts by its name, with every matrix suffix, in the newest run of each workflow; the worst decides."""
    row = NAMES[name]
    assert said(judge(NAMED, row.seen)) == (row.kind, row.words)


JOBS = {
    "it succeeded while the run goes on": Row(see([run(1, None)], [check("Test")]), Open, "Test"),
    "it failed": Row(see([run(1, None)], [check("Test", "failure")]), Closed, "Test failed"),
    "it has not begun": Row(see([run(1, None)]), Waiting, "ci.yml: Test has not begun"),
    "the run is over without it": Row(see(DONE), Closed, "ci.yml: Test did not run, although its workflow did"),
    "the run was cancelled before it": Row(
        see([run(1, "cancelled")]), Closed, "ci.yml: Test did not run: the run was cancelled"
    ),
    "the workflow is invalid": Row(
        see([run(1, "startup_failure")]),
        Closed,
        "ci.yml: Test did not run: the run could not start: the workflow file is invalid",
    ),
    "the same name in another workflow": Row(
        see([run(1, None), run(2, path="b.yml")], [check("Test", suite=2)]), Waiting, "ci.yml: Test has not begun"
    ),
    "another app in the same suite": Row(
        see([run(1, None)], [check("Test", app=EXTERNAL)]), Waiting, "ci.yml: Test has not begun"
    ),
    "an earlier run of it": Row(see([run(1), run(2, None)], [check("Test")]), Waiting, "ci.yml: Test has not begun"),
    "all is run again": Row(see([run(1, None, **RERUN)], [check("Test")]), Waiting, "Test is being run again"),
    "nothing ran": Row(see([], [check("Test")]), Waiting, "ci.yml: Test did not run for this commit"),
    "a run without a suite": Row(
        see([run(1, check_suite_id=None)], [check("Test")]),
        Closed,
        "ci.yml: Test did not run, although its workflow did",
    ),
    "a status": Row(see([run(1, None)], [], [status("success", "Test")]), Waiting, "ci.yml: Test has not begun"),
}


@pytest.mark.requirement("A3")
@pytest.mark.parametrize("name", JOBS)
def test_a_required_job_of_a_workflow(name: str) -> None:
    """A job counts in the newest run of its own workflow alone: what is called alike elsewhere says nothing."""
    row = JOBS[name]
    assert said(judge(JOB, row.seen)) == (row.kind, row.words)


@pytest.mark.requirement("A3")
@pytest.mark.parametrize(
    ("wanted", "seen", "kind"),
    [
        (Check(names=("ci / *",)), see(DONE, [check("ci / a")]), Open),
        (Check(names=("ci / *",)), see([run(1, None)], [check("ci / a")]), Waiting),
        (Check(names=("ci / *",)), see([run(1), run(2, None, path="b.yml")], [check("ci / a")]), Waiting),
        (
            Check(workflow="ci.yml", names=("ci / *",)),
            see([run(1), run(2, None, path="b.yml")], [check("ci / a")]),
            Open,
        ),
        (Check(names=("ci / *",)), see([run(1, None)], [check("ci / a", "failure")]), Closed),
        # our own run, and our own workflow's for another ref, wait for the same: to wait for them would be for ever
        (
            Check(names=("ci / *",)),
            see([run(1), run(8, None, path="p.yml"), run(9, None, path="p.yml")], [check("ci / a")]),
            Open,
        ),
        (Check(names=("build [arm] / *",)), see(DONE, [check("build [arm] / 3.12")]), Open),
        (Check(names=("build [arm] / *",)), see(DONE, [check("build a / 3.12")]), Waiting),
        (Check(names=("really? *",)), see(DONE, [check("really! yes")]), Waiting),
        (Check(names=("🚀 * / test",)), see(DONE, [check("🚀 all / of it / test")]), Open),
        (Check(names=("a", "b")), see(DONE, [check("b")]), Open),
        (Check(names=("a", "b")), see(DONE, [check("a", "failure"), check("b", id=2)]), Closed),
        (Check(names=("build",), app=EXTERNAL), see([], [check("build", app=EXTERNAL)]), Open),
        (Check(names=("build",), app=EXTERNAL), see(DONE, [check("build")]), Waiting),
        (Check(names=("build",), app=EXTERNAL), see([], [], [status("success", "build")]), Waiting),
        (Check(names=("build",), app=ACTIONS), see([], [], [status("success", "build")]), Waiting),
        (Check(workflow="dynamic/codeql"), see([run(1, event="dynamic") | {"path": "dynamic/codeql"}]), Open),
    ],
)
def test_patterns_alternatives_and_apps(wanted: Check, seen: Seen, kind: type) -> None:
    """Only `*` is special in a name, waiting for all runs; of alternatives one is enough; an app is taken as it is."""
    assert type(judge(wanted, seen)) is kind


def test_what_blocks_has_an_address_and_a_remedy() -> None:
    """A verdict leads to the page of what it is about, and says what to do about every end."""
    remedies = {}
    for end in ENDS:
        state = judge(CI_YML, see([run(1, end)]))
        assert isinstance(state, Closed)
        assert state.url == URL
        remedies[end] = state.remedy
    assert len(set(remedies.values())) == len(remedies) - 1  # `error` is how statuses say `failure`
    assert remedies["failure"] == AGAIN


FILES = CI(
    workflows=tuple(
        Workflow(file=file, name="x", triggers=on, on_default_branch=False, paths=(), jobs=(), required=(), why="")
        for file, on in (
            ("ci.yml", ("push",)),
            ("queue.yml", ("merge_group",)),
            ("pr.yml", ("pull_request", "schedule")),
        )
    ),
    problems=(Problem(where=".github/workflows/bad.yml:3", why="found duplicate key"),),
)


@pytest.mark.requirement("A3")
@pytest.mark.parametrize(
    ("conditions", "skipped"),
    [
        (["github.event_name == 'pull_request'"], True),
        (["${{ github.event_name != 'push' }}"], True),
        (["github.event_name == 'pull_request'", ""], False),
        (["github.event_name == 'pull_request' || github.ref == 'refs/heads/main'"], False),
    ],
)
def test_a_run_that_skips_every_test_shows_nothing(conditions: list[str], skipped: bool) -> None:
    """A workflow that succeeds for a push because only its linters run is refused, unless one of its tests may run."""
    tests = [Job(id=f"test{n}", checks=(f"test{n}",), condition=text) for n, text in enumerate(conditions)]
    jobs = (Job(id="lint", checks=("lint",)), *tests)
    workflow = msgspec.structs.replace(FILES.workflows[0], jobs=jobs)
    found = never(CI_YML, CI(workflows=(workflow,)))
    words = f"skips its tests for a pushed commit: test0 has `if: {conditions[0]}`"
    assert (found and found.how) == (words if skipped else None)
    assert never(Check(workflow="ci.yml", names=("lint",)), CI(workflows=(workflow,))) is None


@pytest.mark.requirement("A3")
@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Check(workflow="ci.yml"), None),
        (Check(workflow="queue.yml"), None),
        (Check(workflow="dynamic/github-code-scanning/codeql"), None),
        (Check(names=("anything",)), None),
        (Check(workflow="pr.yml"), "runs on pull_request, schedule only, never for a pushed commit"),
        (Check(workflow="cl.yml"), "is not in .github/workflows of this commit"),
        (
            Check(workflow="bad.yml"),
            "is no workflow that GitHub would run: found duplicate key (.github/workflows/bad.yml:3)",
        ),
    ],
)
def test_what_can_never_run_is_not_waited_for(wanted: Check, words: str | None) -> None:
    """A required workflow that the commit lacks, or that no push starts, is refused at once and not after minutes."""
    found = never(wanted, FILES)
    assert (found and found.how) == words


KINDS = some.sampled_from(["success", "failure", "skipped", "neutral", "cancelled", None])
RUNS = some.builds(
    run,
    some.integers(1, 4),
    KINDS,
    event=some.sampled_from(["push", "merge_group", "pull_request", "workflow_dispatch"]),
    path=some.sampled_from(["ci.yml", "other.yml", "publish.yml"]),
    head_sha=some.sampled_from([SHA, OTHER]),
    run_attempt=some.integers(1, 2),
    run_started_at=some.sampled_from([BEGUN, LAST, None]),
)
CHECKS = some.builds(
    check,
    some.sampled_from(["Test Suite", "Test Suite (3.12)", "Test", "Lint"]),
    KINDS,
    suite=some.integers(1, 5),
    app=some.sampled_from([ACTIONS, EXTERNAL, None]),
    id=some.integers(1, 50),
    head_sha=some.sampled_from([SHA, OTHER]),
    completed_at=some.sampled_from([BEGUN, LATER, None]),
)
STATUSES = some.builds(status, some.sampled_from(["success", "failure", "pending", "error"]))


def _by_id(listed: Iterable[Json]) -> list[Json]:
    """Ids are unique in GitHub's lists."""
    return list({one["id"]: one for one in listed}.values())


@pytest.mark.requirement("A3")
@settings(max_examples=400)
@given(
    some.lists(RUNS, max_size=4),
    some.lists(CHECKS, max_size=5),
    some.lists(STATUSES, max_size=1),
    some.sampled_from([CI_YML, JOB, NAMED]),
)
def test_only_the_newest_success_of_that_commit_opens(
    runs: list[Json], checks: list[Json], statuses: list[Json], wanted: Check
) -> None:
    """Whatever GitHub lists, an open gate has a success of that commit behind it, and nothing of the piece is newer."""
    runs, checks = _by_id(runs), _by_id(checks)
    if not isinstance(judge(wanted, see(runs, checks, statuses, own="4")), Open):
        return
    own = {one["path"] for one in runs if one["id"] == 4}
    about = [one for one in runs if one["head_sha"] == SHA and one["event"] in EVENTS and one["path"] not in own]
    newest = {one["path"]: one for one in sorted(about, key=lambda one: str(one["id"]))}
    if wanted == CI_YML:
        assert newest[".github/workflows/ci.yml"]["conclusion"] == "success"
        return
    suites = {
        one["check_suite_id"]
        for path, one in newest.items()
        if not wanted.workflow or path == f".github/workflows/{wanted.workflow}"
    }
    mine = [
        one
        for one in sorted(checks, key=lambda one: int(str(one["id"])))
        if one["app"] == {"id": 15368, "slug": ACTIONS}
        and one["check_suite"]["id"] in suites  # type: ignore[index]
        and str(one["name"]).startswith(wanted.names[0])
        and str(one["name"]).removeprefix(wanted.names[0])[:2] in ("", " (")
        and one["head_sha"] == SHA
    ]
    last = {(str(one["check_suite"]), one["name"]): one["conclusion"] for one in mine}
    states = [one["state"] for one in statuses] if not wanted.workflow else []
    assert {*last.values(), *states} == {"success"}

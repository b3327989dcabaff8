"""What the runs, checks and statuses of a commit say about one required piece of CI: open, waiting or closed.

Pure: from what GitHub shows to a verdict. Whatever cannot be shown to be the newest success of that very commit does
not open the gate. Where the words of GitHub's answers come from: docs.github.com, "Workflow run statuses and
conclusions" and "REST API endpoints for check runs".
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tagship.project.ci import CI, FOLDER
from tagship.project.config import Check
from tagship.services.github import CheckRun, CommitStatus, WorkflowRun

ACTIONS = "github-actions"
"""Slug of the app that makes the checks of workflows."""
EVENTS = ("push", "merge_group", "dynamic")
"""Events whose runs are about the commit itself, as it was pushed; `dynamic` is GitHub's own, for code scanning.
A pull request's run is about a merge that was never made; what somebody or a timer started ran with other inputs."""

AGAIN = "Correct it, or run it again if it was an accident; then run this workflow again."
ENDS = {
    "failure": ("failed", AGAIN),
    "error": ("failed", AGAIN),
    "timed_out": ("ran out of time", "Run it again, or give it more `timeout-minutes`; then run this workflow again."),
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
    "stale": ("was given up by GitHub after 14 days", "Run it again, then run this workflow again."),
    "action_required": ("waits for somebody's approval", "Approve it on its page; then run this workflow again."),
    "startup_failure": (
        "could not start: the workflow file is invalid",
        "Correct the file, and release the commit that corrects it.",
    ),
}
"""What each conclusion but `success` means, and what to do."""
_PULLED = re.compile(r"(\$\{\{)?\s*github\.event_name\s*(==\s*'pull_request(_target)?'|!=\s*'push')\s*(\}\})?")
"""A condition under which a job is skipped for every push."""
STILL = {
    "queued": "is still queued",
    "requested": "is still queued",
    "pending": "is still queued",
    "waiting": "still waits for somebody's approval",
}
"""What each status but `completed` means; anything else is running."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What GitHub shows of a commit now."""

    sha: str
    runs: tuple[WorkflowRun, ...] = ()
    checks: tuple[CheckRun, ...] = ()
    statuses: tuple[CommitStatus, ...] = ()
    own_run: str = ""
    """Id of the run that this is, which never counts, nor do others of its workflow; empty outside of Actions."""

    def counting(self) -> dict[str, WorkflowRun]:
        """By the path of its workflow: the newest run that says something about this very commit."""
        own = {run.file for run in self.runs if str(run.id) == self.own_run}
        newest: dict[str, WorkflowRun] = {}
        for run in sorted(self.runs, key=lambda run: (run.id, run.run_attempt)):
            if run.head_sha == self.sha and run.event in EVENTS and run.file not in own:
                newest[run.file] = run
        return newest

    def made(self) -> list[CheckRun]:
        """The checks of this very commit."""
        return [check for check in self.checks if check.head_sha in ("", self.sha)]

    def names(self) -> tuple[str, ...]:
        """The names of everything that somebody could have meant."""
        files = (run.file.rpartition("/")[2] for run in self.counting().values())
        names = (*files, *(check.name for check in self.made()), *(status.context for status in self.statuses))
        return tuple(sorted(set(names)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """It succeeded."""

    title: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """It is not decided."""

    title: str
    appeared: bool
    how: str = "is still running"
    url: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Closed:
    """It ended in another way, or cannot come."""

    title: str
    how: str
    url: str
    remedy: str = AGAIN


State = Open | Waiting | Closed


def never(check: Check, ci: CI) -> Closed | None:
    """Why a required workflow can never run for a pushed commit, as the commit's own files say; None where it can."""
    file = check.workflow
    if not file or "/" in file:
        return None
    broken = next((p for p in ci.problems if p.where.partition(":")[0] == f"{FOLDER}/{file}"), None)
    if broken is not None:
        how = f"is no workflow that GitHub would run: {broken.why} ({broken.where})"
        return Closed(title=file, how=how, url="", remedy=ENDS["startup_failure"][1])
    workflow = next((w for w in ci.workflows if w.file == file), None)
    if workflow is None:
        there = ", ".join(w.file for w in ci.workflows) or "none at all"
        how = f"is not in {FOLDER} of this commit"
        return Closed(title=file, how=how, url="", remedy=f"Correct its name in [tool.tagship] ci. There is {there}.")
    if not {"push", "merge_group"} & {*workflow.triggers}:
        how = f"runs on {', '.join(workflow.triggers)} only, never for a pushed commit"
        remedy = "Let pushes start it, too: `push: {branches: [main]}`; and release a commit that has this."
        return Closed(title=file, how=how, url="", remedy=remedy)
    tests = [job for job in workflow.jobs if "test" in " ".join((job.id, *job.checks)).lower()]
    if tests and not check.names and all(_PULLED.fullmatch(job.condition) for job in tests):
        how = f"skips its tests for a pushed commit: {tests[0].id} has `if: {tests[0].condition}`"
        return Closed(title=file, how=how, url="", remedy=ENDS["skipped"][1])
    return None


def judge(check: Check, seen: Seen) -> State:
    """The state of one required piece of CI.

    With a workflow alone, its newest run decides; with a workflow and names, the jobs of these names in that run; with
    names alone, the checks of these names, whichever app is required made them. A commit status names no app: it
    counts where none is required, since setting one needs the same right to write as an Actions run that would.
    """
    if check.workflow:
        return _judge_workflow(check, seen)
    states = [*_checks(check, seen), *_statuses(check, seen)]
    found = _worst(states, check)
    return found or Waiting(title=check.label, appeared=False, how="did not run for this commit")


def _judge_workflow(check: Check, seen: Seen) -> State:
    path = check.workflow if "/" in check.workflow else f"{FOLDER}/{check.workflow}"
    if any(run.file == path and str(run.id) == seen.own_run for run in seen.runs):
        how = "is the workflow that waits, and cannot wait for itself"
        return Closed(title=check.workflow, how=how, url="", remedy="Take it out of [tool.tagship] ci.")
    run = seen.counting().get(path)
    if run is None:
        others = sorted({run.event for run in seen.runs if run.file == path and run.head_sha == seen.sha})
        only = f", only for {' and '.join(others)}" if others else ""
        return Waiting(title=check.label, appeared=False, how=f"did not run for this commit{only}")
    whole = _state(_name(run), run.status or "", run.conclusion, run.html_url)
    jobs = [c for c in seen.made() if _is_actions(c) and _suite(c) == run.check_suite_id]
    if not check.names:
        return without_tests(jobs, whole) or whole if isinstance(whole, Open) else whole
    states = [*_newest(check, jobs, {_suite(c): run for c in jobs}), *_unfinished(check, [run])]
    found = _worst(states, check)
    if found is not None:
        return found
    if isinstance(whole, Waiting):
        return Waiting(title=check.label, appeared=True, how="has not begun", url=run.html_url)
    if isinstance(whole, Closed):
        return Closed(title=check.label, how=f"did not run: the run {whole.how}", url=whole.url, remedy=whole.remedy)
    remedy = "Correct its name in [tool.tagship] ci, or the condition under which it runs."
    return Closed(title=check.label, how="did not run, although its workflow did", url=whole.url, remedy=remedy)


def without_tests(jobs: Sequence[CheckRun], whole: Open) -> Closed | None:
    """Whether a run succeeded without its tests: a run is a success however many of its jobs were skipped."""
    newest = {job.name: job for job in sorted(jobs, key=lambda job: job.id)}
    tests = [job for job in newest.values() if "test" in job.name.lower()]
    if not tests or any(job.conclusion != "skipped" for job in tests):
        return None
    names = " and ".join(job.name for job in tests[:3])
    return Closed(
        title=whole.title, how=f"succeeded, but skipped {names}", url=tests[0].html_url or "", remedy=ENDS["skipped"][1]
    )


def _checks(check: Check, seen: Seen) -> list[State]:
    """The checks that are required, in every workflow and of every app that may make them."""
    counting = seen.counting()
    listed = {run.check_suite_id for run in seen.runs if run.check_suite_id is not None}
    runs = {run.check_suite_id: run for run in counting.values() if run.check_suite_id is not None}
    app = check.app or ACTIONS
    made = [c for c in seen.made() if c.app is not None and c.app.slug == app]
    mine = [c for c in made if _suite(c) in runs or _suite(c) not in listed]
    return [*_newest(check, mine, runs), *_unfinished(check, counting.values())]


def _newest(check: Check, made: Sequence[CheckRun], runs: dict[int, WorkflowRun]) -> list[State]:
    """Of the required names the newest check in each suite: only a re-run takes another's place.

    Args:
        runs: the run that made a suite; a check of Actions whose run is not shown may be about anything.
    """
    newest: dict[tuple[int, str], CheckRun] = {}
    for one in sorted(made, key=lambda one: one.id):
        if is_called(one.name, check.names):
            newest[_suite(one), one.name] = one
    return [_state_of(one, runs.get(_suite(one))) for one in newest.values()]


def _state_of(check: CheckRun, run: WorkflowRun | None) -> State:
    url = check.html_url or ""
    state = _state(check.name, check.status, check.conclusion, url)
    if not isinstance(state, Open) or not _is_actions(check):
        return state
    if run is None:
        return Waiting(title=check.name, appeared=True, how="belongs to a run that GitHub does not show", url=url)
    if _is_outdated(check, run):
        return Waiting(title=check.name, appeared=True, how="is being run again", url=run.html_url)
    return state


def _is_outdated(check: CheckRun, run: WorkflowRun) -> bool:
    """Whether a check may be of an earlier attempt, while a later one has not come to it: ids of runs stay."""
    if run.status == "completed" or run.run_attempt == 1:
        return False
    return run.run_started_at is None or check.completed_at is None or check.completed_at <= run.run_started_at


def _statuses(check: Check, seen: Seen) -> list[State]:
    if check.app:
        return []
    return [
        _state(
            status.context,
            "in_progress" if status.state == "pending" else "completed",
            status.state,
            status.target_url or "",
        )
        for status in seen.statuses
        if is_called(status.context, check.names)
    ]


def _unfinished(check: Check, runs: Iterable[WorkflowRun]) -> list[State]:
    """The runs that may still make a check of a name with `*`, which does not say how many there will be.

    A plain name waits for no run: other jobs of it may wait for somebody's approval to publish.
    """
    if not any("*" in name for name in check.names):
        return []
    states = (_state(_name(run), run.status or "", run.conclusion, run.html_url) for run in runs)
    return [state for state in states if isinstance(state, Waiting)]


def _worst(states: Sequence[State], check: Check) -> State | None:
    """The one that decides; where several succeeded they are one success."""
    for state in states:
        if isinstance(state, Closed):
            return state
    for state in states:
        if isinstance(state, Waiting):
            return state
    if len(states) > 1:
        return Open(title=f"{check.label} ({len(states)} checks)", url=states[0].url)
    return states[0] if states else None


def _is_actions(check: CheckRun) -> bool:
    return check.app is not None and check.app.slug == ACTIONS


def _suite(check: CheckRun) -> int:
    """The suite of a check; one without is alone in its own."""
    return check.check_suite.id if check.check_suite is not None else -check.id


def _name(run: WorkflowRun) -> str:
    file = run.file.rpartition("/")[2]
    return f"{run.name} ({file})" if run.name and run.name != run.file else file


def is_called(name: str, wanted: Sequence[str]) -> bool:
    """Whether a check has a name that is required, any matrix suffix included: `Test (3.12)` under `Test`."""
    return any(name == want or name.startswith(f"{want} (") or ("*" in want and _fits(name, want)) for want in wanted)


def _fits(name: str, want: str) -> bool:
    """Whether a name fits a pattern in which `*` alone has a meaning: brackets and `?` are common in names."""
    return re.fullmatch(".*".join(map(re.escape, want.split("*"))), name, re.DOTALL) is not None


def _state(title: str, status: str, conclusion: str | None, url: str) -> State:
    if status != "completed":
        return Waiting(title=title, appeared=True, how=STILL.get(status, "is still running"), url=url)
    if conclusion == "success":
        return Open(title=title, url=url)
    unknown = f"ended with {conclusion!r}"
    how, remedy = ENDS.get(conclusion or "", (unknown, "Look at its page; nothing but success opens the gate."))
    return Closed(title=title, how=how, url=url, remedy=remedy)

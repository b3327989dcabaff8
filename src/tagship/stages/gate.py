"""gate: nothing is published unless the required CI of that exact commit succeeded.

Asks GitHub until every required piece is decided or a time limit passes. Only `success` opens it: skipped, neutral,
stale, cancelled and unknown do not, and neither does finding nothing to wait for.
"""

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from tagship.errors import GateClosed
from tagship.model import Fact, Manifest, Plan, Status, Target
from tagship.project.config import Check
from tagship.services.github import CheckRun, CommitStatus, WorkflowRun
from tagship.services.world import World
from tagship.stages.common import planned, project_of

APPEAR = 600.0
"""Seconds until a check that nobody has seen counts as missing."""
FINISH = 5400.0
"""Seconds until a check that is still running counts as stuck."""
EVENTS = ("push", "merge_group", "dynamic")
"""Events whose runs are about the commit itself, as it was pushed; `dynamic` is GitHub's own, for code scanning.
A pull request's run is about a merge that was never made; what somebody or a timer started ran with other inputs."""

WORDS = {
    "failure": "failed",
    "error": "failed",
    "timed_out": "ran out of time",
    "cancelled": "was cancelled",
    "skipped": "was skipped",
    "neutral": "ended neither with success nor failure",
    "stale": "was given up by GitHub after 14 days",
    "action_required": "waits for somebody's approval",
    "startup_failure": "could not start: the workflow file is invalid",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What GitHub shows of a commit now."""

    sha: str
    runs: tuple[WorkflowRun, ...] = ()
    checks: tuple[CheckRun, ...] = ()
    statuses: tuple[CommitStatus, ...] = ()
    own_run: str = ""
    """Id of the run that this is, which never counts; empty outside of GitHub Actions."""

    def counts(self, run: WorkflowRun) -> bool:
        """Whether a run says something about this very commit."""
        return run.head_sha == self.sha and run.event in EVENTS and str(run.id) != self.own_run


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """It succeeded."""

    title: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """It is not decided: it runs, or nobody has seen it."""

    title: str
    appeared: bool
    url: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Closed:
    """It ended in another way."""

    title: str
    how: str
    url: str


State = Open | Waiting | Closed


def judge(check: Check, seen: Seen) -> State:
    """The state of one required piece of CI.

    A check counts where the required app made it. A commit status names no app, so that it counts where none was
    asked for but the default: setting one needs the same right to write as an Actions run that would.
    """
    if check.workflow:
        return _judge_workflow(check.workflow, seen)
    return _judge_names(check, seen)


def _judge_workflow(file: str, seen: Seen) -> State:
    mine = [run for run in seen.runs if run.path.split("@")[0].endswith(f"/{file}") and seen.counts(run)]
    if not mine:
        return Waiting(title=file, appeared=False)
    newest = max(mine, key=lambda run: (run.id, run.run_attempt))
    return _state(_name(newest), newest.status or "", newest.conclusion, newest.html_url)


def _judge_names(check: Check, seen: Seen) -> State:
    newest = _newest(check, seen)
    states = [_state(run.name, run.status, run.conclusion, run.html_url or "") for run in newest]
    for status in seen.statuses if check.app == Check().app else ():
        if _matches(status.context, check.names):
            done = status.state != "pending"
            state = "completed" if done else "in_progress"
            states.append(_state(status.context, state, status.state if done else None, status.target_url or ""))
    states += _unfinished(check, seen)
    for kind in (Closed, Waiting, Open):  # the worst one decides
        for found in states:
            if isinstance(found, kind):
                return found
    return Waiting(title=" or ".join(check.names), appeared=False)


def _newest(check: Check, seen: Seen) -> Sequence[CheckRun]:
    """The checks that are required, the newest of each name in each suite: only a re-run takes another's place."""
    others = {run.check_suite_id for run in seen.runs if not seen.counts(run)}
    newest: dict[tuple[int, str], CheckRun] = {}
    for run in sorted(seen.checks, key=lambda run: run.id):
        suite = run.check_suite.id if run.check_suite is not None else -run.id
        if (
            run.app is not None
            and run.app.slug == check.app
            and suite not in others
            and _matches(run.name, check.names)
        ):
            newest[suite, run.name] = run
    return tuple(newest.values())


def _unfinished(check: Check, seen: Seen) -> list[Waiting]:
    """The runs that may still make a check of a name with `*`, which does not say how many there will be.

    All but those of our own workflow, which for another ref waits as we do. A plain name waits for no run: other
    jobs of it may wait for somebody's approval to publish.
    """
    if not any("*" in name for name in check.names):
        return []
    own = {run.path.split("@")[0] for run in seen.runs if str(run.id) == seen.own_run}
    return [
        Waiting(title=_name(run), appeared=True, url=run.html_url)
        for run in seen.runs
        if run.status != "completed" and seen.counts(run) and run.path.split("@")[0] not in own
    ]


def _name(run: WorkflowRun) -> str:
    file = run.path.split("@")[0].rpartition("/")[2]
    return f"{run.name} ({file})" if run.name else file


def _matches(name: str, wanted: Sequence[str]) -> bool:
    """Whether a check has one of the names, any matrix suffix included: `Test Suite (3.12)` under `Test Suite`."""
    return any(
        name == want or name.startswith(f"{want} (") or ("*" in want and fnmatch.fnmatchcase(name, want))
        for want in wanted
    )


def _state(title: str, status: str, conclusion: str | None, url: str) -> State:
    if status != "completed":
        return Waiting(title=title, appeared=True, url=url)
    if conclusion == "success":
        return Open(title=title, url=url)
    return Closed(title=title, how=WORDS.get(conclusion or "", f"ended with {conclusion!r}"), url=url)


def wait(attempt: int) -> float:
    """Seconds before the next look: 2, 3, 5, 8, … up to 30."""
    return min(30.0, round(2.0 * 1.6**attempt))


def run(manifest: Manifest, world: World) -> Manifest:
    """Wait for the required CI of the plan's commit.

    Raises:
        GateClosed: something required failed, is missing or stuck, or nothing is required.
        Refused: GitHub does not let this token look.
        Unreachable: GitHub does not answer.
    """
    plan = planned(manifest)
    if plan.target is Target.NONE:
        world.journal.skip(f"No CI is waited for: {plan.reason}")
        return manifest
    project = project_of(world, plan)
    if plan.event.inputs.override_reason:
        return _override(plan, project.config.allow_override, manifest, world)
    required = project.required_ci.value
    if not required:
        raise GateClosed(
            "Not published: no CI was found that has to succeed",
            remedy='Name it: [tool.tagship] ci = ["ci.yml"], or a check\'s name: ci = ["Test Suite"].',
            where=project.required_ci.source,
        )
    if any(not name.strip("*") for check in required for name in check.names):
        raise GateClosed(
            "Not published: a required check is called *, which is any check at all",
            remedy='Write more of its name: [tool.tagship] ci = ["ci / *"], or name the workflow: ci = ["ci.yml"].',
            where=project.required_ci.source,
        )
    states = _poll(plan, required, world)
    for state in states:
        world.journal.fact(_fact(state, plan))
    closed = [state for state in states if not isinstance(state, Open)]
    if closed:
        raise _closed(closed, plan)
    world.journal.say(f"{len(states)} of {len(required)} required CI succeeded for {plan.event.sha[:12]}")
    return manifest


def _poll(plan: Plan, required: Sequence[Check], world: World) -> tuple[State, ...]:
    begin, attempt = world.clock.now(), 0
    while True:
        seen = _look(plan, required, world)
        states = tuple(judge(check, seen) for check in required)
        waiting = [state for state in states if isinstance(state, Waiting)]
        if not waiting or any(isinstance(state, Closed) for state in states):
            return states
        waited = world.clock.now() - begin
        limit = FINISH if all(state.appeared for state in waiting) else APPEAR
        if waited >= limit:
            return states
        world.journal.doing(f"waiting for {', '.join(state.title for state in waiting)} ({waited:.0f} s)")
        world.clock.sleep(min(wait(attempt), limit - waited))
        attempt += 1


def _look(plan: Plan, required: Sequence[Check], world: World) -> Seen:
    sha, by_name = plan.event.sha, any(not check.workflow for check in required)
    # the runs first: whatever a run that was over then had to show is among the checks asked for afterwards
    return Seen(
        sha=sha,
        runs=world.github.workflow_runs(sha),
        checks=world.github.check_runs(sha) if by_name else (),
        statuses=world.github.statuses(sha) if by_name else (),
        own_run=plan.event.run_id,
    )


def _fact(state: State, plan: Plan) -> Fact:
    how = f"GET commits/{plan.event.sha[:12]}"
    match state:
        case Open(title=title, url=url):
            return Fact(id=f"ci.{title}", title=title, status=Status.OK, detail="success", how=how, url=url)
        case Waiting(title=title, appeared=appeared, url=url):
            status = Status.PENDING if appeared else Status.UNKNOWN
            detail = "still running" if appeared else "never seen"
            return Fact(id=f"ci.{title}", title=title, status=status, detail=detail, how=how, url=url)
        case Closed(title=title, how=words, url=url):
            return Fact(id=f"ci.{title}", title=title, status=Status.PROBLEM, detail=words, how=how, url=url)
        case _:
            assert_never(state)


def _closed(states: Sequence[State], plan: Plan) -> GateClosed:
    words, remedies, url = [], [], ""
    for state in states:
        match state:
            case Closed(title=title, how=how):
                words.append(f"{title} {how}")
                remedies.append("Correct it, or run it again if it was an accident; then run this workflow again.")
            case Waiting(title=title, appeared=True):
                words.append(f"{title} is still running after {FINISH / 60:.0f} minutes")
                remedies.append("Look why it hangs, then run this workflow again.")
            case Waiting(title=title):
                words.append(f"{title} did not run for this commit")
                remedies.append(
                    "Push the commit to a branch on which it runs, or correct its name in [tool.tagship] ci."
                )
            case _:
                continue
        url = url or state.url
    return GateClosed(
        f"Not published: {'; '.join(words)}", remedy=remedies[0], where=f"commit {plan.event.sha[:12]}", url=url
    )


def _override(plan: Plan, allowed: bool, manifest: Manifest, world: World) -> Manifest:
    reason = plan.event.inputs.override_reason
    if not allowed or plan.event.name != "workflow_dispatch":
        raise GateClosed(
            "Not published: an override was asked for, and this project does not allow one",
            remedy="Let the CI pass; or allow it, reviewed: [tool.tagship] allow-override = true.",
            where="override_reason",
        )
    if plan.tag is None and plan.event.branch != plan.event.default_branch:
        raise GateClosed(
            f"Not published: an override was asked for on {plan.event.branch}, where no review allowed it",
            remedy=f"Dispatch it on {plan.event.default_branch or 'the default branch'}, or on a version tag.",
            where="override_reason",
        )
    world.journal.fact(Fact(id="ci.override", title="CI was overridden by hand", status=Status.UNKNOWN, detail=reason))
    world.journal.say(f"The required CI was not waited for. Reason given: {reason}")
    return manifest

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

    runs: tuple[WorkflowRun, ...]
    checks: tuple[CheckRun, ...]
    statuses: tuple[CommitStatus, ...]


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


def judge(check: Check, seen: Seen, own_run: str) -> State:
    """The state of one required piece of CI; our own run never counts."""
    if check.workflow:
        return _judge_workflow(check.workflow, seen.runs, own_run)
    return _judge_names(check, seen)


def _judge_workflow(file: str, runs: Sequence[WorkflowRun], own_run: str) -> State:
    # A pull request's run is about a merge that was never made; the newest run of the commit itself counts.
    mine = [
        run
        for run in runs
        if run.path.split("@")[0].endswith(f"/{file}")
        and run.event not in ("pull_request", "pull_request_target")
        and str(run.id) != own_run
    ]
    if not mine:
        return Waiting(title=file, appeared=False)
    newest = max(mine, key=lambda run: (run.id, run.run_attempt))
    title = f"{newest.name} ({file})" if newest.name else file
    return _state(title, newest.status or "", newest.conclusion, newest.html_url)


def _judge_names(check: Check, seen: Seen) -> State:
    latest: dict[str, CheckRun] = {}
    for run in sorted(seen.checks, key=lambda run: (run.started_at or "", run.id)):
        if (run.app is None or run.app.slug in (None, check.app)) and _matches(run.name, check.names):
            latest[run.name] = run
    states: list[State] = [_state(run.name, run.status, run.conclusion, run.html_url or "") for run in latest.values()]
    for status in seen.statuses:
        if _matches(status.context, check.names):
            done = status.state != "pending"
            state = "completed" if done else "in_progress"
            states.append(_state(status.context, state, status.state if done else None, status.target_url or ""))
    for kind in (Closed, Waiting, Open):  # the worst one decides
        for found in states:
            if isinstance(found, kind):
                return found
    return Waiting(title=" or ".join(check.names), appeared=False)


def _matches(name: str, wanted: Sequence[str]) -> bool:
    """Whether a check has one of the names, any matrix suffix included: `Test Suite (3.12)` under `Test Suite`."""
    return any(name == want or name.startswith(f"{want} (") or fnmatch.fnmatchcase(name, want) for want in wanted)


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
        seen = _look(plan.event.sha, required, world)
        states = tuple(judge(check, seen, plan.event.run_id) for check in required)
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


def _look(sha: str, required: Sequence[Check], world: World) -> Seen:
    by_name = any(not check.workflow for check in required)
    return Seen(
        runs=world.github.workflow_runs(sha) if any(check.workflow for check in required) else (),
        checks=world.github.check_runs(sha) if by_name else (),
        statuses=world.github.statuses(sha) if by_name else (),
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
    world.journal.fact(Fact(id="ci.override", title="CI was overridden by hand", status=Status.UNKNOWN, detail=reason))
    world.journal.say(f"The required CI was not waited for. Reason given: {reason}")
    return manifest

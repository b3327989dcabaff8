"""gate: nothing is published unless the required CI of that exact commit succeeded.

Asks GitHub until every required piece is decided or a time limit passes. Only `success` opens it: skipped, neutral,
stale, cancelled and unknown do not, and neither does finding nothing to wait for. What an answer of GitHub means
stands in `gate_judge`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import assert_never

from tagship.checks.check import few
from tagship.errors import GateClosed, Unreachable
from tagship.model import Fact, Manifest, Plan, Status, Target
from tagship.project.ci import CI
from tagship.project.config import Check
from tagship.project.discover import Project
from tagship.services.github_answers import Budget
from tagship.services.world import World
from tagship.stages import gate_called
from tagship.stages.common import planned, project_of
from tagship.stages.gate_judge import Closed, Open, Seen, State, Waiting, judge, never

APPEAR = 600.0
"""Seconds until a check that nobody has seen counts as missing."""
FINISH = 5400.0
"""Seconds until a check that is still running counts as stuck."""
SCARCE = 60
"""Requests left in the hour below which they are spread over the rest of it."""
A_LOOK = 4
"""Requests that one look takes at most, where nothing has a second page."""
OUTAGE = 600.0
"""Seconds without an answer that are outlived, once there was one."""

SOURCE = "detected"
"""How the source of what was not configured begins."""


def wait(attempt: int, budget: Budget, now: float) -> float:
    """Seconds before the next look: 2, 3, 5, 8, … up to 30; longer where GitHub says so, or has few requests left.

    Unchanged answers cost nothing (docs.github.com, "Best practices for using the REST API", conditional requests).
    """
    pause = max(min(30.0, round(2.0 * 1.6**attempt)), budget.after)
    if budget.remaining is None or budget.remaining >= SCARCE or budget.reset <= now:
        return pause
    return max(pause, (budget.reset - now + 1) / (budget.remaining // A_LOOK + 1))


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
    if plan.event.inputs.override_reason.strip():
        return _override(plan, project.config.allow_override, manifest, world)
    if project.config.inline_ci:
        return gate_called.run(project.config.inline_ci, plan, manifest, world)
    required = required_of(project)
    _introduce(project, world)
    states, seen = _poll(plan, required, project, world)
    for state in states:
        world.journal.fact(_fact(state, plan))
    if any(not isinstance(state, Open) for state in states):
        raise _closed(states, seen, project.ci)
    world.journal.say(f"{len(states)} of {len(required)} required CI succeeded for {plan.event.sha[:12]}")
    return manifest


def required_of(project: Project) -> tuple[Check, ...]:
    """What has to succeed, which is never nothing.

    Raises:
        GateClosed: nothing is required, or it cannot be known what.
    """
    found, ci = project.required_ci, project.ci
    if found.source.startswith(SOURCE) and ci.problems:
        first = ci.problems[0]
        raise GateClosed(
            f"Not published: {first.where} is no workflow that GitHub would run, and whether it is CI cannot be known",
            remedy=f'Correct it ({first.why}), or name the CI: [tool.tagship] ci = ["ci.yml"].',
            where=first.where,
        )
    if not found.value:
        pulled = [w.file for w in ci.workflows if w.is_unproven and not w.on_default_branch]
        told = few([f"{w.file} is {w.why}" for w in ci.workflows])
        by_name = 'name: ci = ["Test Suite"].'
        if pulled:
            remedy = f"Let pushes start {few(pulled)}, too: `push: {{branches: [{_branch(project)}]}}`."
        elif told:
            remedy = f'Name it: [tool.tagship] ci = ["ci.yml"], or a check\'s {by_name} As it is, {told}.'
        else:
            remedy = (
                f"Let a workflow run the tests on pull requests and on pushes to {_branch(project)}. Where another "
                f"service does, give [tool.tagship] its check's {by_name}"
            )
        raise GateClosed("Not published: no CI was found that has to succeed", remedy=remedy, where=found.source)
    if any(not name.strip("*") for check in found.value for name in check.names):
        raise GateClosed(
            "Not published: a required check is called *, which is any check at all",
            remedy='Write more of its name: [tool.tagship] ci = ["ci / *"], or name the workflow: ci = ["ci.yml"].',
            where=found.source,
        )
    return found.value


def _branch(project: Project) -> str:
    return project.repository.default_branch.value or "main"


def _introduce(project: Project, world: World) -> None:
    """Say what is waited for and why, and which tests nobody can wait for."""
    found = project.required_ci
    labels = ", ".join(check.label for check in found.value)
    world.journal.fact(
        Fact(id="gate.required", title="the CI that has to succeed", status=Status.OK, detail=labels, how=found.source)
    )
    if not found.source.startswith(SOURCE):
        return
    for workflow in project.ci.workflows:
        if workflow.required or workflow.is_unproven:
            status = Status.OK if workflow.required else Status.UNKNOWN
            fact_id, detail = f"gate.workflow.{workflow.file}", workflow.why
            world.journal.fact(Fact(id=fact_id, title=workflow.file, status=status, detail=detail))


def _poll(plan: Plan, required: Sequence[Check], project: Project, world: World) -> tuple[tuple[State, ...], Seen]:
    begin, attempt, said, seen = world.clock.now(), 0, "", Seen(sha=plan.event.sha)
    answered = begin - OUTAGE
    hopeless = tuple(found for check in required if (found := never(check, project.ci)) is not None)
    if hopeless:
        return hopeless, seen
    while True:
        limit, doing = FINISH, "GitHub does not answer now"
        try:
            seen = _look(plan, required, world)
            newer = _newer(plan, world) if project.config.skip_superseded else None
        except Unreachable:
            now = world.clock.now()
            silent = now - answered >= OUTAGE and not world.github.budget.is_spent
            if silent or now - begin >= limit:
                raise
        else:
            answered = world.clock.now()
            states = tuple(judge(check, seen) for check in required)
            waiting = [state for state in states if isinstance(state, Waiting)]
            limit = FINISH if all(state.appeared for state in waiting) else APPEAR
            over = world.clock.now() - begin >= limit
            if not waiting or over or any(isinstance(state, Closed) for state in states):
                return states, seen
            if newer is not None:
                raise newer
            doing = _waiting(waiting)
        now = world.clock.now()
        if doing != said:
            said = doing
            world.journal.doing(f"{doing}, since {datetime.fromtimestamp(now, UTC):%H:%M:%S} UTC")
        world.clock.sleep(max(0.0, min(wait(attempt, world.github.budget, now), begin + limit - now)))
        attempt += 1


def _newer(plan: Plan, world: World) -> GateClosed | None:
    """Why the push of a branch is not worth waiting for; None where its commit is still the newest."""
    branch = plan.event.branch if plan.event.name == "push" else None
    newest = world.github.branch_commit(branch) if branch is not None else plan.event.sha
    if newest == plan.event.sha:
        return None
    now = f"is at {newest[:12]} now, whose own run publishes" if newest else "is gone"
    return GateClosed(
        f"Not published, and its CI no longer waited for: {branch} {now}",
        remedy="Nothing is to be done. To have every push published, leave out [tool.tagship] skip-superseded.",
        where=f"commit {plan.event.sha[:12]}",
    )


def _waiting(states: Sequence[Waiting]) -> str:
    """What is waited for, with the page of the first that has one."""
    said = "; ".join(f"{state.title} {state.how if state.appeared else 'is not seen yet'}" for state in states)
    url = next((f" {state.url}" for state in states if state.url), "")
    return f"waiting: {said}{url}"


def _look(plan: Plan, required: Sequence[Check], world: World) -> Seen:
    sha, named = plan.event.sha, [check for check in required if check.names]
    whole = {check.workflow.rpartition("/")[2] for check in required if not check.names}
    # the runs first: whatever a run that was over then had to show is among the checks asked for afterwards
    runs = world.github.workflow_runs(sha)
    over = any(run.conclusion == "success" and run.file.rpartition("/")[2] in whole for run in runs)
    return Seen(
        sha=sha,
        runs=runs,
        checks=world.github.check_runs(sha) if named or over else (),
        statuses=world.github.statuses(sha) if any(not check.workflow and not check.app for check in named) else (),
        own_run=plan.event.run_id,
    )


def _fact(state: State, plan: Plan) -> Fact:
    how = f"GET commits/{plan.event.sha[:12]}"
    match state:
        case Open(title=title, url=url):
            return Fact(id=f"ci.{title}", title=title, status=Status.OK, detail="success", how=how, url=url)
        case Waiting(title=title, appeared=appeared, how=words, url=url):
            status = Status.PENDING if appeared else Status.UNKNOWN
            return Fact(id=f"ci.{title}", title=title, status=status, detail=words, how=how, url=url)
        case Closed(title=title, how=words, url=url):
            return Fact(id=f"ci.{title}", title=title, status=Status.PROBLEM, detail=words, how=how, url=url)
        case _:
            assert_never(state)


def _closed(states: Sequence[State], seen: Seen, ci: CI) -> GateClosed:
    words, remedies, url = [], [], ""
    for state in states:
        match state:
            case Closed(title=title, how=how, remedy=remedy):
                words.append(f"{title} {how}")
                remedies.append(remedy)
            case Waiting(title=title, appeared=True, how=how):
                words.append(f"{title} {how} after {FINISH / 60:.0f} minutes")
                remedies.append("Look why it hangs, then run this workflow again.")
            case Waiting(title=title, how=how):
                words.append(f"{title} {how}")
                remedies.append(_missing(title, seen, ci))
            case _:
                continue
        url = url or state.url
    return GateClosed(
        f"Not published: {'; '.join(words)}", remedy=remedies[0], where=f"commit {seen.sha[:12]}", url=url
    )


def _missing(title: str, seen: Seen, ci: CI) -> str:
    """What to do where a required piece was never seen."""
    workflow = next((w for w in ci.workflows if w.file == title.partition(":")[0]), None)
    if workflow is not None and workflow.paths:
        return (
            f"{workflow.file} does not run for every change (its paths: {', '.join(workflow.paths)}): release a commit"
            " that it runs for, or name other CI in [tool.tagship] ci."
        )
    names = seen.names()
    there = f" This commit has {few(names)}." if names else ""
    return f"Push the commit to a branch on which it runs, or correct its name in [tool.tagship] ci.{there}"


def _override(plan: Plan, allowed: bool, manifest: Manifest, world: World) -> Manifest:
    reason = plan.event.inputs.override_reason.strip()
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

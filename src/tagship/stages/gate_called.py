"""The gate where the publishing run calls the CI workflow itself, for the very commit that it publishes.

GitHub then tells the jobs that need it how it ended, and there is nothing to wait for. That end is a success however
many of its jobs were skipped, so that these are asked for.
"""

from collections.abc import Iterable

from tagship.errors import GateClosed
from tagship.model import Fact, Manifest, Plan, Status
from tagship.services.addresses import GITHUB
from tagship.services.github import CheckRun
from tagship.services.world import World
from tagship.stages.gate_judge import Open, without_tests
from tagship.stages.needed import Jobs, read

JOB, SHOWN = "ci", "CI"
"""The job that calls it, and how it is shown; the jobs of the called workflow stand behind that: `CI / Tests`."""
_CLOSED = {
    "failure": ("failed", "Correct what failed, and publish that commit; where it was chance, re-run the failed jobs."),
    "cancelled": ("was cancelled", "Re-run the failed jobs, and let it end."),
    "skipped": (
        "was skipped, which is no success",
        "Let its jobs run for pushes, tags and dispatches: look at each `if`.",
    ),
}


def decide(file: str, jobs: Jobs, checks: Iterable[CheckRun]) -> GateClosed | None:
    """Why nothing may be published; None where the called workflow succeeded, its tests included.

    Args:
        checks: what the run's jobs are as checks of the commit; those of the called workflow stand behind its caller.
    """
    job = jobs.get(JOB)
    if job is None:
        return GateClosed(
            f"Not published: this run was to call {file}, and how that ended is not known",
            remedy=f"Run `tagship sync`: the job {JOB} of the workflow calls it, and wait-for-ci is told how it ended.",
            where=file,
        )
    if job.result == "success":
        inner = [check for check in checks if check.name.lower().startswith(f"{JOB} / ")]
        skipped = without_tests(inner, Open(title=file, url=""))
        if skipped is None and any(check.conclusion == "success" for check in inner):
            return None
        how = skipped.how if skipped is not None else f"succeeded, but no job `{SHOWN} / …` of it is seen to have"
        remedy = _CLOSED["skipped"][1] if inner else f"Run `tagship sync`, which calls the job {JOB} {SHOWN}."
    else:
        how, remedy = _CLOSED[job.result]
    return GateClosed(f"Not published: {file}, which this run called, {how}", remedy=remedy, where=file)


def run(file: str, plan: Plan, manifest: Manifest, world: World) -> Manifest:
    """Open the gate where the called workflow succeeded.

    Raises:
        GateClosed: it did not, its tests were skipped, or nobody said how it ended.
        Refused: GitHub does not let this token look.
        Unreachable: GitHub does not answer.
    """
    event, jobs = plan.event, read(world.environment)
    own = f"/actions/runs/{event.run_id}/"
    checks = [c for c in world.github.check_runs(event.sha) if own in (c.html_url or "")] if JOB in jobs else []
    closed = decide(file, jobs, checks)
    url = f"{GITHUB}/{event.repository}/actions/runs/{event.run_id}" if event.run_id else ""
    world.journal.fact(
        Fact(
            id=f"ci.{file}",
            title=file,
            status=Status.OK if closed is None else Status.PROBLEM,
            detail="success" if closed is None else closed.message.removeprefix("Not published: "),
            how=f"needs.{JOB}.result of this run",
            url=url,
        )
    )
    if closed is not None:
        raise closed
    world.journal.say(f"{file} succeeded in this run for {event.sha[:12]}")
    return manifest

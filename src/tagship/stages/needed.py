"""What had to happen in a release, and what of it did not: the stages by the manifest, the jobs by what GitHub says.

GitHub's `needs` context, as JSON in the variable TAGSHIP_NEEDS, has the result of each job. A manifest has only what
a job could still write down, and nothing about the jobs that upload, in which tagship does not run.
Source: docs.github.com, "Contexts reference", `needs`.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from tagship.errors import UsageError
from tagship.model import Manifest, Plan, Target
from tagship.services.addresses import INDEXES
from tagship.shapes import read_json
from tagship.stages import STAGES

NEEDED: dict[Target, tuple[str, ...]] = {
    Target.NONE: ("plan", "build", "check"),
    Target.TESTPYPI: ("plan", "gate", "build", "check", "verify"),
    Target.PYPI: ("plan", "gate", "build", "check", "verify", "github-release"),
}
"""The stages that must have been done, not skipped and not failed. Whoever uploaded, verify proves it."""
VARIABLE = "TAGSHIP_NEEDS"
ENDED = {"success": "succeeded", "failure": "failed", "cancelled": "was cancelled", "skipped": "was skipped"}
AGAIN = "Its log says why. Correct that, and re-run the failed jobs: what was done already is not done twice."
UPLOAD_AGAIN = "Its log says why. Re-run the failed jobs: the same files are sent, and what is there already is left."


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One job of the run that is over."""

    result: Literal["success", "failure", "cancelled", "skipped"]

    @property
    def broken(self) -> bool:
        """Whether it began, or should have, and did not end well."""
        return self.result in ("failure", "cancelled")


Jobs = Mapping[str, Job]
"""By id, in the order of the workflow."""


def read(environment: Mapping[str, str]) -> Jobs:
    """The jobs before this one; none where this is no job of the workflow.

    Raises:
        UsageError: the variable holds something else, or not one job.
    """
    given = environment.get(VARIABLE)
    if given is None:
        return {}
    try:
        jobs, why = read_json(given, dict[str, Job]), "it names none"
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        jobs, why = {}, str(error)
    if not jobs:
        raise UsageError(
            f"How the jobs ended is not known: {VARIABLE} cannot be used: {why}",
            remedy="Give the job `needs`, and that variable as ${{ toJSON(needs) }}.",
            where=VARIABLE,
        )
    return jobs


def missing(manifest: Manifest) -> tuple[str, ...]:
    """The stages that were needed and are not done, and those whose newest run failed; the summary left out."""
    if manifest.plan is None:
        return ("plan",)
    newest = {entry.stage: entry.outcome for entry in manifest.log if entry.stage != "summary"}
    lacking = [stage for stage in NEEDED[manifest.plan.target] if newest.get(stage) != "done"]
    failed = [stage for stage, outcome in newest.items() if outcome == "failed" and stage not in lacking]
    return (*lacking, *failed)


def undone(manifest: Manifest, jobs: Jobs) -> tuple[str, ...]:
    """Everything that is lacking, in words, the causes first: `publish-pypi failed`, `verify is not done`.

    A job that failed is lacking whatever the plan says; a stage is named where no job of its own already is.
    """
    needed = _jobs_for(manifest.plan) if jobs else ()
    broken = [name for name, job in jobs.items() if job.broken]
    order = dict.fromkeys((*jobs, *needed))
    skipped = [name for name in order if name in needed and (name not in jobs or jobs[name].result == "skipped")]
    named = {name: ended(name, jobs) for name in (*broken, *skipped)}
    stages = [f"{stage} is not done" for stage in missing(manifest) if job_of(stage) not in named]
    return (*(f"{name} {how}" for name, how in named.items()), *stages)


def ended(name: str, jobs: Jobs) -> str:
    """How a job ended, in words."""
    return ENDED[jobs[name].result] if name in jobs else "is not among the jobs"


def reason(name: str, jobs: Jobs, plan: Plan | None) -> str:
    """Why a job was skipped."""
    if broken := [f"{other} {ended(other, jobs)}" for other, job in jobs.items() if job.broken]:
        return " and ".join(broken)
    if plan is None or name in _jobs_for(plan):
        return "for a reason that only its page on GitHub shows"
    index = INDEXES.get(plan.target)
    return f"{f'it goes to {index.name}' if index else 'nothing is to be published'}: {plan.reason}"


def public(manifest: Manifest, jobs: Jobs) -> Literal["yes", "perhaps", "no"]:
    """Whether the files are on the index. An upload that did not end well may have sent some of them."""
    entries = (manifest.entry(stage) for stage in ("publish", "verify"))
    uploads = [job for name, job in jobs.items() if name.startswith("publish-")]
    if any(entry and entry.outcome == "done" for entry in entries) or any(u.result == "success" for u in uploads):
        return "yes"
    return "perhaps" if any(upload.broken for upload in uploads) else "no"


def remedies(manifest: Manifest, jobs: Jobs) -> Mapping[str, str]:
    """What to do about each job that did not end well, where no stage in it failed and said so itself."""
    told = {job_of(entry.stage) for entry in manifest.log if entry.outcome == "failed"}
    broken = [name for name, job in jobs.items() if job.broken and name not in told]
    return {name: UPLOAD_AGAIN if name.startswith("publish-") else AGAIN for name in broken}


def job_of(stage: str) -> str:
    """The job in which a stage runs."""
    return next((row.job for row in STAGES if row.name == stage), "")


def _jobs_for(plan: Plan | None) -> tuple[str, ...]:
    """The jobs that a plan needs; without a plan, the one that makes it."""
    if plan is None:
        return (job_of("plan"),)
    upload = () if plan.target is Target.NONE else (f"publish-{plan.target}",)
    return tuple(dict.fromkeys((*map(job_of, NEEDED[plan.target]), *upload)))

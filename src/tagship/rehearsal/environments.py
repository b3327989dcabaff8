"""The deployment environments of a rehearsal: set up as it is assumed, and asked before a job gets its credentials.

By default they are as a careful maintainer sets them up: PyPI's lets release tags in and nothing else, TestPyPI's the
default branch as well. Who has to approve is assumed to do so at once, or not to; a wait timer passes on the clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, assert_never

from tagship.errors import Refused
from tagship.model import Event, Fact, Status
from tagship.project.ci import FOLDER
from tagship.rehearsal import recorded
from tagship.rehearsal.github import RepositoryState, SecretDates
from tagship.rehearsal.github.deployments import REVIEW_DAYS, begin, go_on, lacks_review, may_review, remaining, review
from tagship.rehearsal.github.state import Deployment, Review, WorkflowRun
from tagship.rehearsal.request import Assumptions
from tagship.rehearsal.world import Embedded
from tagship.words import many

REVIEWER = "reviewer"
"""Login of the one who is assumed to approve or to reject."""
OTHER_TAGS = "other-*"
Policies = tuple[tuple[Literal["branch", "tag"], str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Environments:
    """What the publishing jobs name; empty where a job names none."""

    pypi: str
    testpypi: str
    tags: str
    """The pattern of release tags."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Admission:
    """What the environment of a job decided."""

    facts: tuple[Fact, ...] = ()
    refused: Refused | None = None
    """Why the job does not start."""


def policies(named: Environments, branch: str, assumptions: Assumptions) -> Mapping[str, Policies]:
    """Which branches and tags each environment lets in; no environment at all where they are missing."""
    tags = OTHER_TAGS if assumptions.environment == "other-tags" else named.tags
    found: dict[str, Policies]
    match assumptions.environment:
        case "fits" | "other-tags":
            found = {named.testpypi: (("branch", branch), ("tag", tags)), named.pypi: (("tag", tags),)}
        case "branch-only":
            found = dict.fromkeys((named.testpypi, named.pypi), (("branch", branch),))
        case "missing":
            found = {}
        case _:
            assert_never(assumptions.environment)
    return {name: allowed for name, allowed in found.items() if name}


def set_up(repo: RepositoryState, named: Environments, assumptions: Assumptions) -> None:
    """Make the environments of the publishing jobs; reviewers and timer are those of the one for PyPI."""
    asked = assumptions.environment != "fits" or assumptions.reviewers != "none" or assumptions.wait_timer
    if assumptions.recorded is not None and not asked and recorded.environments(repo, assumptions.recorded):
        return
    for name, allowed in policies(named, repo.default_branch, assumptions).items():
        made = repo.add_environment(name, policies=allowed)
        if name == named.pypi:
            made.reviewers = () if assumptions.reviewers == "none" else (REVIEWER,)
            made.wait_timer = assumptions.wait_timer


def keep_secret(repo: RepositoryState, environment: str, name: str) -> None:
    """Remember that an environment has a secret, or the repository where there is no such environment."""
    found, now = repo.environments.get(environment), repo.clock()
    (repo.secrets if found is None else found.secrets)[name] = SecretDates(created=now, updated=now)


def described(named: Environments, branch: str, assumptions: Assumptions) -> str:
    """The environments in words."""
    spelt = {"branch": "the branch", "tag": "tags"}
    rows = [
        f"{name}: {' and '.join(f'{spelt[kind]} {pattern}' for kind, pattern in allowed)}"
        for name, allowed in policies(named, branch, assumptions).items()
    ]
    waits = [f"a timer of {many(assumptions.wait_timer, 'minute')}"] if assumptions.wait_timer else []
    words = {"approve": ["a reviewer who approves"], "reject": ["a reviewer who rejects"], "none": []}
    more = [*words[assumptions.reviewers], *waits]
    return "; ".join(
        [*rows, *([f"{named.pypi} has {' and '.join(more)}"] if more and rows and named.pypi else [])]
    ) or ("missing, so GitHub makes them, unprotected")


def run_of(repo: RepositoryState, event: Event, file: str) -> WorkflowRun:
    """The run of the workflow that the event started, with the event's id; made where there is none yet."""
    with repo.lock:
        found = next((run for run in repo.runs if str(run.id) == event.run_id), None)
        if found is None:
            found = repo.add_run(event, f"{FOLDER}/{file}", jobs={})
            found.id = int(event.run_id or found.id)
        return found


def admit(embedded: Embedded, run: WorkflowRun, ref: str, environment: str, assumptions: Assumptions) -> Admission:
    """Ask an environment to let a job of a run in: reviewed as it is assumed, after its timer.

    Args:
        ref: the run's, in full.
    """
    repo, name = embedded.github, ref.split("/", 2)[2]
    existed = environment in repo.environments
    made = begin(repo, run, environment, ref)
    if made.state == "failure":
        where = f"Settings, Environments, {environment}, Deployment branches and tags"
        return Admission(refused=_refused(made, f"On GitHub, under {where}: add a rule that {name} fits."))
    lets = f"{name} may deploy" if existed else "it did not exist, and GitHub made it, unprotected"
    facts = [_fact("environment", f"the environment {environment} lets the job in", lets)]
    if lacks_review(repo, made):
        found = repo.environments[environment]
        login = next((name for name in found.reviewers if may_review(repo, found, run, name)), None)
        # whoever was recorded as a reviewer is assumed to approve, if anybody can
        ends = "approve" if assumptions.recorded and assumptions.reviewers == "none" else assumptions.reviewers
        if ends != "none" and login is not None:
            state: Literal["approved", "rejected"] = "approved" if ends == "approve" else "rejected"
            review(repo, run, Review(environments=(environment,), state=state, login=login, comment=""))
        if ends != "approve" or login is None:
            return Admission(facts=tuple(facts), refused=_unreviewed(made))
        facts.append(_fact("review", "a required reviewer approved", f"by {login}, which is assumed"))
    seconds = remaining(repo, made)
    if seconds:
        embedded.place.clock.sleep(seconds)
        facts.append(_fact("timer", "the wait timer is over", many(round(seconds / 60), "minute")))
    go_on(repo, made)
    return Admission(facts=tuple(facts))


def _unreviewed(deployment: Deployment) -> Refused:
    if deployment.state == "failure":
        return _refused(deployment, "Ask the reviewers why; a new run asks them again.")
    where = f"environment {deployment.environment}"
    return Refused(
        f"Nothing was uploaded: the deployment to {deployment.environment} waits for a review, and fails after "
        f"{REVIEW_DAYS} days",
        remedy="Let one of its reviewers approve it on the page of the run.",
        where=where,
    )


def _refused(deployment: Deployment, remedy: str) -> Refused:
    """The job does not start, in GitHub's words."""
    return Refused(
        f"Nothing was uploaded: {deployment.statuses[-1].description}",
        remedy=remedy,
        where=f"environment {deployment.environment}",
    )


def _fact(name: str, title: str, detail: str) -> Fact:
    return Fact(id=f"deployment.{name}", title=title, status=Status.OK, detail=detail, how="the embedded GitHub")

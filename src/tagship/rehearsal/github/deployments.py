"""Deployments: a job that names an environment waits until the environment's rules let it in, or refuse it.

Sources: docs.github.com, "Managing environments for deployment", "Reviewing deployments", "Deployments and
environments"; GitHub's OpenAPI description for what the REST interface shows. That a deployment waits is `pending` in
REST, whose description knows no `waiting`.
"""

from tagship.rehearsal.github import shapes
from tagship.rehearsal.github.http import Call, Object, Reply, Route
from tagship.rehearsal.github.repository import RepositoryState
from tagship.rehearsal.github.rules import may_deploy
from tagship.rehearsal.github.state import (
    Deployment,
    DeploymentState,
    DeploymentStatus,
    Environment,
    Json,
    Review,
    WorkflowRun,
)

REVIEW_DAYS = 30
"""A deployment that nobody reviews fails after so long ("Deployments and environments", required reviewers)."""
REJECTED = "The deployment was rejected or didn't satisfy other protection rules."


def begin(repo: RepositoryState, run: WorkflowRun, environment: str, ref: str) -> Deployment:
    """A job wants to use an environment: the deployment goes on, waits, or has failed, as its `state` says.

    An environment that does not exist is created, unprotected.
    """
    with repo.lock:
        found = repo.environments.get(environment) or repo.add_environment(environment)
        made = Deployment(
            id=repo.new_id(),
            run_id=run.id,
            environment=environment,
            ref=ref,
            sha=run.suite.sha,
            login=run.actor,
            created=repo.clock(),
        )
        repo.deployments.append(made)
        _, space, name = ref.split("/", 2)
        if not may_deploy(repo, environment, ref):
            kind = "Tag" if space == "tags" else "Branch"
            words = f'{kind} "{name}" is not allowed to deploy to {environment} due to environment protection rules.'
            settle(repo, made, "failure", words)
        elif found.reviewers or found.wait_timer:
            settle(repo, made, "pending", "Waiting for the environment's protection rules")
            run.latest.status = "waiting"
        else:
            settle(repo, made, "in_progress")
        return made


def settle(repo: RepositoryState, deployment: Deployment, state: DeploymentState, description: str = "") -> None:
    """Let a deployment be in a state from now on."""
    with repo.lock:
        status = DeploymentStatus(id=repo.new_id(), state=state, description=description, created=repo.clock())
        deployment.statuses.append(status)


def go_on(repo: RepositoryState, deployment: Deployment) -> None:
    """Start what waits for nothing any more; time may have passed, or somebody has reviewed."""
    with repo.lock:
        if deployment.state == "pending" and not lacks_review(repo, deployment) and not remaining(repo, deployment):
            settle(repo, deployment, "in_progress")
            run = next(run for run in repo.runs if run.id == deployment.run_id)
            run.latest.status = "waiting" if _waiting(repo, run) else "in_progress"


def remaining(repo: RepositoryState, deployment: Deployment) -> float:
    """Seconds until the wait timer is over; it began with the deployment."""
    minutes = repo.environments[deployment.environment].wait_timer
    return max(0.0, deployment.created + minutes * 60 - repo.clock())


def lacks_review(repo: RepositoryState, deployment: Deployment) -> bool:
    """Whether a required reviewer has yet to approve; one is enough."""
    reviews = repo.reviews.get(deployment.run_id, ())
    approved = any(r.state == "approved" and deployment.environment in r.environments for r in reviews)
    return bool(repo.environments[deployment.environment].reviewers) and not approved


def may_review(repo: RepositoryState, environment: Environment, run: WorkflowRun, login: str) -> bool:
    """Whether somebody may approve or reject: a reviewer, and not who started the run where that is excluded."""
    return login in environment.reviewers and not (environment.prevent_self_review and login == run.actor)


def review(repo: RepositoryState, run: WorkflowRun, said: Review) -> tuple[Deployment, ...]:
    """Approve or reject what waits in a run; the deployments that this was about."""
    with repo.lock:
        about = tuple(d for d in _waiting(repo, run) if d.environment in said.environments)
        repo.reviews.setdefault(run.id, []).append(said)
        for deployment in about:
            if said.state == "rejected":
                settle(repo, deployment, "failure", REJECTED)
            else:
                go_on(repo, deployment)
        return about


def _waiting(repo: RepositoryState, run: WorkflowRun) -> list[Deployment]:
    return [d for d in repo.deployments if d.run_id == run.id and d.state == "pending"]


def list_deployments(call: Call) -> Reply:
    """Deployments, the newest first."""
    sha, ref, environment = (call.query(name) for name in ("sha", "ref", "environment"))
    found = [
        of
        for of in reversed(call.repo.deployments)
        if sha in {"", of.sha} and ref in {"", of.ref, _short(of.ref)} and environment in {"", of.environment}
    ]
    return call.page(found, lambda of: deployment_shape(call, of))


def list_statuses(call: Call) -> Reply:
    """Where a deployment stood, the newest first."""
    of = call.one(call.repo.deployments, "deployment")
    return call.page(reversed(of.statuses), lambda status: _status(call, of, status))


def deployment_shape(call: Call, of: Deployment) -> Json:
    """A deployment."""
    url = call.urls.repo(f"/deployments/{of.id}")
    return {
        "url": url,
        "id": of.id,
        "node_id": shapes.node_id("Deployment", of.id),
        "sha": of.sha,
        "ref": _short(of.ref),
        "task": "deploy",
        "payload": {},
        "original_environment": of.environment,
        "environment": of.environment,
        "description": None,
        "creator": shapes.account(call.repo, call.urls, of.login),
        "created_at": shapes.when(of.created),
        "updated_at": shapes.when(of.statuses[-1].created),
        "statuses_url": f"{url}/statuses",
        "repository_url": call.urls.repo(),
        "transient_environment": False,
        "production_environment": False,
        "performed_via_github_app": None,
    }


def _status(call: Call, of: Deployment, status: DeploymentStatus) -> Object:
    url, page = call.urls.repo(f"/deployments/{of.id}"), call.urls.page(f"/actions/runs/{of.run_id}")
    return {
        "url": f"{url}/statuses/{status.id}",
        "id": status.id,
        "node_id": shapes.node_id("DeploymentStatus", status.id),
        "state": status.state,
        "creator": shapes.account(call.repo, call.urls, of.login),
        "description": status.description,
        "environment": of.environment,
        "target_url": page,
        "created_at": shapes.when(status.created),
        "updated_at": shapes.when(status.created),
        "deployment_url": url,
        "repository_url": call.urls.repo(),
        "log_url": page,
        "performed_via_github_app": None,
    }


def _short(ref: str) -> str:
    return ref.split("/", 2)[2]


_R = "/repos/{owner}/{repo}"
_D = f"{_R}/deployments/{{deployment}}"
ROUTES = (
    Route("GET", f"{_R}/deployments", "deployments:read", list_deployments),
    Route("GET", f"{_D}/statuses", "deployments:read", list_statuses),
)

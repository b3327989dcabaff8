"""Deployment environments: protection, the refs that may deploy, their secrets' names."""

from typing import Literal

import msgspec

from tagship.rehearsal.github import shapes
from tagship.rehearsal.github.http import Call, Object, Reply, Route, invalid, not_found, refusal, segment, there
from tagship.rehearsal.github.people import TEAM, known, reviewer
from tagship.rehearsal.github.settings import secret_shape
from tagship.rehearsal.github.state import Environment, Json, Policy

MOST_REVIEWERS, LONGEST_WAIT = 6, 43_200
"""Users or teams, and minutes (docs.github.com, "Deployments and environments")."""


_UNPAID = {
    "policy": "Fail to create protected rule, please ensure billing plan include protected branch gate.",
    "reviewers": "Failed to create the environment protection rule. Please ensure the billing plan supports the "
    "required reviewers protection rule.",
}
"""Of a private repository on a plan without them (pulumi/pulumi-github#251, backstage/backstage#28977)."""


class Branches(msgspec.Struct, frozen=True, kw_only=True):
    """Which refs may deploy: exactly one of the two."""

    protected_branches: bool
    custom_branch_policies: bool


class Reviewer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who can approve."""

    type: Literal["User", "Team"]
    id: int


class ChangedEnvironment(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `PUT environments/{name}`: what is not named is reset."""

    wait_timer: int = 0
    prevent_self_review: bool = False
    reviewers: tuple[Reviewer, ...] | None = None
    deployment_branch_policy: Branches | None = None


class NewPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `POST deployment-branch-policies`."""

    name: str
    type: Literal["branch", "tag"] = "branch"


def environment_shape(call: Call, of: Environment) -> Json:
    """An environment with its protection rules."""
    rules: list[Object] = []
    if of.wait_timer:
        rules.append({"type": "wait_timer", "wait_timer": of.wait_timer})
    if of.reviewers:
        rules.append(
            {
                "type": "required_reviewers",
                "prevent_self_review": of.prevent_self_review,
                "reviewers": [reviewer(call, name) for name in of.reviewers],
            }
        )
    if of.branches != "all":
        rules.append({"type": "branch_policy"})
    numbered: list[Json] = [
        {"id": of.id * 10 + i, "node_id": shapes.node_id("GA", of.id * 10 + i), **rule} for i, rule in enumerate(rules)
    ]
    policy: Json = {
        "protected_branches": of.branches == "protected",
        "custom_branch_policies": of.branches == "custom",
    }
    return {
        "id": of.id,
        "node_id": shapes.node_id("Environment", of.id),
        "name": of.name,
        "url": call.urls.repo(f"/environments/{segment(of.name)}"),
        "html_url": call.urls.page(f"/deployments/activity_log?environments_filter={segment(of.name)}"),
        "created_at": shapes.when(of.created),
        "updated_at": shapes.when(of.updated),
        "can_admins_bypass": of.can_admins_bypass,
        "protection_rules": numbered,
        "deployment_branch_policy": None if of.branches == "all" else policy,
    }


def list_environments(call: Call) -> Reply:
    """All environments."""
    return call.page(call.repo.environments.values(), lambda e: environment_shape(call, e), "environments")


def get_environment(call: Call) -> Reply:
    """One environment."""
    return Reply(body=environment_shape(call, _environment(call)))


def _environment(call: Call) -> Environment:
    return there(call.repo.environments.get(call.args["environment"]))


def put_environment(call: Call) -> Reply:
    """Create an environment or replace its protection."""
    body, name = call.body(ChangedEnvironment), call.args["environment"]
    chosen = body.deployment_branch_policy
    if chosen and chosen.protected_branches == chosen.custom_branch_policies:
        raise refusal(422, "protected_branches and custom_branch_policies cannot have the same value")
    if call.repo.private and call.repo.free and (chosen or body.reviewers):
        raise refusal(422, _UNPAID["reviewers" if body.reviewers else "policy"])
    people = known(call.repo)
    kinds = {number: "Team" if name.startswith(TEAM) else "User" for number, name in people.items()}
    if any(kinds.get(one.id) != one.type for one in body.reviewers or ()):
        raise invalid("Environment", "invalid", "reviewers")
    if len(body.reviewers or ()) > MOST_REVIEWERS or not 0 <= body.wait_timer <= LONGEST_WAIT:
        raise invalid("Environment", "invalid", "wait_timer" if body.reviewers is None else "reviewers")
    found = call.repo.environments.get(name) or call.repo.add_environment(name)
    found.wait_timer = body.wait_timer
    found.prevent_self_review = body.prevent_self_review
    found.reviewers = tuple(people[one.id] for one in body.reviewers or ())
    found.branches = "all" if chosen is None else "protected" if chosen.protected_branches else "custom"
    found.updated = call.repo.clock()
    return Reply(body=environment_shape(call, found))


def delete_environment(call: Call) -> Reply:
    """Remove an environment with its patterns and secrets."""
    del call.repo.environments[_environment(call).name]
    return Reply(status=204)


def list_policies(call: Call) -> Reply:
    """The patterns of an environment."""
    return call.page(_environment(call).policies, _policy, "branch_policies")


def _policy(of: Policy) -> Json:
    return {"id": of.id, "node_id": shapes.node_id("GBP", of.id), "name": of.name, "type": of.type}


def create_policy(call: Call) -> Reply:
    """Add a pattern; 303 where it is there, 404 where the environment has no custom patterns."""
    found, new = _environment(call), call.body(NewPolicy)
    if found.branches != "custom":
        raise not_found()
    if any((p.name, p.type) == (new.name, new.type) for p in found.policies):
        return Reply(status=303)
    policy = Policy(id=call.repo.new_id(), name=new.name, type=new.type)
    found.policies.append(policy)
    return Reply(body=_policy(policy))


def delete_policy(call: Call) -> Reply:
    """Remove a pattern."""
    policies = _environment(call).policies
    policies.remove(call.one(policies))
    return Reply(status=204)


def list_secrets(call: Call) -> Reply:
    """Names and dates of an environment's secrets."""
    return call.page(sorted(_environment(call).secrets.items()), secret_shape, "secrets")


_R = "/repos/{owner}/{repo}/environments"
_E = f"{_R}/{{environment}}"
ROUTES = (
    Route("GET", _R, "actions:read", list_environments),
    Route("GET", _E, "actions:read", get_environment),
    Route("PUT", _E, "administration:write", put_environment),
    Route("DELETE", _E, "administration:write", delete_environment),
    Route("GET", f"{_E}/deployment-branch-policies", "actions:read", list_policies),
    Route("POST", f"{_E}/deployment-branch-policies", "administration:write", create_policy),
    Route("DELETE", f"{_E}/deployment-branch-policies/{{id}}", "administration:write", delete_policy),
    Route("GET", f"{_E}/secrets", "!environments:read", list_secrets),
)

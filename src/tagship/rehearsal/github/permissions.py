"""What GitHub Actions may do in the repository: which actions run, what a job's token may do, whose code waits."""

from typing import Literal

import msgspec

from tagship.rehearsal.github.http import Call, Object, Reply, Route, refusal
from tagship.rehearsal.github.policy import Approval


class ChangedActions(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `PUT actions/permissions`."""

    enabled: bool
    allowed_actions: Literal["all", "local_only", "selected"] | None = None
    sha_pinning_required: bool | None = None


class ChangedToken(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `PUT actions/permissions/workflow`: what is not named stays."""

    default_workflow_permissions: Literal["read", "write"] | None = None
    can_approve_pull_request_reviews: bool | None = None


class ForkApproval(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `PUT actions/permissions/fork-pr-contributor-approval`."""

    approval_policy: Approval


def get_actions(call: Call) -> Reply:
    """Which actions may run."""
    policy = call.repo.policy
    body: Object = {"enabled": policy.enabled}
    if policy.enabled:
        body |= {"allowed_actions": policy.allowed, "sha_pinning_required": policy.sha_pinning_required}
        if policy.allowed == "selected":
            body["selected_actions_url"] = call.urls.repo("/actions/permissions/selected-actions")
    return Reply(body=body)


def put_actions(call: Call) -> Reply:
    """Say which actions may run."""
    policy, new = call.repo.policy, call.body(ChangedActions)
    policy.enabled = new.enabled
    policy.allowed = new.allowed_actions or policy.allowed
    if new.sha_pinning_required is not None:
        policy.sha_pinning_required = new.sha_pinning_required
    return Reply(status=204)


def get_selected(call: Call) -> Reply:
    """The actions that may run, where the policy selects some; 409 where it does not."""
    policy = call.repo.policy
    if policy.allowed != "selected":
        raise refusal(409, "Conflict")
    return Reply(
        body={
            "github_owned_allowed": policy.github_owned,
            "verified_allowed": policy.verified,
            "patterns_allowed": list(policy.patterns),
        }
    )


def get_token(call: Call) -> Reply:
    """What a workflow's token may do where the workflow does not say."""
    policy = call.repo.policy
    return Reply(
        body={
            "default_workflow_permissions": policy.default_permissions,
            "can_approve_pull_request_reviews": policy.can_approve_reviews,
        }
    )


def put_token(call: Call) -> Reply:
    """Say what it may do."""
    policy, new = call.repo.policy, call.body(ChangedToken)
    policy.default_permissions = new.default_workflow_permissions or policy.default_permissions
    if new.can_approve_pull_request_reviews is not None:
        policy.can_approve_reviews = new.can_approve_pull_request_reviews
    return Reply(status=204)


def get_approval(call: Call) -> Reply:
    """Whose pull requests from forks wait for approval."""
    return Reply(body={"approval_policy": call.repo.policy.fork_approval})


def put_approval(call: Call) -> Reply:
    """Say whose."""
    call.repo.policy.fork_approval = call.body(ForkApproval).approval_policy
    return Reply(status=204)


_R = "/repos/{owner}/{repo}/actions/permissions"
_READ, _WRITE = "!administration:read", "administration:write"
ROUTES = (
    Route("GET", _R, _READ, get_actions),
    Route("PUT", _R, _WRITE, put_actions),
    Route("GET", f"{_R}/selected-actions", _READ, get_selected),
    Route("GET", f"{_R}/workflow", _READ, get_token),
    Route("PUT", f"{_R}/workflow", _WRITE, put_token),
    Route("GET", f"{_R}/fork-pr-contributor-approval", _READ, get_approval),
    Route("PUT", f"{_R}/fork-pr-contributor-approval", _WRITE, put_approval),
)

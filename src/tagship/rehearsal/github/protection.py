"""What is required of a branch: the rules in force, and classic protection."""

from tagship.rehearsal.github.http import Call, Object, Reply, Route, refusal, segment
from tagship.rehearsal.github.objects import ref
from tagship.rehearsal.github.rules import active
from tagship.rehearsal.github.rulesets import rule_shape
from tagship.rehearsal.github.state import Json, Protection, Rule, Ruleset


def branch_rules(call: Call) -> Reply:
    """The active rules of a branch, one by one."""
    name = f"refs/heads/{call.args['branch']}"

    def shape(pair: tuple[Ruleset, Rule]) -> Json:
        ruleset, rule = pair
        source: Object = {
            "ruleset_source_type": "Repository",
            "ruleset_source": call.repo.full_name,
            "ruleset_id": ruleset.id,
        }
        return rule_shape(rule) | source

    return call.page(active(call.repo, name), shape)


def protection(call: Call) -> Reply:
    """Classic protection of a branch."""
    of, url = _protection(call)
    body: Object = {
        "url": url,
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": of.enforce_admins},
        "required_linear_history": {"enabled": False},
        "allow_force_pushes": {"enabled": of.force_pushes},
        "allow_deletions": {"enabled": of.deletions},
        "block_creations": {"enabled": False},
        "required_conversation_resolution": {"enabled": False},
        "lock_branch": {"enabled": False},
        "allow_fork_syncing": {"enabled": False},
        "required_signatures": {"url": f"{url}/required_signatures", "enabled": False},
    }
    if of.checks:
        body["required_status_checks"] = _required(of, url)
    if of.approvals:
        body["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": True,
            "require_code_owner_reviews": False,
            "require_last_push_approval": False,
            "required_approving_review_count": of.approvals,
        }
    return Reply(body=body)


def _protection(call: Call) -> tuple[Protection, str]:
    branch = call.args["branch"]
    if ref(call.repo.git, f"refs/heads/{branch}") is None:
        raise refusal(404, "Branch not found")
    found = call.repo.protections.get(branch)
    if found is None:
        raise refusal(404, "Branch not protected")
    return found, call.urls.repo(f"/branches/{segment(branch)}/protection")


def _required(of: Protection, url: str) -> Object:
    return {
        "url": f"{url}/required_status_checks",
        "strict": of.strict,
        "contexts": [context for context, _ in of.checks],
        "contexts_url": f"{url}/required_status_checks/contexts",
        "checks": [{"context": context, "app_id": app} for context, app in of.checks],
    }


_R = "/repos/{owner}/{repo}"
_ADMIN = "!administration:read"
ROUTES = (
    Route("GET", f"{_R}/rules/branches/{{branch:path}}", "metadata:read", branch_rules),
    Route("GET", f"{_R}/branches/{{branch}}/protection", _ADMIN, protection),
)

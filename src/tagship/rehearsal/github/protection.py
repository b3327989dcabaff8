"""Rulesets and classic branch protection: what is required of whom, and where."""

from typing import Literal

import msgspec

from tagship.rehearsal.github import shapes
from tagship.rehearsal.github.http import Call, Object, Reply, Route, invalid, not_found, refusal, segment
from tagship.rehearsal.github.objects import ref
from tagship.rehearsal.github.rules import active
from tagship.rehearsal.github.state import Json, Protection, Rule, Ruleset


class NewRuleset(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `POST rulesets`."""

    class Conditions(msgspec.Struct, frozen=True, kw_only=True):
        """Which refs it is about."""

        class Names(msgspec.Struct, frozen=True, kw_only=True):
            """Patterns of full refs."""

            include: tuple[str, ...] = ()
            exclude: tuple[str, ...] = ()

        ref_name: Names = Names()

    class NewRule(msgspec.Struct, frozen=True, kw_only=True):
        """One rule."""

        type: str
        parameters: msgspec.Raw = msgspec.Raw(b"{}")

    name: str
    enforcement: Literal["active", "evaluate", "disabled"]
    target: Literal["branch", "tag"] = "branch"
    conditions: Conditions = Conditions()
    rules: tuple[NewRule, ...] = ()


def list_rulesets(call: Call) -> Reply:
    """The rulesets without their rules."""
    targets = call.query("targets").split(",") if call.query("targets") else ["branch", "tag"]
    found = [r for r in call.repo.rulesets if r.target in targets]
    return call.page(found, lambda r: ruleset_shape(call, r))


def get_ruleset(call: Call) -> Reply:
    """One ruleset with its rules; who may bypass it is for writers only (docs.github.com, "REST API endpoints
    for rules")."""
    number = call.number("id")
    found = next((r for r in call.repo.rulesets if r.id == number), None)
    if found is None:
        raise not_found()
    return Reply(body=ruleset_shape(call, found) | _details(call, found))


def create_ruleset(call: Call) -> Reply:
    """Add a ruleset."""
    new = call.body(NewRuleset)
    if any(r.name == new.name for r in call.repo.rulesets):
        raise invalid("RepositoryRuleset", "custom", "name", "Name must be unique")
    ruleset = Ruleset(
        id=call.repo.new_id() % 10_000_000,
        name=new.name,
        target=new.target,
        created=call.repo.clock(),
        enforcement=new.enforcement,
        include=new.conditions.ref_name.include,
        exclude=new.conditions.ref_name.exclude,
        rules=tuple(Rule(type=rule.type, parameters=msgspec.json.decode(rule.parameters)) for rule in new.rules),
    )
    call.repo.rulesets.append(ruleset)
    return Reply(status=201, body=ruleset_shape(call, ruleset) | _details(call, ruleset))


def ruleset_shape(call: Call, of: Ruleset) -> Object:
    """A ruleset as the list has it."""
    return {
        "id": of.id,
        "name": of.name,
        "target": of.target,
        "source_type": "Repository",
        "source": call.repo.full_name,
        "enforcement": of.enforcement,
        "node_id": shapes.node_id("RepositoryRuleset", of.id),
        "_links": {
            "self": {"href": call.urls.repo(f"/rulesets/{of.id}")},
            "html": {"href": call.urls.page(f"/rules/{of.id}")},
        },
        "created_at": shapes.when(of.created),
        "updated_at": shapes.when(of.created),
    }


def _details(call: Call, of: Ruleset) -> Object:
    details: Object = {
        "conditions": {"ref_name": {"include": list(of.include), "exclude": list(of.exclude)}},
        "rules": [_rule(rule) for rule in of.rules],
    }
    if call.token.kind != "none":
        details["current_user_can_bypass"] = "always" if call.token.login in of.bypass else "never"
    if call.may("administration"):
        details["bypass_actors"] = [
            {"actor_id": call.repo.id_of(login), "actor_type": "User", "bypass_mode": "always"} for login in of.bypass
        ]
    return details


def _rule(rule: Rule) -> Object:
    return {"type": rule.type, **({"parameters": rule.parameters} if rule.parameters else {})}


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
        return _rule(rule) | source

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
            "require_code_owner_reviews": of.code_owners,
            "require_last_push_approval": False,
            "required_approving_review_count": of.approvals,
        }
    return Reply(body=body)


def required_checks(call: Call) -> Reply:
    """The checks that classic protection requires."""
    of, url = _protection(call)
    if not of.checks:
        raise refusal(404, "Required status checks not enabled")
    return Reply(body=_required(of, url))


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
    Route("GET", f"{_R}/rulesets", "metadata:read", list_rulesets),
    Route("POST", f"{_R}/rulesets", "administration:write", create_ruleset),
    Route("GET", f"{_R}/rulesets/{{id}}", "metadata:read", get_ruleset),
    Route("GET", f"{_R}/rules/branches/{{branch:path}}", "metadata:read", branch_rules),
    Route("GET", f"{_R}/branches/{{branch}}/protection", _ADMIN, protection),
    Route("GET", f"{_R}/branches/{{branch}}/protection/required_status_checks", _ADMIN, required_checks),
)

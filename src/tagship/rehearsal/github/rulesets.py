"""Rulesets: read, made, replaced, removed; and whom they do not bind."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from tagship.rehearsal.github import shapes
from tagship.rehearsal.github.http import Call, Object, Reply, Route, invalid
from tagship.rehearsal.github.rules import bypass
from tagship.rehearsal.github.state import Actor, Json, Rule, Ruleset
from tagship.shapes import read_json

RULES: dict[str, frozenset[str]] = {
    "branch": frozenset({"pull_request", "required_status_checks", "merge_queue"}),
    "tag": frozenset(),
}
"""Rules that are for one target alone (docs.github.com, "Available rules for rulesets")."""


class _Reviews(msgspec.Struct, frozen=True):
    dismiss_stale_reviews_on_push: bool
    require_code_owner_review: bool
    require_last_push_approval: bool
    required_approving_review_count: int
    required_review_thread_resolution: bool


class _Checks(msgspec.Struct, frozen=True):
    class Check(msgspec.Struct, frozen=True):
        context: str
        integration_id: int | None = None

    required_status_checks: tuple[Check, ...]
    strict_required_status_checks_policy: bool


PARAMETERS: dict[str, type] = {"pull_request": _Reviews, "required_status_checks": _Checks}
"""Without which GitHub does not take these rules (OpenAPI, repository-rule)."""


class ChangedRuleset(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `PUT rulesets/{id}`: what is not named stays."""

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

    class NewActor(msgspec.Struct, frozen=True, kw_only=True):
        """Somebody whom it does not bind."""

        actor_type: Literal["Integration", "OrganizationAdmin", "RepositoryRole", "Team", "DeployKey", "User"]
        actor_id: int | None = None
        bypass_mode: Literal["always", "pull_request", "exempt"] = "always"

    name: str | None = None
    enforcement: Literal["active", "evaluate", "disabled"] | None = None
    target: Literal["branch", "tag"] | None = None
    conditions: Conditions | None = None
    rules: tuple[NewRule, ...] | None = None
    bypass_actors: tuple[NewActor, ...] | None = None


class NewRuleset(ChangedRuleset, frozen=True, kw_only=True):
    """Body of `POST rulesets`."""

    name: str
    enforcement: Literal["active", "evaluate", "disabled"]


def list_rulesets(call: Call) -> Reply:
    """The rulesets without their rules."""
    targets = call.query("targets").split(",") if call.query("targets") else ["branch", "tag"]
    found = [r for r in call.repo.rulesets if r.target in targets]
    return call.page(found, lambda r: _shape(call, r))


def get_ruleset(call: Call) -> Reply:
    """One ruleset with its rules; who may bypass it is for writers only (docs.github.com, "REST API endpoints
    for rules")."""
    return Reply(body=_whole(call, call.one(call.repo.rulesets)))


def create_ruleset(call: Call) -> Reply:
    """Add a ruleset."""
    new = call.body(NewRuleset)
    ruleset = Ruleset(
        id=call.repo.new_id() % 10_000_000,
        name="",
        target=new.target or "branch",
        created=call.repo.clock(),
        include=(),
    )
    _change(call, ruleset, new)
    call.repo.rulesets.append(ruleset)
    return Reply(status=201, body=_whole(call, ruleset))


def put_ruleset(call: Call) -> Reply:
    """Replace those parts of a ruleset that are named."""
    ruleset = call.one(call.repo.rulesets)
    _change(call, ruleset, call.body(ChangedRuleset))
    return Reply(body=_whole(call, ruleset))


def delete_ruleset(call: Call) -> Reply:
    """Remove a ruleset."""
    call.repo.rulesets.remove(call.one(call.repo.rulesets))
    return Reply(status=204)


def _change(call: Call, ruleset: Ruleset, new: ChangedRuleset) -> None:
    """Take a body over, as a whole or not at all."""
    if any(r.name == new.name for r in call.repo.rulesets if r is not ruleset):
        raise invalid("RepositoryRuleset", "custom", "name", "Name must be unique")
    target = new.target or ruleset.target
    rules = None if new.rules is None else tuple(_parsed(rule, target) for rule in new.rules)
    ruleset.name, ruleset.target = new.name or ruleset.name, target
    ruleset.enforcement = new.enforcement or ruleset.enforcement
    if new.conditions is not None:
        ruleset.include, ruleset.exclude = new.conditions.ref_name.include, new.conditions.ref_name.exclude
    if rules is not None:
        ruleset.rules = rules
    if new.bypass_actors is not None:
        ruleset.bypass = ()
        ruleset.actors = tuple(
            Actor(type=actor.actor_type, id=actor.actor_id, mode=actor.bypass_mode) for actor in new.bypass_actors
        )


def _parsed(new: ChangedRuleset.NewRule, target: str) -> Rule:
    wrong = invalid("RepositoryRuleset", "invalid", "rules", f"Invalid rule '{new.type}'")
    if new.type in RULES["tag" if target == "branch" else "branch"]:
        raise wrong
    try:
        read_json(new.parameters, PARAMETERS.get(new.type, dict))
    except msgspec.ValidationError:
        raise wrong from None
    return Rule(type=new.type, parameters=read_json(new.parameters, dict))


def _shape(call: Call, of: Ruleset) -> Object:
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


def _whole(call: Call, of: Ruleset) -> Object:
    details: Object = {
        "conditions": {"ref_name": {"include": list(of.include), "exclude": list(of.exclude)}},
        "rules": [rule_shape(rule) for rule in of.rules],
    }
    if call.token.kind != "none":
        mode = bypass(call.repo, of, call.token.login)
        details["current_user_can_bypass"] = "pull_requests_only" if mode == "pull_request" else mode
    if call.may("administration"):
        details["bypass_actors"] = _actors(call, of)
    return _shape(call, of) | details


def _actors(call: Call, of: Ruleset) -> Sequence[Json]:
    named = [Actor(type="User", id=call.repo.id_of(login), mode="always") for login in of.bypass]
    return [
        {"actor_id": actor.id, "actor_type": actor.type, "bypass_mode": actor.mode} for actor in (*named, *of.actors)
    ]


def rule_shape(rule: Rule) -> Object:
    """One rule."""
    return {"type": rule.type, **({"parameters": rule.parameters} if rule.parameters else {})}


_R = "/repos/{owner}/{repo}/rulesets"
ROUTES = (
    Route("GET", _R, "metadata:read", list_rulesets),
    Route("POST", _R, "administration:write", create_ruleset),
    Route("GET", f"{_R}/{{id}}", "metadata:read", get_ruleset),
    Route("PUT", f"{_R}/{{id}}", "administration:write", put_ruleset),
    Route("DELETE", f"{_R}/{{id}}", "administration:write", delete_ruleset),
)

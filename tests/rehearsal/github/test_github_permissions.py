"""Settings that are changed through the embedded GitHub: Actions, rulesets and whom they bind."""

import pytest

from tagship.rehearsal.github import RefUpdate
from tagship.rehearsal.github.rules import violations
from tagship.rehearsal.github.state import NOTHING

ADMIN = {"administration": "write", "contents": "write", "actions": "read"}
TAGS = {
    "name": "release tags",
    "target": "tag",
    "enforcement": "active",
    "conditions": {"ref_name": {"include": ["refs/tags/v*"], "exclude": []}},
    "rules": [{"type": "creation"}],
}


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (
            "actions/permissions",
            {"enabled": True, "allowed_actions": "all", "sha_pinning_required": False},
            {"enabled": True, "allowed_actions": "local_only", "sha_pinning_required": True},
        ),
        (
            "actions/permissions/workflow",
            {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False},
            {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True},
        ),
        (
            "actions/permissions/fork-pr-contributor-approval",
            {"approval_policy": "first_time_contributors"},
            {"approval_policy": "all_external_contributors"},
        ),
    ],
)
def test_what_actions_may_do_is_changed_by_administrators(world, path, before, after):
    """What was sent is read back; a token without the right to administer changes nothing."""
    admin, other = world.token("fine-grained", **ADMIN), world.token("fine-grained", contents="write")
    assert world.get(path, token=admin).json == before
    assert world.ask("PUT", path, token=other, body=after).said == (
        403,
        "Resource not accessible by personal access token",
    )
    assert world.ask("PUT", path, token=admin, body=after).status == 204
    assert world.get(path, token=admin).json == after


def test_actions_are_selected_where_the_policy_selects(world):
    """The list of selected actions is there only while the policy is to select."""
    admin, path = world.token("fine-grained", **ADMIN), "actions/permissions/selected-actions"
    assert world.get(path, token=admin).status == 409
    body = {"enabled": True, "allowed_actions": "selected"}
    assert world.ask("PUT", "actions/permissions", token=admin, body=body).status == 204
    world.state.policy.patterns = ("pypa/*",)
    chosen = {"github_owned_allowed": False, "verified_allowed": False, "patterns_allowed": ["pypa/*"]}
    assert world.get(path, token=admin).json == chosen


def test_a_ruleset_is_replaced_and_removed(world):
    """What a change does not name stays as it was, a name that another has is refused, and a removed one is gone."""
    admin = world.token("fine-grained", **ADMIN)
    number = world.post("rulesets", token=admin, body=TAGS).json["id"]
    world.post("rulesets", token=admin, body=TAGS | {"name": "another"})
    path = f"rulesets/{number}"
    changed = world.ask("PUT", path, token=admin, body={"rules": [{"type": "deletion"}]}).json
    assert {key: changed[key] for key in TAGS} == TAGS | {"rules": [{"type": "deletion"}]}
    assert world.ask("PUT", path, token=admin, body={"name": "another"}).status == 422
    assert world.ask("DELETE", path, token=admin).status == 204
    assert world.ask("DELETE", path, token=admin).status == 404
    assert [ruleset["name"] for ruleset in world.get("rulesets").json] == ["another"]


@pytest.mark.parametrize(
    ("target", "rule"),
    [("tag", {"type": "pull_request"}), ("branch", {"type": "pull_request", "parameters": {}})],
)
def test_a_rule_that_github_does_not_take_is_refused(world, target, rule):
    """One that tags cannot have, and one without its parameters: nothing is made."""
    body = TAGS | {"target": target, "rules": [rule]}
    assert world.post("rulesets", token=world.token("fine-grained", **ADMIN), body=body).status == 422
    assert world.state.rulesets == []


@pytest.mark.parametrize(
    ("actor", "free"),
    [
        ({"actor_type": "RepositoryRole", "actor_id": 5, "bypass_mode": "always"}, ["ada"]),
        ({"actor_type": "RepositoryRole", "actor_id": 2, "bypass_mode": "always"}, ["mary"]),
        ({"actor_type": "RepositoryRole", "actor_id": 5, "bypass_mode": "pull_request"}, []),
        ({"actor_type": "Team", "actor_id": 7, "bypass_mode": "always"}, []),
    ],
)
def test_a_ruleset_does_not_bind_whom_it_names(world, actor, free):
    """A role frees those who have it and nobody else; what is for pull requests frees no tag."""
    world.state.roles["mary"] = "maintain"
    world.post("rulesets", token=world.token("fine-grained", **ADMIN), body=TAGS | {"bypass_actors": [actor]})
    update = RefUpdate(ref="refs/tags/v1.0", before=NOTHING, after=world.head)
    everybody = ["ada", "mary", "eve", "github-actions[bot]"]
    assert [login for login in everybody if not violations(world.state, update, login)] == free


def test_who_asks_is_told_whether_a_ruleset_binds_them(world):
    """Pull requests only, always or never, as the ruleset says about the token's owner."""
    admin = world.token("fine-grained", **ADMIN)
    said = []
    for number, actors in enumerate(
        (
            [],
            [{"actor_type": "RepositoryRole", "actor_id": 5, "bypass_mode": "always"}],
            [{"actor_type": "RepositoryRole", "actor_id": 5, "bypass_mode": "pull_request"}],
        )
    ):
        body = TAGS | {"name": f"rules {number}", "bypass_actors": actors}
        made = world.post("rulesets", token=admin, body=body).json
        said.append((made["current_user_can_bypass"], made["bypass_actors"]))
    assert [mode for mode, _ in said] == ["never", "always", "pull_requests_only"]
    assert said[1][1] == [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}]


def test_an_environment_is_removed(world):
    """It is gone with its patterns, and cannot be removed twice."""
    admin = world.token("fine-grained", **ADMIN)
    world.state.add_environment("pypi", policies=[("tag", "v*")])
    assert world.ask("DELETE", "environments/pypi", token=admin).status == 204
    assert world.ask("DELETE", "environments/pypi", token=admin).status == 404
    assert world.get("environments/pypi").status == 404


def test_the_search_for_credentials_is_switched(world):
    """Each switch for itself, by administrators; a private repository has none of them."""
    admin = world.token("fine-grained", **ADMIN)
    off = {"status": "disabled"}
    answer = world.patch("", token=admin, body={"security_and_analysis": {"secret_scanning_push_protection": off}})
    security = {"secret_scanning": {"status": "enabled"}, "secret_scanning_push_protection": off}
    assert answer.json["security_and_analysis"] == security == world.get("", token=admin).json["security_and_analysis"]
    world.state.private = True
    body = {"security_and_analysis": {"secret_scanning": off}}
    assert world.patch("", token=admin, body=body).status == 422


@pytest.mark.parametrize(
    "rule",
    [
        {"type": "pull_request", "parameters": []},
        {"type": "creation", "parameters": 5},
        {"type": "required_status_checks", "parameters": {"required_status_checks": [{"name": "test"}]}},
        {"type": "required_status_checks", "parameters": {"required_status_checks": "test"}},
    ],
    ids=["a list", "a number", "a check without a context", "a word for a list"],
)
def test_parameters_that_no_rule_has_are_refused(world, rule):
    """A rule whose parameters cannot be read is refused when it is made, and breaks nothing later."""
    body = {**TAGS, "target": "branch", "rules": [rule]}
    error = {"resource": "RepositoryRuleset", "code": "invalid", "field": "rules"}
    message = f"Invalid rule '{rule['type']}'"
    made = world.post("rulesets", token=world.token("fine-grained", **ADMIN), body=body)
    assert made.said == (422, "Validation Failed", [{**error, "message": message}])
    assert world.state.rulesets == []

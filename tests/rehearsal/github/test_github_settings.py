"""What doctor reads and changes at the embedded GitHub."""

import pytest

from tagship.rehearsal.github import Protection, Rule, Ruleset, SecretDates
from tagship.rehearsal.github.rules import may_deploy


def test_an_environment_shows_who_and_what_may_deploy(world):
    """Reviewers, timer and branch policy are protection rules; patterns have a list of their own."""
    made = world.state.add_environment("pypi/one", policies=[("tag", "v*"), ("branch", "main")])
    made.reviewers, made.prevent_self_review, made.wait_timer, made.can_admins_bypass = ("ada",), True, 30, False
    read = world.get("environments/pypi%2Fone").json
    rules = read["protection_rules"]
    assert [rule["type"] for rule in rules] == ["wait_timer", "required_reviewers", "branch_policy"]
    assert (rules[0]["wait_timer"], rules[1]["prevent_self_review"]) == (30, True)
    assert [r["reviewer"]["login"] for r in rules[1]["reviewers"]] == ["ada"]
    assert read["deployment_branch_policy"] == {"protected_branches": False, "custom_branch_policies": True}
    assert read["can_admins_bypass"] is False
    policies = world.get("environments/pypi%2Fone/deployment-branch-policies").json
    assert [(p["type"], p["name"]) for p in policies["branch_policies"]] == [("tag", "v*"), ("branch", "main")]
    assert world.get("environments").json == {"total_count": 1, "environments": [read]}
    assert world.get("environments/testpypi").said == (404, "Not Found")


def test_an_environment_is_made_by_api(world):
    """It is created, given a pattern for tags, given it once more, and stripped of it."""
    admin = world.token("fine-grained", administration="write", actions="read")
    path, policies = "environments/pypi", "environments/pypi/deployment-branch-policies"
    custom = {"protected_branches": False, "custom_branch_policies": True}
    me = world.get("/users/ada", token=admin).json["id"]
    body = {"deployment_branch_policy": custom, "reviewers": [{"type": "User", "id": me}], "prevent_self_review": True}
    assert world.ask("PUT", path, token=admin, body=body).json == world.get(path).json
    assert world.state.environments["pypi"].reviewers == ("ada",)
    tags = {"name": "v*", "type": "tag"}
    made = world.post(policies, token=admin, body=tags).json
    assert world.post(policies, token=admin, body=tags).status == 303
    assert world.ask("DELETE", f"{policies}/{made['id']}", token=admin).status == 204
    assert world.get(policies).json == {"total_count": 0, "branch_policies": []}
    assert world.ask("PUT", path, token=admin, body={}).json["deployment_branch_policy"] is None
    assert world.post(policies, token=admin, body=tags).status == 404


def test_users_and_teams_may_review(world):
    """Who is known by name is found and can be a reviewer, a team too; a number of nobody is refused."""
    admin = world.token()
    world.state.organisation, world.state.teams = True, ("release",)
    world.state.roles["mary"] = "write"
    mary = world.get("/users/Mary", token=admin).json
    team = world.get("/orgs/ada/teams/release", token=admin).json
    assert (mary["login"], team["slug"], world.get("/users/nobody").status) == ("mary", "release", 404)
    assert world.get("/orgs/ada/teams/other", token=admin).status == world.get("/orgs/ada/teams/release").status == 404
    people = [{"type": "User", "id": mary["id"]}, {"type": "Team", "id": team["id"]}]
    made = world.ask("PUT", "environments/pypi", token=admin, body={"reviewers": people}).json
    assert [(one["type"], one["reviewer"]["id"]) for one in made["protection_rules"][0]["reviewers"]] == [
        ("User", mary["id"]),
        ("Team", team["id"]),
    ]
    for wrong in ({"type": "User", "id": 1}, {"type": "Team", "id": mary["id"]}):
        assert world.ask("PUT", "environments/pypi", token=admin, body={"reviewers": [wrong]}).status == 422


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": False}}, "branch gate"),
        ({"reviewers": [{"type": "User", "id": 1}]}, "required reviewers protection rule"),
        ({}, ""),
    ],
)
def test_a_private_repository_pays_for_protection(private, body, words):
    """Without a plan that has it, an environment is made without rules or not at all."""
    private.state.free = True
    answer = private.ask("PUT", "environments/pypi", token=private.token(), body=body)
    assert (answer.status, words in answer.json.get("message", "")) == (422 if words else 200, True)
    assert list(private.state.environments) == ([] if words else ["pypi"])


@pytest.mark.parametrize("both", [True, False])
def test_the_two_kinds_of_branch_policy_exclude_each_other(world, both):
    """Both or neither is refused, and nothing is created."""
    policy = {"protected_branches": both, "custom_branch_policies": both}
    answer = world.ask("PUT", "environments/pypi", token=world.token(), body={"deployment_branch_policy": policy})
    assert answer.status == 422
    assert world.state.environments == {}


@pytest.mark.parametrize(
    ("branches", "policies", "protected", "admitted"),
    [
        ("all", [], [], ["heads/main", "heads/side", "tags/v1", "tags/pkg/v1"]),
        ("protected", [], [], ["heads/main", "heads/side"]),
        ("protected", [], ["main"], ["heads/main"]),
        ("custom", [("tag", "v*")], [], ["tags/v1"]),
        ("custom", [("branch", "*")], [], ["heads/main", "heads/side"]),
        ("custom", [("branch", "main"), ("tag", "*/v*")], [], ["heads/main", "tags/pkg/v1"]),
        ("custom", [], [], []),
    ],
)
def test_an_environment_admits_refs(world, branches, policies, protected, admitted):
    """Its policy decides which branches and tags may deploy; a tag never counts as a protected branch."""
    world.state.add_environment("pypi", policies=policies).branches = branches
    world.state.protections.update({name: Protection() for name in protected})
    refs = ["heads/main", "heads/side", "tags/v1", "tags/pkg/v1"]
    assert [ref for ref in refs if may_deploy(world.state, "pypi", f"refs/{ref}")] == admitted
    assert may_deploy(world.state, "never-made", "refs/tags/v1") is True


def test_secrets_show_names_and_dates_only(world):
    """Of the repository and of an environment: each list is its own."""
    token = world.token()
    world.state.secrets["PYPI_API_TOKEN"] = SecretDates(created=0, updated=86400)
    world.state.add_environment("pypi").secrets["OLD"] = SecretDates(created=0, updated=0)
    epoch = "1970-01-01T00:00:00Z"
    row = {"name": "PYPI_API_TOKEN", "created_at": epoch, "updated_at": "1970-01-02T00:00:00Z"}
    assert world.get("actions/secrets", token=token).json == {"total_count": 1, "secrets": [row]}
    old = {"name": "OLD", "created_at": epoch, "updated_at": epoch}
    assert world.get("environments/pypi/secrets", token=token).json == {"total_count": 1, "secrets": [old]}


def test_rulesets_hide_their_rules_in_the_list(world):
    """Rules come with one ruleset at a time, bypass lists only for administrators."""
    admin = world.token()
    body = {
        "name": "release tags",
        "target": "tag",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["refs/tags/v*"], "exclude": []}},
        "rules": [{"type": "deletion"}, {"type": "update"}],
    }
    made = world.post("rulesets", token=admin, body=body).json
    assert [{k: made[k] for k in body}] == [body]
    (listed,) = world.get("rulesets?targets=tag").json
    assert (listed["id"], "rules" in listed) == (made["id"], False)
    assert world.get("rulesets?targets=branch").json == []
    read = world.get(f"rulesets/{made['id']}").json
    assert (read["rules"], "bypass_actors" in read) == (body["rules"], False)
    assert world.get(f"rulesets/{made['id']}", token=admin).json["bypass_actors"] == []
    assert world.post("rulesets", token=admin, body=body).status == 422


def test_the_rules_of_a_branch_are_those_in_force(world):
    """Active rulesets that cover the branch, rule by rule; evaluated ones are left out."""
    checks = {"required_status_checks": [{"context": "test"}], "strict_required_status_checks_policy": True}
    required = Rule(type="required_status_checks", parameters=checks)
    world.state.rulesets += [
        Ruleset(id=1, name="a", target="branch", created=0, include=("~DEFAULT_BRANCH",), rules=(required,)),
        Ruleset(id=2, name="b", target="branch", created=0, enforcement="evaluate", rules=(Rule(type="deletion"),)),
    ]
    source = {"ruleset_source_type": "Repository", "ruleset_source": "ada/engine", "ruleset_id": 1}
    assert world.get("rules/branches/main").json == [{"type": "required_status_checks", "parameters": checks, **source}]
    assert world.get("rules/branches/feature/x").json == []


def test_classic_protection_is_shown_to_administrators(world):
    """Required checks with their apps, reviews and administrators; none is 404 in words of its own."""
    admin = world.token()
    path = "branches/main/protection"
    assert world.get(path, token=admin).said == (404, "Branch not protected")
    world.state.protections["main"] = Protection(checks=(("test", 15368), ("ci/x", None)), approvals=2)
    read = world.get(path, token=admin).json
    checks = [{"context": "test", "app_id": 15368}, {"context": "ci/x", "app_id": None}]
    assert read["required_status_checks"]["checks"] == checks
    assert read["required_pull_request_reviews"]["required_approving_review_count"] == 2
    assert (read["enforce_admins"]["enabled"], read["allow_force_pushes"]["enabled"]) == (True, False)
    assert world.get("branches/main").json["protected"] is True
    assert world.get("branches/gone").said == (404, "Branch not found")


def test_immutable_releases_are_a_setting(world):
    """Off is 404; on and off again by those who administer."""
    admin = world.token()
    assert world.get("immutable-releases", token=admin).status == 404
    assert world.ask("PUT", "immutable-releases", token=admin).status == 204
    assert world.get("immutable-releases", token=admin).json == {"enabled": True, "enforced_by_owner": False}
    assert world.ask("DELETE", "immutable-releases", token=admin).status == 204
    assert world.state.immutable_releases is False


def test_the_policy_for_actions_is_read(world):
    """What may run, whether pins are required, whose forks wait, how the subject of a token is made."""
    admin = world.token()
    world.state.policy.sha_pinning_required = True
    answers = {
        "actions/permissions": {"enabled": True, "allowed_actions": "all", "sha_pinning_required": True},
        "actions/permissions/fork-pr-contributor-approval": {"approval_policy": "first_time_contributors"},
        "actions/oidc/customization/sub": {"use_default": True, "use_immutable_subject": True},
        "actions/organization-secrets": {"total_count": 0, "secrets": []},
    }
    assert {path: world.get(path, token=admin).json for path in answers} == answers


def test_the_repository_tells_what_the_caller_may_do(world):
    """Permissions follow the token; without one there are none."""
    assert "permissions" not in world.get("").json
    body = world.get("", token=world.token()).json
    assert (body["default_branch"], body["visibility"], body["permissions"]["admin"]) == ("main", "public", True)
    reader = world.get("", token=world.token("github_token", contents="read")).json["permissions"]
    assert reader == {"admin": False, "maintain": False, "push": False, "triage": False, "pull": True}

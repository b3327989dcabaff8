"""Deployments wait for their environment, are reviewed, and are shown as on GitHub."""

import pytest
from github_world import NOON

from tagship.rehearsal.github.deployments import begin, go_on, lacks_review, remaining, settle
from tagship.rehearsal.github.state import Review


@pytest.fixture
def run(world):
    """A run of the publishing workflow for a tag that eve pushed."""
    world.tag("v1", world.head)
    event = world.state.event("push", "refs/tags/v1")
    return world.state.add_run(event, ".github/workflows/publish.yml", jobs={}, actor="eve")


def guarded(world, name="pypi", **settings):
    """An environment for tags v*, with these settings."""
    made = world.state.add_environment(name, policies=[("tag", "v*")])
    for key, value in settings.items():
        setattr(made, key, value)
    return made


def pending(world, run, login="ada"):
    """What a login sees waiting, and may approve."""
    token = world.state.issue_token("classic", {"repo": "write"}, login=login)
    rows = world.get(f"actions/runs/{run.id}/pending_deployments", token=token).json
    return [(row["environment"]["name"], row["current_user_can_approve"]) for row in rows]


def review(world, run, state, login="ada", ids=None):
    """Approve or reject as a login, over the REST interface."""
    token = world.state.issue_token("classic", {"repo": "write"}, login=login)
    numbers = ids or [environment.id for environment in world.state.environments.values()]
    body = {"environment_ids": numbers, "state": state, "comment": "so be it"}
    return world.post(f"actions/runs/{run.id}/pending_deployments", token=token, body=body)


@pytest.mark.parametrize(
    ("ref", "state", "said"),
    [
        ("refs/tags/v1", "in_progress", ""),
        ("refs/tags/x1", "failure", 'Tag "x1" is not allowed to deploy to pypi due to environment protection rules.'),
        (
            "refs/heads/v1",
            "failure",
            'Branch "v1" is not allowed to deploy to pypi due to environment protection rules.',
        ),
    ],
)
def test_the_policies_decide_first(world, run, ref, state, said):
    """A ref that no pattern of its kind admits fails at once, in GitHub's words, reviewers or not."""
    guarded(world)
    made = begin(world.state, run, "pypi", ref)
    assert (made.state, made.statuses[-1].description) == (state, said)
    if state == "failure":
        guarded(world, reviewers=("ada",))
        assert begin(world.state, run, "pypi", ref).state == "failure"


def test_an_environment_is_made_by_its_first_use(world, run):
    """What does not exist is created, unprotected, and lets the job in."""
    assert begin(world.state, run, "new", "refs/heads/main").state == "in_progress"
    shown = world.get("environments/new").json
    assert (shown["protection_rules"], shown["deployment_branch_policy"]) == ([], None)


def test_a_review_lets_a_deployment_go_on(world, run):
    """A run waits until one reviewer approves; who approved what is kept."""
    guarded(world, reviewers=("ada", "bob"))
    made = begin(world.state, run, "pypi", "refs/tags/v1")
    assert world.get(f"actions/runs/{run.id}").json["status"] == "waiting"
    assert (pending(world, run), pending(world, run, "eve")) == ([("pypi", True)], [("pypi", False)])
    refused = review(world, run, "approved", "eve")
    assert refused.said == (422, "Current user is not allowed to approve or reject the deployment")
    answer = review(world, run, "approved")
    assert (answer.status, [row["id"] for row in answer.json]) == (200, [made.id])
    assert (made.state, lacks_review(world.state, made), pending(world, run)) == ("in_progress", False, [])
    assert world.get(f"actions/runs/{run.id}").json["status"] == "in_progress"
    said = Review(environments=("pypi",), state="approved", login="ada", comment="so be it")
    assert world.state.reviews == {run.id: [said]}
    assert review(world, run, "approved").status == 422


def test_a_rejection_ends_the_deployment(world, run):
    """A rejected deployment has failed, and cannot be approved afterwards."""
    guarded(world, reviewers=("ada",))
    made = begin(world.state, run, "pypi", "refs/tags/v1")
    assert review(world, run, "rejected").status == 200
    words = "The deployment was rejected or didn't satisfy other protection rules."
    assert (made.state, made.statuses[-1].description) == ("failure", words)
    assert review(world, run, "approved").said[:2] == (422, "Validation Failed")


def test_nobody_approves_his_own_run_where_that_is_excluded(world, run):
    """With self-review prevented, the reviewer who started the run may not approve it, another one may."""
    guarded(world, reviewers=("eve", "bob"), prevent_self_review=True)
    begin(world.state, run, "pypi", "refs/tags/v1")
    assert (pending(world, run, "eve"), pending(world, run, "bob")) == ([("pypi", False)], [("pypi", True)])
    assert review(world, run, "approved", "eve").status == 422
    assert review(world, run, "approved", "bob").status == 200


def test_a_timer_and_a_review_run_side_by_side(world, run):
    """The timer begins with the deployment; the job goes on when it is over and somebody has approved."""
    guarded(world, reviewers=("ada",), wait_timer=10)
    made = begin(world.state, run, "pypi", "refs/tags/v1")
    (row,) = world.get(f"actions/runs/{run.id}/pending_deployments").json
    assert (row["wait_timer"], row["wait_timer_started_at"]) == (10, "2026-09-21T14:13:20Z")
    review(world, run, "approved")
    assert (made.state, remaining(world.state, made)) == ("pending", 600)
    world.clock.now = NOON + 599
    go_on(world.state, made)
    assert made.state == "pending"
    world.clock.now = NOON + 600
    go_on(world.state, made)
    assert (made.state, remaining(world.state, made)) == ("in_progress", 0)


def test_one_review_may_be_about_one_of_several(world, run):
    """Approving one environment leaves the others waiting, and the run with them."""
    pypi, other = guarded(world, reviewers=("ada",)), guarded(world, "docs", reviewers=("ada",))
    made = [begin(world.state, run, name, "refs/tags/v1") for name in ("pypi", "docs")]
    assert review(world, run, "approved", ids=[pypi.id]).status == 200
    assert ([d.state for d in made], run.latest.status) == (["in_progress", "pending"], "waiting")
    assert review(world, run, "approved", ids=[pypi.id]).status == 422
    assert review(world, run, "approved", ids=[other.id]).status == 200
    assert run.latest.status == "in_progress"


def test_deployments_and_their_statuses_are_shown(world, run):
    """Lists are filtered by commit, ref and environment, the newest first, each with where it stood."""
    guarded(world)
    made = begin(world.state, run, "pypi", "refs/tags/v1")
    settle(world.state, made, "success")
    other = begin(world.state, run, "testpypi", "refs/heads/main")
    ids = {
        query: [row["id"] for row in world.get(f"deployments?{query}").json]
        for query in ("", "environment=pypi", "ref=v1", "ref=main", "sha=" + "0" * 40)
    }
    assert list(ids.values()) == [[other.id, made.id], [made.id], [made.id], [other.id], []]
    shown = world.get("deployments?environment=pypi").json[0]
    assert (shown["ref"], shown["sha"], shown["environment"], shown["creator"]["login"]) == (
        "v1",
        world.head,
        "pypi",
        "eve",
    )
    states = world.get(f"deployments/{made.id}/statuses").json
    assert [row["state"] for row in states] == ["success", "in_progress"]
    assert world.get("deployments/1/statuses").status == 404


def test_a_review_needs_its_permission(world, run):
    """A token that may only read deployments cannot approve any."""
    guarded(world, reviewers=("ada",))
    begin(world.state, run, "pypi", "refs/tags/v1")
    token = world.token("github_token", deployments="read")
    body = {"environment_ids": [1], "state": "approved", "comment": ""}
    answer = world.post(f"actions/runs/{run.id}/pending_deployments", token=token, body=body)
    assert answer.said == (403, "Resource not accessible by integration")
    assert world.state.reviews == {}


def test_an_environment_has_bounds(world):
    """More than six reviewers, or a timer beyond thirty days, are refused."""
    token = world.token()
    for body in ({"wait_timer": 43_201}, {"wait_timer": -1}, {"reviewers": [{"type": "User", "id": 1}] * 7}):
        assert world.ask("PUT", "environments/pypi", token=token, body=body).status == 422
    assert world.ask("PUT", "environments/pypi", token=token, body={"wait_timer": 43_200}).status == 200

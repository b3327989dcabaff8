"""Deployments wait for their environment, are reviewed, and are shown as on GitHub."""

import pytest
from github_world import NOON

from tagship.rehearsal.github.deployments import begin, go_on, lacks_review, may_review, remaining, review, settle
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


def said(world, run, state, login="ada", name="pypi"):
    """What a reviewer says about one environment; the deployments that it was about."""
    return review(world.state, run, Review(environments=(name,), state=state, login=login, comment="so be it"))


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
    assert lacks_review(world.state, made)
    assert said(world, run, "approved") == (made,)
    assert (made.state, lacks_review(world.state, made)) == ("in_progress", False)
    assert world.get(f"actions/runs/{run.id}").json["status"] == "in_progress"
    kept = Review(environments=("pypi",), state="approved", login="ada", comment="so be it")
    assert world.state.reviews == {run.id: [kept]}


def test_a_rejection_ends_the_deployment(world, run):
    """A rejected deployment has failed, and cannot be approved afterwards."""
    guarded(world, reviewers=("ada",))
    made = begin(world.state, run, "pypi", "refs/tags/v1")
    assert said(world, run, "rejected") == (made,)
    words = "The deployment was rejected or didn't satisfy other protection rules."
    assert (made.state, made.statuses[-1].description) == ("failure", words)
    assert (said(world, run, "approved"), made.state) == ((), "failure")


@pytest.mark.parametrize(("prevented", "may"), [(True, {"bob"}), (False, {"eve", "bob"})])
def test_reviewers_may_review(world, run, prevented, may):
    """With self-review prevented, the reviewer who started the run may not approve it; a stranger never may."""
    made = guarded(world, reviewers=("eve", "bob"), prevent_self_review=prevented)
    assert {login for login in ("ada", "bob", "eve") if may_review(world.state, made, run, login)} == may


def test_a_timer_and_a_review_run_side_by_side(world, run):
    """The timer begins with the deployment; the job goes on when it is over and somebody has approved."""
    guarded(world, reviewers=("ada",), wait_timer=10)
    made = begin(world.state, run, "pypi", "refs/tags/v1")
    said(world, run, "approved")
    assert (made.state, remaining(world.state, made)) == ("pending", 600)
    world.clock.now = NOON + 599
    go_on(world.state, made)
    assert made.state == "pending"
    world.clock.now = NOON + 600
    go_on(world.state, made)
    assert (made.state, remaining(world.state, made)) == ("in_progress", 0)


def test_one_review_may_be_about_one_of_several(world, run):
    """Approving one environment leaves the others waiting, and the run with them."""
    for name in ("pypi", "docs"):
        guarded(world, name, reviewers=("ada",))
    made = [begin(world.state, run, name, "refs/tags/v1") for name in ("pypi", "docs")]
    assert said(world, run, "approved") == (made[0],)
    assert ([d.state for d in made], run.latest.status) == (["in_progress", "pending"], "waiting")
    assert said(world, run, "approved") == ()
    assert said(world, run, "approved", name="docs") == (made[1],)
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


def test_an_environment_has_bounds(world):
    """More than six reviewers, or a timer beyond thirty days, are refused."""
    token = world.token()
    for body in ({"wait_timer": 43_201}, {"wait_timer": -1}, {"reviewers": [{"type": "User", "id": 1}] * 7}):
        assert world.ask("PUT", "environments/pypi", token=token, body=body).status == 422
    assert world.ask("PUT", "environments/pypi", token=token, body={"wait_timer": 43_200}).status == 200

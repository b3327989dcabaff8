"""Pull requests of the embedded GitHub: opened, found, refused, and merged into the real repository."""

import pytest

from tagship.rehearsal.github import Protection, Rule, Ruleset

TITLE = {"title": "Release 1.1.0", "head": "release/v1.1.0", "base": "main", "body": "notes"}


@pytest.fixture
def branch(world):
    """A branch with one commit more than main."""
    return world.commit("Release 1.1.0", {"version.txt": "1.1.0\n"}, branch="release/v1.1.0")


def opened(world, token=None, **changed):
    """The answer to an attempt to open it."""
    return world.post("pulls", token=token or world.token(), body={**TITLE, **changed})


def merged(world, method="merge", token=None, **how):
    """The answer to an attempt to merge it."""
    return world.ask("PUT", "pulls/1/merge", token=token or world.token(), body={"merge_method": method, **how})


def said(answer):
    """Status and the first thing that is wrong, without the name of the resource."""
    status, _, errors = answer.said
    return status, {key: value for key, value in errors[0].items() if key != "resource"}


def test_it_is_opened_and_found(world, branch):
    """A pull request has its ends, figures and addresses, is found by head and base, and is an issue as well."""
    made = opened(world)
    assert (made.status, made.headers["Location"].rpartition("/repos")[2]) == (201, "/ada/engine/pulls/1")
    pull = made.json
    assert (pull["head"]["label"], pull["head"]["sha"]) == ("ada:release/v1.1.0", branch)
    assert (pull["base"]["ref"], pull["base"]["sha"]) == ("main", world.head)
    assert (pull["commits"], pull["additions"], pull["changed_files"], pull["mergeable_state"]) == (1, 1, 1, "clean")
    assert (pull["state"], pull["merged"], pull["body"]) == ("open", False, "notes")
    for query, count in (
        ("", 1),
        ("?head=ada:release/v1.1.0&base=main", 1),
        ("?head=ada:other", 0),
        ("?head=eve:release/v1.1.0", 0),
        ("?base=1.x", 0),
        ("?state=closed", 0),
    ):
        assert len(world.get(f"pulls{query}").json) == count
    assert world.get("issues/1").json["pull_request"]["html_url"].endswith("/ada/engine/pull/1")
    assert world.get("pulls/1").json["head"]["sha"] == branch
    assert world.get("pulls/2").said == (404, "Not Found")


def test_a_second_one_is_refused(world, branch):
    """One branch has one open pull request into the same base; closed ones do not count."""
    opened(world)
    exists = {"code": "custom", "message": "A pull request already exists for ada:release/v1.1.0."}
    assert said(opened(world)) == (422, exists)
    world.patch("issues/1", token=world.token(), body={"state": "closed"})
    assert opened(world).json["number"] == 2


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"head": "missing"}, {"field": "head", "code": "invalid"}),
        ({"head": "eve:release/v1.1.0"}, {"field": "head", "code": "invalid"}),
        ({"base": "missing"}, {"field": "base", "code": "invalid"}),
        ({"head": "main"}, {"code": "custom", "message": "No commits between main and main"}),
    ],
)
def test_ends_that_do_not_fit(world, branch, changed, error):
    """A branch that is missing, or that adds nothing, makes no pull request."""
    assert said(opened(world, **changed)) == (422, error)
    assert world.state.issues == []


def test_who_may_open_one(world, branch):
    """It takes the permission; a job's token also needs the setting that lets Actions open them."""
    lacking = opened(world, world.token("fine-grained", contents="write"))
    assert lacking.said == (403, "Resource not accessible by personal access token")
    assert lacking.headers["X-Accepted-GitHub-Permissions"] == "pull_requests=write"
    job = world.state.issue_token("github_token", {"pull-requests": "write"})  # as workflows spell it
    message = "GitHub Actions is not permitted to create or approve pull requests."
    assert opened(world, job).said == (403, message)
    world.state.policy.can_approve_reviews = True
    assert opened(world, job).json["user"]["login"] == "github-actions[bot]"


def test_a_head_that_is_deleted_closes_it(world, branch):
    """Without its branch a pull request is closed."""
    opened(world)
    world.work.text("push", "-q", "origin", "--delete", "release/v1.1.0")
    pull = world.get("pulls/1").json
    assert (pull["state"], pull["merged"]) == ("closed", False)


def history(world):
    """Subjects and parents of what main has got."""
    return world.state.git.text("log", "--format=%s|%P|%an|%cn", f"{world.head}..main").splitlines()


def test_merged(world, branch):
    """A merge has two parents, is GitHub's, moves the base, is a push, and is named by the pull request."""
    opened(world)
    made = merged(world)
    assert (made.status, made.json["merged"]) == (200, True)
    end = world.state.git.commit("refs/heads/main")
    assert made.json["sha"] == end == world.get("pulls/1").json["merge_commit_sha"]
    assert history(world)[0] == f"Merge pull request #1 from ada/release/v1.1.0|{world.head} {branch}|ada|GitHub"
    assert [(event.name, event.ref, event.sha) for event in world.state.events] == [("push", "refs/heads/main", end)]
    assert world.get("pulls/1").json["merged"] is True
    assert world.get("pulls/1").json["merged_by"]["login"] == "ada"
    assert merged(world).said == (405, "Pull Request is not mergeable")


def test_squashed_and_rebased_after_the_base_moved(world, branch):
    """Squashed it is one new commit with the number, rebased it keeps message and author; both end on the new base."""
    world.work.text("checkout", "-q", "main")
    moved = world.commit("Meanwhile", {"other.py": "y = 2\n"}, branch="main")
    opened(world)
    assert merged(world, "rebase").status == 200
    assert history(world) == [f"Release 1.1.0|{moved}|Ada|GitHub", f"Meanwhile|{world.head}|Ada|Ada"]
    assert world.state.git.text("show", "main:version.txt", "main:other.py") == "1.1.0\ny = 2"
    tip = world.state.git.text("rev-parse", "main")
    world.work.text("fetch", "-q", "origin")
    world.work.text("checkout", "-q", "-B", "release/v1.2.0", "origin/main")
    world.commit("Release 1.2.0", {"version.txt": "1.2.0\n"}, branch="release/v1.2.0")
    opened(world, head="release/v1.2.0", title="Release 1.2.0")
    assert world.ask("PUT", "pulls/2/merge", token=world.token(), body={"merge_method": "squash"}).status == 200
    assert history(world)[0] == f"Release 1.2.0 (#2)|{tip}|ada|GitHub"


def test_a_conflict(world, branch):
    """What cannot be merged says so, and is not merged by any method."""
    world.work.text("checkout", "-q", "main")
    end = world.commit("Meanwhile", {"version.txt": "1.0.1\n"}, branch="main")
    opened(world)
    pull = world.get("pulls/1").json
    assert (pull["mergeable"], pull["mergeable_state"]) == (False, "dirty")
    for method in ("merge", "squash", "rebase"):
        assert merged(world, method).said == (405, "Pull Request is not mergeable")
    assert world.state.git.commit("refs/heads/main") == end


def test_what_the_base_asks_for(world, branch):
    """Reviews and checks of ruleset and classic protection hold a merge up until they are there; pushes are refused."""
    checks = {"required_status_checks": [{"context": "test"}]}
    rules = (
        Rule(type="pull_request", parameters={"required_approving_review_count": 2}),
        Rule(type="required_status_checks", parameters=checks),
    )
    world.state.rulesets.append(Ruleset(id=1, name="m", target="branch", created=0, include=("~ALL",), rules=rules))
    world.state.protections["main"] = Protection(checks=(("ci/x", None),))
    opened(world)
    assert world.get("pulls/1").json["mergeable_state"] == "blocked"
    missing = ['Required status check "test" is expected.', 'Required status check "ci/x" is expected.']
    reviews = "At least 2 approving reviews are required by reviewers with write access."
    assert merged(world).said == (405, "\n".join(["Repository rule violations found\n", reviews, *missing]))
    move = {"sha": branch}
    direct = world.patch("git/refs/heads/main", token=world.token(), body=move).said
    asked = "Changes must be made through a pull request."
    assert direct == (422, "\n".join(["Repository rule violations found\n", asked, *missing]))
    world.state.issues[0].pull.approvals.update(("eve", "bob"))
    world.state.add_check(branch, "test")
    world.state.add_status(branch, "ci/x", "success")
    assert merged(world, sha="0" * 40).said == (409, "Head branch was modified. Review and try the merge again.")
    assert merged(world, sha=branch).status == 200


def test_the_newer_version_of_the_api_says_less(world, branch):
    """Asked by the version 2026-03-10, neither the commit of a merge nor one assignee is named."""
    opened(world)
    newer = {"X-GitHub-Api-Version": "2026-03-10"}
    for path in ("pulls/1", "issues/1"):
        gone = set(world.get(path).json) - set(world.get(path, headers=newer).json)
        assert gone == ({"assignee", "merge_commit_sha"} if path == "pulls/1" else {"assignee"})
    assert "has_downloads" not in world.get("", headers=newer).json

"""The release by pull request, by the command itself, at github.com as the embedded one answers there."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tagship.errors import PlanRefused, ToolFailed
from tagship.operate.merged import until_merged
from tagship.rehearsal.github import Rule, Ruleset
from tagship.rehearsal.github.threads import Issue, Pull
from tagship.services.github import GitHub
from tagship.services.http import Http
from tagship.services.pulls import Pulls
from tagship.services.secret import Secret
from tests.cli.calling import IMPORTED, Answer, call
from tests.rehearsing import IDENTITY, PYPROJECT, Opened, Stage, git, repository

pytestmark = pytest.mark.requirement("B6")
CHANGELOG = "# Changelog\n\n## Unreleased\n\n- The wheel turns.\n\n## 1.0.0 - 2026-01-02\n\n- First.\n"
PUBLISH = "name: Publish to PyPI\non:\n  push: {tags: ['v*']}\njobs: {}\n"
BRANCH = "release/v1.1.0"
RAISED = PYPROJECT.replace('version = "1.0.0"', 'version = "1.1.0"')
REVIEWS = {
    "dismiss_stale_reviews_on_push": True,
    "require_code_owner_review": False,
    "require_last_push_approval": False,
    "required_approving_review_count": 0,
    "required_review_thread_resolution": False,
}
QUIET = ("--yes", "--no-rehearsal", "--no-watch")


@dataclass(frozen=True)
class Desk:
    """A maintainer's clone of the repository on the embedded GitHub."""

    opened: Opened
    clone: Path
    upstream: str

    @property
    def bare(self) -> Path:
        """The repository on GitHub."""
        return self.opened.embedded.github.git.root

    def token(self, kind: str = "classic", **permissions: str) -> str:
        """A token; a maintainer's unless said otherwise."""
        return self.opened.embedded.github.issue_token(kind, permissions or {"repo": "write"}).value  # type: ignore[arg-type]

    def environ(self, token: str = "") -> dict[str, str]:
        """The variables of a machine that is led into the world."""
        inside = dict(self.opened.embedded.shell.environment)
        who = {name: value for name, value in IDENTITY.items() if not name.endswith("DATE")}
        return {**inside, **who, "GH_TOKEN": token, "UV_DEFAULT_INDEX": self.upstream, "HOME": os.environ["HOME"]}

    def release(self, *words: str, token: str | None = None, **more: str) -> Answer:
        """Run `tagship release WORDS`."""
        value = self.token() if token is None else token
        return call("release", *words, cwd=self.clone, environ=self.environ(value) | more)

    def git(self, *words: str) -> str:
        """Run git in the clone, through the doors."""
        environ = os.environ | self.environ()
        done = subprocess.run(
            ("git", *words), cwd=self.clone, env=environ, check=True, capture_output=True, text=True, timeout=60
        )
        return done.stdout.strip()

    @property
    def state(self) -> tuple[str, ...]:
        """The clone: commit, branch, local branches, tags, changes, worktrees."""
        words = ("rev-parse HEAD", "branch", "tag", "status --short", "worktree list")
        return tuple(git(self.clone, *word.split()) for word in words)

    @property
    def remote(self) -> dict[str, str]:
        """The branches and tags on GitHub, with their commits."""
        rows = git(self.bare, "for-each-ref", "--format=%(refname:short) %(objectname) %(*objectname)").splitlines()
        return {row.split()[0]: row.split()[-1] for row in rows}

    @property
    def issues(self) -> list[Issue]:
        """The pull requests on GitHub."""
        return self.opened.embedded.github.issues

    @property
    def github(self) -> GitHub:
        """GitHub, as a maintainer asks it."""
        place = self.opened.embedded
        http = Http(proxy=place.doors.url, ca=place.ca, agent="tagship/test")
        return GitHub(http, "owner/sample", Secret(self.token()))

    def merge(self, method: str = "merge", number: int = 1) -> str:
        """Merge a pull request as a maintainer does on the website; returns the commit that the base got."""
        reply = self.github.change("PUT", f"/pulls/{number}/merge", {"merge_method": method})
        return reply.json(dict[str, object])["sha"]  # type: ignore[return-value]

    def protect(self, approvals: int = 0) -> None:
        """Let main take changes by pull request alone."""
        rules = (Rule(type="pull_request", parameters=REVIEWS | {"required_approving_review_count": approvals}),)
        ruleset = Ruleset(id=7, name="main", target="branch", created=0, include=("~DEFAULT_BRANCH",), rules=rules)
        self.opened.embedded.github.rulesets.append(ruleset)

    def elsewhere(self, branch: str, message: str, **files: str) -> str:
        """Somebody else's commit on a branch of GitHub."""
        other = self.clone.parent / "other"
        if not other.exists():
            git(self.clone.parent, "clone", "--quiet", str(self.bare), "other")
        git(other, "fetch", "--quiet", "origin")
        start = f"origin/{branch}" if branch in self.remote else "origin/main"
        git(other, "switch", "--quiet", "--no-track", "-C", branch, start)
        for name, text in files.items():
            (other / name.replace("_", ".")).write_text(text)
        git(other, "add", "--all")
        git(other, "commit", "--quiet", "--allow-empty", "--message", message)
        sha = git(other, "rev-parse", "HEAD")
        git(self.bare, "fetch", "--quiet", str(other), f"+{branch}:{branch}")
        return sha


@pytest.fixture
def desk(stage: Stage, tmp_path: Path, upstream: str) -> Iterator[Desk]:
    """A clone at github.com, with the token of its owner in the address, as git's helper would give it."""
    files = {"CHANGELOG.md": CHANGELOG, ".github/workflows/publish.yml": PUBLISH}
    with stage.open(repository(tmp_path / "sample", files)) as opened:
        desk = Desk(opened, tmp_path / "clone", upstream)
        desk.clone.mkdir()
        desk.git("clone", "--quiet", "https://github.com/owner/sample.git", ".")
        desk.git("remote", "set-url", "--push", "origin", f"https://owner:{desk.token()}@github.com/owner/sample.git")
        yield desk


def test_a_pull_request_and_then_the_tag(desk: Desk) -> None:
    """The commit goes by a branch of its own, the notes are its words, the clone stays, and the merge is tagged."""
    before, main = desk.state, desk.remote["main"]
    dry = desk.release("minor", "--pull-request", "--dry-run")
    assert (dry.code, desk.state, list(desk.remote)) == (0, before, ["main", "v1.0.0"])
    done = desk.release("minor", "--pull-request", *QUIET)
    assert (done.code, done.out) == (0, dry.out), done.err
    assert desk.state == before
    page = "https://github.com/owner/sample/pull/1"
    assert done.err.splitlines()[-7:] == [
        "committed pyproject.toml, CHANGELOG.md: Release 1.1.0",
        f"pushed {BRANCH}",
        f"opened pull request #1  {page}",
        "",
        "It waits for: nobody but whoever merges it; let its checks end first",
        f"To take it back: gh pr close 1 --delete-branch, or git push origin --delete {BRANCH}",
        "Once it is merged: tagship release --merged",
    ]
    (issue,) = desk.issues
    assert (issue.title, issue.pull.base if issue.pull else "") == ("Release 1.1.0", "main")
    assert issue.body is not None
    assert issue.body.startswith("- The wheel turns.")
    assert issue.body.endswith(
        "`tagship release --merged` tags what main got by it, and with the tag 1.1.0 is released."
    )
    assert git(desk.bare, "rev-parse", f"{BRANCH}^") == main == desk.remote["main"]
    assert git(desk.bare, "show", f"{BRANCH}:pyproject.toml") == RAISED.strip()
    early = desk.release("--merged", *QUIET)
    assert (early.code, "pull request #1 is not merged yet\n" in early.err, desk.state) == (4, True, before)
    merged = desk.merge()
    moved = desk.elsewhere("main", "Meanwhile")
    tagged = desk.release("--merged", *QUIET)
    assert tagged.code == 0, tagged.err
    assert tagged.err.splitlines() == [
        f"sample 1.1.0, merged as {merged[:12]}  {page}",
        "",
        f"  1. tag v1.1.0 at {merged[:12]}",
        "  2. push v1.1.0",
        "tagged v1.1.0",
        "pushed v1.1.0",
        "main does not have it here yet: git pull --ff-only",
    ]
    assert desk.remote == {"main": moved, BRANCH: desk.remote[BRANCH], "v1.0.0": main, "v1.1.0": merged}
    assert desk.state == (before[0], before[1], "v1.0.0\nv1.1.0", *before[3:])
    again = desk.release("--merged", *QUIET)
    assert (again.code, again.err.splitlines()[-2]) == (0, "the remote has v1.1.0 already")


@pytest.mark.parametrize("method", ["squash", "rebase"])
def test_squashed_and_rebased(desk: Desk, method: str) -> None:
    """Where the merge makes another commit than the branch's, that one is tagged, and no other."""
    desk.elsewhere("main", "Before")
    desk.git("pull", "--quiet", "--ff-only", "origin", "main")
    assert desk.release("minor", "--pull-request", *QUIET).code == 0
    desk.elsewhere("main", "Meanwhile")
    merged = desk.merge(method)
    desk.elsewhere("main", "After")
    assert desk.release("--merged", *QUIET).code == 0
    assert desk.remote["v1.1.0"] == merged not in (desk.remote["main"], desk.remote[BRANCH])


def test_a_branch_whose_rules_are_seen(desk: Desk) -> None:
    """A ruleset that asks for pull requests is seen before anything is done, and its reviews and checks are named."""
    desk.protect(approvals=2)
    checks = {"required_status_checks": [{"context": "Tests"}], "strict_required_status_checks_policy": True}
    desk.opened.embedded.github.rulesets[-1].rules += (Rule(type="required_status_checks", parameters=checks),)
    done = desk.release("minor", *QUIET)
    assert done.code == 0, done.err
    assert done.err.startswith("main takes no pushes: a pull request it is (--push tries nevertheless)\n")
    assert "It waits for: 2 approving reviews, Tests\n" in done.err
    assert len(desk.issues) == 1
    assert desk.remote.keys() == {"main", BRANCH, "v1.0.0"}


def test_who_may_bypass_the_rules_pushes(desk: Desk) -> None:
    """For somebody whom the ruleset lets through, nothing changes: branch and tag are pushed together."""
    desk.protect()
    desk.opened.embedded.github.rulesets[-1].bypass = ("owner",)
    done = desk.release("minor", *QUIET)
    assert (done.code, done.err.splitlines()[-1]) == (0, "pushed main and v1.1.0")
    assert desk.issues == []


def test_a_push_whose_refusal_asks_for_it(desk: Desk) -> None:
    """Classic protection is hidden: the push is refused, all is taken back, and the pull request is opened instead."""
    from tagship.rehearsal.github import Protection

    desk.opened.embedded.github.protections["main"] = Protection()
    before = desk.state
    direct = desk.release("minor", "--push", *QUIET)
    assert (direct.code, desk.state, desk.issues) == (4, before, [])
    assert "Changes must be made through a pull request." in direct.err
    assert "tagship release PART --pull-request" in direct.err
    done = desk.release("minor", *QUIET)
    assert done.code == 0, done.err
    assert "Everything is as it was, and it takes a pull request:\n" in done.err
    assert (desk.state, len(desk.issues), desk.remote.keys()) == (before, 1, {"main", BRANCH, "v1.0.0"})


def test_the_same_again(desk: Desk) -> None:
    """The same command finds branch and pull request, on another day as well, and makes nothing twice."""
    assert desk.release("minor", "--pull-request", *QUIET).code == 0
    remote = desk.remote
    again = desk.release("minor", "--pull-request", *QUIET)
    assert (again.code, desk.remote, len(desk.issues)) == (0, remote, 1)
    assert "  1. nothing more: pull request #1 is open  https://github.com/owner/sample/pull/1\n" in again.err
    github = desk.opened.embedded.github
    github.issues.clear()  # killed after the push, before the pull request was opened
    resumed = desk.release("minor", "--pull-request", *QUIET)
    assert (resumed.code, desk.remote, len(desk.issues)) == (0, remote, 1)
    assert f"  1. open a pull request from {BRANCH} into main: Release 1.1.0\n" in resumed.err


def no_permission(desk: Desk) -> str:
    """A token that may push and open no pull request."""
    return desk.token("fine-grained", contents="write")


def job_token(desk: Desk) -> str:
    """A job's token, where the repository does not let Actions open pull requests."""
    return desk.token("github_token", contents="write", pull_requests="write")


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (no_permission, ("403 Resource not accessible by personal access token", "pull_requests=write")),
        (job_token, ("403 GitHub Actions is not permitted to create", "allow GitHub Actions to create pull requests")),
    ],
)
def test_a_token_that_may_not(desk: Desk, token: object, words: tuple[str, ...]) -> None:
    """Which permission or setting lacks is said, what was pushed as well, and another token goes on from there."""
    assert callable(token)
    before = desk.state
    refused = desk.release("minor", "--pull-request", *QUIET, token=token(desk))
    assert refused.code == 10, refused.err
    said = " ".join(refused.err.split())
    for expected in (f"No pull request was opened, and {BRANCH} is pushed: GitHub refused:", *words):
        assert expected in said
    assert (desk.state, desk.issues) == (before, [])
    assert desk.release("minor", "--pull-request", *QUIET).code == 0
    assert len(desk.issues) == 1


def dirty(desk: Desk) -> None:
    """A file that was changed."""
    (desk.clone / "README.md").write_text("changed\n")


def ahead(desk: Desk) -> None:
    """A commit that the remote has not."""
    git(desk.clone, "commit", "--quiet", "--allow-empty", "--message", "mine")


def behind(desk: Desk) -> None:
    """Somebody raised the version in the meantime."""
    desk.elsewhere("main", "Release 1.1.0", pyproject_toml=RAISED)


def forked(desk: Desk) -> None:
    """The clone is one of a fork."""
    desk.opened.embedded.github.fork = True


def taken(desk: Desk) -> None:
    """The branch is there, with something else on it."""
    desk.elsewhere(BRANCH, "Release 1.1.0", pyproject_toml=RAISED + "# more\n")


def untagged(desk: Desk) -> None:
    """An earlier one was merged, and nobody tagged it."""
    assert desk.release("minor", "--pull-request", *QUIET).code == 0
    desk.merge()
    desk.git("pull", "--quiet", "--ff-only", "origin", "main")


STOPS = {
    dirty: (4, "there are changes that are not committed: README.md", "git stash"),
    ahead: (4, "main has 1 commit that the remote has not", "git reset --keep origin/main"),
    behind: (4, "main lacks 1 commit of the remote's", "git pull --ff-only"),
    forked: (4, "origin is a fork, and its tags publish nothing", "git remote set-url origin"),
    taken: (9, f"the remote has the branch {BRANCH} already", f"git push origin --delete {BRANCH}"),
    untagged: (4, "pull request #1 was merged, and its tag was not pushed", "tagship release --merged"),
}


@pytest.mark.parametrize("happened", STOPS)
def test_what_stops_it(desk: Desk, happened: object) -> None:
    """What is not as it has to be is said with the way out, and neither clone nor remote change."""
    assert callable(happened)
    code, why, remedy = STOPS[happened]
    happened(desk)
    before, remote, count = desk.state, desk.remote, len(desk.issues)
    refused = desk.release("minor", "--pull-request", *QUIET)
    said = " ".join(refused.err.split())
    assert (refused.code, f"Nothing was released: {why}" in said, remedy in said) == (code, True, True), refused.err
    assert (desk.state, desk.remote, len(desk.issues)) == (before, remote, count)


@pytest.mark.parametrize("private", [False, True])
def test_without_a_token(desk: Desk, private: bool) -> None:
    """Without a token nothing is pushed, and it is said what a token must be able to do."""
    desk.git("remote", "set-url", "origin", desk.git("remote", "get-url", "--push", "origin"))
    desk.opened.embedded.github.private = private
    environ = {"PATH": os.environ["PATH"].replace("/usr/local/bin", "")}
    refused = desk.release("minor", "--pull-request", *QUIET, token="", **environ)
    assert refused.code == 4
    assert "there is no token with which a pull request could be opened" in refused.err
    assert "contents: write and pull_requests: write" in " ".join(refused.err.split())
    assert desk.remote.keys() == {"main", "v1.0.0"}


def closed(desk: Desk) -> None:
    """Closed without a merge."""
    desk.issues[0].closed = 1.0


def another_version(desk: Desk) -> None:
    """Somebody pushed another version onto the branch, and it was merged."""
    desk.elsewhere(BRANCH, "Rather", pyproject_toml=RAISED.replace("1.1.0", "1.2.0"))
    desk.merge()


def a_fork(desk: Desk) -> None:
    """What was merged came from a fork's branch of the same name."""
    desk.merge("squash")
    pull = desk.issues[0].pull
    assert isinstance(pull, Pull)
    pull.owner = "eve"


def tagged_elsewhere(desk: Desk) -> None:
    """Somebody pushed the tag, at another commit."""
    desk.merge()
    git(desk.bare, "tag", "v1.1.0", "v1.0.0")


def reset(desk: Desk) -> None:
    """The merge was taken off the branch again."""
    main = desk.remote["main"]
    desk.merge()
    git(desk.bare, "update-ref", "refs/heads/main", main)


NOT_TAGGED = {
    closed: (4, "pull request #1 was closed without a merge"),
    another_version: (4, "pull request #1 is about 1.1.0, and its commit on main says 1.2.0"),
    a_fork: (4, "there is no pull request of a release into main"),
    tagged_elsewhere: (9, "the remote has the tag v1.1.0 at"),
    reset: (4, "main does not have"),
}


@pytest.mark.parametrize("happened", NOT_TAGGED)
def test_what_is_not_tagged(desk: Desk, happened: object) -> None:
    """What was not merged, is not on the branch, is not ours or not that version gets no tag, here or there."""
    assert callable(happened)
    code, why = NOT_TAGGED[happened]
    assert desk.release("minor", "--pull-request", *QUIET).code == 0
    happened(desk)
    before, remote = desk.state, desk.remote
    refused = desk.release("--merged", *QUIET)
    assert (refused.code, f"Nothing was tagged: {why}" in " ".join(refused.err.split())) == (code, True), refused.err
    fetched = "\n".join(name for name in desk.remote if name.startswith("v"))  # git fetch brings the remote's tags
    assert (desk.state, desk.remote) == ((*before[:2], fetched, *before[3:]), remote)


def test_a_shallow_clone(desk: Desk) -> None:
    """Where the history is cut off nobody can tell what the branch has: refused, with what a job's checkout lacks."""
    assert desk.release("minor", "--pull-request", *QUIET).code == 0
    desk.merge()
    (desk.clone / ".git/shallow").write_text(git(desk.clone, "rev-parse", "HEAD") + "\n")
    refused = desk.release("--merged", *QUIET)
    assert (refused.code, "Nothing was tagged: the history is cut off (a shallow clone)" in refused.err) == (4, True)
    assert "v1.1.0" not in desk.remote


def test_one_among_many(desk: Desk) -> None:
    """A merged release is found below a hundred newer pull requests."""
    assert desk.release("minor", "--pull-request", *QUIET).code == 0
    merged = desk.merge()
    github = desk.opened.embedded.github
    first = github.issues[0]
    for number in range(2, 120):
        pull = Pull(owner="owner", head="topic", base="main", sha=merged, base_sha=merged)
        github.issues.append(
            Issue(
                id=number,
                number=number,
                title="A topic",
                body=None,
                login="owner",
                created=first.created + number,
                updated=first.updated + number,
                closed=first.created + number,
                pull=pull,
            )
        )
    assert desk.release("--merged", *QUIET).code == 0
    assert desk.remote["v1.1.0"] == merged


def test_a_tag_that_was_made_and_not_pushed(desk: Desk) -> None:
    """Killed between tag and push, the same command pushes the tag that is here."""
    assert desk.release("minor", "--pull-request", *QUIET).code == 0
    merged = desk.merge()
    desk.git("fetch", "--quiet", "origin", "main")
    git(desk.clone, "tag", "--annotate", "--message", "Release 1.1.0", "v1.1.0", merged)
    done = desk.release("--merged", *QUIET)
    assert (done.code, done.err.splitlines()[-3:-1]) == (0, ["  1. push v1.1.0", "pushed v1.1.0"])
    assert desk.remote["v1.1.0"] == merged


def test_a_hook_that_refuses(desk: Desk) -> None:
    """The clone's own hooks run for the commit; what they refuse leaves nothing behind."""
    hook = desk.clone / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\necho lint failed >&2; exit 1\n")
    hook.chmod(0o755)
    before = desk.state
    refused = desk.release("minor", "--pull-request", *QUIET)
    assert (refused.code, "lint failed" in refused.err, desk.state, desk.issues) == (15, True, before, [])
    assert desk.remote.keys() == {"main", "v1.0.0"}


@pytest.mark.requirement("E2")
@pytest.mark.parametrize("moment", ["pre-commit", "post-commit", "pre-push"])
def test_killed_in_between(desk: Desk, moment: str) -> None:
    """Killed with its checkout beside the user's, the same command removes that and goes on; the clone stays."""
    hook = desk.clone / ".git/hooks" / moment
    hook.write_text('#!/bin/sh\nkill -9 "$(ps -o ppid= -p "$PPID")"\n')
    hook.chmod(0o755)
    before = desk.state
    assert desk.release("minor", "--pull-request", *QUIET).code == -9
    wait_for(lambda: not list((desk.clone / ".git/worktrees").rglob("*.lock")))  # git itself goes on for a moment
    assert desk.state[:4] == before[:4]
    assert len(desk.state[4].splitlines()) == 2
    hook.unlink()
    again = desk.release("minor", "--pull-request", *QUIET)
    assert (again.code, desk.state, len(desk.issues)) == (0, before, 1), again.err


def wait_for(done: Callable[[], bool]) -> None:
    """Wait until something holds, for ten seconds at most."""
    for _ in range(100):
        time.sleep(0.1)
        if done():
            return
    raise AssertionError("it did not come about")


@pytest.mark.requirement("E2")
def test_a_lost_answer(desk: Desk) -> None:
    """A push of the branch whose answer was lost has arrived, which the remote is asked."""
    hook = desk.bare / "hooks/post-receive"
    hook.write_text('#!/bin/sh\nkill -9 "$PPID"\n')
    hook.chmod(0o755)
    done = desk.release("minor", "--pull-request", *QUIET)
    assert done.code == 0, done.err
    assert f"pushed {BRANCH}; the answer was lost, and it arrived\n" in done.err
    assert len(desk.issues) == 1


def test_taken_back(desk: Desk) -> None:
    """The command that is named takes all back: the branch goes, its pull request closes, and one may begin anew."""
    done = desk.release("minor", "--pull-request", *QUIET)
    undo = done.err.rpartition(", or ")[2].splitlines()[0]
    assert undo == f"git push origin --delete {BRANCH}"
    desk.git(*undo.split()[1:])
    assert desk.github.read("/pulls/1", dict[str, object])["state"] == "closed"
    assert desk.release("minor", "--pull-request", *QUIET).code == 0
    assert len(desk.issues) == 2
    assert desk.remote.keys() == {"main", BRANCH, "v1.0.0"}


def test_a_jobs_own_token_pushes_no_tag(desk: Desk) -> None:
    """In a job, a tag that GITHUB_TOKEN would push is refused, since nothing would start; another token pushes it."""
    assert desk.release("minor", "--pull-request", *QUIET).code == 0
    merged = desk.merge()
    job = desk.token("github_token", contents="write", pull_requests="read")
    address = "https://github.com/owner/sample.git"
    desk.git("remote", "set-url", "--push", "origin", address)
    header = subprocess.run(
        ("base64", "-w0"), input=f"x-access-token:{job}", capture_output=True, text=True, check=True
    ).stdout
    key = "http.https://github.com/.extraheader"
    desk.git("config", key, f"AUTHORIZATION: basic {header}")  # as actions/checkout leaves it
    refused = desk.release("--merged", *QUIET, GITHUB_ACTIONS="true")
    said = " ".join(refused.err.split())
    assert refused.code == 4, refused.err
    assert "Nothing was pushed: a tag pushed with GITHUB_TOKEN starts no workflow" in said
    assert "gh workflow run publish.yml --ref v1.1.0 -f target_env=pypi" in said
    assert "v1.1.0" not in desk.remote
    assert "v1.1.0" not in desk.state[2]
    desk.git("config", "--unset", key)
    desk.git("remote", "set-url", "--push", "origin", address.replace("//", f"//app:{desk.token()}@"))
    assert desk.release("--merged", *QUIET, GITHUB_ACTIONS="true").code == 0
    assert desk.remote["v1.1.0"] == merged


def test_it_is_rehearsed_as_if_merged(desk: Desk) -> None:
    """The rehearsal of the new commit is a real one, in which the commit counts as merged; so is that of the tag."""
    done = desk.release("minor", "--pull-request", "--yes", "--no-watch")
    assert done.code == 0, done.err
    assert "rehearsed in" in done.err
    desk.merge()
    tagged = desk.release("--merged", "--yes", "--no-watch")
    assert (tagged.code, "rehearsed in" in tagged.err) == (0, True), tagged.err


def test_what_does_not_go_together(desk: Desk) -> None:
    """--merged goes on with what was begun: with a part, or a way to begin, it is refused."""
    for words in (("minor", "--merged"), ("--merged", "--pull-request")):
        refused = desk.release(*words, *QUIET)
        assert (refused.code, "--merged goes on with a release that was begun" in refused.err) == (2, True)


def test_a_closed_one_hides_none_that_waits(desk: Desk) -> None:
    """A newer attempt that was given up does not keep a merged release from its tag; then it is refused itself."""
    assert desk.release("minor", "--pull-request", *QUIET).code == 0
    merged = desk.merge()
    assert desk.release("major", "--pull-request", *QUIET).code == 4  # the clone lacks the merge
    desk.elsewhere("release/v2.0.0", "Release 2.0.0", pyproject_toml=RAISED.replace("1.1.0", "2.0.0"))
    desk.github.change("POST", "/pulls", {"title": "Release 2.0.0", "head": "release/v2.0.0", "base": "main"})
    desk.issues[1].closed = 1.0
    assert desk.release("--merged", *QUIET).code == 0
    assert desk.remote["v1.1.0"] == merged
    refused = desk.release("--merged", *QUIET)
    assert (refused.code, "pull request #2 was closed without a merge" in refused.err) == (4, True), refused.err


def test_somebody_opens_it_first(desk: Desk) -> None:
    """A pull request that is opened between our look and our own attempt is found, and taken."""
    place = desk.opened.embedded
    fields = {"title": "Release 1.1.0", "head": BRANCH, "base": "main"}
    script = desk.clone.parent / "opens.py"
    script.write_text(
        "from pathlib import Path\nfrom tagship.services.http import Http\n"
        "from tagship.services.github import GitHub\nfrom tagship.services.secret import Secret\n"
        f"http = Http(proxy={place.doors.url!r}, ca=Path({str(place.ca)!r}), agent='tagship/test')\n"
        f"GitHub(http, 'owner/sample', Secret({desk.token()!r})).change('POST', '/pulls', {fields!r})\n"
    )
    hook = desk.bare / "hooks/post-receive"
    hook.write_text(f"#!/bin/sh\nPYTHONPATH={IMPORTED} exec {sys.executable} {script} >&2\n")
    hook.chmod(0o755)
    done = desk.release("minor", "--pull-request", *QUIET)
    assert (done.code, len(desk.issues)) == (0, 1), done.err
    assert "opened pull request #1  https://github.com/owner/sample/pull/1\n" in done.err


def in_time(desk: Desk) -> threading.Timer:
    """Somebody who merges a while later."""
    timer = threading.Timer(3.0, desk.merge)
    timer.start()
    return timer


def test_it_waits_for_the_merge(desk: Desk) -> None:
    """With --wait the same command goes on by itself once the pull request is merged, up to the tag."""
    done = desk.release("minor", "--pull-request", *QUIET)
    assert done.code == 0, done.err
    timer = in_time(desk)
    waited = desk.release("minor", "--pull-request", "--wait", *QUIET)
    timer.join()
    assert waited.code == 0, waited.err
    assert [line for line in waited.err.splitlines() if "#1" in line or line.startswith("pushed")] == [
        "  1. nothing more: pull request #1 is open  https://github.com/owner/sample/pull/1",
        "waiting until #1 is merged; Ctrl-C stops the waiting, and no more",
        "#1: it can be merged",
        "#1 is merged",
        "pushed v1.1.0",
    ]
    assert desk.remote["v1.1.0"] == desk.remote["main"]


class Clock:
    """Time that passes when somebody sleeps; things happen meanwhile."""

    def __init__(self, *happens: Callable[[], object], pace: float = 1.0) -> None:
        self.time = 0.0
        self.pace = pace
        self.happens = iter(happens)

    def now(self) -> float:
        """Seconds."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass, and the next thing happen."""
        self.time += seconds * self.pace
        next(self.happens, lambda: None)()


def test_what_it_waits_for_is_said(desk: Desk) -> None:
    """While it waits, a conflict, missing reviews, and that nothing is missing any more are said once each."""
    desk.protect(approvals=1)
    assert desk.release("minor", "--pull-request", *QUIET).code == 0
    branch, main = desk.remote[BRANCH], desk.remote["main"]
    pull = desk.issues[0].pull
    assert pull is not None
    elsewhere = desk.elsewhere("main", "Other", pyproject_toml=RAISED.replace("1.1.0", "1.0.1"))
    clock = Clock(
        lambda: git(desk.bare, "update-ref", "refs/heads/main", main),
        lambda: None,
        lambda: pull.approvals.add("eve"),
        desk.merge,
    )
    said: list[str] = []
    pulls = Pulls(desk.github)
    merged = until_merged(pulls, pulls.get(1), clock, said.append)
    assert (merged.merge_commit_sha, merged.head.sha) == (desk.remote["main"], branch)
    assert elsewhere != main
    assert said == [
        "waiting until #1 is merged; Ctrl-C stops the waiting, and no more",
        "#1: it conflicts with main",
        "#1: reviews or checks are missing",
        "#1: it can be merged",
        "#1 is merged",
    ]


def test_nobody_waits_for_ever(desk: Desk) -> None:
    """After a day the waiting ends, with the command that goes on; one that is closed ends it at once."""
    assert desk.release("minor", "--pull-request", *QUIET).code == 0
    pulls, clock = Pulls(desk.github), Clock(pace=60)
    with pytest.raises(ToolFailed, match="pull request #1 is open after a day"):
        until_merged(pulls, pulls.get(1), clock, lambda words: None)
    assert 86400 <= clock.time < 90000
    desk.issues[0].closed = 1.0
    with pytest.raises(PlanRefused, match="pull request #1 was closed without a merge"):
        until_merged(pulls, pulls.get(1), clock, lambda words: None)


def test_a_maintenance_branch(desk: Desk) -> None:
    """A pull request from a maintenance branch goes into that branch, and so does its tag."""
    desk.elsewhere("1.x", "Mend")
    desk.git("fetch", "--quiet", "origin")
    desk.git("switch", "--quiet", "1.x")
    done = desk.release("patch", "--pull-request", "--branch", "1.x", *QUIET)
    assert done.code == 0, done.err
    (issue,) = desk.issues
    assert issue.pull is not None
    assert (issue.pull.head, issue.pull.base) == ("release/v1.0.1", "1.x")
    merged = desk.merge()
    assert "Once it is merged: tagship release --merged --branch 1.x\n" in done.err
    assert desk.release("--merged", *QUIET).code == 4  # into main there is none
    tagged = desk.release("--merged", "--branch", "1.x", *QUIET)
    assert (tagged.code, desk.remote["v1.0.1"], desk.remote["1.x"]) == (0, merged, merged), tagged.err


def test_tags_that_are_the_version(desk: Desk) -> None:
    """Where nothing but tags holds the version, a part without a changelog needs no pull request, and that is said."""
    text = RAISED.replace('version = "1.1.0"', 'dynamic = ["version"]').replace(
        'requires = ["hatchling"]', 'requires = ["hatchling", "hatch-vcs"]'
    )
    desk.elsewhere("main", "Tags", pyproject_toml=text + '\n[tool.hatch.version]\nsource = "vcs"\n')
    desk.git("pull", "--quiet", "--ff-only", "origin", "main")
    done = desk.release("minor", "--pull-request", *QUIET)
    assert done.code == 0, done.err  # the changelog's section is what is merged
    merged = desk.merge("squash")
    tagged = desk.release("--merged", *QUIET)
    assert (tagged.code, desk.remote["v1.1.0"]) == (0, merged), tagged.err
    desk.git("pull", "--quiet", "--ff-only", "origin", "main")
    bare = desk.release("patch", "--pull-request", *QUIET)
    assert (bare.code, "there is nothing to change that a pull request could carry" in bare.err) == (4, True), bare.err


def test_several_packages(desk: Desk) -> None:
    """A package in a folder of its own is committed there, on a branch with its own tag's name."""
    text = PYPROJECT.replace('name = "sample"', 'name = "other"')
    desk.elsewhere("main", "Another", pyproject_toml=PYPROJECT)
    other = desk.clone.parent / "other" / "packages" / "other"
    other.mkdir(parents=True)
    (other / "pyproject.toml").write_text(text)
    desk.elsewhere("main", "Another one")
    desk.git("pull", "--quiet", "--ff-only", "origin", "main")
    done = desk.release("minor", "--pull-request", "--package", "packages/other", *QUIET)
    assert done.code == 0, done.err
    assert "Once it is merged: tagship release --merged --package packages/other\n" in done.err
    (issue,) = desk.issues
    assert issue.pull is not None
    head = issue.pull.head
    assert git(desk.bare, "diff", "--name-only", f"main..{head}").splitlines() == ["packages/other/pyproject.toml"]
    merged = desk.merge()
    tagged = desk.release("--merged", "--package", "packages/other", *QUIET)
    assert (tagged.code, desk.remote[head.removeprefix("release/")]) == (0, merged), tagged.err

"""A release by pull request, by the command itself, at github.com as the embedded one answers there."""

import os
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug import Response

from tagship.rehearsal.github import Rule
from tests.cli.calling import IMPORTED
from tests.operate.desks import BRANCH, CHANGELOG, QUIET, RAISED, Desk
from tests.rehearsing import PYPROJECT, git

pytestmark = [pytest.mark.requirement("B6"), pytest.mark.usefixtures("kept")]


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
    assert desk.release("minor", "--pull-request", *QUIET, apart=True).code == -9
    wait_for(lambda: not list((desk.clone / ".git/worktrees").rglob("*.lock")))  # git itself goes on for a moment
    assert desk.state[:4] == before[:4]
    assert len(desk.state[4].splitlines()) == 2
    hook.unlink()
    again = desk.release("minor", "--pull-request", *QUIET)
    assert (again.code, desk.state, len(desk.issues)) == (0, before, 1), again.err


def test_two_at_once(desk: Desk) -> None:
    """A second release in the same clone is refused before it did anything; the first one ends as if it were alone."""
    hook, go = desk.clone / ".git/hooks/pre-commit", desk.clone.parent / "go"
    hook.write_text(f"#!/bin/sh\ntouch {go}.begun; until [ -e {go} ]; do sleep 0.1; done\n")
    hook.chmod(0o755)
    before = desk.state
    with ThreadPoolExecutor() as threads:
        first = threads.submit(desk.release, "minor", "--pull-request", *QUIET, apart=True)
        wait_for(go.with_suffix(".begun").exists)
        second = desk.release("patch", "--pull-request", *QUIET, apart=True)
        go.touch()
    assert (second.code, "another tagship release is at work in this clone\n" in second.err) == (4, True), second.err
    assert (first.result().code, desk.state, len(desk.issues)) == (0, before, 1), first.result().err
    third = desk.release("patch", "--pull-request", *QUIET)
    assert (third.code, desk.state, len(desk.issues)) == (0, before, 2), third.err


def wait_for(done: Callable[[], bool]) -> None:
    """Wait until something holds, for two minutes at most."""
    for _ in range(1200):
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


def test_it_is_rehearsed_as_if_merged(desk: Desk) -> None:
    """The rehearsal of the new commit is a real one, in which the commit counts as merged; so is that of the tag."""
    done = desk.release("minor", "--pull-request", "--yes", "--no-watch")
    assert done.code == 0, done.err
    assert "rehearsed in" in done.err
    desk.merge()
    tagged = desk.release("--merged", "--yes", "--no-watch")
    assert (tagged.code, "rehearsed in" in tagged.err) == (0, True), tagged.err


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


def test_a_pull_request_into_another_branch_is_not_ours(desk: Desk) -> None:
    """Where ours did not come about, one of the same branch into another one is not taken for it."""
    place = desk.opened.embedded
    git(desk.bare, "branch", "other", "main")
    assert desk.release("minor", "--pull-request", *QUIET).code == 0
    desk.github.change("PATCH", "/issues/1", {"state": "closed"})
    desk.github.change("POST", "/pulls", {"title": "Elsewhere", "head": BRANCH, "base": "other"})
    github = place.doors.hosts["api.github.com"]

    def busy(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        opens = (environ["REQUEST_METHOD"], str(environ["PATH_INFO"]).rpartition("/")[2]) == ("POST", "pulls")
        return (Response(status=502) if opens else github)(environ, start_response)

    place.doors.hosts["api.github.com"] = busy
    done = desk.release("minor", "--pull-request", *QUIET)
    assert done.code == 12, done.err
    assert "No pull request was opened, and release/v1.1.0 is pushed: " in done.err
    assert "opened pull request" not in done.err


def test_what_others_wrote_does_not_act_on_the_terminal(desk: Desk) -> None:
    """Escape sequences in the changelog and in the names of required checks are shown as what they are."""
    (desk.clone / "CHANGELOG.md").write_text(CHANGELOG.replace("turns", "turns \x1b]0;owned\x07\x1b[31m"))
    desk.git("commit", "--quiet", "--all", "--message", "Turn")
    desk.git("push", "--quiet")
    desk.protect()
    check = {"strict_required_status_checks_policy": False, "required_status_checks": [{"context": "\x1b[31mred"}]}
    ruleset = desk.opened.embedded.github.rulesets[-1]
    ruleset.rules = (*ruleset.rules, Rule(type="required_status_checks", parameters=check))
    done = desk.release("minor", "--dry-run")
    assert done.code == 0, done.err
    assert "\ufffd[31mred" in done.err
    assert [character for character in done.out + done.err if ord(character) < 32 and character != "\n"] == []

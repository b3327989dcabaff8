"""The second half of a release by pull request: what is tagged once it is merged, and what is not."""

import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tagship.errors import PlanRefused, ToolFailed
from tagship.operate.merged import until_merged
from tagship.rehearsal.github.threads import Issue, Pull
from tagship.services.pulls import Pulls
from tests.operate.desks import BRANCH, QUIET, RAISED, Desk
from tests.rehearsing import git

pytestmark = pytest.mark.requirement("B6")


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


def merge_once_waited_for(desk: Desk) -> str:
    """Somebody who merges once the command has looked at the pull request; after a minute in any case."""
    exchanges, end = desk.opened.embedded.exchanges, time.monotonic() + 60
    while time.monotonic() < end and not any(exchange.url.endswith("/pulls/1") for exchange in exchanges):
        time.sleep(0.05)
    return desk.merge()


def test_it_waits_for_the_merge(desk: Desk) -> None:
    """With --wait the same command goes on by itself once the pull request is merged, up to the tag."""
    done = desk.release("minor", "--pull-request", *QUIET)
    assert done.code == 0, done.err
    with ThreadPoolExecutor() as threads:
        merged = threads.submit(merge_once_waited_for, desk)
        waited = desk.release("minor", "--pull-request", "--wait", *QUIET, apart=True)
    assert waited.code == 0, waited.err
    assert [line for line in waited.err.splitlines() if "#1" in line or line.startswith("pushed")] == [
        "  1. nothing more: pull request #1 is open  https://github.com/owner/sample/pull/1",
        "waiting until #1 is merged; Ctrl-C stops the waiting, and no more",
        "#1: it can be merged",
        "#1 is merged",
        "pushed v1.1.0",
    ]
    assert desk.remote["v1.1.0"] == merged.result() == desk.remote["main"]


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

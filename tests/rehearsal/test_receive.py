"""Pushes to the rehearsal's remote are judged by the rules of the embedded GitHub."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagship.rehearsal.github.state import Release, Rule, Ruleset
from tagship.rehearsal.receive import PATH
from tagship.services.git import Git
from tests.rehearsing import IDENTITY, Opened, Stage, repository


@pytest.fixture
def opened(stage: Stage, tmp_path: Path) -> Iterator[Opened]:
    """A world in which v1.0.0 was pushed."""
    with stage.open(repository(tmp_path / "sample", {})) as made:
        yield made


def pushed(opened: Opened, *words: str, **variables: str) -> tuple[bool, list[str]]:
    """Push from the maintainer's desk: whether it was taken, and what the remote said about rules."""
    desk = Git(opened.embedded.shell, opened.embedded.place.folder / "desk", extra={**IDENTITY, **variables})
    output = desk.run("push", "origin", *words)
    return output.ok, [
        line.removeprefix("remote: ").strip()
        for line in output.stderr.splitlines()
        if line.startswith(("remote: error:", "remote: - "))
    ]


def commit(opened: Opened) -> None:
    """One more commit at the desk."""
    desk = Git(opened.embedded.shell, opened.embedded.place.folder / "desk", extra=IDENTITY)
    desk.text("commit", "--quiet", "--allow-empty", "--message", "More")


def test_the_default_rules_are_those_of_a_well_kept_repository(opened: Opened) -> None:
    """Tags are made and never moved or deleted, branches go forwards only; the API shows the same rulesets."""
    commit(opened)
    assert pushed(opened, "HEAD:refs/tags/v1.0.1", "HEAD:refs/heads/main", "HEAD:refs/heads/topic") == (True, [])
    tag = "error: GH013: Repository rule violations found for refs/tags/v1.0.0."
    assert pushed(opened, "--force", "HEAD:refs/tags/v1.0.0") == (False, [tag, "- Cannot update this protected ref."])
    assert pushed(opened, ":refs/tags/v1.0.0") == (False, [tag, "- Cannot delete this protected ref."])
    main = "error: GH013: Repository rule violations found for refs/heads/main."
    assert pushed(opened, "--force", "HEAD~1:refs/heads/main") == (
        False,
        [main, "- Cannot force-push to this protected ref."],
    )
    assert pushed(opened, ":refs/heads/topic") == (True, [])
    shown = [(of.name, of.target, [rule.type for rule in of.rules]) for of in opened.embedded.github.rulesets]
    assert shown == [("Every tag", "tag", ["update", "deletion"]), ("Every branch", "branch", ["non_fast_forward"])]


def test_a_ruleset_counts_from_the_moment_it_is_there(opened: Opened) -> None:
    """A rule that is added later binds the next push, except of those who may bypass it; nothing of a push is taken."""
    rules = (Rule(type="creation"),)
    sealed = Ruleset(id=9, name="v", target="tag", created=0, include=("refs/tags/v*",), rules=rules, bypass=("ada",))
    opened.embedded.github.rulesets.append(sealed)
    said = [
        "error: GH013: Repository rule violations found for refs/tags/v2.",
        "- Cannot create ref due to creations being restricted.",
    ]
    both = ("HEAD:refs/tags/v2", "HEAD:refs/tags/other")
    assert pushed(opened, *both) == (False, said)
    assert opened.embedded.github.git.commit("refs/tags/other") is None
    assert pushed(opened, *both, REMOTE_USER="ada") == (True, [])


def test_the_tag_of_an_immutable_release_stays(opened: Opened) -> None:
    """Without any ruleset, a tag that belongs to an immutable release can still not be moved."""
    github = opened.embedded.github
    github.rulesets.clear()
    commit(opened)
    assert pushed(opened, "--force", "HEAD:refs/tags/v1.0.0") == (True, [])
    github.releases.append(
        Release(
            id=1,
            tag="v1.0.0",
            target="main",
            name="",
            body="",
            draft=False,
            prerelease=False,
            created=0,
            author="ada",
            updated=0,
            immutable=True,
        )
    )
    assert pushed(opened, "--force", "HEAD~1:refs/tags/v1.0.0") == (
        False,
        [
            "error: GH013: Repository rule violations found for refs/tags/v1.0.0.",
            "- Cannot update or delete a tag that belongs to an immutable release.",
        ],
    )


def test_a_remote_that_cannot_ask_takes_nothing(stage: Stage, tmp_path: Path) -> None:
    """Once the rehearsal's server is gone, the remote refuses every push instead of taking it unjudged."""
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        opened.embedded.doors.__exit__(None, None, None)
        assert pushed(opened, "HEAD:refs/heads/topic") == (False, [])


def test_the_question_is_in_no_log(opened: Opened) -> None:
    """What the remote asks is inside of GitHub: the log of requests does not have it."""
    pushed(opened, "HEAD:refs/heads/topic")
    assert [e.url for e in opened.embedded.exchanges if "pre-receive" in e.url] == []


def test_a_question_that_is_sent_slowly_stops_nobody(opened: Opened) -> None:
    """While the body of a question is still to come, the embedded GitHub answers others."""
    with socket.create_connection(("127.0.0.1", opened.embedded.doors.port), timeout=30) as slow:
        slow.sendall(f"POST {PATH} HTTP/1.1\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n".encode())
        assert slow.recv(100).startswith(b"HTTP/1.1 100 ")  # now it is read
        lock = opened.embedded.github.lock
        assert lock.acquire(timeout=30)
        lock.release()

"""git at the real address of the repository: who may read, who may push, and what is refused."""

import base64
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.rehearsing import Opened, Stage, repository

pytestmark = pytest.mark.requirement("D1")
ADDRESS = "https://github.com/owner/sample"
UNKNOWN = base64.b64encode(b"x-access-token:ghs_made_up").decode()
"""A token that GitHub does not know, as checkouts send theirs."""


@dataclass(frozen=True)
class Desk:
    """Runs git as somebody's machine that is led into the embedded world."""

    opened: Opened
    folder: Path

    def git(self, *words: str, token: str = "") -> tuple[int, str]:
        """Exit code and words of git, the token in the address."""
        address = ADDRESS.replace("https://", f"https://x-access-token:{token}@") if token else ADDRESS
        done = subprocess.run(
            ("git", *(word.replace(ADDRESS, address) for word in words)),
            cwd=self.folder,
            env=os.environ | self.opened.embedded.shell.environment | {"GIT_TERMINAL_PROMPT": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stderr + done.stdout

    def token(self, **permissions: str) -> str:
        """A job's token."""
        return self.opened.embedded.github.issue_token("github_token", permissions).value


@pytest.fixture
def desk(stage: Stage, tmp_path: Path) -> Iterator[Desk]:
    """A machine with an empty folder, and a repository that can be cloned."""
    folder = tmp_path / "desk"
    folder.mkdir()
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        yield Desk(opened, folder)


def test_anybody_clones_a_public_repository(desk: Desk) -> None:
    """A clone at the default address has every file and the tag that was pushed."""
    assert desk.git("clone", "--quiet", f"{ADDRESS}.git", "clone") == (0, "")
    assert (desk.folder / "clone" / "pyproject.toml").is_file()
    assert desk.git("-C", "clone", "tag") == (0, "v1.0.0\n")


@pytest.mark.parametrize(
    ("words", "token", "said"),
    [
        (("clone", f"{ADDRESS}-2", "c"), "", "could not read Username"),
        (
            ("-c", f"http.extraheader=AUTHORIZATION: basic {UNKNOWN}", "clone", ADDRESS, "c"),
            "",
            "could not read Username",
        ),
        (("push", ADDRESS, "HEAD:refs/heads/more"), "", "could not read Username"),
        (
            ("push", ADDRESS, "HEAD:refs/heads/more"),
            "read",
            "Permission to owner/sample.git denied to github-actions[bot].",
        ),
    ],
)
def test_who_may_not_is_told_so(desk: Desk, words: tuple[str, ...], token: str, said: str) -> None:
    """Another repository, a token that nobody knows, no token, or one that may only read."""
    assert desk.git("clone", "--quiet", ADDRESS, ".")[0] == 0
    given = desk.token(contents="read") if token == "read" else token
    code, told = desk.git(*words, token=given)
    assert code == 128
    assert said in told
    assert "more" not in desk.git("ls-remote", ADDRESS)[1]


def test_a_private_repository_is_not_shown(desk: Desk) -> None:
    """Without a token there is no such repository; with one it is cloned."""
    desk.opened.embedded.github.private = True
    assert desk.git("clone", ADDRESS, "c")[0] == 128
    assert desk.git("clone", "--quiet", ADDRESS, "c", token=desk.token(contents="read"))[0] == 0


def test_a_push_with_contents_write_is_taken_and_rules_are_kept(desk: Desk) -> None:
    """A new branch is there afterwards; a tag that exists is not moved."""
    token = desk.token(contents="write")
    assert desk.git("clone", "--quiet", ADDRESS, ".")[0] == 0
    assert desk.git("push", "--quiet", ADDRESS, "HEAD:refs/heads/more", token=token) == (0, "")
    assert "refs/heads/more" in desk.git("ls-remote", ADDRESS)[1]
    desk.git("commit", "--quiet", "--allow-empty", "--message", "Another")
    code, told = desk.git("push", "--force", ADDRESS, "HEAD:refs/tags/v1.0.0", token=token)
    assert code == 1
    assert "GH013: Repository rule violations found for refs/tags/v1.0.0." in told

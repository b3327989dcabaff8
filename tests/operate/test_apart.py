"""The checkout beside the user's own: complete, without their hooks, and gone afterwards, with nothing else."""

import os
from pathlib import Path

import pytest

from tagship.operate.apart import apart, sweep
from tagship.services.git import Git
from tagship.services.shell import Shell
from tests.rehearsing import IDENTITY, git, repository

pytestmark = pytest.mark.requirement("B6")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with a submodule that is checked out, and a change that is not committed."""
    repository(tmp_path / "inner", {"inner.txt": "inner\n"})
    root = repository(tmp_path / "outer", {})
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../inner", "vendor")
    git(root, "commit", "--quiet", "--message", "A submodule")
    (root / "README.md").write_text("changed\n")
    return root


def at(root: Path) -> Git:
    """Git there."""
    return Git(Shell(dict(os.environ) | IDENTITY), root)


def test_it_is_complete_and_goes(clone: Path) -> None:
    """It has the commit's files and submodules, not the user's changes; hooks stay still, and nothing is left."""
    hook = clone / ".git/hooks/post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {clone.parent}/ran\n")
    hook.chmod(0o755)
    before = git(clone, "worktree", "list"), git(clone, "status", "--short")
    with apart(at(clone), "HEAD") as inside:
        folder = inside.root
        assert (folder / "README.md").read_text() == "# sample\n"
        assert (folder / "vendor/inner.txt").read_text() == "inner\n"
        git(folder, "commit", "--quiet", "--allow-empty", "--message", "beside")
    assert (git(clone, "worktree", "list"), git(clone, "status", "--short")) == before
    assert not folder.parent.exists()
    assert not (clone.parent / "ran").exists()


def test_what_was_left_behind_goes(clone: Path) -> None:
    """A worktree of a run that was killed goes with the next, and its folder with it."""
    left = apart(at(clone), "HEAD")
    folder = left.__enter__().root
    mark = clone / ".git/tagship/apart"
    assert mark.read_text() == str(folder)
    assert sweep(at(clone)) == mark
    assert (mark.exists(), folder.parent.exists()) == (False, False)
    assert len(git(clone, "worktree", "list").splitlines()) == 1
    left.__exit__(None, None, None)


def test_nothing_else_is_removed(clone: Path) -> None:
    """A folder that git does not know as a worktree stays, whatever is written down."""
    mark = clone / ".git/tagship/apart"
    mark.parent.mkdir()
    precious = clone.parent / "precious"
    precious.mkdir()
    (precious / "file").touch()
    mark.write_text(str(precious))
    sweep(at(clone))
    assert ((precious / "file").exists(), mark.exists()) == (True, False)

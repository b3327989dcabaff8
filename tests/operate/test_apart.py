"""The checkout beside the user's own: complete, without their hooks, and gone afterwards, with nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tagship.errors import PlanRefused
from tagship.operate.apart import apart, sweep
from tagship.services.git import Git
from tagship.services.shell import Shell
from tests.rehearsing import IDENTITY, git, repository

pytestmark = pytest.mark.requirement("B6")
ROOT = Path(__file__).parents[2]
KILLED = """
import os, sys
from pathlib import Path
from tests.operate.test_apart import apart, at
with apart(at(Path(sys.argv[1])), "HEAD") as inside:
    os.write(1, str(inside.root).encode())
    os._exit(9)
"""
"""A process that ends in the middle, without a last word."""


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
    """A worktree of a run that was killed goes with the next, and its folder with it; one that is in use stays."""
    words = (sys.executable, "-c", KILLED, str(clone))
    folder = Path(subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False).stdout)
    assert folder.is_dir()
    with apart(at(clone), "HEAD") as inside:
        assert (folder.parent.exists(), inside.root.is_dir()) == (False, True)
        sweep(at(clone))
        with pytest.raises(PlanRefused, match="another tagship release is at work in this clone"):
            apart(at(clone), "HEAD").__enter__()
        assert (inside.root / "README.md").is_file()
    assert (len(git(clone, "worktree", "list").splitlines()), inside.root.parent.exists()) == (1, False)


def test_nothing_else_is_removed(clone: Path) -> None:
    """A folder that git does not know as a worktree stays, whatever is written down."""
    mark = clone / ".git/tagship/apart"
    mark.parent.mkdir()
    precious = clone.parent / "precious"
    precious.mkdir()
    (precious / "file").touch()
    mark.write_text(str(precious))
    sweep(at(clone))
    assert ((precious / "file").exists(), mark.read_text()) == (True, "")

"""A checkout beside the user's own, in which a commit is made without touching theirs: their files, branch and index
stay as they are, whatever happens in between.
"""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from typing import TextIO

from tagship.errors import PlanRefused
from tagship.services.checkout import submodules
from tagship.services.git import Git

QUIETLY = ("-c", f"core.hooksPath={os.devnull}")
"""Without the user's hooks, which are about their own checkout."""


@contextlib.contextmanager
def apart(git: Git, commit: str) -> Iterator[Git]:
    """A worktree of the repository with a commit checked out, the only one of ours at a time; gone at the end.

    Args:
        git: at the root of the user's checkout.

    Raises:
        PlanRefused: another process has one in this clone.
        ProjectError: a submodule is not checked out.
        ToolFailed: git's own words.
    """
    with _mark(git) as mark:
        folder = Path(tempfile.mkdtemp(prefix="tagship-")) / git.root.name
        try:
            mark.write(str(folder))
            mark.flush()
            git.text(*QUIETLY, "worktree", "add", "--quiet", "--detach", "--", str(folder), commit)
            inside = git.at(folder)
            submodules(git, inside)
            yield inside
        finally:
            _remove(git, folder)
            mark.truncate(0)


def sweep(git: Git) -> None:
    """Remove what a run left behind that was killed."""
    with contextlib.suppress(PlanRefused), _mark(git):
        pass


@contextlib.contextmanager
def _mark(git: Git) -> Iterator[TextIO]:
    """The file that says where our worktree is, empty and ours alone; what it named is gone: who wrote it was killed.

    The lock ends with the process, however that ends. The file stays: a lock on a removed file keeps nobody out.

    Raises:
        PlanRefused: another process has it.
    """
    place = (git.root / git.text("rev-parse", "--git-path", "tagship")).absolute()
    place.mkdir(exist_ok=True)
    with (place / "apart").open("a+", encoding="utf-8") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PlanRefused(
                "Nothing was done: another tagship release is at work in this clone",
                remedy="Wait until it has ended, and run the same command again.",
            ) from None
        mark.seek(0)
        if left := mark.read():
            _remove(git, Path(left))
            mark.truncate(0)
        yield mark


def _remove(git: Git, folder: Path) -> None:
    """Remove a worktree of ours, and nothing that git does not know as one."""
    known = f"worktree {folder}" in git.text("worktree", "list", "--porcelain").splitlines()
    if known:
        git.run("worktree", "remove", "--force", "--force", str(folder))
        rmtree(folder, ignore_errors=True)
        git.run("worktree", "prune")
    with contextlib.suppress(OSError):
        folder.parent.rmdir()

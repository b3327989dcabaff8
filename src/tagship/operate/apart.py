"""A checkout beside the user's own, in which a commit is made without touching theirs: their files, branch and index
stay as they are, whatever happens in between.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

from tagship.services.checkout import submodules
from tagship.services.git import Git

QUIETLY = ("-c", f"core.hooksPath={os.devnull}")
"""Without the user's hooks, which are about their own checkout."""


@contextlib.contextmanager
def apart(git: Git, commit: str) -> Iterator[Git]:
    """A worktree of the repository with a commit checked out; gone at the end, and where one was left behind earlier.

    Args:
        git: at the root of the user's checkout.

    Raises:
        ProjectError: a submodule is not checked out.
        ToolFailed: git's own words.
    """
    mark = sweep(git)
    mark.parent.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="tagship-")) / git.root.name
    try:
        mark.write_text(str(folder), encoding="utf-8")
        git.text(*QUIETLY, "worktree", "add", "--quiet", "--detach", "--", str(folder), commit)
        inside = git.at(folder)
        submodules(git, inside)
        yield inside
    finally:
        _remove(git, folder)
        mark.unlink(missing_ok=True)


def sweep(git: Git) -> Path:
    """Remove what a run left behind that was killed. Returns the file that says where such a worktree is."""
    mark = (git.root / git.text("rev-parse", "--git-path", "tagship")).absolute() / "apart"
    with contextlib.suppress(FileNotFoundError):
        _remove(git, Path(mark.read_text(encoding="utf-8")))
        mark.unlink()
    return mark


def _remove(git: Git, folder: Path) -> None:
    """Remove a worktree of ours, and nothing that git does not know as one."""
    known = f"worktree {folder}" in git.text("worktree", "list", "--porcelain").splitlines()
    if known:
        git.run("worktree", "remove", "--force", "--force", str(folder))
        rmtree(folder, ignore_errors=True)
        git.run("worktree", "prune")
    with contextlib.suppress(OSError):
        folder.parent.rmdir()

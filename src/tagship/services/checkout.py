"""Checkouts: a commit as a runner would have it, made from a repository that lies on this machine.

The source repository is only read. Objects are borrowed (git's alternates), so that a long history costs nothing;
submodules are taken from the source's own checkouts of them, since a rehearsal has no network.
"""

from pathlib import Path

from tagship.errors import ProjectError
from tagship.services.git import Git


def clone_at(source: Git, commit: str, destination: Path, *, modules: Path | None = None) -> Git:
    """Clone a repository and check out one commit, with tags, remote branches and submodules.

    Args:
        source: the repository to read; its untracked and modified files are not taken.
        destination: a folder that does not exist yet.
        modules: a checkout that has the submodules, where the source has none because it is bare.

    Raises:
        ProjectError: a submodule is not checked out in the source, or contents of files are not there.
        ToolFailed: git's own words.
    """
    source.text("clone", "--quiet", "--shared", "--no-checkout", "--", str(source.root), str(destination))
    clone = source.at(destination)
    clone.text("checkout", "--quiet", "--detach", commit)
    if missing := clone.lines("ls-files", "--deleted"):  # git goes on without what a partial clone lacks
        raise ProjectError(
            f"{len(missing)} of the files of {commit[:12]} are not in this clone, among them {missing[0]}",
            remedy=f"It is a partial clone: let git fetch them with `git checkout {commit[:12]}`, or make a whole one.",
            where=missing[0],
        )
    submodules(source.at(modules or source.root), clone)
    return clone


def submodules(source: Git, clone: Git) -> None:
    """Check out the submodules of a clone from those of the source.

    Raises:
        ProjectError: one is not checked out in the source.
    """
    if not (clone.root / ".gitmodules").exists():
        return
    for line in clone.lines("ls-tree", "-r", "--full-tree", "HEAD"):
        about, _, path = line.partition("\t")
        mode, _, commit = about.split(" ")
        if mode != "160000":
            continue
        inner = source.at(source.root / path)
        if not (inner.root / ".git").exists() or inner.commit(commit) is None:
            raise ProjectError(
                f"The submodule {path} is not checked out at {commit[:12]}",
                remedy="git submodule update --init --recursive",
                where=path,
            )
        target = clone.root / path
        if target.exists():
            target.rmdir()  # git leaves an empty folder for it
        clone_at(inner, commit, target)

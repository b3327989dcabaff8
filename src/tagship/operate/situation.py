"""What a repository is like before a release: looked at once, so that everything after is decided from data."""

from dataclasses import dataclass

from tagship.project.ci import FOLDER
from tagship.project.discover import Project
from tagship.rehearsal.fit import AS_OURS, publishing
from tagship.services.git import Git
from tagship.workflow.document import read
from tagship.workflow.events import Happened, NotStarted, started

PATIENCE = 600.0
"""Seconds that git may take for a commit, a fetch or a push, hooks and network included."""

RELEASE = "Release "
"""How the message of a release's commit begins; the version follows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """What the repository is like before anything is done."""

    head: str
    branch: str | None
    """The branch that is checked out; None with a detached HEAD."""
    release_branches: tuple[str, ...]
    remote: bool
    """Whether there is a remote called origin."""
    busy: str
    """What git is in the middle of: `merge`, `rebase`; empty for nothing."""
    changed: tuple[str, ...]
    """Tracked files that differ from the commit."""
    shallow: bool
    ahead: int
    """Commits that the remote's branch lacks."""
    behind: int
    """Commits of the remote's branch that this one lacks."""
    tag_here: str | None
    """The commit that the new tag means already, in this clone."""
    tag_there: str | None
    """The same on the remote: the commit, or the object of an annotated tag."""
    begun: str = ""
    """The subject of the last commit, where it is that of a release and was not pushed."""


def observe(git: Git, release_branches: tuple[str, ...], tag: str) -> Situation:
    """Look at the repository, after fetching what the remote has.

    Raises:
        ToolFailed: the remote cannot be reached.
    """
    remote = git.maybe("remote", "get-url", "origin") is not None
    if remote:
        git.text("fetch", "--quiet", "origin", timeout=PATIENCE)
    branch = git.maybe("symbolic-ref", "--quiet", "--short", "HEAD")
    theirs = f"refs/remotes/origin/{branch}"
    known = remote and git.commit(theirs) is not None
    counts = git.text("rev-list", "--left-right", "--count", f"{theirs}...HEAD").split() if known else ["0", "0"]
    there = git.text("ls-remote", "--tags", "origin", f"refs/tags/{tag}", timeout=PATIENCE) if remote else ""
    subject = git.maybe("show", "--no-patch", "--format=%s", "HEAD") or ""
    return Situation(
        head=git.commit() or "",
        branch=branch,
        release_branches=release_branches,
        remote=remote,
        busy=_busy(git),
        changed=git.changed(),
        shallow=git.is_shallow(),
        ahead=int(counts[1]),
        behind=int(counts[0]),
        tag_here=git.commit(f"refs/tags/{tag}"),
        tag_there=there.split()[0] if there else None,
        begun=subject if int(counts[1]) and subject.startswith(RELEASE) else "",
    )


def outlook(project: Project, tag: str) -> str:
    """What the pushed tag will bring about, as far as the workflow in the checkout says: a sentence."""
    known = publishing(project)
    file = f"{FOLDER}/{known.workflow}"
    path = project.top / file
    if not path.is_file():
        return f"warning: no workflow publishes it: there is no {file}; `tagship init` writes one."
    begun = started(read(path.read_bytes(), file), Happened(name="push", ref=f"refs/tags/{tag}"))
    if isinstance(begun, NotStarted):
        return f"warning: the tag does not start {known.workflow}: {begun.why}"
    if known.source == AS_OURS:
        return f"Then the tag starts {known.workflow}; that it publishes on PyPI cannot be told from the file."
    where = f"environment {known.pypi}" if known.pypi else "no environment"
    return f"Then {known.workflow} publishes {tag} on PyPI ({where}; {known.source})."


def _busy(git: Git) -> str:
    marks = {
        "MERGE_HEAD": "merge",
        "rebase-merge": "rebase",
        "rebase-apply": "rebase",
        "CHERRY_PICK_HEAD": "cherry-pick",
    }
    found = (what for mark, what in marks.items() if (git.root / git.text("rev-parse", "--git-path", mark)).exists())
    return next(found, "")

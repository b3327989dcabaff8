"""What the embedded GitHub reads from workflow files: the name, and whether and how they can be started by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from tagship.rehearsal.github.repository import RepositoryState
from tagship.services.git import Git
from tagship.workflow import events
from tagship.workflow.document import read

FOLDER = ".github/workflows/"


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflow:
    """A workflow file at one commit."""

    path: str
    name: str
    """Its own, or the path where it has none or cannot be read."""
    inputs: Mapping[str, events.Input] | None = None
    """None where it cannot be started by hand."""
    problem: str = ""
    """Why GitHub refuses the file; nothing for a good one."""


def workflows(repo: RepositoryState) -> tuple[Workflow, ...]:
    """The workflows of the default branch, by path."""
    sha = repo.git.commit(f"refs/heads/{repo.default_branch}")
    if sha is None:
        return ()
    names = repo.git.text("ls-tree", "-z", "--name-only", sha, FOLDER).split("\0")
    found = (workflow_at(repo, name, sha) for name in names if name.endswith((".yml", ".yaml")))
    return tuple(flow for flow in found if flow is not None)


def workflow_at(repo: RepositoryState, path: str, sha: str) -> Workflow | None:
    """One workflow as it is at a commit, or None where that has no such file."""
    return _read(repo.git, path, sha)


@lru_cache(maxsize=256)
def _read(git: Git, path: str, sha: str) -> Workflow | None:
    """Cached: a commit does not change, and YAML is slow to read."""
    text = git.maybe("show", f"{sha}:{path}")
    if text is None:
        return None
    document = read(text.encode(), path)
    if document.problems:
        first = document.problems[0]
        return Workflow(path=path, name=path, problem=f"(Line: {first.line}, Col: {first.column}): {first.why}")
    problem = events.invalid(document)
    if problem:
        return Workflow(path=path, name=path, problem=problem)
    trigger = document.triggers.get("workflow_dispatch")
    return Workflow(path=path, name=document.name, inputs=None if trigger is None else events.inputs(trigger))

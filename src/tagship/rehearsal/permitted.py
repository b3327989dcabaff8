"""Whether the settings of the embedded GitHub let a workflow run: Actions may be off, a workflow may be disabled, and
an action may not be allowed, which ends the run before its first job.

docs.github.com, "Managing GitHub Actions settings for a repository", "Disabling and enabling a workflow". GitHub's
words about actions as its runs show them (github.com/tailscale/tailscale/issues/17710,
github.com/Metastem/Wikiless/issues/149).
"""

import re
from fnmatch import fnmatchcase

from tagship.checks.check import few
from tagship.rehearsal.github import RepositoryState
from tagship.workflow import actions_lock
from tagship.workflow.document import Document

_PINNED = re.compile(r"@[0-9a-f]{40}$")
_OWN = ("actions/", "github/")
"""Organisations of GitHub's own."""


def barred(repo: RepositoryState, path: str) -> str:
    """Why a push starts this workflow for nobody; nothing where it may."""
    if not repo.policy.enabled:
        return "GitHub Actions is disabled for this repository"
    return f"{path.rpartition('/')[2]} is disabled" if path in repo.disabled_workflows else ""


def refused(repo: RepositoryState, document: Document) -> str:
    """Why a run of this workflow fails before its first job, in GitHub's words; nothing where it does not."""
    for name in _used(document):
        why = _why(repo, name)
        if why:
            return f"The action {name} is not allowed in {repo.full_name} because all actions must be {why}."
    return ""


def unproven(repo: RepositoryState, document: Document) -> str:
    """What may run only if GitHub has verified its creator, which no API says; nothing where that does not matter."""
    if repo.policy.allowed != "selected" or not repo.policy.verified:
        return ""
    names = [name for name in _used(document) if not _admitted(repo, name)]
    return f"whether GitHub has verified who made {few(names)}, and lets it run" if names else ""


def _used(document: Document) -> tuple[str, ...]:
    steps = (step.uses.text for job in document.jobs.values() for step in job.steps if step.uses is not None)
    used = (*steps, *(job.uses for job in document.jobs.values() if job.uses))
    return tuple(dict.fromkeys(name for name in used if not name.startswith(("./", "$/", "docker://"))))


def unlocked(repo: RepositoryState, sha: str, document: Document) -> str:
    """Why a run fails before its first job that the lock of a commit lists in part; GitHub says nothing of it."""
    text = repo.git.maybe("show", f"{sha}:{actions_lock.PATH}")
    try:
        missing = actions_lock.lacking(text, document) if text is not None else None
    except actions_lock.Unreadable:
        return ""
    return f"{actions_lock.PATH} lacks {few(missing)}" if missing else ""


def _why(repo: RepositoryState, name: str) -> str:
    policy = repo.policy
    if policy.allowed == "local_only" and not _owned(repo, name):
        return f"from a repository owned by {repo.owner}"
    if policy.allowed == "selected" and not policy.verified and not _admitted(repo, name):
        return f"from a repository owned by {repo.owner}, or match one of the patterns that are allowed"
    return "pinned to a full-length commit SHA" if policy.sha_pinning_required and not _PINNED.search(name) else ""


def _owned(repo: RepositoryState, name: str) -> bool:
    return name.lower().startswith(f"{repo.owner.lower()}/")


def _admitted(repo: RepositoryState, name: str) -> bool:
    ours = _owned(repo, name) or (repo.policy.github_owned and name.startswith(_OWN))
    return ours or any(fnmatchcase(name, pattern) for pattern in repo.policy.patterns)

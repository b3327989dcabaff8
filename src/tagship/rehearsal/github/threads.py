"""What the embedded GitHub remembers about issues and pull requests: plain mutable records.

A pull request is an issue with branches, as on GitHub: both count with the same numbers and have the same comments
and labels (docs.github.com, "REST API endpoints for issues").
"""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(kw_only=True, slots=True)
class Comment:
    """What somebody said below an issue."""

    id: int
    login: str
    body: str
    created: float


@dataclass(kw_only=True, slots=True)
class Pull:
    """What makes an issue a pull request."""

    owner: str
    """Whose repository the head is in: another one's than the base's for a fork."""
    head: str
    """The branch that is to be merged."""
    base: str
    sha: str
    """Where the head ends; where it ended, once it is merged or closed."""
    base_sha: str
    """Where the base ended when it was opened, or just before it was merged."""
    draft: bool = False
    approvals: set[str] = field(default_factory=set)
    """Who approved it."""
    merged: float | None = None
    merged_by: str = ""
    merge: str | None = None
    """The commit that the base got by it: the merge, the squashed one, the last of the rebased ones."""


@dataclass(kw_only=True, slots=True)
class Issue:
    """An issue, or a pull request."""

    id: int
    number: int
    title: str
    body: str | None
    login: str
    created: float
    updated: float
    labels: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    closed: float | None = None
    closed_by: str = ""
    reason: Literal["completed", "not_planned", "duplicate", "reopened"] | None = None
    pull: Pull | None = None

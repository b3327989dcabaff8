"""The embedded index: PyPI or TestPyPI in this process, refusing what the real one refuses, in its words."""

from tagship.rehearsal.index.app import EmbeddedIndex
from tagship.rehearsal.index.records import (
    Flag,
    Lifecycle,
    Pending,
    Project,
    Publisher,
    Release,
    Staleness,
    StoredFile,
    Token,
    User,
)
from tagship.rehearsal.index.simple import OtherProjects
from tagship.rehearsal.index.state import State

__all__ = [
    "EmbeddedIndex",
    "Flag",
    "Lifecycle",
    "OtherProjects",
    "Pending",
    "Project",
    "Publisher",
    "Release",
    "Staleness",
    "State",
    "StoredFile",
    "Token",
    "User",
]

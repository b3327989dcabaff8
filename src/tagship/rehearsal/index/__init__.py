"""The embedded index: PyPI or TestPyPI in this process, refusing what the real one refuses, in its words."""

from tagship.rehearsal.index.app import EmbeddedIndex
from tagship.rehearsal.index.records import (
    Flag,
    Lifecycle,
    Project,
    Publisher,
    Release,
    Staleness,
    Surface,
    Token,
    User,
)
from tagship.rehearsal.index.simple import OtherProjects

__all__ = [
    "EmbeddedIndex",
    "Flag",
    "Lifecycle",
    "OtherProjects",
    "Project",
    "Publisher",
    "Release",
    "Staleness",
    "Surface",
    "Token",
    "User",
]

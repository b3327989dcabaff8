"""Everything that the checks of the set-up judge, as it was seen once; no I/O."""

from dataclasses import dataclass

from tagship.errors import TagshipError
from tagship.project.discover import Project
from tagship.workflow.variant import Variant


@dataclass(frozen=True, kw_only=True, slots=True)
class Local:
    """The checkout."""

    changed: tuple[str, ...]
    """Tracked files that differ from the commit."""
    shallow: bool
    remotes: tuple[tuple[str, str], ...]
    """Name and address of each remote, credentials left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observed:
    """What was seen."""

    now: float
    """Seconds since 1970."""
    project: Project
    local: Local
    wanted: Variant | TagshipError
    """What tagship would write for this project, or why it would write nothing."""

    @property
    def variant(self) -> Variant:
        """What tagship would write for this project.

        Raises:
            TagshipError: nothing, and why.
        """
        if isinstance(self.wanted, TagshipError):
            raise self.wanted
        return self.wanted

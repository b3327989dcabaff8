"""What a check is: a page that explains it, and a function that looks at everything that was built."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tagship.checks.archives import Archive
from tagship.model import Finding, Page, Severity
from tagship.services.addresses import IndexAddresses


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """Everything that checks look at. Paths have `/` between the parts."""

    archives: tuple[Archive, ...]
    project: str
    """The name that the plan releases."""
    version: str
    """The version that the plan releases, normalised."""
    tracked: frozenset[str] | None
    """The files that git tracks, relative to the package's folder; None where there is no repository."""
    index: IndexAddresses
    """The index that the files are meant for."""

    @property
    def wheels(self) -> tuple[Archive, ...]:
        """The wheels that were built."""
        return tuple(a for a in self.archives if a.kind == "wheel")

    @property
    def sdists(self) -> tuple[Archive, ...]:
        """The sdists that were built: one, or none."""
        return tuple(a for a in self.archives if a.kind == "sdist")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing that a check found."""

    where: str
    title: str
    """What was seen, as one short sentence without a full stop."""
    severity: Severity | None = None
    """Where it differs from the severity of the check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check: its page and its function."""

    page: Page
    find: Callable[[CheckContext], Iterator[Hit]]

    def findings(self, context: CheckContext) -> Iterator[Finding]:
        """What the check has to say about the files."""
        return (self.page.finding(hit.where, hit.title, severity=hit.severity) for hit in self.find(context))


SAMPLES = frozenset(
    {"test", "tests", "testing", "testdata", "test_data", "test-data", "fixture", "fixtures", "conftest"}
    | {"doc", "docs", "documentation", "example", "examples", "sample", "samples", "demo", "demos"}
)


def is_sample(path: str) -> bool:
    """Whether a path belongs to tests, documentation or examples, where made-up data is expected."""
    parts = PurePosixPath(path.lower()).parts
    stem, _, ending = (parts[-1] if parts else "").rpartition(".")
    return (
        not SAMPLES.isdisjoint(part.lstrip("_") for part in parts)
        or stem in SAMPLES
        or stem.startswith("test_")
        or stem.endswith(("_test", "_tests"))
        or ending in {"md", "rst"}
    )


def few(names: Sequence[str], limit: int = 3) -> str:
    """The first names and how many more there are: `a, b, c and 4 more`."""
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")

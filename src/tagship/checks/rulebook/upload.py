"""One upload as the service sees it, and what a rule and a refusal are."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from packaging.metadata import InvalidMetadata, Metadata
from packaging.utils import canonicalize_name

from tagship.checks.rulebook.fields import Form, digests, metadata_of_form
from tagship.checks.rulebook.members import Contents, contents_of
from tagship.services.addresses import IndexAddresses

MIB = 1024**2
GIB = 1024**3


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """What the upload service answers instead of accepting, with status 400."""

    reason: str
    """The exact words of the status line."""
    rule: str
    """Id of the rule."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Sizes in bytes; the defaults are PyPI's (warehouse/constants.py)."""

    file: int = 100 * MIB
    project: int = 10 * GIB
    used: int = 0
    """What the project's files take already."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Upload:
    """One upload request, after its identity was established. Everything derived is worked out once."""

    form: Form
    index: IndexAddresses
    path: Path | None
    """The file on disk, whatever its name there; None where the request had none."""
    filename: str = ""
    content_type: str = "application/octet-stream"
    limits: Limits = field(default_factory=Limits)

    def value(self, name: str) -> str:
        """The last value of a form field, empty where it is absent."""
        values = self.form.get(name, ())
        return values[-1] if values else ""

    def help(self, anchor: str) -> str:
        """Address of a section of the index's help page."""
        return f"{self.index.web}/help/#{anchor}"

    @cached_property
    def parsed(self) -> Metadata | tuple[InvalidMetadata, ...]:
        """The metadata of the form, or what packaging finds wrong with it."""
        raw, senseless = metadata_of_form(self.form)
        if senseless:
            return tuple(InvalidMetadata(name, f"{name!r} has invalid data") for name in senseless)
        try:
            return Metadata.from_raw(raw)
        except ExceptionGroup as group:
            return tuple(error for error in group.exceptions if isinstance(error, InvalidMetadata))

    @property
    def metadata(self) -> Metadata | None:
        """The metadata of the form where packaging accepts it."""
        return self.parsed if isinstance(self.parsed, Metadata) else None

    @property
    def escaped_name(self) -> str:
        """The project's name as file names must spell it."""
        return canonicalize_name(self.value("name")).replace("-", "_")

    @cached_property
    def hashes(self) -> dict[str, str]:
        """Hex digests of the file by the name of their form field; none without a file."""
        return digests(self.path) if self.path else {}

    @cached_property
    def contents(self) -> Contents | None:
        """What is inside the file; None without a file, and where it cannot be read as its name says."""
        return contents_of(self.path, self.filename) if self.path else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One reason to refuse. `find` yields the words of every refusal, in PyPI's order; it trusts no earlier rule."""

    id: str
    source: str
    """Where PyPI's behaviour was read: file:line of pypi/warehouse at 6b62157."""
    find: Callable[[Upload], Iterable[str]]

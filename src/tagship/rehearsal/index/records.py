"""What the embedded index knows: immutable records, so that an older state can still be shown to a late cache."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from packaging.version import Version

from tagship.checks.rulebook import Form, Limits
from tagship.model import Record


class Flag(StrEnum):
    """Switches of the index's administrators (warehouse/admin/flags.py)."""

    READ_ONLY = "read-only"
    NO_UPLOADS = "disallow-new-upload"
    NO_NEW_PROJECTS = "disallow-new-project-registration"
    NO_TRUSTED_PUBLISHING = "disallow-oidc"
    NO_ATTESTATIONS = "disable-pep740"


class Lifecycle(StrEnum):
    """PEP 792 statuses that PyPI gives."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    QUARANTINED = "quarantined"


class Publisher(Record, frozen=True, kw_only=True):
    """A GitHub workflow that may publish, as registered in the index's settings."""

    repository: str
    """`owner/name`, spelt as on GitHub: the look-up is case-sensitive."""
    owner_id: str = "1"
    """GitHub's number of the owner."""
    workflow: str
    """File name of the workflow, without folders."""
    environment: str = ""
    """Lower case; empty where any will do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """A publisher for a project that does not exist yet."""

    publisher: Publisher
    project: str
    user: str
    created: float


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """An account."""

    name: str
    verified: bool = True
    two_factor: bool = True
    frozen: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """What an API token allows: a user's, or one minted for a publisher."""

    user: str | None = None
    publisher: Publisher | None = None
    projects: frozenset[str] | None = None
    """Normalised names; None for all projects of the user."""
    expires: float | None = None
    """Seconds since 1970."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFile:
    """One file of a release."""

    filename: str
    filetype: str
    """`sdist` or `bdist_wheel`."""
    python_version: str
    size: int
    md5: str
    sha256: str
    blake2: str
    uploaded: float
    path: Path
    metadata: bytes | None = None
    """Core metadata of a wheel (PEP 658)."""
    provenance: bytes | None = None
    """The provenance object (PEP 740) as JSON."""

    @property
    def location(self) -> str:
        """Path on the host for files."""
        return f"/packages/{self.blake2[:2]}/{self.blake2[2:4]}/{self.blake2[4:]}/{self.filename}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """One version, with the metadata of its first file."""

    version: Version
    created: float
    form: Form = field(default_factory=dict)
    files: tuple[StoredFile, ...] = ()
    yanked: str | None = None
    """The reason, possibly empty; None where it is not yanked."""

    def value(self, name: str) -> str | None:
        """The one value of a form field; None where it is absent or empty."""
        return (self.form.get(name) or ("",))[-1] or None


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """One project."""

    name: str
    """As the last upload spelt it."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """User to `Owner` or `Maintainer`."""
    releases: tuple[Release, ...] = ()
    status: Lifecycle = Lifecycle.ACTIVE
    limits: Limits = field(default_factory=Limits)
    """Without `used`, which the files tell."""
    organization: str = ""
    organization_active: bool = True
    vulnerabilities: tuple[str, ...] = ()
    """Ids of those that are known of every release."""
    serial: int = 0

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """All files, by version and name."""
        releases = sorted(self.releases, key=lambda release: release.version)
        return tuple(file for r in releases for file in sorted(r.files, key=lambda file: file.filename))

    def release(self, version: Version) -> Release | None:
        """The release of a version; `1.0` and `1.0.0` are the same."""
        return next((release for release in self.releases if release.version == version), None)


class Surface(StrEnum):
    """What an index shows its files by; each has a cache of its own, and each may be late."""

    SIMPLE = "simple"
    JSON = "json"
    FILES = "files"
    INTEGRITY = "integrity"


@dataclass(frozen=True, kw_only=True, slots=True)
class Staleness:
    """How long readers see what was before a change, as a cache does that was not purged in time."""

    reads: int = 0
    """So many readers get the old page."""
    seconds: float = 0
    """For so long everybody gets the old page."""

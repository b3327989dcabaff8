"""What an index shows everybody of a project: whether it takes uploads, whose it is, and who published its releases.

Three surfaces, each read for itself: the simple API (PEP 691, 700, 792), the JSON API for owners and metadata
(warehouse/legacy/api/json.py), and the integrity API (PEP 740; warehouse/api/integrity.py) for publishers. Nothing is
proven here: a certificate is read as the index serves it, which verified it when the file came.

No API shows which publishers are registered and were never used, nor whether the owners have a second factor.
"""

from base64 import b64decode
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, TypeVar
from urllib.parse import quote

import msgspec
from packaging.utils import canonicalize_name
from packaging.version import Version

from tagship.errors import TagshipError
from tagship.model import Record
from tagship.services.index import SIMPLE_JSON, Index, newest, version_in
from tagship.services.reading import Hidden, Reading, begin

T = TypeVar("T")
RECENT = 3
"""How many of the newest releases are asked who published them."""
_FILES = 4
"""Files of the newest release that are asked, the last one among them: sdist and wheels may come from two jobs. Of the
other releases one each."""
INTEGRITY_JSON = "application/vnd.pypi.integrity.v1+json"
_CLAIMS = {
    "1.3.6.1.4.1.57264.1.13": "commit",
    "1.3.6.1.4.1.57264.1.14": "ref",
    "1.3.6.1.4.1.57264.1.17": "owner_id",
}
"""Extensions of a certificate (sigstore/fulcio, docs/oid-info.md), each a DER-encoded UTF8String."""


class Role(msgspec.Struct, frozen=True):
    """An account that may publish by itself."""

    role: str
    """`Owner` or `Maintainer`."""
    user: str


class About(Record, frozen=True, kw_only=True):
    """What the JSON API says of a project and its newest release."""

    name: str
    """As the index spells it."""
    roles: tuple[Role, ...]
    organization: str
    """Empty where it belongs to none."""
    urls: tuple[str, ...]
    """Addresses that the release's metadata names."""
    vulnerabilities: tuple[str, ...]
    """Ids of the known ones that were not withdrawn."""


class Publisher(Record, frozen=True, kw_only=True):
    """Who published a file: the trusted publisher that the index let in, and what the certificate says of the run."""

    kind: str
    """`GitHub`, `GitLab`, `Google` …"""
    repository: str = ""
    """`owner/name`, spelt as when it was registered."""
    workflow: str = ""
    """File name of the workflow."""
    environment: str = ""
    """Empty where any will do."""
    commit: str = ""
    """40 hex digits; this and the following are empty where no certificate can be read."""
    ref: str = ""
    """Full ref of the run: `refs/tags/v1.0.0`."""
    owner_id: str = ""
    """GitHub's number of the repository's owner at that time."""

    @property
    def words(self) -> str:
        """What was registered, for people."""
        workflow = self.workflow or "no workflow"
        return f"{self.repository or self.kind}, {workflow}, {environment_words(self.environment)}"


def environment_words(name: str) -> str:
    """How an environment is called, where there may be none."""
    return f"environment {name}" if name else "no environment"


class Release(Record, frozen=True, kw_only=True):
    """One version with what is known of its publishing."""

    version: str
    uploaded: float
    """When its first file came, in seconds since 1970; 0 where the index does not say."""
    files: tuple[str, ...]
    bare: tuple[str, ...]
    """Those without provenance: uploaded by token, by hand, or without attestations."""
    publishers: Reading[tuple[Publisher, ...]] = Reading()
    """Of the files that were asked; None where no file has provenance."""


class Listing(Record, frozen=True, kw_only=True):
    """A project on one index."""

    status: Reading[str] = Reading()
    """PEP 792: `active`, `archived`, `quarantined`, `deprecated`; None where there is no such project."""
    about: Reading[About] = Reading()
    """None where there is no release that is shown."""
    releases: tuple[Release, ...] = ()
    """The newest ones, by the time of their first file."""
    first: float | None = None
    """When the oldest file that is there came, in seconds since 1970; None where there is none."""
    size: int = 0
    """Bytes of all files."""
    newest: str = ""
    """The newest version: a final one, or where there is none a pre-release; empty where there is no version."""
    yanked: str | None = None
    """Why that was yanked, empty where nobody said; None where it was not (PEP 592)."""
    offered: str = ""
    """The newest version that installers take by themselves; empty where all are yanked."""
    alike: Reading[tuple[str, ...]] = Reading()
    """Existing projects whose names look like this one; None where the name itself is taken."""


class _File(msgspec.Struct, rename="kebab"):
    filename: str
    size: int = 0
    upload_time: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    provenance: str | None = None
    yanked: bool | str = False


class _Status(msgspec.Struct):
    status: str = "active"


class _Page(msgspec.Struct, rename="kebab"):
    files: list[_File]
    project_status: _Status = msgspec.field(default_factory=_Status)


class _Info(msgspec.Struct):
    name: str
    project_urls: dict[str, str | None] | None = None
    home_page: str | None = None
    download_url: str | None = None


class _Vulnerability(msgspec.Struct):
    id: str
    withdrawn: str | None = None


class _Ownership(msgspec.Struct):
    roles: tuple[Role, ...] = ()
    organization: str | None = None


class _Project(msgspec.Struct):
    info: _Info
    vulnerabilities: list[_Vulnerability] = []
    ownership: _Ownership = msgspec.field(default_factory=_Ownership)


class _Identity(msgspec.Struct):
    kind: str
    repository: str = ""
    workflow: str = ""
    environment: str | None = None


class _Material(msgspec.Struct):
    certificate: str = ""


class _Attestation(msgspec.Struct):
    verification_material: _Material


class _Bundle(msgspec.Struct):
    publisher: _Identity
    attestations: list[_Attestation] = []


class _Provenance(msgspec.Struct):
    attestation_bundles: list[_Bundle]


def unlisted(hidden: Hidden, how: str = "") -> Listing:
    """A project of which nothing could be seen, for one reason."""
    return Listing(
        status=Reading(hidden=hidden, how=how),
        about=Reading(hidden=hidden, how=how),
        alike=Reading(hidden=hidden, how=how),
    )


def read_listing(index: Index, project: str, alike: Iterable[str]) -> Listing:
    """Read everything, side by side; never raises for one of the surfaces.

    Args:
        alike: names to ask for where the project is not there.
    """
    how = f"GET {index.page_url(project)}"
    found: Reading[_Page] = _attempt(how, lambda: index.read(index.page_url(project), _Page, SIMPLE_JSON))
    status = Reading(value=found.value.project_status.status if found.value else None, hidden=found.hidden, how=how)
    if found.hidden is not None:
        return unlisted(found.hidden, how)
    if found.value is None:
        return Listing(status=status, alike=_attempt(how, lambda: _existing(index, alike)))
    files, versions = found.value.files, _versions(found.value.files)
    recent = sorted(versions.items(), key=lambda one: (_first(one[1]), one[0]), reverse=True)[:RECENT]
    asked = [begin(partial(_release, index, project, *one, first=one is recent[0])) for one in recent]
    about: Reading[About] = Reading()
    if recent:
        url = f"{index.addresses.web}/pypi/{canonicalize_name(project)}/{recent[0][0]}/json"
        about = _attempt(f"GET {url}", lambda: _about(index, url))
    latest, offered = newest(versions), newest(v for v, several in versions.items() if _yanked(several) is None)
    return Listing(
        status=status,
        about=about,
        releases=tuple(one.result() for one in asked),
        first=min((file.upload_time.timestamp() for file in files if file.upload_time), default=None),
        size=sum(file.size for file in files),
        newest=str(latest) if latest is not None else "",
        yanked=_yanked(versions[latest]) if latest is not None else None,
        offered=str(offered) if offered is not None else "",
    )


def _attempt(how: str, ask: Callable[[], T | None]) -> Reading[T]:
    try:
        return Reading(value=ask(), how=how)
    except TagshipError as error:
        return Reading(hidden=Hidden(why=error.message, remedy=error.remedy), how=how)


def _existing(index: Index, names: Iterable[str]) -> tuple[str, ...]:
    asked = [(name, begin(partial(index.page, name))) for name in names]
    return tuple(name for name, page in asked if page.result() is not None)


def _versions(files: Iterable[_File]) -> dict[Version, list[_File]]:
    versions: dict[Version, list[_File]] = {}
    for file in files:
        if (version := version_in(file.filename)) is not None:
            versions.setdefault(version, []).append(file)
    return versions


def _yanked(files: Sequence[_File]) -> str | None:
    """Why a version was yanked; None where installers still find a file of it."""
    if not all(file.yanked for file in files):
        return None
    return next((file.yanked for file in files if isinstance(file.yanked, str)), "")


def _first(files: Iterable[_File]) -> float:
    return min((file.upload_time.timestamp() for file in files if file.upload_time), default=0.0)


def _release(index: Index, project: str, version: Version, files: list[_File], *, first: bool) -> Release:
    vouched = [file.filename for file in files if file.provenance]
    where = f"{index.addresses.web}/integrity/{canonicalize_name(project)}/{version}"
    asked = list(dict.fromkeys((*vouched[: _FILES - 1], vouched[-1]))) if first and vouched else vouched[:1]
    how = f"GET {where}/{asked[0]}/provenance" if asked else f"GET {index.page_url(project)}"

    def ask() -> tuple[Publisher, ...] | None:
        found = [publisher for name in asked for publisher in _published(index, f"{where}/{quote(name)}/provenance")]
        return tuple(dict.fromkeys(found)) or None

    return Release(
        version=str(version),
        uploaded=_first(files),
        files=tuple(file.filename for file in files),
        bare=tuple(file.filename for file in files if not file.provenance),
        publishers=_attempt(how, ask),
    )


def _about(index: Index, url: str) -> About | None:
    found = index.read(url, _Project)
    if found is None:
        return None
    info, ownership = found.info, found.ownership
    return About(
        name=info.name,
        roles=ownership.roles,
        organization=ownership.organization or "",
        urls=tuple(filter(None, (info.home_page, info.download_url, *(info.project_urls or {}).values()))),
        vulnerabilities=tuple(one.id for one in found.vulnerabilities if one.withdrawn is None),
    )


def _published(index: Index, url: str) -> tuple[Publisher, ...]:
    found = index.read(url, _Provenance, INTEGRITY_JSON)
    return tuple(
        Publisher(
            kind=bundle.publisher.kind,
            repository=bundle.publisher.repository,
            workflow=bundle.publisher.workflow,
            environment=bundle.publisher.environment or "",
            **(certified(bundle.attestations[0].verification_material.certificate) if bundle.attestations else {}),
        )
        for bundle in (found.attestation_bundles if found else ())
    )


def certified(certificate: str) -> dict[str, str]:
    """What the certificate of an attestation says of the run; nothing where it cannot be read.

    Args:
        certificate: DER in base64.
    """
    from cryptography import x509

    try:
        extensions = x509.load_der_x509_certificate(b64decode(certificate)).extensions
    except (ValueError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return {}
    found = {_CLAIMS.get(one.oid.dotted_string): one.value for one in extensions}
    return {
        name: _utf8(value.value)
        for name, value in found.items()
        if name is not None and isinstance(value, x509.UnrecognizedExtension)
    }


def _utf8(data: bytes) -> str:
    """A DER-encoded UTF8String: tag, length in one byte or, from 128 bytes on, in several, text."""
    if len(data) < 2 or data[0] != 0x0C:
        return ""
    return data[2 + max(0, data[1] - 0x80) :].decode(errors="replace")

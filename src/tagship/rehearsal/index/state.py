"""The state of an embedded index, with the methods that put a world into it and read it back.

Changes go through `put`, under `lock`: a request either changes everything it should, or nothing.
"""

import secrets
import shutil
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from threading import RLock

from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from tagship.checks.rulebook import Form, Upload, form_of
from tagship.checks.rulebook.names import PROHIBITED
from tagship.rehearsal.index.records import (
    Flag,
    Pending,
    Project,
    Publisher,
    Release,
    Staleness,
    StoredFile,
    Surface,
    Token,
    User,
)
from tagship.services.addresses import IndexAddresses


@dataclass(kw_only=True, slots=True)
class _Old:
    project: Project | None
    until: float
    reads: int


class State:
    """Users, projects, publishers and tokens of one index."""

    def __init__(self, addresses: IndexAddresses, clock: Callable[[], float]) -> None:
        self.addresses = addresses
        self.clock = clock
        self.lock = RLock()
        self.folder = Path(mkdtemp(prefix="tagship-index-"))
        self.close = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.users: dict[str, User] = {}
        self.projects: dict[str, Project] = {}
        self.publishers: dict[Publisher, frozenset[str]] = {}
        """Normalised names of the projects that each may publish."""
        self.pending: list[Pending] = []
        self.tokens: dict[str, Token] = {}
        self.flags: set[Flag] = set()
        self.burnt: set[str] = set()
        """Every file name that was ever used, deleted ones too."""
        self.prohibited: set[str] = set(PROHIBITED)
        self.spent: set[str] = set()
        """The `jti` claims of identity tokens that were used."""
        self.creations: list[tuple[float, str, str]] = []
        """When which user created a project by uploading, and from which address; those of the last hour."""
        self.hidden: set[tuple[str, str]] = set()
        """Normalised name and version of releases elsewhere that this world must not have."""
        self.stale: dict[Surface, Staleness] = {}
        """Which surfaces are late after a change, and how much."""
        self.serial = 0
        self._old: dict[tuple[Surface, str], _Old] = {}

    # ------------------------------------------------------------------------------------------ putting a world in

    def add_user(self, user: User) -> None:
        """Add an account, or replace it."""
        self.users[user.name] = user

    def add_project(self, project: Project) -> None:
        """Add a project, or replace it; users that hold roles come into being."""
        with self.lock:
            for name in project.roles:
                self.users.setdefault(name, User(name=name))
            self.put(project)

    def add_file(self, path: Path, *, uploaded: float | None = None) -> StoredFile:
        """Add a built file as if it had been uploaded; project and release come into being where they are missing.

        Content is not judged: also bytes that PyPI would refuse can be there already.
        """
        form = form_of(path)
        name, version = _name_and_version(path, form)
        at = self.clock() if uploaded is None else uploaded
        upload = Upload(form=form, index=self.addresses, path=path, filename=path.name)
        with self.lock:
            stored = self.store(upload, at=at, copy=True)
            project = self.projects.get(canonicalize_name(name)) or Project(name=name)
            release = project.release(version) or Release(version=version, created=at, form=form)
            self.put(with_release(project, replace(release, files=(*release.files, stored))))
        return stored

    def add_bytes(self, filename: str, data: bytes, *, uploaded: float | None = None) -> StoredFile:
        """Add a file that exists nowhere yet."""
        path = self.folder / secrets.token_hex(8) / filename
        path.parent.mkdir()
        path.write_bytes(data)
        return self.add_file(path, uploaded=uploaded)

    def add_publisher(self, project: str, publisher: Publisher) -> None:
        """Let a workflow publish a project."""
        with self.lock:
            names = self.publishers.get(publisher, frozenset())
            self.publishers[publisher] = names | {canonicalize_name(project)}

    def add_pending(self, project: str, publisher: Publisher, *, user: str, created: float | None = None) -> None:
        """Register a publisher for a project that is to be created by its first use."""
        at = self.clock() if created is None else created
        self.users.setdefault(user, User(name=user))
        self.pending.append(Pending(publisher=publisher, project=project, user=user, created=at))

    def add_token(self, token: Token) -> str:
        """Issue an API token; returns its text. Text and prefix say that it is made up."""
        text = f"pypi-rehearsal-{secrets.token_hex(16)}"
        self.tokens[text] = token
        return text

    def token_for(self, user: str, projects: Iterable[str] | None = None) -> str:
        """Issue a token for all projects of a user, or for some."""
        self.users.setdefault(user, User(name=user))
        names = None if projects is None else frozenset(map(canonicalize_name, projects))
        return self.add_token(Token(user=user, projects=names))

    def yank(self, project: str, version: str, reason: str | None = "") -> None:
        """Yank a release, or with None take it back."""
        with self.lock:
            found = self.projects[canonicalize_name(project)]
            release = found.release(Version(version))
            if release is None:
                raise KeyError(version)
            self.put(with_release(found, replace(release, yanked=reason)))

    def delete_file(self, filename: str) -> None:
        """Delete a file; its name is burnt."""
        with self.lock:
            self.burnt.add(filename)
            for project in list(self.projects.values()):
                for release in project.releases:
                    left = tuple(file for file in release.files if file.filename != filename)
                    if left != release.files:
                        self.put(with_release(project, replace(release, files=left)))

    # ------------------------------------------------------------------------------------------------- reading back

    def files(self, project: str) -> tuple[StoredFile, ...]:
        """All files of a project, by version and name; none for an unknown one."""
        found = self.projects.get(canonicalize_name(project))
        return found.files if found else ()

    def file_at(self, location: str) -> StoredFile | None:
        """The file at a path of the host for files."""
        with self.lock:
            holding = next((n for n, p in self.projects.items() for f in p.files if f.location == location), "")
            shown = self.shown(holding, Surface.FILES)
            return next((f for f in shown.files if f.location == location), None) if shown else None

    def shown(self, name: str, surface: Surface) -> Project | None:
        """A project by its normalised name as a surface shows it now, which may be an older one (`stale`)."""
        with self.lock:
            old = self._old.get((surface, name))
            if old and (old.reads > 0 or self.clock() < old.until):
                old.reads -= 1
                return old.project
            self._old.pop((surface, name), None)
            return self.projects.get(name)

    # ------------------------------------------------------------------------------------------------------ changing

    def put(self, project: Project) -> None:
        """Make this the project's state from now on."""
        name = canonicalize_name(project.name)
        for surface, stale in self.stale.items():
            old = self._old.get((surface, name))
            before = old.project if old else self.projects.get(name)
            until = self.clock() + stale.seconds
            self._old[surface, name] = _Old(project=before, until=until, reads=stale.reads)
        self.serial += 1
        self.projects[name] = replace(project, serial=self.serial)

    def store(self, upload: Upload, *, at: float, copy: bool = False, provenance: bytes | None = None) -> StoredFile:
        """Keep the file of an upload, moved or copied into the index's own folder, and burn its name."""
        if upload.path is None:
            raise ValueError("an upload without a file cannot be stored")
        hashes = upload.hashes
        target = self.folder / hashes["blake2_256_digest"]
        size = upload.path.stat().st_size
        metadata = _wheel_metadata(upload)
        (shutil.copyfile if copy else shutil.move)(upload.path, target)
        self.burnt.add(upload.filename)
        return StoredFile(
            filename=upload.filename,
            filetype=upload.value("filetype"),
            python_version=upload.value("pyversion") or "source",
            size=size,
            md5=hashes["md5_digest"],
            sha256=hashes["sha256_digest"],
            blake2=hashes["blake2_256_digest"],
            uploaded=at,
            path=target,
            metadata=metadata,
            provenance=provenance,
        )


def with_release(project: Project, release: Release) -> Project:
    """The project with this release, in place of one of the same version."""
    others = tuple(other for other in project.releases if other.version != release.version)
    return replace(project, releases=(*others, release))


def _wheel_metadata(upload: Upload) -> bytes | None:
    if not upload.filename.endswith(".whl") or upload.contents is None:
        return None
    info = "-".join(upload.filename.split("-", 2)[:2])
    return upload.contents.texts.get(f"{info}.dist-info/METADATA")


def _name_and_version(path: Path, form: Form) -> tuple[str, Version]:
    """From the metadata; from the file's name where it has none."""
    if "name" in form and "version" in form:
        return form["name"][0], Version(form["version"][0])
    if path.suffix == ".whl":
        return parse_wheel_filename(path.name)[:2]
    return parse_sdist_filename(path.name)

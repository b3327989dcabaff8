"""The simple API (PEP 503, 691, 700, 714, 792; version 1.4) in HTML and JSON.

warehouse/api/simple.py, packaging/utils.py. Pages of projects that this index has nothing of come from `OtherProjects`,
as do the earlier releases of those it has.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import msgspec
from markupsafe import escape
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version
from werkzeug import Request, Response

from tagship.rehearsal.index.answers import preferred
from tagship.rehearsal.index.records import Lifecycle, Project, Release, StoredFile, Surface
from tagship.rehearsal.index.state import State
from tagship.services.addresses import IndexAddresses
from tagship.shapes import read_json

_HTML, _HTML_V1, JSON_V1 = "text/html", "application/vnd.pypi.simple.v1+html", "application/vnd.pypi.simple.v1+json"


class OtherProjects(Protocol):
    """Projects that the index does not have itself: the one way out of the embedded world."""

    def page(self, name: str) -> bytes | None:
        """PEP 691 JSON of a project by its normalised name, file addresses below `/door/`; None where it is unknown."""

    def file(self, path: str) -> Path | None:
        """The file for a path below `/door/`, metadata files included; None where there is none."""


class Meta(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """What a page says of itself."""

    api_version: str = "1.4"
    last_serial: int = msgspec.field(name="_last-serial", default=0)


class Link(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """One file on a page."""

    filename: str
    url: str
    hashes: dict[str, str]
    requires_python: str | None = None
    size: int | msgspec.UnsetType = msgspec.UNSET  # an index that does not know leaves it out; null is refused by uv
    upload_time: str | msgspec.UnsetType = msgspec.UNSET
    yanked: bool | str = False
    data_dist_info_metadata: bool | dict[str, str] = False
    core_metadata: bool | dict[str, str] = False
    provenance: str | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """PEP 792."""

    status: str = "active"


class Page(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """The page of a project; keys that are not named here are not passed on."""

    meta: Meta
    name: str
    project_status: Standing = Standing()
    versions: tuple[str, ...] = ()
    files: tuple[Link, ...] = ()


def iso(at: float) -> str:
    """A time as PyPI writes it: microseconds and Z."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def page_of(project: Project, addresses: IndexAddresses) -> Page:
    """The page that shows a project of the index's own."""
    shown = [] if project.status is Lifecycle.QUARANTINED else sorted(project.releases, key=lambda r: r.version)
    return Page(
        meta=Meta(last_serial=project.serial),
        name=canonicalize_name(project.name),
        project_status=Standing(status=project.status.value),
        versions=tuple(str(release.version) for release in shown if release.files),
        files=tuple(link for release in shown for link in _links(project, release, addresses)),
    )


def _links(project: Project, release: Release, addresses: IndexAddresses) -> Iterator[Link]:
    for file in sorted(release.files, key=lambda file: file.filename):
        metadata: bool | dict[str, str] = {"sha256": _sha256(file.metadata)} if file.metadata else False
        yield Link(
            filename=file.filename,
            url=f"{addresses.files}{file.location}",
            hashes={"sha256": file.sha256},
            requires_python=release.value("requires_python"),
            size=file.size,
            upload_time=iso(file.uploaded),
            yanked=release.yanked or release.yanked is not None,
            data_dist_info_metadata=metadata,
            core_metadata=metadata,
            provenance=_provenance(project, release, file, addresses),
        )


def _sha256(data: bytes) -> str:
    from hashlib import sha256

    return sha256(data).hexdigest()


def _provenance(project: Project, release: Release, file: StoredFile, addresses: IndexAddresses) -> str | None:
    name = canonicalize_name(project.name)
    where = f"{addresses.web}/integrity/{name}/{release.version}/{file.filename}/provenance"
    return where if file.provenance else None


def detail(state: State, others: OtherProjects | None, request: Request, name: str) -> Response:
    """The page of a project by its normalised name."""
    own = state.shown(name, Surface.SIMPLE)
    elsewhere = others.page(name) if others else None  # never under the lock: it may have to fetch
    hidden = {version for project, version in state.hidden if project == name}
    if own is None and elsewhere is None:
        return Response("404 Not Found", status=404, content_type="text/plain; charset=UTF-8")
    page = read_json(elsewhere, Page) if elsewhere is not None else None
    if own is not None:
        page = _merged(page_of(own, state.addresses), page, hidden)
    elif page is not None and hidden:
        page = _merged(Page(meta=page.meta, name=name), page, hidden)
    assert page is not None
    kind = preferred(request.accept_mimetypes, (_HTML, _HTML_V1, JSON_V1)) or _HTML
    body = msgspec.json.encode(page) + b"\n" if kind == JSON_V1 else "".join(_html(page)).encode()
    return _cached(Response(body, content_type=_content_type(kind)), page.meta.last_serial)


def index(state: State, request: Request) -> Response:
    """The list of the index's own projects, those in quarantine left out."""
    with state.lock:
        shown = [item for item in state.projects.items() if item[1].status is not Lifecycle.QUARANTINED]
        projects = sorted((name, project.serial) for name, project in shown)
        serial = state.serial
    kind = preferred(request.accept_mimetypes, (_HTML, _HTML_V1, JSON_V1)) or _HTML
    if kind == JSON_V1:
        listed = [{"_last-serial": last, "name": name} for name, last in projects]
        body = msgspec.json.encode({"meta": Meta(last_serial=serial), "projects": listed}) + b"\n"
    else:
        anchors = "".join(f'    <a href="/simple/{name}/">{name}</a>\n' for name, _ in projects)
        body = f"{_head('Simple index')}  <body>\n{anchors}  </body>\n</html>\n<!--SERIAL {serial}-->".encode()
    return _cached(Response(body, content_type=_content_type(kind)), serial)


def _content_type(kind: str) -> str:
    return kind if kind == JSON_V1 else f"{kind}; charset=UTF-8"


def _cached(response: Response, serial: int) -> Response:
    response.headers["Cache-Control"] = "max-age=600, public"
    response.headers["Vary"] = "Accept"
    response.headers["X-PyPI-Last-Serial"] = str(serial)
    return response


def _merged(own: Page, elsewhere: Page | None, hidden: set[str]) -> Page:
    """Our page with what others have of other versions."""
    if elsewhere is None:
        return own
    taken = {*own.versions, *hidden}
    files = {link.filename: link for link in elsewhere.files if _version(link.filename) not in taken}
    files |= {link.filename: link for link in own.files}
    ordered = sorted(files.values(), key=lambda link: (_order(_version(link.filename)), link.filename))
    return msgspec.structs.replace(own, versions=tuple(_versions(ordered)), files=tuple(ordered))


def _versions(links: Iterable[Link]) -> Iterator[str]:
    return iter(dict.fromkeys(filter(None, (_version(link.filename) for link in links))))


def _version(filename: str) -> str:
    """The version in a file's name; empty for the file names of long ago."""
    try:
        parsed = parse_wheel_filename(filename)[1] if filename.endswith(".whl") else parse_sdist_filename(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return ""
    return str(parsed)


def _order(version: str) -> Version:
    try:
        return Version(version)
    except InvalidVersion:
        return Version("0.dev0")


def _head(title: str, status: str = "") -> str:
    standing = f'<meta name="pypi:project-status" content="{status}">' if status else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n  <head>\n'
        f'    <meta name="pypi:repository-version" content="1.4">\n    {standing}\n'
        f"    <title>{title}</title>\n  </head>\n"
    )


def _html(page: Page) -> Iterator[str]:
    """The layout is that of warehouse/templates/api/simple/detail.html."""
    title = f"Links for {escape(page.name)}"
    yield f"{_head(title, page.project_status.status)}  <body>\n    <h1>{title}</h1>\n"
    for link in page.files:
        anchor = f'    <a href="{escape(link.url)}#sha256={link.hashes.get("sha256", "")}" '
        if link.requires_python:
            anchor += f'data-requires-python="{escape(link.requires_python)}" '
        if link.yanked is not False:
            anchor += f'data-yanked="{escape(link.yanked if isinstance(link.yanked, str) else "")}" '
        if isinstance(link.core_metadata, dict):
            digest = f"sha256={link.core_metadata.get('sha256', '')}"
            anchor += f'data-dist-info-metadata="{digest}" data-core-metadata="{digest}"'
        if link.provenance:
            anchor += f' data-provenance="{escape(link.provenance)}"'
        yield f"{anchor}>{escape(link.filename)}</a><br />\n"
    yield f"  </body>\n</html>\n<!--SERIAL {page.meta.last_serial}-->"

"""The JSON API for people and tools, and the integrity API for attestations.

warehouse/legacy/api/json.py, api/integrity.py.
"""

from collections.abc import Sequence

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from werkzeug import Request, Response

from tagship.rehearsal.index.answers import json_answer, preferred
from tagship.rehearsal.index.records import Flag, Lifecycle, Project, Release, StoredFile, Surface
from tagship.rehearsal.index.simple import iso
from tagship.rehearsal.index.state import State

_INTEGRITY = ("application/vnd.pypi.integrity.v1+json", "application/json")
_TEXT_FIELDS = (
    "summary",
    "description",
    "description_content_type",
    "keywords",
    "license",
    "license_expression",
    "author",
    "author_email",
    "maintainer",
    "maintainer_email",
    "requires_python",
    "platform",
    "home_page",
    "download_url",
)
_LIST_FIELDS = {"requires_dist": "requires_dist", "provides_extra": "provides_extra", "license_files": "license_file"}


def project_json(state: State, name: str, version: str | None = None) -> Response:
    """A project with all its releases, or one release; 404 where there is none that is shown."""
    project = state.shown(canonicalize_name(name), Surface.JSON)
    if project is None or project.status is Lifecycle.QUARANTINED:
        return json_answer(404, {"message": "Not Found"})
    release = _latest(project) if version is None else _named(project, version)
    if release is None:
        return json_answer(404, {"message": "Not Found"})
    body: dict[str, object] = {
        "info": _info(state, project, release),
        "urls": [_file(state, release, file) for file in release.files],
        "vulnerabilities": [_vulnerability(id) for id in project.vulnerabilities],
        "last_serial": project.serial,
        "ownership": {
            "roles": [
                {"role": role, "user": user}
                for user, role in sorted(project.roles.items(), key=lambda item: (item[1] != "Owner", item[0]))
            ],
            "organization": project.organization or None,
        },
    }
    if version is None:
        newest_first = sorted(project.releases, key=lambda r: r.version, reverse=True)
        body["releases"] = {str(r.version): [_file(state, r, file) for file in r.files] for r in newest_first}
    headers = {"X-PyPI-Last-Serial": str(project.serial), "Cache-Control": "max-age=900, public"}
    return json_answer(200, body, headers)


def _vulnerability(id: str) -> dict[str, object]:
    link = f"https://osv.dev/vulnerability/{id}"
    empty: dict[str, object] = {"aliases": [], "details": "", "summary": None, "fixed_in": [], "withdrawn": None}
    return {"id": id, "source": "osv", "link": link, **empty}


def _latest(project: Project) -> Release | None:
    """Not yanked before yanked, final before pre-release, then the highest."""
    return max(project.releases, key=_rank, default=None)


def _rank(release: Release) -> tuple[bool, bool, Version]:
    return release.yanked is None, not release.version.is_prerelease, release.version


def _named(project: Project, version: str) -> Release | None:
    try:
        return project.release(Version(version))
    except InvalidVersion:
        return None


def _info(state: State, project: Project, release: Release) -> dict[str, object]:
    address = state.addresses.project_page(project.name)
    urls = dict(url.split(", ", 1) for url in release.form.get("project_urls", ()) if ", " in url)
    return {
        "name": project.name,
        "version": str(release.version),
        **{field: release.value(field) for field in _TEXT_FIELDS},
        **{field: list(release.form.get(sent, ())) or None for field, sent in _LIST_FIELDS.items()},
        "classifiers": list(release.form.get("classifiers", ())),
        "project_urls": urls or None,
        "package_url": address,
        "project_url": address,
        "release_url": state.addresses.project_page(project.name, str(release.version)),
        "downloads": {"last_day": -1, "last_week": -1, "last_month": -1},
        "docs_url": None,
        "bugtrack_url": None,
        "yanked": release.yanked is not None,
        "yanked_reason": release.yanked or None,
        "dynamic": list(release.form.get("dynamic", ())) or None,
    }


def _file(state: State, release: Release, file: StoredFile) -> dict[str, object]:
    from hashlib import sha256

    return {
        "filename": file.filename,
        "packagetype": file.filetype,
        "python_version": file.python_version,
        "has_sig": False,
        "comment_text": "",
        "md5_digest": file.md5,
        "digests": {"md5": file.md5, "sha256": file.sha256, "blake2b_256": file.blake2},
        "core-metadata": {"sha256": sha256(file.metadata).hexdigest()} if file.metadata else False,
        "size": file.size,
        "downloads": -1,
        "upload_time": iso(file.uploaded)[:19],
        "upload_time_iso_8601": iso(file.uploaded),
        "url": f"{state.addresses.files}{file.location}",
        "requires_python": release.value("requires_python"),
        "yanked": release.yanked is not None,
        "yanked_reason": release.yanked or None,
    }


def provenance(state: State, request: Request, where: Sequence[str]) -> Response:
    """The provenance of one file (PEP 740), by project, version and file name."""
    accepted = preferred(request.accept_mimetypes, _INTEGRITY) if "Accept" in request.headers else _INTEGRITY[0]
    if accepted is None:
        return json_answer(406, {"message": "Request not acceptable"})
    if Flag.NO_ATTESTATIONS in state.flags:
        return json_answer(403, {"message": "Attestations temporarily disabled"})
    name, version, filename = where
    project = state.shown(canonicalize_name(name), Surface.INTEGRITY)
    release = _named(project, version) if project else None
    file = next((f for f in release.files if f.filename == filename), None) if release else None
    if file is None:
        return json_answer(404, {"message": "Not Found"})
    if file.provenance is None:
        return json_answer(404, {"message": f"No provenance available for {filename}"})
    return Response(file.provenance, content_type=accepted, headers={"Cache-Control": "max-age=600, public"})

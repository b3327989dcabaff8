"""What readers get from the embedded index: simple pages, JSON, files, provenance."""

import hashlib
from pathlib import Path

import msgspec
import pytest
from embedded import Here
from made_dists import good_sdist, good_wheel

from tagship.rehearsal.index import Lifecycle, Project, Staleness, Surface
from tagship.services.addresses import TESTPYPI

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
UPLOADED = "2026-09-21T14:13:20.000000Z"


@pytest.fixture
def released(here: Here, tmp_path: Path) -> Here:
    """swp 1.0 with a wheel and an sdist, uploaded one after the other."""
    for path in (good_wheel(tmp_path, "swp", "1.0", "Requires-Python: >=3.9"), good_sdist(tmp_path)):
        assert here.upload(path).status == "200 OK"
    return here


def test_json_page(released: Here) -> None:
    """The JSON page has exactly the keys and values of API version 1.4."""
    answer = released.get("/simple/swp/", JSON)
    wheel, sdist = released.state.files("swp")
    assert wheel.metadata is not None
    core = {"sha256": hashlib.sha256(wheel.metadata).hexdigest()}
    common = {"requires-python": ">=3.9", "upload-time": UPLOADED, "yanked": False, "provenance": None}

    def file(stored: object, metadata: object) -> dict[str, object]:
        return {
            "filename": stored.filename,
            "url": f"https://files.pythonhosted.org{stored.location}",
            "hashes": {"sha256": stored.sha256},
            "size": stored.size,
            "data-dist-info-metadata": metadata,
            "core-metadata": metadata,
            **common,
        }

    assert answer.json == {
        "meta": {"api-version": "1.4", "_last-serial": 2},
        "name": "swp",
        "project-status": {"status": "active"},
        "versions": ["1.0"],
        "files": [file(wheel, core), file(sdist, False)],
    }
    assert answer.text.endswith("}\n")
    chosen = ("Cache-Control", "Vary", "X-PyPI-Last-Serial", "Access-Control-Allow-Origin", "ETag", "Content-Type")
    assert {name: answer.headers[name] for name in chosen} == {
        "Cache-Control": "max-age=600, public",
        "Vary": "Accept",
        "X-PyPI-Last-Serial": "2",
        "Access-Control-Allow-Origin": "*",
        "ETag": f'"{hashlib.md5(answer.data).hexdigest()}"',
        "Content-Type": JSON,
    }


def test_html_page(released: Here) -> None:
    """The HTML page is laid out as PyPI's, attributes included."""
    released.state.yank("swp", "1.0", 'broken "badly"')
    wheel, sdist = released.state.files("swp")
    assert wheel.metadata is not None
    core = f"sha256={hashlib.sha256(wheel.metadata).hexdigest()}"
    more = 'data-requires-python="&gt;=3.9" data-yanked="broken &#34;badly&#34;" '
    assert released.get("/simple/swp/").text == (
        '<!DOCTYPE html>\n<html lang="en">\n  <head>\n    <meta name="pypi:repository-version" content="1.4">\n'
        '    <meta name="pypi:project-status" content="active">\n    <title>Links for swp</title>\n  </head>\n'
        "  <body>\n    <h1>Links for swp</h1>\n"
        f'    <a href="https://files.pythonhosted.org{wheel.location}#sha256={wheel.sha256}" {more}'
        f'data-dist-info-metadata="{core}" data-core-metadata="{core}">swp-1.0-py3-none-any.whl</a><br />\n'
        f'    <a href="https://files.pythonhosted.org{sdist.location}#sha256={sdist.sha256}" {more}>swp-1.0.tar.gz</a>'
        "<br />\n  </body>\n</html>\n<!--SERIAL 3-->"
    )


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "text/html; charset=UTF-8"),
        ("*/*", "text/html; charset=UTF-8"),
        (f"{JSON}, {HTML};q=0.1, text/html;q=0.01", JSON),
        (f"{JSON}, {HTML}; q=0.2, text/html; q=0.01, */*; q=0.001", JSON),
        (f"{HTML};q=0.9, text/html;q=0.1", f"{HTML}; charset=UTF-8"),
        ("application/xml", "text/html; charset=UTF-8"),
    ],
)
def test_negotiation(released: Here, accept: str | None, kind: str) -> None:
    """The client's preference decides, HTML where it has none or an impossible one; never 406."""
    answer = released.get("/simple/swp/", accept)
    assert (answer.status_code, answer.content_type) == (200, kind)


def test_addresses_that_are_not_quite_right(released: Here) -> None:
    """Other spellings and missing slashes are redirected, unknown projects are a plain 404."""
    redirects = [released.get(path) for path in ("/simple/SWP/", "/simple/swp", "/simple")]
    assert [(r.status_code, r.headers["Location"]) for r in redirects] == [
        *[(301, "/simple/swp/")] * 2,
        (301, "/simple/"),
    ]
    missing = released.get("/simple/unknown/", JSON)
    assert (missing.status_code, missing.content_type, missing.text) == (
        404,
        "text/plain; charset=UTF-8",
        "404 Not Found",
    )
    json_missing = released.get("/pypi/unknown/json")
    assert (json_missing.status_code, json_missing.json) == (404, {"message": "Not Found"})


def test_conditional_and_head(released: Here) -> None:
    """A page that did not change is a 304; HEAD has the headers and no body."""
    page = released.get("/simple/swp/", JSON)
    again = released.get("/simple/swp/", JSON, **{"If-None-Match": page.headers["ETag"]})
    head = released.client.head("/simple/swp/", base_url="https://pypi.org", headers={"Accept": JSON})
    assert (again.status_code, again.data) == (304, b"")
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", str(len(page.data)))


def test_yanked_without_reason(released: Here) -> None:
    """A yank without a reason is `true`, taking it back `false`."""
    seen = []
    for reason in ("", None):
        released.state.yank("swp", "1.0", reason)
        seen.append([file["yanked"] for file in released.get("/simple/swp/", JSON).json["files"]])
    assert seen == [[True, True], [False, False]]


def test_quarantine_hides(released: Here) -> None:
    """A quarantined project has an empty page that says so, no JSON, and is in no list (packaging/utils.py:17-37)."""
    project = released.state.projects["swp"]
    released.state.add_project(
        Project(name="swp", roles=project.roles, releases=project.releases, status=Lifecycle.QUARANTINED)
    )
    page = released.get("/simple/swp/", JSON).json
    assert (page["project-status"], page["versions"], page["files"]) == ({"status": "quarantined"}, [], [])
    assert "/simple/swp/" not in released.get("/simple/").text
    assert released.get("/pypi/swp/json").status_code == 404


def test_index_lists_projects(released: Here) -> None:
    """The root lists the projects, in both formats."""
    released.owned("Zebra.X")
    assert released.get("/simple/", JSON).json == {
        "meta": {"api-version": "1.4", "_last-serial": 3},
        "projects": [{"_last-serial": 2, "name": "swp"}, {"_last-serial": 3, "name": "zebra-x"}],
    }
    assert '<a href="/simple/zebra-x/">zebra-x</a>' in released.get("/simple/").text


def test_files(released: Here) -> None:
    """Files and their metadata are served as uploaded, also in parts; other paths are not there."""
    wheel, sdist = released.state.files("swp")
    host = "https://files.pythonhosted.org"
    whole = released.get(f"{host}{wheel.location}")
    part = released.get(f"{host}{wheel.location}", Range="bytes=0-3")
    metadata = released.get(f"{host}{wheel.location}.metadata")
    assert (hashlib.sha256(whole.data).hexdigest(), whole.headers["Cache-Control"]) == (
        wheel.sha256,
        "max-age=365000000, immutable, public",
    )
    assert "Content-Disposition" not in whole.headers
    assert (part.status_code, part.data) == (206, b"PK\x03\x04")
    assert metadata.data == wheel.metadata
    gone = [
        f"{host}{sdist.location}.metadata",
        f"{host}/packages/aa/bb/cc/x.whl",
        f"{host}/door/x",
        f"{host}/simple/swp/",
    ]
    assert [released.get(url).status_code for url in gone] == [404] * 4


def test_json_api(released: Here, tmp_path: Path) -> None:
    """The project's page tells owners, all releases and the newest final one; a version's page tells that one."""
    released.state.add_file(good_wheel(tmp_path, "swp", "2.0rc1"))
    released.state.add_file(good_wheel(tmp_path, "swp", "1.1"))
    released.state.yank("swp", "1.1", "bad")
    page = released.get("https://pypi.python.org/pypi/swp/json").json
    assert (page["info"]["version"], list(page["releases"]), page["ownership"]) == (
        "1.0",
        ["2.0rc1", "1.1", "1.0"],
        {"roles": [{"role": "Owner", "user": "alice"}], "organization": None},
    )
    one = released.get("/pypi/swp/1.1.0/json").json
    (file,) = one["urls"]
    stored = next(f for f in released.state.files("swp") if "1.1" in f.filename)
    assert ("releases" in one, one["info"]["yanked_reason"], file["digests"], file["upload_time_iso_8601"]) == (
        False,
        "bad",
        {"md5": stored.md5, "sha256": stored.sha256, "blake2b_256": stored.blake2},
        UPLOADED,
    )


def test_no_provenance(released: Here) -> None:
    """A file without attestations has no provenance, and only JSON is offered."""
    path = "/integrity/swp/1.0/swp-1.0.tar.gz/provenance"
    answers = [released.get(path), released.get(path, "text/html")]
    assert [(answer.status_code, answer.json) for answer in answers] == [
        (404, {"message": "No provenance available for swp-1.0.tar.gz"}),
        (406, {"message": "Request not acceptable"}),
    ]


def test_methods_and_hosts(released: Here) -> None:
    """Pages are only read; GET of the upload endpoint is a page; other hosts are not this index."""
    assert released.post("https://pypi.org/simple/swp/").status_code == 405
    assert released.get("https://upload.pypi.org/legacy/").status_code == 200
    assert released.get("https://pypi.org/legacy/").status_code == 404
    assert released.get("https://test.pypi.org/simple/swp/").status_code == 404


def test_testpypi_has_everything_on_its_own_hosts(tmp_path: Path) -> None:
    """TestPyPI uploads to its web host, has its own files host, audience and help pages."""
    here = Here(addresses=TESTPYPI)
    assert here.upload(good_wheel(tmp_path)).status == "200 OK"
    (link,) = here.get("/simple/swp/", JSON).json["files"]
    assert link["url"] == f"https://test-files.pythonhosted.org{here.state.files('swp')[0].location}"
    assert here.get(link["url"]).status_code == 200
    assert here.get("/_/oidc/audience").json == {"audience": "testpypi"}
    assert "https://test.pypi.org/help/#invalid-auth" in here.upload(good_wheel(tmp_path), token="made-" + "up").status
    here.index.close()


def test_stale_by_reads(here: Here, tmp_path: Path) -> None:
    """So many readers see the page as it was before the change, then all see the new one."""
    here.owned("swp")
    here.state.stale[Surface.SIMPLE] = Staleness(reads=2)
    here.upload(good_wheel(tmp_path))
    assert [len(here.get("/simple/swp/", JSON).json["files"]) for _ in range(4)] == [0, 0, 1, 1]


def test_stale_by_time(here: Here, tmp_path: Path) -> None:
    """Until the time is over a new project is not there, however often it is asked for; files are."""
    here.state.stale[Surface.SIMPLE] = Staleness(seconds=60)
    here.upload(good_wheel(tmp_path))
    here.clock.now += 30
    here.upload(good_sdist(tmp_path))
    seen = []
    for _ in range(4):
        seen.append(here.get("/simple/swp/", JSON).status_code)
        here.clock.now += 29
    assert seen == [404, 404, 404, 200]
    assert here.get(f"https://files.pythonhosted.org{here.state.files('swp')[0].location}").status_code == 200


def test_each_surface_is_late_by_itself(here: Here, tmp_path: Path) -> None:
    """Simple pages, JSON, files and provenance lag each by a time of their own, and say 404 until it is over."""
    for number, surface in enumerate(Surface, start=1):
        here.state.stale[surface] = Staleness(seconds=number)
    here.upload(good_wheel(tmp_path))
    (file,) = here.state.files("swp")
    asked = {
        Surface.SIMPLE: "/simple/swp/",
        Surface.JSON: "/pypi/swp/1.0/json",
        Surface.FILES: f"https://files.pythonhosted.org{file.location}",
        Surface.INTEGRITY: f"/integrity/swp/1.0/{file.filename}/provenance",
    }
    seen = []
    for _ in range(5):
        found = {surface: here.get(url) for surface, url in asked.items()}
        seen.append([s.value for s, a in found.items() if a.status_code == 200 or b"No provenance" in a.data])
        here.clock.now += 1
    names = [surface.value for surface in Surface]
    assert seen == [names[:count] for count in range(5)]


class Elsewhere:
    """Projects of another index, from one folder."""

    def __init__(self, folder: Path, *filenames: str) -> None:
        self.folder = folder
        self.filenames = filenames

    def page(self, name: str) -> bytes | None:
        """The files of that project."""
        files = [
            {"filename": f, "url": f"https://files.pythonhosted.org/door/{f}", "hashes": {"sha256": "00"}, "future": 1}
            for f in self.filenames
            if f.startswith(f"{name}-")
        ]
        page = {"meta": {"api-version": "1.9", "_last-serial": 7}, "name": name, "files": files}
        return msgspec.json.encode(page) if files else None

    def file(self, path: str) -> Path | None:
        """A file of the folder."""
        found = self.folder / path.removeprefix("/door/")
        return found if found.is_file() else None


def test_other_projects(tmp_path: Path) -> None:
    """Other projects' pages come from elsewhere, ours are completed with earlier releases that are not hidden."""
    names = ("dep-3.0.tar.gz", "swp-0.8.tar.gz", "swp-0.9-py3-none-any.whl", "swp-1.0.tar.gz")
    (tmp_path / "dep-3.0.tar.gz").write_bytes(b"made up")
    here = Here(others=Elsewhere(tmp_path, *names))
    here.state.hidden.add(("swp", "0.9"))
    before = here.get("/simple/swp/", JSON).json
    here.state.add_file(good_wheel(tmp_path))
    after = here.get("/simple/swp/", JSON).json

    def seen(page: dict[str, list[dict[str, str]]]) -> tuple[list[str], list[str]]:
        return page["versions"], [file["filename"] for file in page["files"]]

    assert seen(before) == (["0.8", "1.0"], ["swp-0.8.tar.gz", "swp-1.0.tar.gz"])
    assert seen(after) == (["0.8", "1.0"], ["swp-0.8.tar.gz", "swp-1.0-py3-none-any.whl"])
    assert "/door/dep-3.0.tar.gz#sha256=00" in here.get("/simple/dep/").text
    assert here.get("https://files.pythonhosted.org/door/dep-3.0.tar.gz").data == b"made up"
    assert here.get("/simple/nothing/").status_code == 404
    here.index.close()

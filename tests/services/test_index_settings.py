"""What an index shows of a project, whatever it sends: each surface is read for itself, and none of them crashes."""

import json
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagship.model import Target
from tagship.services.addresses import PYPI
from tagship.services.http import Http, Patience
from tagship.services.index import Index
from tagship.services.index_settings import About, Listing, Publisher, Release, Role, certified, read_listing
from tests.attesting import COMMIT, OWNER_ID, REF, certificate, provenance

SHA = "0123456789abcdef0123456789abcdef01234567"
FILES = [
    ("swp-1.0.tar.gz", "2026-01-02T00:00:00.500000Z", True),
    ("swp-1.0-py3-none-any.whl", "2026-01-02T00:00:00Z", False),
    ("swp-0.9.tar.gz", "2026-03-01T00:00:00Z", False),
    ("swp-0.8.tar.gz", "2025-01-01T00:00:00Z", True),
    ("swp-0.7.tar.gz", "2024-01-01T00:00:00Z", True),
    ("a very old name.exe", "2003-01-01T00:00:00Z", False),
]
PAGE: dict[str, object] = {
    "meta": {"api-version": "1.4"},
    "name": "swp",
    "project-status": {"status": "active"},
    "versions": ["0.7"],
    "files": [
        {
            "filename": name,
            "url": "https://x.invalid",
            "hashes": {},
            "upload-time": at,
            "provenance": "p" if vouched else None,
        }
        for name, at, vouched in FILES
    ],
}
PROJECT: dict[str, object] = {
    "info": {
        "name": "SWP",
        "version": "0.9",
        "project_urls": {"Source": "https://github.com/owner/swp"},
        "home_page": "",
    },
    "vulnerabilities": [{"id": "PYSEC-1", "withdrawn": None}, {"id": "PYSEC-2", "withdrawn": "2026-01-01T00:00:00Z"}],
    "ownership": {"roles": [{"role": "Owner", "user": "alice"}], "organization": None},
}
GITHUB: dict[str, str | None] = {
    "kind": "GitHub",
    "repository": "owner/swp",
    "workflow": "p.yml",
    "environment": "pypi",
}
VOUCHED = provenance(GITHUB, {COMMIT: SHA, REF: "refs/tags/v1.0", OWNER_ID: "7"})


class Service:
    """An index on loopback that answers as told."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes | int] = {}
        self.asked: list[str] = []
        self.headers: dict[str, str] = {}
        self.missing = 0
        """Bytes of each answer that are announced and never sent."""
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                service.asked.append(self.path)
                kind = self.path.split("/")[1]
                answer = service.answers.get(self.path, service.answers.get(kind, 404))
                body = answer if isinstance(answer, bytes) else b"no"
                self.send_response(200 if isinstance(answer, bytes) else answer)
                self.send_header("Content-Length", str(len(body) + service.missing))
                for name, value in service.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.close_connection = self.close_connection or service.missing > 0
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.web = f"http://127.0.0.1:{self.server.server_port}"
        addresses = msgspec.structs.replace(PYPI, name="Example", target=Target.PYPI, web=self.web)
        http = Http(proxy=None, ca=None, agent="tests", patience=Patience(again=()))
        self.index = Index(addresses, http)

    def read(self, page: object = PAGE, project: object = PROJECT, vouched: bytes | int = VOUCHED) -> Listing:
        """Answer so, and look."""
        self.answers = {"simple": _body(page), "pypi": _body(project), "integrity": vouched}
        self.asked.clear()
        return read_listing(self.index, "SWP", ())


def _body(answer: object) -> bytes | int:
    return answer if isinstance(answer, (int, bytes)) else json.dumps(answer).encode()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """One for all tests: they tell it what to answer."""
    made = Service()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_the_newest_releases_are_read_by_the_time_of_their_upload(service: Service) -> None:
    """Three releases, the last uploaded first whatever its number, each with its files and who published them."""
    found = service.read()
    assert (found.status.value, found.about.value) == (
        "active",
        About(
            name="SWP",
            roles=(Role(role="Owner", user="alice"),),
            organization="",
            urls=("https://github.com/owner/swp",),
            vulnerabilities=("PYSEC-1",),
        ),
    )
    publisher = Publisher(
        kind="GitHub",
        repository="owner/swp",
        workflow="p.yml",
        environment="pypi",
        commit=SHA,
        ref="refs/tags/v1.0",
        owner_id="7",
    )
    assert [(r.version, r.files, r.bare, r.publishers.value) for r in found.releases] == [
        ("0.9", ("swp-0.9.tar.gz",), ("swp-0.9.tar.gz",), None),
        ("1.0", ("swp-1.0.tar.gz", "swp-1.0-py3-none-any.whl"), ("swp-1.0-py3-none-any.whl",), (publisher,)),
        ("0.8", ("swp-0.8.tar.gz",), (), (publisher,)),
    ]
    assert [r.uploaded for r in found.releases] == [1772323200.0, 1767312000.0, 1735689600.0]
    assert sorted(service.asked) == [
        "/integrity/swp/0.8/swp-0.8.tar.gz/provenance",
        "/integrity/swp/1.0/swp-1.0.tar.gz/provenance",
        "/pypi/swp/0.9/json",
        "/simple/swp/",
    ]


def test_files_are_asked_for_by_the_index_s_own_address(service: Service) -> None:
    """The address that a page gives for a provenance is not followed: it could lead anywhere."""
    service.read()
    assert all(path.startswith(("/integrity/swp/", "/simple/", "/pypi/")) for path in service.asked)


@pytest.mark.parametrize("status", [403, 404, 429, 500, 503])
def test_what_one_surface_hides_the_others_show(service: Service, status: int) -> None:
    """A refusal of the JSON or the integrity API leaves the rest; a 404 is an answer."""
    without_json, without_provenance = service.read(project=status), service.read(vouched=status)
    assert (without_json.about.hidden is None) is (status == 404)
    assert without_json.releases[1].publishers.value
    hidden = [release.publishers.hidden is None for release in without_provenance.releases]
    assert hidden == [True, status == 404, status == 404]
    assert without_provenance.about.value is not None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<!doctype html><title>Log in</title>", "JSON is malformed: invalid character (byte 0)"),
        (b'{"meta": {"api', "Input data was truncated"),
        (b"", "Input data was truncated"),
        (b"[]", "Expected `object`, got `array`"),
        (b"null", "Expected `object`, got `null`"),
        (b"{}", "Object missing required field `{field}`"),
        (b'{"files": 1, "info": 1, "attestation_bundles": 1}', "got `int` - at `$.{field}`"),
        (
            b'{"files": [{"filename": "\xe9"}], "info": {"name": "\xe9"},'
            b' "attestation_bundles": [{"publisher": {"kind": "\xe9"}}]}',
            "'utf-8' codec can't decode byte 0xe9",
        ),
    ],
)
def test_an_answer_that_cannot_be_used_is_hidden_with_words(service: Service, body: bytes, why: str) -> None:
    """Each surface says which address sent what, whatever it calls that; those that can be read are."""
    service.headers = {"Content-Type": "text/html"}
    hidden = {
        "files": service.read(page=body).status.hidden,
        "info": service.read(project=body).about.hidden,
        "attestation_bundles": service.read(vouched=body).releases[1].publishers.hidden,
    }
    service.headers = {}
    paths = ("/simple/swp/", "/pypi/swp/0.9/json", "/integrity/swp/1.0/swp-1.0.tar.gz/provenance")
    for (field, found), path in zip(hidden.items(), paths, strict=True):
        assert found is not None
        assert found.why.startswith(f"GET {service.web}{path} got an answer that cannot be used: ")
        assert why.format(field=field) in found.why
        assert found.remedy


@pytest.mark.parametrize("status", [301, 403, 406, 429, 500, 503])
def test_a_page_that_is_refused_hides_all(service: Service, status: int) -> None:
    """Where the project itself is not shown nothing is claimed of it: no state, no owner, no name that looks alike."""
    found = service.read(page=status)
    words = "could not be asked for" if status in (429, 500, 503) else "did not show"
    hidden = (found.status.hidden, found.about.hidden, found.alike.hidden)
    assert {one and one.why.partition(": ")[0] for one in hidden} == {f"Example {words} /simple/swp/"}
    assert (found.releases, service.asked) == ((), ["/simple/swp/"])


def test_an_answer_that_breaks_off_is_none(service: Service) -> None:
    """Bytes that were announced and never came make no answer of those that did, though they can be read."""
    service.missing = 7
    found = service.read()
    service.missing = 0
    assert found.status.hidden is not None
    assert found.status.hidden.why == (
        "127.0.0.1 could not be reached: Connection broken: IncompleteRead(936 bytes read, 7 more expected)"
    )


@pytest.mark.parametrize(
    ("names", "newest", "yanked", "offered"),
    [
        ({}, "", None, ""),
        ({"swp-1.0.tar.gz": False}, "1.0", None, "1.0"),
        ({"swp-1.0.tar.gz": "broken", "swp-2.0.tar.gz": True}, "2.0", "", ""),
        ({"swp-1.0.tar.gz": False, "swp-2.0.tar.gz": "broken"}, "2.0", "broken", "1.0"),
        ({"swp-1.0.tar.gz": False, "swp-2.0rc1.tar.gz": True}, "1.0", None, "1.0"),
        ({"swp-1.0.tar.gz": True, "swp-2.0rc1.tar.gz": False}, "1.0", "", "2.0rc1"),
        ({"swp-1.0rc1.tar.gz": "broken"}, "1.0rc1", "broken", ""),
        ({"swp-1.0.tar.gz": "broken", "swp-1.0-py3-none-any.whl": False}, "1.0", None, "1.0"),
    ],
)
def test_what_installers_take_is_read(
    service: Service, names: dict[str, bool | str], newest: str, yanked: str | None, offered: str
) -> None:
    """The newest final version, whether all its files are yanked and why, and what installers take instead."""
    files = [{"filename": name, "yanked": said} for name, said in names.items()]
    found = service.read({**PAGE, "files": files})
    assert (found.newest, found.yanked, found.offered) == (newest, yanked, offered)


def test_files_of_two_jobs_are_asked_who_published_them(service: Service) -> None:
    """Of many files of the newest release the first and the last are asked: wheels, and the sdist of another job."""
    names = [f"swp-1.0-cp3{minor}-cp3{minor}-win32.whl" for minor in range(9)] + ["swp-1.0.tar.gz"]
    service.read({**PAGE, "files": [{"filename": name, "provenance": "p"} for name in names]})
    asked = [path.split("/")[4] for path in service.asked if path.startswith("/integrity/")]
    assert sorted(asked) == [*names[:3], names[-1]]


def test_names_that_look_alike_are_asked_for_where_the_name_is_free(service: Service) -> None:
    """Of the names that were given those are returned that exist."""
    service.answers = {"/simple/sw-p/": _body(PAGE)}
    found = read_listing(service.index, "swp", ("sw-p", "s-wp"))
    assert (found.status.value, found.alike.value, found.releases) == (None, ("sw-p",), ())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from((*PAGE, *PROJECT, "status", "roles")), inner)
    ),
    max_leaves=8,
)
TIMES = st.sampled_from(
    ("", "0001-01-01T00:00:00", "9999-12-31T23:59:59Z", "2026-01-01T00:00:00+99:00", "now", None, 5)
)
NAMES = (
    st.sampled_from(("swp-1.0.tar.gz", "../../x-1.0.tar.gz", "swp-1e9.zip", "swp-1!2.0.tar.gz", "?#%00.whl"))
    | st.text()
)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], max_examples=80)
@given(page=JSON, project=JSON, files=st.lists(st.tuples(NAMES, TIMES), max_size=4), vouched=JSON)
def test_no_answer_crashes_it(
    service: Service, page: object, project: object, files: list[tuple[str, object]], vouched: object
) -> None:
    """Whatever an index sends, there is a listing; what cannot be used is hidden, with words."""
    listed = [{"filename": name, "upload-time": at, "provenance": "p"} for name, at in files]
    for shown in (page, {**PAGE, "files": listed}):
        found = service.read(shown, project, json.dumps(vouched).encode())
        readings = [found.status, found.about, found.alike, *(release.publishers for release in found.releases)]
        assert all(reading.hidden is None or reading.hidden.why for reading in readings)
        assert all(isinstance(release, Release) for release in found.releases)


def test_a_certificate_of_a_version_that_there_is_not_says_nothing() -> None:
    """X.509 has three versions; a fifth is no certificate."""
    data = b64decode(certificate(((COMMIT, SHA),))).replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x05", 1)
    assert certified(b64encode(data).decode()) == {}


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@settings(max_examples=200)
@given(at=st.integers(0, 10_000), value=st.integers(0, 255), cut=st.integers(0, 200))
def test_no_certificate_crashes_it(at: int, value: int, cut: int) -> None:
    """A certificate in which bytes are wrong or missing says what can still be read of it, or nothing."""
    data = bytearray(b64decode(certificate(((COMMIT, SHA), (REF, "refs/tags/v1.0")))))
    data[at % len(data)] = value
    found = certified(b64encode(bytes(data[: len(data) - cut])).decode())
    assert set(found) <= {"commit", "ref", "owner_id"}

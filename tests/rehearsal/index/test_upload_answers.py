"""What the embedded upload endpoint answers, against what the real one was seen to answer."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from embedded import Here
from made_dists import good_sdist, good_wheel, metadata, sdist, wheel, wheel_files, without
from werkzeug.test import TestResponse

from tagship.rehearsal.identity import Job

CORE = "See https://packaging.python.org/specifications/core-metadata for more information."
HELP = "https://pypi.org/help/#"
Case = Callable[[Here, Path], TestResponse]


def field(**fields: str | list[str] | None) -> Case:
    """Upload a good wheel with other form fields."""
    return lambda here, tmp: here.upload(good_wheel(tmp), **fields)


def sent(make: Callable[[Path], Path], **fields: str) -> Case:
    """Upload a file as it is."""
    return lambda here, tmp: here.upload(make(tmp), **fields)


def again(here: Here, tmp: Path) -> TestResponse:
    """The same file twice."""
    here.upload(good_wheel(tmp))
    return here.upload(good_wheel(tmp))


def taken(name: str) -> Case:
    """A file of a new project of this name, beside a project `swp-one`."""

    def case(here: Here, tmp: Path) -> TestResponse:
        here.owned("swp-one")
        return here.upload(good_wheel(tmp, name))

    return case


def md5_only(here: Here, tmp: Path) -> TestResponse:
    """A file with the oldest digest alone."""
    md5 = hashlib.md5(good_wheel(tmp).read_bytes()).hexdigest()
    return here.upload(good_wheel(tmp), sha256_digest=None, blake2_256_digest=None, md5_digest=md5)


def no_zip(tmp: Path) -> Path:
    """Something else under the name of a wheel."""
    path = tmp / "swp-1.0-py3-none-any.whl"
    path.write_bytes(b"made up")
    return path


def second_sdist(here: Here, tmp: Path) -> TestResponse:
    """A file of a release that has an sdist of another name."""
    here.owned("swp")
    here.state.add_bytes("swp-1.0.zip", b"made up")
    return here.upload(good_sdist(tmp))


def mint(**body: str) -> Case:
    """Ask for an upload token."""
    return lambda here, tmp: here.post("https://pypi.org/_/oidc/mint-token", json=body)


def provenance(here: Here, tmp: Path) -> TestResponse:
    """The provenance of a file that has none."""
    here.upload(good_wheel(tmp))
    return here.get("/integrity/swp/1.0/swp-1.0-py3-none-any.whl/provenance")


JOB = Job(
    repository="alice/swp",
    ref="refs/tags/v1.0",
    sha="ab" * 20,
    workflow="Publish",
    workflow_file="publish.yml",
    event_name="push",
)
NAMED = {
    "name": "swp",
    "version": "1.0",
    "metadata_version": "2.4",
    "filetype": "bdist_wheel",
    "pyversion": "py3",
}
MALFORMED = {"code": "invalid-payload", "description": "malformed JWT"}
NO_TOKEN = {
    "code": "invalid-payload",
    "description": "1 validation error for TokenPayload\nObject missing required field `token`",
}
"""The second line is msgspec's here, pydantic's there."""
_LACKS = "valid token, but no corresponding publisher"
NO_PUBLISHER = {
    "code": "invalid-publisher",
    "description": f"{_LACKS} (Publisher with matching claims was not found)",
}
NO_JTI = {"code": "invalid-publisher", "description": f"{_LACKS} (Missing claim 'jti')"}
SHA256 = "Invalid value for sha256_digest. Error: Use a valid, hex-encoded, SHA256 message digest."
ROWS = [
    ("first upload", sent(good_wheel), "200 OK"),
    ("the very same file again", again, "200 OK"),
    (
        "wrong sha256",
        field(sha256_digest="0" * 64),
        "400 The digest supplied does not match a digest calculated from the uploaded file.",
    ),
    (
        "no digest",
        field(sha256_digest=None, blake2_256_digest=None),
        "400 Error: Include at least one message digest.",
    ),
    ("bad hex", field(sha256_digest="xyz"), f"400 {SHA256}"),
    ("md5 only", md5_only, "200 OK"),
    ("no file", lambda here, tmp: here.upload(None, **without_file()), "400 Upload payload does not have a file."),
    ("no action", field(action=None), "404 NOT FOUND"),
    ("unknown action", field(action="dance"), "404 NOT FOUND"),
    (
        "registration",
        field(action="submit"),
        "410 Project pre-registration is no longer required or supported, upload your files instead.",
    ),
    (
        "documentation",
        field(action="doc_upload"),
        "410 Uploading documentation is no longer supported, we recommend using https://readthedocs.org/.",
    ),
    ("protocol 2", field(protocol_version="2"), "400 Unknown protocol version."),
    (
        "missing name",
        field(name=None),
        f"400 '' is an invalid value for Name. Error: This field is required. {CORE}",
    ),
    (
        "bad name",
        field(name="-bad-"),
        "400 '-bad-' is an invalid value for Name. Error: Start and end with a letter or numeral containing only "
        f"ASCII numeric and '.', '_' and '-'. {CORE}",
    ),
    ("bad version", field(version="1.0.x!"), f"400 '1.0.x!' is invalid for 'version'. {CORE}"),
    (
        "local version",
        field(version="1.2.3+l"),
        "400 The use of local versions in '1.2.3+l' is not allowed. See https://packaging.python.org/en/latest/"
        "specifications/version-specifiers/#local-version-identifiers for more information.",
    ),
    ("metadata 9.9", field(metadata_version="9.9"), f"400 '9.9' is not a valid metadata version. {CORE}"),
    ("bdist_foo", field(filetype="bdist_foo"), "400 Invalid value for filetype. Error: Use a known file type."),
    (
        "file of another project",
        sent(lambda tmp: good_wheel(tmp, "other"), name="swp", version="1.0"),
        "400 Start filename for 'swp' with 'swp'.",
    ),
    (
        "file of another version",
        sent(lambda tmp: good_wheel(tmp, version="3.0"), version="2.0"),
        "400 Version in filename should be '2.0' not '3.0'.",
    ),
    (
        "linux tag",
        sent(lambda tmp: wheel(tmp, wheel_files(), "swp-1.0-cp311-cp311-linux_x86_64.whl")),
        "400 Binary wheel 'swp-1.0-cp311-cp311-linux_x86_64.whl' has an unsupported platform tag 'linux_x86_64'.",
    ),
    ("wheel that is no zip", sent(no_zip, **NAMED), "400 Invalid distribution file. File is not a zipfile"),
    (
        "wheel without RECORD",
        sent(lambda tmp: wheel(tmp, without(wheel_files(), "RECORD"))),
        "400 Wheel 'swp-1.0-py3-none-any.whl' does not contain the required RECORD file: swp-1.0.dist-info/RECORD",
    ),
    (
        "upper case",
        sent(lambda tmp: wheel(tmp, upper_case(), "Swp-1.5-py3-none-any.whl")),
        "400 Filename 'Swp-1.5-py3-none-any.whl' should contain the normalized project name 'swp', not 'Swp'.",
    ),
    (
        "hyphen in the sdist's name",
        sent(
            lambda tmp: sdist(
                tmp, {"my-swp-1.0/PKG-INFO": metadata(name="my-swp"), "my-swp-1.0/a.py": ""}, "my-swp-1.0.tar.gz"
            )
        ),
        "400 Filename 'my-swp-1.0.tar.gz' is invalid, should be 'my_swp-1.0.tar.gz'.",
    ),
    (
        "sdist without PKG-INFO",
        sent(
            lambda tmp: sdist(tmp, {"swp-1.0/swp.py": "", "swp-1.0/b.py": ""}),
            name="swp",
            version="1.0",
            metadata_version="2.4",
        ),
        "400 Invalid distribution file. PKG-INFO not found at swp-1.0/PKG-INFO",
    ),
    ("second sdist", second_sdist, "400 Only one sdist may be uploaded per release."),
    (
        "bz2",
        lambda here, tmp: here.upload(good_sdist(tmp), filename="swp-1.0.tar.bz2"),
        "400 Invalid file extension: Use .tar.gz, .whl or .zip extension. See https://www.python.org/dev/peps/pep-0527 "
        "and https://peps.python.org/pep-0715/ for more information",
    ),
    (
        "classifier",
        field(classifiers=["Programming Language :: Cobol :: 2"]),
        f"400 'Programming Language :: Cobol :: 2' is not a valid classifier. {CORE}",
    ),
    (
        "direct dependency",
        field(requires_dist=["a @ https://example.com/a.whl"]),
        f"400 Can't have direct dependency: a @ https://example.com/a.whl. {CORE}",
    ),
    (
        "content type",
        field(description="x", description_content_type="text/plain; charset=ascii"),
        f"400 'description-content-type' can only specify the UTF-8 charset, not 'ascii'. {CORE}",
    ),
    (
        "licence expression",
        field(license_expression="Proprietary"),
        f"400 'Proprietary' is invalid for 'license-expression'. {CORE}",
    ),
    (
        "requires_python",
        field(requires_python="three"),
        f"400 'three' is invalid for 'requires-python'. {CORE}",
    ),
    (
        "e-mail",
        field(author_email="ada"),
        f"400 'ada' is not a valid email address: An email address must have an @-sign. {CORE}",
    ),
    ("long summary", field(summary="x" * 513), f"400 'summary' field must be 512 characters or less. {CORE}"),
    (
        "description that does not render",
        field(description="`unclosed <link\n\n.. nonsense::\n\n====\nA\n==", description_content_type="text/x-rst"),
        f"400 The description failed to render for 'text/x-rst'. See {HELP}description-content-type for more "
        "information.",
    ),
    (
        "standard library",
        taken("json"),
        "400 The name 'json' isn't allowed (conflict with Python Standard Library module name). "
        f"See {HELP}project-name for more information.",
    ),
    (
        "look-alike",
        taken("swp-0ne"),
        f"400 The name 'swp-0ne' is too similar to an existing project. See {HELP}project-name for more information.",
    ),
    (
        "prohibited",
        field(name="requirements.txt"),
        f"400 The name 'requirements.txt' isn't allowed. See {HELP}project-name for more information.",
    ),
    (
        "attestations with a user's token",
        field(attestations="[]"),
        "400 Invalid attestations supplied during upload: Attestations are only supported when using Trusted "
        "Publishing",
    ),
    ("signature", field(gpg_signature="made up"), "200 OK"),
    ("METADATA differs from the form", field(summary="another", author="another"), "200 OK"),
    (
        "no slash",
        lambda here, tmp: here.post("https://upload.pypi.org/legacy"),
        "308 An upload was attempted to /legacy but the expected upload URL is /legacy/ (with a trailing slash)",
    ),
    (
        "no token",
        lambda here, tmp: here.post("https://upload.pypi.org/legacy/", data={":action": "file_upload"}),
        f"403 Invalid or non-existent authentication information. See {HELP}invalid-auth for more information.",
    ),
    (
        "user and password",
        lambda here, tmp: here.upload(good_wheel(tmp), user="alice", token="made-" + "up"),
        "403 Username/Password authentication is no longer supported. Migrate to API Tokens or Trusted Publishers "
        f"instead. See {HELP}apitoken and {HELP}trusted-publishers",
    ),
    (
        "unknown token",
        lambda here, tmp: here.upload(good_wheel(tmp), token="pypi-" + "made-up"),
        f"403 Invalid or non-existent authentication information. See {HELP}invalid-auth for more information.",
    ),
    (
        "mint: malformed JWT",
        mint(token="nonsense"),
        (422, {"message": "Token request failed", "errors": [MALFORMED]}),
    ),
    ("mint: no token", mint(), (422, {"message": "Token request failed", "errors": [NO_TOKEN]})),
    (
        "mint: no publisher",
        lambda here, tmp: mint(token=here.issuer.token(JOB.claims(), audience="pypi", now=here.clock()))(here, tmp),
        (422, {"message": "Token request failed", "errors": [NO_PUBLISHER]}),
    ),
    (
        "mint: no jti",
        lambda here, tmp: mint(
            token=here.issuer.token({**JOB.claims(), "jti": None}, audience="pypi", now=here.clock())
        )(here, tmp),
        (422, {"message": "Token request failed", "errors": [NO_JTI]}),
    ),
    ("audience", lambda here, tmp: here.get("/_/oidc/audience"), (200, {"audience": "pypi"})),
    ("burn", lambda here, tmp: here.post("https://pypi.org/_/oidc/burn-token"), (404, {"message": "Not Found"})),
    (
        "provenance of a file without attestations",
        provenance,
        (404, {"message": "No provenance available for swp-1.0-py3-none-any.whl"}),
    ),
    ("field as a file", lambda here, tmp: here.client.post(**as_file(here)), "400 summary: Should not be a tuple."),
]


def without_file() -> dict[str, str]:
    """The fields of an upload whose file was forgotten."""
    return {
        "name": "swp",
        "version": "1.0",
        "metadata_version": "2.4",
        "filetype": "sdist",
        "md5_digest": "0" * 32,
    }


def upper_case() -> dict[str, str]:
    """A wheel whose folder is spelt as a careless tool does."""
    return {
        name.replace("swp-1.0.dist-info", "Swp-1.5.dist-info"): content.replace("Version: 1.0\n", "Version: 1.5\n")
        for name, content in wheel_files().items()
    }


def as_file(here: Here) -> dict[str, object]:
    """A request whose summary is a file."""
    from io import BytesIO

    data = {":action": "file_upload", "summary": (BytesIO(b"x"), "summary.txt")}
    return {"path": "/legacy/", "base_url": "https://upload.pypi.org", "data": data}


@pytest.mark.parametrize(("case", "expected"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS])
def test_answers_as_the_real_service(
    here: Here, tmp_path: Path, case: Case, expected: str | tuple[int, dict[str, object]]
) -> None:
    """Each request gets the status line that the real service gives; where that is JSON, the status and the body."""
    answer = case(here, tmp_path)
    found = answer.status if isinstance(expected, str) else (answer.status_code, answer.json)
    assert found == expected

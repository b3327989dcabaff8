"""Requests of any shape to the embedded index: each gets an answer, none an accident, and nothing is kept of them."""

from base64 import b64encode
from io import BytesIO

from embedded import Here
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_dists import good_wheel

from tagship.checks.rulebook import form_of

EXAMPLES = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
WORDS = st.text(max_size=12) | st.sampled_from(
    ["..", "%00", "%2e%2e", "swp", "SWP", "1.0", "swp-1.0-py3-none-any.whl", "json", "simple", "é", "\ud800", "a\0"]
)
HOSTS = ("pypi.org", "upload.pypi.org", "files.pythonhosted.org", "pypi.python.org", "example.invalid")
PATHS = st.one_of(
    st.lists(WORDS, max_size=4).map(lambda parts: "/" + "/".join(parts)),
    st.builds("/simple/{}/".format, WORDS),
    st.builds("/pypi/{}/{}/json".format, WORDS, WORDS),
    st.builds("/integrity/{}/{}/{}/provenance".format, WORDS, WORDS, WORDS),
    st.builds("/packages/{}".format, WORDS),
    st.builds("/door/{}/{}".format, WORDS, WORDS),
    st.sampled_from(["/legacy/", "/legacy", "/_/oidc/audience", "/_/oidc/mint-token"]),
)
FIELDS = (
    *("name", "version", "metadata_version", "filetype", "pyversion", "sha256_digest", "md5_digest", "summary"),
    *("requires_dist", "classifiers", "project_urls", "license_file", "requires_python", "attestations", ":action"),
    *("author_email", "description", "description_content_type", "license_expression", "dynamic", "provides_extra"),
)


def said(path: str) -> str:
    """A path that can stand in a request; the client of the tests would read a host into two slashes."""
    return "/" + path.encode("utf-8", "replace").decode().lstrip("/")


@EXAMPLES
@given(
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]),
    st.sampled_from(HOSTS),
    PATHS,
    st.dictionaries(
        st.sampled_from(["Accept", "Authorization", "If-None-Match", "Range", "Content-Type"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
        | st.sampled_from(
            ["Basic !!!", "Basic " + b64encode(b"__token__:x").decode(), "bytes=5-1,x", 'W/"', "*/*;q=x"]
        ),
    ),
    st.binary(max_size=60),
)
def test_any_request_is_answered(
    here: Here, method: str, host: str, path: str, headers: dict[str, str], body: bytes
) -> None:
    """Any method, host, path, headers and body: a status below 500, no body for HEAD, and the state stays."""
    answer = here.client.open(said(path), method=method, base_url=f"https://{host}", headers=headers, data=body)
    assert 200 <= answer.status_code < 500
    assert method != "HEAD" or answer.data == b""
    assert (here.state.projects, list(here.state.folder.iterdir())) == ({}, [])


@EXAMPLES
@given(
    st.dictionaries(st.sampled_from(FIELDS), st.lists(st.text(max_size=20), min_size=1, max_size=2), max_size=6),
    st.text(max_size=20) | st.none(),
    st.binary(max_size=40) | st.none(),
)
def test_any_form_is_answered(
    here: Here, fields: dict[str, list[str]], filename: str | None, content: bytes | None
) -> None:
    """A good upload with any of its fields, its name or its content changed is taken or refused, in words."""
    folder = here.state.folder.parent / f"{here.state.folder.name}-made"
    folder.mkdir(exist_ok=True)
    path = good_wheel(folder)
    data = path.read_bytes() if content is None else content
    try:
        sent = {":action": ["file_upload"], **form_of(path), **fields}
        form: dict[str, object] = {name: [said(value) for value in values] for name, values in sent.items()}
        form["content"] = (BytesIO(data), said(path.name if filename is None else filename), "application/octet-stream")
        token = b64encode(f"__token__:{here.token}".encode()).decode()
        answer = here.post(here.addresses.upload, data=form, headers={"Authorization": f"Basic {token}"})
    finally:
        path.unlink()
        folder.rmdir()
    assert 200 <= answer.status_code < 500
    kept = [file.path for project in here.state.projects.values() for file in project.files]
    assert sorted(here.state.folder.iterdir()) == sorted(set(kept))

"""What services, projects and events say: any bytes are understood or refused in words, and nothing else comes out."""

import contextlib
import json
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.version import Version

from tagship.errors import TagshipError
from tagship.project import changelog, config, pyproject, setuptools_files, version_sources
from tagship.rehearsal.keeper import simple_page
from tagship.services import github, github_answers, http
from tagship.services.http import Reply
from tagship.services.index import IndexPage
from tagship.stages import event
from tagship.versions import TagRefused, TagVersion, detect_scheme, parse, parse_tag

EXAMPLES = settings(max_examples=200)
WORDS = st.text(max_size=20) | st.sampled_from(
    [
        "v1.0.0",
        "1.0",
        "\u0661.\u0660",
        "1e999",
        "1" * 400,
        "../../x",
        "\ud800",
        "a\0b",
        "-",
        "$(reboot)",
        'v1";curl x|sh;"',
    ]
)
URLS = st.sampled_from(["https://x/y", "../y", "http://[x", "//[::1", "https://x:port/", "\\\\x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


def sent(value: object) -> bytes:
    """A value as JSON, as Python writes it: NaN and single surrogates too."""
    return json.dumps(value).encode()


def like(sample: object) -> st.SearchStrategy[object]:
    """Values of the shape of a sample, in which any part may be anything, or missing."""
    match sample:
        case dict():
            parts = {key: like(value) for key, value in sample.items()}
            shape = st.fixed_dictionaries({}, optional=parts)
        case st.SearchStrategy():
            shape = sample
        case list():
            shape = st.lists(like(sample[0]), max_size=3)
        case _:
            shape = st.just(sample)
    return st.one_of(shape, shape, shape, shape, JSON)


def answered(body: bytes, status: int = 200, **headers: str) -> Reply:
    """An answer of some service."""
    return Reply(
        method="GET", url="https://service.example/x", status=status, reason="", headers=headers, body=body
    )  # fmt: skip


PAGE = {
    "meta": {"api-version": "1.4"},
    "name": "swp",
    "versions": ["1.0"],
    "project-status": {"status": "active"},
    "files": [{"filename": "swp-1.0.tar.gz", "url": URLS, "hashes": {"sha256": "0" * 64}, "yanked": False}],
}


@EXAMPLES
@given(like(PAGE).map(sent) | st.binary(max_size=80))
def test_simple_pages_in_json(body: bytes) -> None:
    """Our two readers of PEP 691 take a page or refuse it."""
    try:
        page = answered(body).json(IndexPage)
    except TagshipError:
        pass
    else:
        assert page.others("1.0", ()) is not None
        assert page.file("swp-1.0.tar.gz") is None or page.files
    try:
        read = simple_page.from_json(body, "https://index.example/simple/swp/")
    except msgspec.DecodeError:
        return
    assert json.loads(simple_page.answer("swp", read))["name"] == "swp"


TAGS = st.lists(
    st.sampled_from(
        [
            '<a href="swp-1.0.tar.gz#sha256=00">',
            '<a href="../../swp-1.0-py3-none-any.whl" data-yanked="" data-core-metadata="sha256=00">',
            '<a href="http://[broken">',
            '<a href="//[::1/x">',
            '<base href="http://[">',
            "<a href=\"x\u0000y\" data-requires-python='&gt;=3'>",
            "</a>",
            "<!--",
            "<![CDATA[",
            "<!DOCTYPE html",
            "<a",
            "&#xD800;",
            "&#99999999999;",
        ]
    )
    | st.text(max_size=12),
    max_size=12,
)


@EXAMPLES
@given(TAGS.map("".join))
def test_simple_pages_in_html(text: str) -> None:
    """A page of anybody's HTML is read; what is no link to a file of the project is left out of the answer."""
    page = simple_page.from_html(text, "https://index.example/simple/swp/")
    for file in json.loads(simple_page.answer("swp", page))["files"]:
        assert "/" not in file["filename"]
        assert file["url"].startswith("https://files.pythonhosted.org/door/")


RUN = {
    "id": 1,
    "name": "x",
    "path": "ci.yml",
    "event": "push",
    "head_sha": "0",
    "status": "completed",
    "conclusion": None,
}
CHECK = {"id": 1, "name": "x", "status": "completed", "conclusion": "success", "app": {"slug": "x"}}
RELEASE = {"id": 1, "tag_name": "v1", "draft": True, "html_url": "", "assets": [{"id": 1, "name": "x", "state": "x"}]}
ANSWERS: list[tuple[type, object]] = [
    (github.WorkflowRun, RUN),
    (github.CheckRun, CHECK),
    (github.CommitStatus, {"context": "x", "state": "x", "target_url": None}),
    (github.Release, RELEASE),
]


@pytest.mark.parametrize(("kind", "sample"), ANSWERS, ids=[kind.__name__ for kind, _ in ANSWERS])
def test_answers_of_github(kind: type, sample: object) -> None:
    """A record of GitHub's is taken as described, or the answer is refused."""

    @EXAMPLES
    @given(like(sample).map(sent) | st.binary(max_size=80))
    def read(body: bytes) -> None:
        with contextlib.suppress(TagshipError):
            assert isinstance(answered(body).json(kind), kind)

    read()


@EXAMPLES
@given(
    like({"message": "Validation Failed", "errors": [{"code": "already_exists", "message": "x"}]}).map(sent),
    st.sampled_from([400, 401, 403, 404, 409, 422, 429, 500, 503]),
    st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset", "x-accepted-github-permissions"]),
        WORDS | st.integers().map(str),
    ),
)
def test_refusals_of_github(body: bytes, status: int, headers: dict[str, str]) -> None:
    """Every refusal, with whatever headers, becomes an error of ours with a remedy."""
    error = github_answers.refusal(answered(body, status, **headers))
    assert isinstance(error, TagshipError)
    assert error.remedy


@EXAMPLES
@given(st.integers(0, 5), st.sampled_from([None, 200, 403, 429, 503]), WORDS | st.integers(-5, 99).map(str))
@example(0, 429, "1" * 5000)
@example(0, 503, "Fri, 31 Dec 9999 23:59:59 +9999")
def test_waits_that_a_service_asks_for(attempt: int, status: int | None, asked: str) -> None:
    """Any Retry-After is waited for within a minute, or the answer is taken as it is."""
    seconds = http.wait(attempt, status, asked)
    assert seconds is None or 0 <= seconds <= http.Patience().longest


@EXAMPLES
@given(WORDS | WORDS.map('<{}>; rel="next"'.format) | st.from_regex(r"<[^>]*>;( rel=\"(next|prev)\",?)*"))
def test_links_to_the_next_page(header: str) -> None:
    """Any Link header has a next page or none."""
    found = github_answers.next_page(header)
    assert found is None or isinstance(github_answers.belongs(found, "https://api.github.com/repos/a/b"), bool)


def refused_or(read: Callable[[], object]) -> object:
    """What a reader gives; None where it refuses in words."""
    try:
        return read()
    except TagshipError as error:
        assert error.remedy
        return None


EVENT = {"repository": {"default_branch": "main"}, "inputs": {"dry_run": "true", "target_env": "pypi"}}


@EXAMPLES
@given(like(EVENT).map(sent) | st.binary(max_size=60), WORDS, st.sampled_from(["push", "workflow_dispatch", "release"]))
def test_events(payload: bytes, ref: str, name: str) -> None:
    """Any payload and any ref is an event as GitHub has it, or refused; unclear inputs are a dry run or the default."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "event.json"
        path.write_bytes(payload)
        variables = {"GITHUB_EVENT_NAME": name, "GITHUB_REF": ref, "GITHUB_EVENT_PATH": str(path)}
        found = refused_or(lambda: event.read(variables, "0" * 40, "main"))
    assert found is None or (found.ref == ref and found.inputs.target_env in ("pypi", "testpypi"))


TOML = st.lists(
    st.sampled_from(
        [
            "[tool.tagship]",
            "[project]",
            "[tool.setuptools_scm]",
            "[tool.hatch.version]",
            "[[tool.tagship.package]]",
            'name = "swp"',
            'version = "1.0"',
            'dynamic = ["version"]',
            'path = "../../etc/passwd"',
            'tag = "v{version}{"',
            "ci = [1, {}, [[]]]",
            "ci = false",
            "tests = {command = 3}",
            'release-branches = ["ma[in", "**", ""]',
            "environments = {pypi = 7}",
            "x = 99999999999999999999999999",
            "d = 1979-05-27T07:32:00Z",
            "[",
            '"" = ""',
            "a.b.c = 1",
        ]
    )
    | st.text(max_size=12),
    max_size=8,
).map("\n".join)


@EXAMPLES
@given(TOML.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=80))
def test_pyproject_and_configuration(data: bytes) -> None:
    """Any pyproject.toml is read, with our table and the version's source, or refused with the place."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "pyproject.toml").write_bytes(data)
        file = refused_or(lambda: pyproject.read_toml(root, "pyproject.toml"))
        parsed = refused_or(lambda: pyproject.parse(file)) if file else None
        if parsed is not None:
            loaded = refused_or(lambda: config.load(root, file, parsed))
            assert loaded is None or refused_or(lambda: config.required(loaded.config)) is not ...
        refused_or(lambda: version_sources.find(root))
        assert [path.name for path in root.iterdir()] == ["pyproject.toml"]


LINES = st.lists(
    st.sampled_from(
        [
            "# 1.0",
            "## [1.0] - 2026",
            "1.0",
            "===",
            "----",
            "```",
            "Unreleased",
            "# Unreleased",
            "# 1.0rc1",
            "v1.0 (x)",
            "",
        ]
    )
    | st.text(max_size=15),
    max_size=20,
).map("\n".join)


@EXAMPLES
@given(LINES)
def test_changelogs(text: str) -> None:
    """Any text has a section about a version or has none."""
    found = changelog.find(text, "1.0")
    assert found is None or found.strip() == found != ""


@pytest.mark.parametrize(
    "line", ["#" * 5, "# " + "1." * 40, "=" * 100, "x\n===", "1-1-1-1-" * 20, "`" * 3], ids=range(6)
)
def test_long_changelogs_take_time_in_proportion(line: str) -> None:
    """Half a megabyte of headings is searched within seconds."""
    text = f"{line}\n" * (500_000 // (len(line) + 1))
    began = time.process_time()
    changelog.find(text, "1.0")
    assert time.process_time() - began < 5


@EXAMPLES
@given(WORDS, st.lists(WORDS, max_size=5))
def test_versions_and_tags(text: str, tags: list[str]) -> None:
    """Any text is a version or none, and any tag is one of a release or refused with the reason."""
    version = parse(text)
    assert version is None or isinstance(version, Version)
    scheme = refused_or(lambda: detect_scheme(tags))
    if scheme is not None:
        found = parse_tag(text, scheme)
        assert isinstance(found, TagVersion | TagRefused)


DEEP = b'{"unknown": ' + b"[" * 50_000
"""Deeper than any reader can follow; unknown keys are stepped over, and stepping is following."""


def test_deep_json_is_refused(tmp_path: Path) -> None:
    """JSON nested without end is refused in words by every reader of it, and by the embedded services."""
    with pytest.raises(TagshipError):
        answered(DEEP).json(IndexPage)
    with pytest.raises(msgspec.DecodeError):
        simple_page.from_json(DEEP, "https://index.example/simple/swp/")
    assert github_answers.refusal(answered(DEEP, 422)).remedy
    path = tmp_path / "event.json"
    path.write_bytes(DEEP)
    with pytest.raises(TagshipError):
        event.read({"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "x", "GITHUB_EVENT_PATH": str(path)}, "0" * 40, "main")


TOO_MUCH = [
    "x = " + "[" * 50_000,
    "a." * 3_000 + "b = 1\n" + "".join(f"a{n}." + "a." * 1_500 + "b = 1\n" for n in range(40)),
    "x = {" + "a = {" * 20_000,
]


@pytest.mark.parametrize("text", TOO_MUCH, ids=["deep", "dotted", "tables"])
def test_toml_that_costs_too_much_is_refused(tmp_path: Path, text: str) -> None:
    """TOML that is nested or dotted beyond any use is refused with its file, at little cost."""
    (tmp_path / "pyproject.toml").write_text(text)
    tracemalloc.start()
    try:
        with pytest.raises(TagshipError) as caught:
            pyproject.read_toml(tmp_path, "pyproject.toml")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "pyproject.toml" in f"{caught.value.message} {caught.value.where}"
    assert peak < 100 << 20


@pytest.mark.parametrize("text", ["-" * 50_000 + "1", "a." * 50_000 + "a", "(" * 50_000], ids=["signs", "dots", "open"])
def test_python_that_cannot_be_parsed_is_refused(tmp_path: Path, text: str) -> None:
    """A setup.py beyond what Python's own parser can follow is refused like one with a mistake."""
    (tmp_path / "setup.py").write_text(text)
    for read in (setuptools_files.read_setup_py, version_sources.find):
        assert refused_or(lambda read=read: read(tmp_path)) is None or read is version_sources.find

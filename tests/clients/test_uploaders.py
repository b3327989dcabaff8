"""Clients that upload, at PyPI's default address: each is told nothing but a token, and believes it is PyPI."""

import hashlib
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from tagship.services.addresses import PYPI
from tagship.services.secret import Secret
from tagship.services.shell import Output
from tests.clients.conftest import tool, world_of
from tests.rehearsing import Opened

PYTHON = str(Path(sys.executable))


@dataclass(frozen=True)
class Uploader:
    """How a client is called."""

    words: tuple[str, ...]
    secret: str
    """The variable that takes the token."""
    variables: Mapping[str, str] = field(default_factory=dict)
    folder: bool = False
    """It is given the folder, not the files."""


UPLOADERS: Mapping[str, Uploader] = {
    "twine": Uploader(
        (PYTHON, "-m", "twine", "upload", "--non-interactive"), "TWINE_PASSWORD", {"TWINE_USERNAME": "__token__"}
    ),
    "uv": Uploader((PYTHON, "-m", "uv", "publish", "--trusted-publishing", "never"), "UV_PUBLISH_TOKEN"),
    "poetry": Uploader(("poetry", "publish", "--no-interaction", "--dist-dir"), "POETRY_PYPI_TOKEN_PYPI", folder=True),
    "maturin": Uploader(("maturin", "upload", "--non-interactive"), "MATURIN_PYPI_TOKEN"),
    "hatch": Uploader(
        ("hatch", "--no-interactive", "publish", "-n"), "HATCH_INDEX_AUTH", {"HATCH_INDEX_USER": "__token__"}
    ),
}


class _Quiet(WSGIRequestHandler):
    def log_request(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def relay(opened: Opened) -> Iterator[str]:
    """An address on loopback behind which the embedded PyPI is, for a client that knows no proxies.

    `hatch publish` gives its HTTP client a transport of its own, which ignores them, so the doors cannot lead it in.
    """
    host = PYPI.upload.split("/")[2]

    def application(environ: dict[str, object], start_response: object) -> object:
        return opened.embedded.pypi({**environ, "HTTP_HOST": host, "wsgi.url_scheme": "https"}, start_response)

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/legacy/"
    server.shutdown()
    thread.join()
    server.server_close()


def upload(opened: Opened, name: str, dists: list[Path], token: str, repository: str) -> Output:
    how = UPLOADERS[name]
    program, *words = how.words
    files = [str(dists[0].parent)] if how.folder else [str(path) for path in dists]
    runner = opened.embedded.place.folder / "runner"
    extra = {**how.variables, how.secret: Secret(token), "COLUMNS": "300", "NO_COLOR": "1"}
    if name == "hatch":
        extra["HATCH_INDEX_REPO"] = repository
    return opened.embedded.shell.run((tool(program), *words, *files), cwd=runner, extra=extra, timeout=120)


@pytest.mark.parametrize("name", UPLOADERS)
def test_files_are_uploaded_with_a_token(opened: Opened, dists: list[Path], name: str, relay: str) -> None:
    """With a token of the project both files arrive, byte for byte, and a second time nothing is refused or changed."""
    state = opened.embedded.pypi.state
    token = state.token_for("maintainer", ["sample"])
    for _ in range(2):
        output = upload(opened, name, dists, token, relay)
        assert output.ok, output.tail()
        assert {file.filename: file.sha256 for file in state.files("sample")} == {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in dists
        }
    posts = [e.url for e in opened.embedded.exchanges if e.method == "POST"]
    assert posts == ([] if name == "hatch" else [PYPI.upload] * len(dists) * 2)


@pytest.mark.parametrize("name", UPLOADERS)
def test_a_refusal_is_shown_in_the_words_of_the_index(opened: Opened, dists: list[Path], name: str, relay: str) -> None:
    """A token of another project is refused; the client ends with an error and shows why; nothing arrives."""
    state = opened.embedded.pypi.state
    output = upload(opened, name, dists, state.token_for("maintainer", ["another-project"]), relay)
    assert not output.ok
    said = " ".join((output.stdout + output.stderr).split())
    assert "project-scoped token is not valid for project: 'sample'" in said
    assert list(state.files("sample")) == []


@pytest.mark.parametrize(
    "words",
    [("-m", "twine", "upload", "--non-interactive"), ("-m", "uv", "publish", "--trusted-publishing", "always")],
    ids=["twine", "uv"],
)
def test_trusted_publishing_in_a_job(opened: Opened, dists: list[Path], words: tuple[str, ...]) -> None:
    """With the variables of a job and no token, twine and uv fetch an identity, mint a token and upload."""
    job = ("GITHUB_ACTIONS", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    extra = {name: world_of(opened, "publish").environment[name] for name in job}
    runner = opened.embedded.place.folder / "runner"
    output = opened.embedded.shell.run((PYTHON, *words, *dists), cwd=runner, extra=extra, timeout=120)
    assert output.ok, output.tail()
    assert sorted(file.filename for file in opened.embedded.pypi.state.files("sample")) == [p.name for p in dists]


def test_flit_builds_and_uploads(opened: Opened, tmp_path: Path) -> None:
    """flit publishes a package of its own kind under the maintainer's name."""
    flit = tool("flit")
    project = tmp_path / "flitted"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
        '[project]\nname = "flitted"\nversion = "1.0"\ndescription = "x"\n'
    )
    (project / "flitted.py").write_text('"""x"""\n')
    state = opened.embedded.pypi.state
    extra = {"FLIT_USERNAME": "__token__", "FLIT_PASSWORD": Secret(state.token_for("maintainer"))}
    output = opened.embedded.shell.run((flit, "publish", "--no-use-vcs"), cwd=project, extra=extra, timeout=120)
    assert output.ok, output.tail()
    assert sorted(f.filename for f in state.files("flitted")) == [
        "flitted-1.0-py2.py3-none-any.whl",
        "flitted-1.0.tar.gz",
    ]


def test_twine_skips_by_name_alone(opened: Opened, dists: list[Path]) -> None:
    """`--skip-existing` asks the old host for names only: another wheel under a known name passes unsaid."""
    state = opened.embedded.pypi.state
    state.add_file(dists[0])
    before = state.files("sample")
    with zipfile.ZipFile(dists[0], "a") as wheel:
        wheel.writestr("sample/more.py", "")
    how = UPLOADERS["twine"]
    extra = {**how.variables, how.secret: Secret(state.token_for("maintainer", ["sample"])), "COLUMNS": "300"}
    runner = opened.embedded.place.folder / "runner"
    argv = (*how.words, "--skip-existing", dists[0])
    output = opened.embedded.shell.run(argv, cwd=runner, extra=extra, timeout=120)
    assert output.ok, output.tail()
    assert f"Skipping {dists[0].name}" in output.stdout
    assert state.files("sample") == before
    asked = [e.url for e in opened.embedded.exchanges if e.client.startswith("twine")]
    assert asked == ["https://pypi.python.org/pypi/sample/json"]


def test_uv_compares_before_it_uploads(opened: Opened, dists: list[Path]) -> None:
    """`--check-url` leaves out what is there with the same digest, and stops where the digest is another."""
    state = opened.embedded.pypi.state
    state.add_file(dists[0])
    how = UPLOADERS["uv"]
    extra = {how.secret: Secret(state.token_for("maintainer", ["sample"])), "NO_COLOR": "1"}
    runner = opened.embedded.place.folder / "runner"
    argv = (*how.words, "--check-url", PYPI.simple, *dists)
    output = opened.embedded.shell.run(argv, cwd=runner, extra=extra, timeout=120)
    assert output.ok, output.tail()
    assert [file.filename for file in state.files("sample")] == [path.name for path in dists]
    assert len([e for e in opened.embedded.exchanges if e.method == "POST"]) == 1
    with zipfile.ZipFile(dists[0], "a") as wheel:
        wheel.writestr("sample/more.py", "")
    output = opened.embedded.shell.run(argv, cwd=runner, extra=extra, timeout=120)
    assert not output.ok
    assert "Local file and index file do not match for `sample" in output.stderr
    assert len([e for e in opened.embedded.exchanges if e.method == "POST"]) == 1

"""Clients of the index at their default addresses: each is told nothing but a token, and believes it is PyPI."""

import hashlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tagship.services.secret import Secret
from tagship.services.shell import Output
from tests.clients.conftest import tool, world_of
from tests.rehearsing import Opened

Run = Callable[..., Output]
PYTHON = Path(sys.executable)

UPLOADERS: Mapping[str, tuple[tuple[str, ...], Mapping[str, str], str]] = {
    "twine": (("-m", "twine", "upload", "--non-interactive"), {"TWINE_USERNAME": "__token__"}, "TWINE_PASSWORD"),
    "uv": (("-m", "uv", "publish", "--trusted-publishing", "never"), {}, "UV_PUBLISH_TOKEN"),
    "poetry": (("publish", "--no-interaction", "--dist-dir"), {}, "POETRY_PYPI_TOKEN_PYPI"),
}
"""Words, variables and the variable of the token. Those that are no requirement of the tests are tools.

`hatch publish` is not among them: it gives its HTTP client a transport of its own, which ignores proxies, so the doors
do not lead it in."""
PARAMETERS = [pytest.param(name, marks=[pytest.mark.tool(name)] if name == "poetry" else []) for name in UPLOADERS]


def upload(opened: Opened, name: str, dists: list[Path], token: str) -> Output:
    words, variables, secret = UPLOADERS[name]
    program = str(PYTHON) if words[0] == "-m" else tool(name)
    files = [str(dists[0].parent)] if name == "poetry" else [str(path) for path in dists]
    runner = opened.embedded.place.folder / "runner"
    extra = {**variables, secret: Secret(token), "COLUMNS": "300", "NO_COLOR": "1"}
    return opened.embedded.shell.run((program, *words, *files), cwd=runner, extra=extra, timeout=120)


@pytest.mark.parametrize("name", PARAMETERS)
def test_files_are_uploaded_with_a_token(opened: Opened, dists: list[Path], name: str) -> None:
    """With a token of the project both files arrive, byte for byte, at PyPI's default address."""
    state = opened.embedded.pypi.state
    output = upload(opened, name, dists, state.token_for("maintainer", ["sample"]))
    assert output.ok, output.tail()
    assert {file.filename: file.sha256 for file in state.files("sample")} == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in dists
    }
    posts = [e.url for e in opened.embedded.exchanges if e.method == "POST"]
    assert posts == ["https://upload.pypi.org/legacy/"] * len(dists)


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_refusal_is_shown_in_the_words_of_the_index(opened: Opened, dists: list[Path], name: str) -> None:
    """A token of another project is refused; the client ends with an error and shows why; nothing arrives."""
    state = opened.embedded.pypi.state
    output = upload(opened, name, dists, state.token_for("maintainer", ["another-project"]))
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


@pytest.mark.tool("flit")
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


@pytest.mark.parametrize(
    "words",
    [
        ("-m", "pip", "install", "--no-cache-dir", "--target"),
        ("-m", "uv", "pip", "install", "--no-cache", "--target"),
    ],
    ids=["pip", "uv"],
)
def test_what_was_published_can_be_installed(opened: Opened, tmp_path: Path, words: tuple[str, ...]) -> None:
    """After the pipeline pip and uv install the release by its name alone."""
    assert opened.run().error is None
    target = tmp_path / "target"
    argv = (PYTHON, *words, str(target), "sample==1.0.0")
    output = opened.embedded.shell.run(argv, cwd=tmp_path, timeout=120)
    assert output.ok, output.tail()
    assert (target / "sample/__init__.py").is_file()


def test_pypi_simple_reads_the_pages(opened: Opened, tmp_path: Path) -> None:
    """The pypi-simple library finds both files with digest, size and metadata."""
    found = Path(pytest.importorskip("pypi_simple").__file__).parent.parent
    assert opened.run().error is None
    code = (
        "import json, pypi_simple\n"
        "with pypi_simple.PyPISimple() as client:\n"
        "    page = client.get_project_page('sample')\n"
        "rows = [(p.filename, p.version, p.package_type, p.has_metadata, 'sha256' in p.digests)"
        " for p in page.packages]\n"
        "print(page.project, page.repository_version, json.dumps(sorted(rows)))\n"
    )
    output = opened.embedded.shell.run((PYTHON, "-c", code), cwd=tmp_path, extra={"PYTHONPATH": str(found)})
    assert output.ok, output.tail()
    name, version, rows = output.stdout.split(" ", 2)
    assert (name, version.split(".")[0]) == ("sample", "1")
    assert rows.strip() == (
        '[["sample-1.0.0-py3-none-any.whl", "1.0.0", "wheel", true, true], '
        '["sample-1.0.0.tar.gz", "1.0.0", "sdist", null, true]]'
    )

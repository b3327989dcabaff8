"""What stand-ins refuse without any server, and which files they mean: tables, from the sources of the actions."""

import os
from pathlib import Path

import pytest

from tagship.errors import ToolFailed
from tagship.rehearsal.act.standins import NEWEST, STANDINS, refusal, standin
from tagship.rehearsal.act.steps import attest, download, python, release, upload
from tagship.rehearsal.act.steps.step import Step
from tagship.rehearsal.act.survey import survey
from tagship.workflow import document

pytestmark = pytest.mark.requirement("E2")
COMMIT = "0123456789" * 4


def a_step(action: str, folder: Path, **inputs: str) -> Step:
    """A step of an action, with the action's own defaults."""
    folder.joinpath("temporary").mkdir(exist_ok=True)
    variables = {
        "GITHUB_WORKSPACE": str(folder / "work"),
        "GITHUB_REPOSITORY": "somebody/sample",
        "GITHUB_RUN_ID": "1",
        "GITHUB_JOB": "job",
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_ENV": str(folder / "env"),
        "GITHUB_PATH": str(folder / "path"),
        "RUNNER_TEMP": str(folder / "temporary"),
        "TAGSHIP_RELEASE": ".".join(map(str, standin(f"{action}@main").release)),
        "TAGSHIP_NOTES": str(folder / "notes"),
        "PATH": os.environ["PATH"],
    }
    given = {name.replace("_", "-") if action.startswith("actions/") else name: text for name, text in inputs.items()}
    defaults = next(row.inputs for row in STANDINS if row.action == action)
    return Step(inputs={**defaults, **given}, variables=variables, say=lambda text: None)


def tree(folder: Path, *names: str) -> Path:
    """A workspace with files."""
    for name in names:
        path = folder / "work" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


@pytest.mark.parametrize(
    ("uses", "comment", "meant"),
    [
        ("actions/checkout@v4", "", (4, NEWEST, NEWEST)),
        ("actions/checkout@v6.0.2", "", (6, 0, 2)),
        ("pypa/gh-action-pypi-publish@release/v1", "", (1, NEWEST, NEWEST)),
        ("actions/checkout@main", "v3", (NEWEST, NEWEST, NEWEST)),
        (f"actions/checkout@{COMMIT}", "v4.2.2", (4, 2, 2)),
        (f"actions/checkout@{COMMIT}", "tag=v5 of the 1st", (5, NEWEST, NEWEST)),
        (f"actions/checkout@{COMMIT}", "pinned in the year 2026", (NEWEST, NEWEST, NEWEST)),
        ("actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1", "v1", (7, 0, 1)),
    ],
)
def test_a_ref_means_a_version(uses: str, comment: str, meant: tuple[int, ...]) -> None:
    """A tag is read, of a commit the pins know it or the comment tells it, and everything else is the newest."""
    assert standin(uses, comment).release == meant


@pytest.mark.parametrize(
    ("uses", "comment", "words"),
    [
        ("actions/upload-artifact@v3.1.3", "", "a deprecated version of `actions/upload-artifact: v3.1.3`."),
        (
            f"actions/download-artifact@{COMMIT}",
            "v2",
            f"a deprecated version of `actions/download-artifact: {COMMIT}`.",
        ),
        ("actions/cache/restore@v2", "", "a deprecated version of `actions/cache: v2`."),
        ("actions/cache@v3", "", ""),
        ("astral-sh/setup-uv@v7", "", ""),
        ("astral-sh/setup-uv@v8.1", "", "to resolve action `astral-sh/setup-uv@v8.1`, unable to find version `v8.1`"),
        ("astral-sh/setup-uv@v9.0.0", "", ""),
        (f"astral-sh/setup-uv@{COMMIT}", "v9", ""),
        ("astral-sh/setup-uv@main", "", ""),
    ],
)
def test_github_begins_no_job_with_what_it_retired_or_does_not_find(uses: str, comment: str, words: str) -> None:
    """Versions that are failed automatically, and tags that were never made, by tag and by commit."""
    said = refusal(standin(uses, comment), uses)
    assert said.endswith(words) if words else said == ""


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("dist", {"a.whl", "b.tar.gz"}),
        ("dist/*.whl", {"a.whl"}),
        ("dist/a.whl", {"a.whl"}),
        ("dist/a.whl\ndist/a.whl", {"a.whl"}),
        ("dist/a.whl\nREADME.md", {"dist/a.whl", "README.md"}),
        ("dist\ndist/deep", {"a.whl", "b.tar.gz"}),
        ("dist\n!dist/*.whl", {"b.tar.gz"}),
        ("!dist/*.whl\ndist", {"a.whl", "b.tar.gz"}),
        (".github/workflows/x.yml", {"x.yml"}),
        (".github", set()),
        ("nothing", set()),
    ],
)
def test_files_that_an_artifact_holds(tmp_path: Path, path: str, names: set[str]) -> None:
    """Roots, exclusions in their order, and what is hidden below its beginning."""
    tree(tmp_path, "dist/a.whl", "dist/b.tar.gz", "dist/.gitignore", "README.md", ".github/workflows/x.yml")
    assert set(upload.found(a_step("actions/upload-artifact", tmp_path, path=path))) == names


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"path": ""}, "Input required and not supplied: path"),
        ({"name": ""}, "Provided artifact name input during validation is empty"),
        ({"name": "a/b"}, "The artifact name is not valid: a/b. Contains the following character:  Forward slash /"),
        ({"path": "odd"}, "The path for one of the files in artifact is not valid: /a:b. Contains the following"),
        (
            {"if_no_files_found": "fail"},
            "Unrecognized if-no-files-found input. Provided: fail. Available options: warn",
        ),
        ({"retention_days": "soon"}, "Invalid retention-days"),
        ({"compression_level": "10"}, "Invalid compression-level. Valid values are 0-9"),
        ({"overwrite": "yes"}, 'Input does not meet YAML 1.2 "Core Schema" specification: overwrite'),
        ({"archive": "false"}, "When 'archive' is set to false, only a single file can be uploaded. Found 2 files"),
    ],
)
def test_what_upload_artifact_refuses(tmp_path: Path, inputs: dict[str, str], words: str) -> None:
    """Each refusal comes before the service is asked, in the action's words."""
    tree(tmp_path, "dist/a.whl", "dist/b.tar.gz", "odd/a:b")
    with pytest.raises(ToolFailed) as caught:
        upload.run(a_step("actions/upload-artifact", tmp_path, **{"path": "dist", **inputs}))
    assert caught.value.message.startswith(words)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("wheels-*", ["wheels-linux", "wheels-mac"]),
        ("{sdist,wheels-l*}", ["sdist", "wheels-linux"]),
        ("!sdist", [".hidden", "wheels-linux", "wheels-mac"]),
        ("*", ["sdist", "wheels-linux", "wheels-mac"]),
        ("wheels-[lm]????", ["wheels-linux"]),
    ],
)
def test_patterns_of_artifacts(pattern: str, names: list[str]) -> None:
    """As npm's minimatch reads them, alternatives and negation included."""
    known = [".hidden", "sdist", "wheels-linux", "wheels-mac"]
    assert [name for name in known if download.matches(name, pattern)] == names


def test_artifacts_of_another_run_are_not_rehearsed(tmp_path: Path) -> None:
    """With a token the action asks for another run or repository: left open, instead of called missing."""
    step = a_step("actions/download-artifact", tree(tmp_path, "x"), name="dist", github_token="t", run_id="7")
    download.run(step)
    words = "job\tactions/download-artifact: of the run 7 of somebody/sample, which is not rehearsed\n"
    assert (tmp_path / "notes").read_text() == words


@pytest.mark.parametrize(
    ("version", "specifier"),
    [
        ("3.12", "==3.12.*"),
        ("3.x", "==3.*"),
        ("3.14-dev", "==3.14.*"),
        (">=3.9", ">=3.9"),
        ("pypy3.10", ""),
        ("3.14t", ""),
        ("3.9 - 3.12", ""),
    ],
)
def test_versions_of_python(version: str, specifier: str) -> None:
    """What is no usual CPython is none that could be taken in its place unsaid."""
    assert python.specifier(version) == specifier


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"python_version_file": "nowhere"}, "The specified python version file at: nowhere doesn't exist."),
        ({"update_environment": ""}, 'Input does not meet YAML 1.2 "Core Schema" specification: update-environment'),
    ],
)
def test_what_setup_python_refuses(tmp_path: Path, inputs: dict[str, str], words: str) -> None:
    """A file that is not there, and a switch that is neither on nor off."""
    with pytest.raises(ToolFailed) as caught:
        python.run(a_step("actions/setup-python", tree(tmp_path, "x"), **inputs))
    assert caught.value.message.startswith(words)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"cache": "pip"}, ""),
        ({"cache": "pip", "cache_dependency_path": "needs/*.txt"}, ""),
        ({"cache": "poetry"}, "No file in WORK matched to [**/poetry.lock], make sure you have checked out the target"),
        ({"cache": "pip", "cache_dependency_path": "x.txt"}, ""),
        ({"cache": "conda"}, "Caching for 'conda' is not supported"),
    ],
)
def test_a_cache_needs_a_file(tmp_path: Path, inputs: dict[str, str], words: str) -> None:
    """setup-python fails where nothing says what the cache is kept for; pip is content with pyproject.toml."""
    step = a_step("actions/setup-python", tree(tmp_path, "pyproject.toml", "needs/dev.txt"), **inputs)
    if not words:
        python.lock(step)
        return
    with pytest.raises(ToolFailed) as caught:
        python.lock(step)
    assert caught.value.message.replace(str(step.workspace), "WORK").startswith(words)


@pytest.mark.parametrize(
    ("permissions", "inputs", "words"),
    [
        ("", {"subject_path": "dist/*"}, 'missing "id-token" permission. Please add "permissions: id-token: write" to'),
        ("id-token", {}, "One of subject-path, subject-digest, or subject-checksums must be provided"),
        ("id-token", {"subject_path": "x/*"}, "Could not find subject at path x/*"),
        ("id-token", {"subject_digest": "sha256:0"}, "subject-name must be provided when using subject-digest"),
        (
            "id-token",
            {"subject_path": "dist/*"},
            "Failed to persist attestation: Resource not accessible by integration",
        ),
        ("id-token attestations:write", {"subject_path": "dist/*, README.md"}, ""),
    ],
)
def test_what_attest_refuses(tmp_path: Path, permissions: str, inputs: dict[str, str], words: str) -> None:
    """Permissions that are missing and files that are not there fail the job; else there is a bundle, with nothing."""
    plain = a_step("actions/attest", tree(tmp_path, "dist/a.whl", "README.md"), **inputs)
    more = {"ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:9/"} if "id-token" in permissions else {}
    step = Step(
        inputs=plain.inputs, variables={**plain.variables, "TAGSHIP_SCOPES": permissions, **more}, say=plain.say
    )
    if not words:
        attest.run(step)
        outputs = dict(line.split("=", 1) for line in (tmp_path / "output").read_text().splitlines())
        assert Path(outputs["bundle-path"]).read_text() == "{}\n"
        return
    with pytest.raises(ToolFailed) as caught:
        attest.run(step)
    assert caught.value.message.startswith(words)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("dist/*", ["a.whl", "b.tar.gz"]),
        ("README.md, dist/*.whl", ["README.md", "a.whl"]),
        ("dist/*.{whl,zip}\n./README.md", ["a.whl", "README.md"]),
        ("dist", []),
    ],
)
def test_files_of_a_release(tmp_path: Path, given: str, names: list[str]) -> None:
    """Lines, commas and alternatives, and no folders."""
    step = a_step(
        "softprops/action-gh-release", tree(tmp_path, "dist/a.whl", "dist/b.tar.gz", "README.md"), files=given
    )
    assert [path.name for path in release.files(step)] == names


COMPOSITE = "runs: {using: composite, steps: [{uses: %s}]}\n"
JOB = """\
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    steps: [{uses: "%s"}]
"""
CALL = "on: push\njobs: {one: {uses: %s}}\n"


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        (JOB % f"somebody/thing@{COMMIT}", f"uses somebody/thing@{COMMIT}, which is not rehearsed"),
        (JOB % "somebody/thing@main", "uses somebody/thing@main, which is not rehearsed"),
        (JOB % "former-owner/checkout@v4", "uses former-owner/checkout@v4, which is not rehearsed"),
        (JOB % "actions/checkout@main", ""),
        (JOB % "docker://alpine:3", "uses docker://alpine:3, a container, which is not rehearsed"),
        (JOB % "./local/none", "uses ./local/none, which the commit does not have"),
        (JOB % "./local/container", "uses ./local/container, a container, which is not rehearsed"),
        (JOB % "./local/script", "uses ./local/script, which needs node, and here is none"),
        (JOB % "./local/good", ""),
        (JOB % "./local/nested", "uses ./local/container, a container, which is not rehearsed"),
        (JOB % "./local/foreign", "uses somebody/thing@v1, which is not rehearsed"),
        (
            CALL % "somebody/shared/.github/workflows/x.yml@v1",
            "calls somebody/shared/.github/workflows/x.yml@v1, which",
        ),
    ],
)
def test_every_kind_of_action_is_rehearsed_or_named(tmp_path: Path, text: str, doubt: str) -> None:
    """By commit, by branch, of another owner, local ones of each kind, containers, workflows of other repositories."""
    actions = {
        "container": "runs: {using: docker, image: Dockerfile}\n",
        "script": "runs: {using: node24, main: index.js, post: index.js}\n",
        "good": COMPOSITE % "actions/checkout@v6",
        "nested": COMPOSITE % "./local/container",
        "foreign": COMPOSITE % "somebody/thing@v1",
    }
    for name, action in actions.items():
        folder = tmp_path / "local" / name
        folder.mkdir(parents=True)
        folder.joinpath("action.yml").write_text(action)
    found = survey(document.read(text.encode(), "x.yml"), tmp_path, has_gh=True, has_node=False)
    assert found.doubtful.get("one", "").startswith(doubt)
    assert bool(found.doubtful) == bool(doubt)

"""What an index refuses, or shows late: its answer is quoted, and the remedy is an instruction."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tagship.model import Severity
from tagship.rehearsal.clock import JumpingClock
from tagship.rehearsal.result import Rehearsal
from tests.rehearsing import PYPROJECT, Stage, repository

WHEEL, SDIST = "sample-1.0.0-py3-none-any.whl", "sample-1.0.0.tar.gz"
HELP = "https://pypi.org/help/"


def refused(result: Rehearsal) -> tuple[str, str, str, str]:
    """Stage, code, first words and remedy of the one thing that stood in the way; the verdict says the same."""
    ((stage, finding),) = result.causes
    assert (result.verdict, result.headline) == ("refused", finding.title)
    return stage, finding.code, finding.title, finding.remedy


def uploads(result: Rehearsal) -> list[int]:
    """The statuses of all uploads."""
    return [e.status for e in result.exchanges if e.method == "POST" and e.url.endswith("/legacy/")]


ANSWERS: dict[str, tuple[dict[str, Any], str, str]] = {
    "read-only": (
        {"read_only": True},
        "Read-only mode: Uploads are temporarily disabled.",
        "Wait until the index takes uploads again, and run the same command again.",
    ),
    "release older than 14 days": (
        {"release_age": 15},
        "Uploading new files to releases older than 14 days is not allowed.",
        "Release the next version, with all its files: a release is closed after 14 days.",
    ),
    "deleted file name": (
        {"deleted": ("*.whl",)},
        "This filename was previously used by a file that has since been deleted. Use a different version. "
        f"See {HELP}#file-name-reuse for more information.",
        "Release the next version: the name of a deleted file can never be used again.",
    ),
    "file over the size limit": (
        {"file_limit": 500},
        "File too large. Limit for project 'sample' is 0 MB. See https://docs.pypi.org/project-management/"
        "storage-limits#requesting-a-file-size-limit-increase for more information.",
        "Ask the index for a higher limit first; its address is in the message.",
    ),
    "name of somebody else": (
        {"project": "somebody-else", "api_token": "valid"},
        f"The user 'maintainer' isn't allowed to upload to project 'sample'. See {HELP}#project-name for more "
        "information.",
        "Ask the name's owners, or choose another name; where it is yours, see on its page whether it is archived or "
        "quarantined.",
    ),
    "name too similar": (
        {"project": "new", "publisher": "missing", "api_token": "valid", "similar": "samp1e"},
        f"The name 'sample' is too similar to an existing project. See {HELP}#project-name for more information.",
        "Choose a name that cannot be confused with an existing one.",
    ),
    "token unknown": (
        {"api_token": "unknown"},
        f"Invalid or non-existent authentication information. See {HELP}#invalid-auth for more information.",
        "Copy the API token again, whole, or make a new one: the index does not know it. A token for TestPyPI does "
        "not work on PyPI, nor the other way round.",
    ),
    "token expired": (
        {"api_token": "expired"},
        "Invalid API Token: token is expired",
        "Make a new API token on the index, scoped to this project, and replace the old one.",
    ),
    "token of another project": (
        {"api_token": "other-project"},
        "Invalid API Token: project-scoped token is not valid for project: 'sample', "
        "project-scoped token is not valid for project: 'sample'",
        "Make an API token for this project: the one used belongs to another.",
    ),
}


@pytest.mark.requirement("D1")
@pytest.mark.parametrize("case", ANSWERS)
def test_a_refused_upload_names_the_file_the_reason_and_what_to_do(stage: Stage, tmp_path: Path, case: str) -> None:
    """What the upload service refuses ends the release at publish, with its words in the first line."""
    assumptions, words, remedy = ANSWERS[case]
    result = stage(repository(tmp_path / "sample", {}), **assumptions)
    title = f"{WHEEL} was not uploaded: PyPI refused it: {words}"
    assert refused(result) == ("publish", "TE10", title, remedy)
    assert [entry.stage for entry in result.entries if entry.outcome == "failed"] == ["publish", "summary"]
    assert len(uploads(result)) == 1


STDLIB = PYPROJECT.replace('name = "sample"', 'name = "string"').replace(
    "[project.scripts]", '[tool.hatch.build.targets.wheel]\npackages = ["sample"]\n\n[project.scripts]'
)
STDLIB_WORDS = (
    f"The name 'string' isn't allowed (conflict with Python Standard Library module name). See {HELP}#project-name for "
    "more information."
)


@pytest.mark.requirement("D1")
def test_the_name_of_a_standard_library_module_is_refused_to_an_api_token(stage: Stage, tmp_path: Path) -> None:
    """A new project cannot be called like a module of the standard library; the upload says so."""
    path = repository(tmp_path / "sample", {"pyproject.toml": STDLIB})
    result = stage(path, project="new", publisher="missing", api_token="valid")
    assert refused(result) == (
        "publish",
        "TE10",
        f"string-1.0.0-py3-none-any.whl was not uploaded: PyPI refused it: {STDLIB_WORDS}",
        "Choose a name that is not a module of the standard library.",
    )


@pytest.mark.requirement("D1", "A7")
@pytest.mark.parametrize(
    ("name", "assumptions", "words"),
    [
        ("string", {}, STDLIB_WORDS),
        (
            "sample",
            {"similar": "samp1e"},
            f"The name 'sample' is too similar to an existing project. See {HELP}#project-name for more information.",
        ),
    ],
)
def test_a_pending_publisher_cannot_create_such_a_name_either(
    stage: Stage, tmp_path: Path, name: str, assumptions: dict[str, str], words: str
) -> None:
    """With a pending publisher the exchange of the identity is refused, and the remedy is another name."""
    files = {"pyproject.toml": STDLIB} if name == "string" else {}
    result = stage(repository(tmp_path / "sample", files), project="new", **assumptions)
    assert refused(result) == (
        "publish",
        "TE10",
        f"No upload token: PyPI refused this workflow's identity: invalid-payload: {words}",
        "Choose another name for the project: the index does not give this one to anybody new.",
    )
    assert uploads(result) == []


@pytest.mark.requirement("D1", "A7")
@pytest.mark.parametrize(
    "assumptions",
    [
        {"publisher": "missing"},
        {"publisher": "other-workflow"},
        {"publisher": "other-environment"},
        {"project": "somebody-else"},
        {"project": "new", "publisher": "missing"},
    ],
    ids=lambda value: "-".join(value.values()),
)
def test_without_a_publisher_that_fits_it_is_said_what_to_register(
    stage: Stage, tmp_path: Path, assumptions: dict[str, str]
) -> None:
    """Where no trusted publisher fits, nothing is uploaded, and the values to register are shown."""
    result = stage(repository(tmp_path / "sample", {}), **assumptions)
    assert refused(result) == (
        "publish",
        "TE10",
        "No upload token: PyPI refused this workflow's identity: invalid-publisher: valid token, but no corresponding "
        "publisher (Publisher with matching claims was not found)",
        "Register the repository, workflow file and environment named above as a trusted publisher of the project, "
        "spelt exactly so: upper and lower case matter. If the project is not yours, choose another name.",
    )
    assert result.causes[0][1].why == "repository owner/sample, workflow publish.yml, environment pypi"
    assert uploads(result) == []


PUBLISH = """\
name: Release
on: {push: {tags: ["v*"]}}
jobs:
  publish:
    runs-on: ubuntu-latest
    environment: Production
    permissions: {id-token: write}
    steps: [{uses: pypa/gh-action-pypi-publish@v1.14.2}]
"""


@pytest.mark.requirement("A7")
def test_the_environment_of_a_publisher_has_no_case_and_the_workflow_file_has(stage: Stage, tmp_path: Path) -> None:
    """`Production` fits a publisher registered for `production`, and `Release.yml` is taken as it is."""
    path = repository(tmp_path / "sample", {".github/workflows/Release.yml": PUBLISH})
    result = stage(path)
    assert (result.verdict, result.headline) == ("ready", "sample 1.0.0 would be released on PyPI")
    publisher = next(a.value for a in result.assumptions if a.name == "Trusted publisher")
    assert publisher == "registered: Release.yml, environment Production (Release.yml, job publish)"
    result = stage(path, publisher="other-workflow")
    assert result.causes[0][1].why == "repository owner/sample, workflow Release.yml, environment Production"


@pytest.mark.requirement("A7")
@pytest.mark.parametrize("assumptions", [{}, {"publisher": "missing", "api_token": "valid"}], ids=["pending", "token"])
def test_the_first_release_of_a_project_creates_it(stage: Stage, tmp_path: Path, assumptions: dict[str, str]) -> None:
    """A pending publisher, or a token for all projects, releases a project that did not exist."""
    result = stage(repository(tmp_path / "sample", {}), project="new", **assumptions)
    assert (result.verdict, uploads(result)) == ("ready", [200, 200])


@pytest.mark.requirement("D1")
@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        ("archived", "Take it out of the archive, as its owner: https://pypi.org/manage/project/sample/settings/"),
        (
            "quarantined",
            "Answer the index's administrators: they put it there, and only they can release it.",
        ),
    ],
)
def test_a_project_that_takes_no_uploads_is_noticed_before_anything_is_built(
    stage: Stage, tmp_path: Path, status: str, remedy: str
) -> None:
    """An archived or quarantined project ends the release in the plan."""
    result = stage(repository(tmp_path / "sample", {}), project=status)
    assert refused(result) == ("plan", "TE04", f"Nothing is released: sample is {status} on PyPI", remedy)
    assert [entry.stage for entry in result.entries] == ["plan", "summary"]


@pytest.mark.requirement("D1")
def test_other_bytes_under_the_same_name_are_a_conflict(stage: Stage, tmp_path: Path) -> None:
    """An sdist of this version with other bytes ends the release before any upload, with both digests."""
    result = stage(repository(tmp_path / "sample", {}), published="other")
    assert refused(result) == (
        "publish",
        "TE09",
        f"Nothing was uploaded: PyPI has {SDIST} with other bytes",
        "Release the next version: a file name can never be used again.",
    )
    there, here = (line.rpartition(" ")[2] for line in result.causes[0][1].why.splitlines())
    assert here == next(dist.sha256 for dist in result.manifest.dists if dist.kind == "sdist") != there
    assert uploads(result) == []


@pytest.mark.requirement("D1")
def test_a_second_sdist_of_a_release_is_refused(stage: Stage, tmp_path: Path) -> None:
    """Where the release has an sdist of an older spelling, nothing is added to what another build made."""
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        built = opened.run("plan", "gate", "build", "test", "check")
        sdist = opened.world.workspace.dist / SDIST
        older = sdist.read_bytes() + b"\0" * 512  # other bytes, still the same archive
        opened.embedded.pypi.state.add_bytes("Sample-1.0.0.tar.gz", older)
        error = opened.run("publish", after=built.manifest).error
    assert error is not None
    assert (error.code, error.message, error.remedy) == (
        "TE09",
        "Nothing was uploaded: PyPI has Sample-1.0.0.tar.gz, which this build did not make",
        "Release the next version: users would get a mixture of two builds.",
    )


@pytest.mark.requirement("A8")
def test_a_slow_index_is_asked_until_it_shows_the_files(stage: Stage, tmp_path: Path) -> None:
    """Pages that stay old for some reads cost waiting, and nothing else."""
    clock = JumpingClock()
    result = replace(stage, clock=clock)(repository(tmp_path / "sample", {}), stale=4)
    assert (result.verdict, result.headline) == ("ready", "sample 1.0.0 would be released on PyPI")
    assert clock.slept > 0


@pytest.mark.requirement("A8")
def test_files_that_stay_invisible_are_a_warning_and_not_a_broken_release(stage: Stage, tmp_path: Path) -> None:
    """After ten minutes of old pages the release goes on, with a warning that verification is to be repeated."""
    clock = JumpingClock()
    result = replace(stage, clock=clock)(repository(tmp_path / "sample", {}), stale=1000)
    warnings = [f for f in result.manifest.findings(Severity.WARNING) if f.code == "TE13"]
    assert [(f.title, f.remedy) for f in warnings] == [
        (
            f"PyPI does not show {WHEEL}, {SDIST} after 600 s",
            "Run `tagship verify` again later: caches can be slow, and nothing is known to be wrong.",
        )
    ]
    assert 590 < clock.slept <= 600
    assert result.verdict == "ready"

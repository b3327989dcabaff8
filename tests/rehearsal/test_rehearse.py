"""The main job, end to end."""

from pathlib import Path

import pytest

from tagship.model import Inputs, Status
from tagship.rehearsal.request import Request
from tests.rehearsing import Stage, git, repository, why

WHEEL, SDIST = "sample-1.0.0-py3-none-any.whl", "sample-1.0.0.tar.gz"
SEEN = {
    "plan": ["index.project", "index.version", "plan.declared", "plan.event", "plan.tag"],
    "gate": ["ci.Test Suite (ci.yml)", "gate.required", "gate.workflow.ci.yml"],
    "build": ["build.requirements"],
    "test": ["test.result"],
    "check": ["check.accepted", "sdist.install", "wheel.import", "wheel.install", "wheel.scripts"],
    "publish": ["deployment.environment", f"index.file.{WHEEL}", f"index.file.{SDIST}", "publish.credential"],
    "verify": ["index.visible", "verify.import", "verify.install", "verify.scripts"],
    "github-release": ["github.tag"],
    "summary": [],
}
"""What each stage observes in a release that succeeds, in a rehearsal as anywhere."""


@pytest.mark.requirement("E2", "A8", "A9")
def test_a_tag_is_released_on_pypi_and_gets_a_github_release(stage: Stage, tmp_path: Path) -> None:
    """A version tag goes to PyPI, is verified there, and gets its GitHub release last; no stage leaves a look out."""
    result = stage(repository(tmp_path / "sample", {}))
    assert (result.verdict, result.headline, result.exit_code) == ("ready", "sample 1.0.0 would be released on PyPI", 0)
    assert [(entry.stage, entry.outcome) for entry in result.manifest.log] == [(name, "done") for name in result.stages]
    assert {entry.stage: sorted({fact.id for fact in entry.facts}) for entry in result.manifest.log} == SEEN
    assert {fact.status for entry in result.manifest.log for fact in entry.facts} == {Status.OK}
    assert result.not_rehearsed == ("attestations: none that verifies can be made offline",)
    writes = [(e.method, e.url.split("?")[0]) for e in result.exchanges if e.method not in ("GET", "HEAD")]
    api = "https://api.github.com/repos/owner/sample/releases"
    uploads = "https://uploads.github.com/repos/owner/sample/releases"
    assert [
        (method, url.rsplit("/", 1)[0] if "/assets" in url or method == "PATCH" else url) for method, url in writes
    ] == [
        ("POST", "https://pypi.org/_/oidc/mint-token"),
        ("POST", "https://upload.pypi.org/legacy/"),
        ("POST", "https://upload.pypi.org/legacy/"),
        ("POST", api),
        ("POST", writes[4][1].rsplit("/", 1)[0]),
        ("POST", writes[5][1].rsplit("/", 1)[0]),
        ("PATCH", api),
    ]
    assert writes[4][1].startswith(uploads)


@pytest.mark.requirement("E1", "A6")
def test_a_push_to_the_default_branch_goes_to_testpypi(stage: Stage, tmp_path: Path) -> None:
    """A push to the default branch becomes a development version on TestPyPI, and no GitHub release."""
    result = stage(repository(tmp_path / "sample", {}), Request(kind="push"))
    assert (result.verdict, result.headline) == ("ready", "sample 1.0.0.dev1 would be released on TestPyPI")
    outcomes = {entry.stage: entry.outcome for entry in result.manifest.log}
    assert outcomes["verify"] == "done"
    assert outcomes["github-release"] == "skipped"


@pytest.mark.requirement("A1")
def test_a_dry_run_uploads_nothing(stage: Stage, tmp_path: Path) -> None:
    """A dispatch with dry_run builds, tests and checks, and sends nothing anywhere."""
    request = Request(kind="dispatch", inputs=Inputs(dry_run=True))
    result = stage(repository(tmp_path / "sample", {}), request)
    assert result.exit_code == 0
    assert [e.method for e in result.exchanges if e.method not in ("GET", "HEAD")] == []


@pytest.mark.requirement("E3", "A3")
def test_failed_ci_publishes_nothing_and_is_named(stage: Stage, tmp_path: Path) -> None:
    """With a failed required workflow nothing is uploaded, and the verdict names the workflow."""
    result = stage(repository(tmp_path / "sample", {}), ci={"ci.yml": "failure"})
    assert (result.verdict, result.headline) == ("refused", "Not published: Test Suite (ci.yml) failed")
    assert why(result) == [("gate", "TE05")]
    assert not [e for e in result.exchanges if "legacy" in e.url]


@pytest.mark.requirement("E4")
def test_a_file_that_is_missing_from_the_wheel_stops_the_release(stage: Stage, tmp_path: Path) -> None:
    """A package whose data file is not in the wheel works in the source tree, and is refused before any upload."""
    files = {
        "sample/__init__.py": "from pathlib import Path\n\nTEXT = Path(__file__).with_name('t.txt').read_text()\n\n\n"
        "def main():\n    print(TEXT)\n",
        "sample/t.txt": "hello\n",
        "pyproject.toml": repository_pyproject() + '\n[tool.hatch.build.targets.wheel]\nexclude = ["*.txt"]\n',
    }
    result = stage(repository(tmp_path / "sample", files))
    assert result.verdict == "refused"
    assert ("check", "TC61") in why(result)
    assert not [e for e in result.exchanges if "legacy" in e.url]


def repository_pyproject() -> str:
    """The sample's own pyproject.toml."""
    from tests.rehearsing import PYPROJECT

    return PYPROJECT


def test_the_repository_is_left_as_it_was(stage: Stage, tmp_path: Path) -> None:
    """Status, config, refs and files of the repository are the same before and after."""
    path = repository(tmp_path / "sample", {})
    (path / "untracked.txt").write_text("mine\n")

    def state() -> tuple[str, str, str, dict[str, tuple[int, int]]]:
        files = {
            str(p.relative_to(path)): (p.stat().st_mtime_ns, p.stat().st_nlink) for p in path.rglob("*") if p.is_file()
        }
        return (
            git(path, "--no-optional-locks", "status", "--porcelain", "--ignored"),
            git(path, "config", "--list", "--local"),
            git(path, "for-each-ref"),
            files,
        )

    before = state()
    assert stage(path).exit_code == 0
    assert state() == before

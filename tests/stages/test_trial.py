"""Clean installations in jobs that have less than a checkout, and where nothing can be tried."""

import shutil
import zipfile
from pathlib import Path

import pytest

from tagship.errors import ToolFailed
from tagship.model import Entry, Status
from tagship.stages.installed import requires_python
from tests.rehearsing import PYPROJECT, Stage, repository

BEFORE = ("plan", "gate", "build", "test", "check", "publish")


def facts(entry: Entry | None) -> list[tuple[str, Status, str]]:
    """Id, status and detail of what was seen."""
    assert entry is not None
    return [(fact.id, fact.status, fact.detail) for fact in entry.facts]


@pytest.mark.requirement("A8", "A14")
def test_verify_needs_no_checkout(stage: Stage, tmp_path: Path) -> None:
    """In a job with the manifest and the files alone, what the index serves is installed, imported and run."""
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        before = opened.run(*BEFORE)
        shutil.rmtree(opened.world.workspace.root)
        done = opened.run("verify", after=before.manifest)
    assert (before.error, done.error) == (None, None)
    assert facts(done.manifest.entry("verify"))[1:] == [
        ("verify.install", Status.OK, ""),
        ("verify.import", Status.OK, "sample"),
        ("verify.scripts", Status.OK, "sample"),
    ]


@pytest.mark.requirement("A5", "A8")
@pytest.mark.parametrize("name", ["test", "check", "verify"])
def test_a_python_that_is_not_here_leaves_nothing_ok(stage: Stage, tmp_path: Path, name: str) -> None:
    """Where no Python here fits the project, nothing is tried with another one: unknown, and never a success."""
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        before = opened.run(*BEFORE)
        assert before.error is None
        root = opened.world.workspace.root
        (root / "pyproject.toml").write_text(PYPROJECT.replace(">=3.9", ">=4"))
        done = opened.run(name, after=before.manifest)
    last = done.manifest.log[-1]
    if name == "test":
        assert (done.error, last.outcome) == (None, "skipped")
        assert facts(last) == [("test.result", Status.UNKNOWN, "no installed Python fits >=4")]
        return
    assert done.error is not None
    assert (done.error.code, done.error.remedy, last.outcome) == (
        "TE15",
        "Install one: uv python install '>=4'",
        "failed",
    )
    assert done.error.message.startswith("sample-1.0.0-py3-none-any.whl")
    assert done.error.message.endswith(" was not tried: no installed Python fits >=4")
    subject = "wheel" if name == "check" else "verify"
    assert (f"{subject}.install", Status.UNKNOWN, "no installed Python fits >=4") in facts(last)


@pytest.mark.requirement("A8")
def test_without_a_checkout_the_file_says_which_python(stage: Stage, tmp_path: Path) -> None:
    """Without a checkout, a wheel for a Python that is not here is not tried with another one."""
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        before = opened.run(*BEFORE)
        assert before.error is None
        workspace = opened.world.workspace
        (wheel,) = workspace.dist.glob("*.whl")
        assert requires_python(wheel) == ">=3.9"
        assert requires_python(workspace.dist / "absent.whl") == ""
        shutil.rmtree(workspace.root)
        _say_python(wheel, ">=4")
        done = opened.run("verify", after=before.manifest)
    assert isinstance(done.error, ToolFailed)
    assert done.error.remedy == "Install one: uv python install '>=4'"


def _say_python(wheel: Path, requires: str) -> None:
    """Write a wheel again that asks for another Python."""
    with zipfile.ZipFile(wheel) as old:
        members = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(wheel, "w") as new:
        for name, data in members.items():
            new.writestr(name, data.replace(b"Requires-Python: >=3.9", f"Requires-Python: {requires}".encode()))


@pytest.mark.requirement("A5")
def test_a_package_of_requirements_alone_can_be_released(stage: Stage, tmp_path: Path) -> None:
    """A wheel that has nothing to import on purpose leaves nothing open, in a rehearsal as in production."""
    files = {
        "pyproject.toml": PYPROJECT.replace(
            '[project.scripts]\nsample = "sample:main"\n', 'dependencies = ["tomlkit"]\n'
        )
        + "\n[tool.hatch.build.targets.wheel]\nbypass-selection = true\n",
        "sample/__init__.py": None,
        "tests/test_sample.py": None,
    }
    result = stage(repository(tmp_path / "sample", files))
    assert (result.verdict, result.headline, result.exit_code) == ("ready", "sample 1.0.0 would be released on PyPI", 0)
    entry = result.manifest.entry("verify")
    assert ("verify.import", Status.OK, "no module: nothing to import") in facts(entry)

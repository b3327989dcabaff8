"""A build of the documentation as a part of the tests: configured or not, good, broken, without a way out."""

from pathlib import Path

import pytest

from tagship.errors import TestsFailed
from tagship.model import Fact
from tests.rehearsing import PYPROJECT, Opened, Stage, repository

SCRIPT = "import pathlib, sample\npathlib.Path('out').mkdir()\nassert pathlib.Path('README.md').exists()\n"


def documented(command: str, *more: str) -> str:
    """The sample's project file with that command."""
    return PYPROJECT + "\n".join(("", "[tool.tagship.docs]", f"command = '{command}'", *more, ""))


def built(opened: Opened) -> Fact | None:
    """What the stage says of the documentation."""
    finished = opened.run("plan", "build", "test")
    assert finished.error is None
    return next((fact for fact in finished.manifest.log[-1].facts if fact.id == "docs.result"), None)


@pytest.mark.requirement("B7")
def test_it_is_built_with_the_wheel_and_what_it_needs(stage: Stage, tmp_path: Path) -> None:
    """The command runs in the clone, finds the installed package and the requirements, and the tests run as well."""
    command = "python docs/make.py"
    script = SCRIPT + "import pytest\nassert 'packages' in sample.__file__\n"
    files = {"pyproject.toml": documented(command, 'group = "test"'), "docs/make.py": script}
    with stage.open(repository(tmp_path / "sample", files)) as opened:
        fact = built(opened)
    assert fact == Fact(id="docs.result", title="the documentation builds", status="ok", how=command)  # type: ignore[arg-type]
    assert not (tmp_path / "sample" / "out").exists()


@pytest.mark.requirement("B7", "D1")
def test_what_does_not_build_stops_the_release(stage: Stage, tmp_path: Path) -> None:
    """A command that fails fails the stage, with its own last lines."""
    files = {"pyproject.toml": documented("python docs/make.py"), "docs/make.py": "raise SystemExit('no toctree')\n"}
    with stage.open(repository(tmp_path / "sample", files)) as opened:
        error = opened.run("plan", "build", "test").error
    assert isinstance(error, TestsFailed)
    assert error.message == "Not published: the documentation does not build\nno toctree"
    assert (error.where, error.remedy) == (
        *("python docs/make.py", "Correct what it says, or the command: [tool.tagship.docs]."),
    )


@pytest.mark.requirement("B7")
@pytest.mark.parametrize(
    ("more", "script", "said"),
    [
        ((), "import urllib.request as u\nu.urlopen('https://example.invalid/objects.inv')\n", "it needs the network"),
        (('requires = ["no-such-project"]',), SCRIPT, "what it needs cannot be installed: "),
    ],
    ids=["network", "requirement"],
)
def test_what_cannot_be_known(stage: Stage, tmp_path: Path, more: tuple[str, ...], script: str, said: str) -> None:
    """A build that needs the network, or what nobody has, says nothing about the documentation."""
    files = {"pyproject.toml": documented("python docs/make.py", *more), "docs/make.py": script}
    with stage.open(repository(tmp_path / "sample", files)) as opened:
        fact = built(opened)
    assert fact is not None
    assert (fact.status, fact.detail.startswith(said)) == ("unknown", True), fact


def test_by_default_nothing_is_built(stage: Stage, tmp_path: Path) -> None:
    """Without the key nothing is said of the documentation."""
    with stage.open(repository(tmp_path / "sample", {"docs/conf.py": "raise SystemExit(1)\n"})) as opened:
        assert built(opened) is None

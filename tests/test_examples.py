"""The examples are what they say: each is rehearsed, each world file does what its comment says."""

import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from tagship.rehearsal.request import Assumptions, Request
from tests.rehearsing import Stage, git, why

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
WORLDS = {
    "ci-failed": ("refused", [("gate", "TE05")]),
    "first-release": ("ready", []),
    "somebody-else": ("refused", [("publish", "TE10")]),
}
"""The verdict on the example `small` in each world, and what stood in the way."""


def made(name: str, folder: Path) -> Path:
    """The example as a repository, made by the script that the documentation names."""
    subprocess.run((sys.executable, str(ROOT / "scripts" / "example.py"), name, str(folder)), check=True)
    return folder


def test_every_example_is_shown_by_a_test() -> None:
    """Nothing lies in `examples` that no test looks at, and the page there lists it all."""
    folders = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())
    assert folders == ["gitlab", "refused", "shell", "small", "worlds"]  # the first and third: test_other_ci.py
    assert sorted(path.stem for path in (EXAMPLES / "worlds").iterdir()) == sorted(WORLDS)
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [name for name in folders if f"| `{name}` |" not in page] == []


def test_the_small_example_can_be_released(stage: Stage, tmp_path: Path) -> None:
    """`make rehearse` shows a release that would succeed, without one warning."""
    result = stage(made("small", tmp_path / "small"))
    assert (result.verdict, result.headline) == ("ready", "pocket-calendar 1.4.0 would be released on PyPI")
    assert result.manifest.findings() == ()


def test_the_refused_example_works_in_its_own_tree(tmp_path: Path) -> None:
    """The tests of the example that must not be released pass where its source is."""
    path = made("refused", tmp_path / "refused")
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly")
    done = subprocess.run(
        command, cwd=path, env={"PYTHONPATH": str(path / "src")}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout


def test_the_refused_example_is_refused(stage: Stage, tmp_path: Path) -> None:
    """It is refused for the two reasons that its README names, before anything is uploaded."""
    result = stage(made("refused", tmp_path / "refused"))
    assert result.verdict == "refused"
    assert set(why(result)) == {("test", "TE07"), ("check", "TC50"), ("check", "TC61")}
    titles = [finding.title for _, finding in result.causes]
    assert any("Can't have direct dependency: pocket-weather" in title for title in titles)
    assert result.manifest.entry("publish") is None


@pytest.mark.parametrize("name", WORLDS)
def test_a_world_file_does_what_its_comment_says(name: str, stage: Stage, tmp_path: Path) -> None:
    """The example that can be released meets the verdict that the world file's comment promises."""
    text = (EXAMPLES / "worlds" / f"{name}.toml").read_text(encoding="utf-8")
    assert text.startswith("# ")
    request = Request(assumptions=msgspec.convert(tomllib.loads(text), Assumptions))
    result = stage(made("small", tmp_path / "small"), request)
    assert (result.verdict, why(result)) == WORLDS[name]


def test_an_example_is_a_repository_of_its_own(tmp_path: Path) -> None:
    """The script makes one commit on `main` with everything in it, also over an earlier one."""
    for _ in range(2):
        path = made("small", tmp_path / "small")
    assert git(path, "status", "--porcelain", "--branch") == "## main"
    assert git(path, "rev-list", "--count", "HEAD") == "1"

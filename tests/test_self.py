"""tagship releases itself: its own files are complete, and its own release can be rehearsed."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tagship import __version__, checks
from tagship.model import Severity
from tagship.services.addresses import PYPI
from tests.rehearsing import Stage, git

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no git checkout")


@pytest.fixture(scope="module")
def built(wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with our sdist, and the wheel that was built from it, by the locked backend."""
    folder = tmp_path_factory.mktemp("self")
    git(folder, "clone", "--quiet", str(ROOT), str(folder / "clone"))
    command = ("uv", "build", "--quiet", "--offline", "--no-index", "--find-links", str(wheelhouse))
    variables = {"UV_CACHE_DIR": str(folder / "cache"), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(
        (*command, "--python", sys.executable, "--out-dir", str(folder / "dist"), str(folder / "clone")),
        env=os.environ | variables,
        check=True,
    )
    return folder / "dist"


def committed(*folders: str) -> set[str]:
    """The files at the last commit, all of them or those below some folders."""
    return set(git(ROOT, "ls-tree", "-r", "--name-only", "HEAD", "--", *folders).splitlines())


def test_the_wheel_has_the_package_and_nothing_else(built: Path) -> None:
    """The wheel holds every file of `src/tagship`, templates and `py.typed` included, and its own records."""
    info = f"tagship-{__version__}.dist-info"
    with zipfile.ZipFile(built / f"tagship-{__version__}-py3-none-any.whl") as wheel:
        names = {name for name in wheel.namelist() if not name.endswith("/")}
    package = {name.removeprefix("src/") for name in committed("src/tagship")}
    records = {f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")}
    assert "tagship/py.typed" in package
    assert names == package | records


def test_the_sdist_has_what_is_needed_to_test_it(built: Path) -> None:
    """The sdist holds every file that is committed, so that `make test` works in it."""
    stem = f"tagship-{__version__}"
    with tarfile.open(built / f"{stem}.tar.gz") as sdist:
        names = {member.name.removeprefix(f"{stem}/") for member in sdist.getmembers() if member.isfile()}
    assert names - {"PKG-INFO"} == committed()


def test_the_installed_package_runs(built: Path, tmp_path: Path) -> None:
    """From the wheel alone, the version is the one that the source declares."""
    wheel = built / f"tagship-{__version__}-py3-none-any.whl"
    command = (sys.executable, "-c", "from tagship.cli import main; main()", "--version")
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(wheel)}, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == (f"tagship {__version__}\n", "")


def test_pypi_would_take_our_own_files(built: Path) -> None:
    """No check of built files has an error for ours: rules and their tests hold no text that PyPI refuses."""
    archives = tuple(checks.read(path) for path in sorted(built.iterdir()) if path.suffix in (".whl", ".gz"))
    context = checks.CheckContext(
        archives=archives, project="tagship", version=__version__, tracked=frozenset(committed()), index=PYPI
    )
    assert [archive.kind for archive in archives] == ["wheel", "sdist"]
    assert [finding for finding in checks.run(context) if finding.severity is Severity.ERROR] == []


@pytest.mark.slow
def test_our_own_release_can_be_rehearsed(stage: Stage, tmp_path: Path) -> None:
    """Our own repository is planned and built like any other, from the tag that would come next."""
    clone = tmp_path / "tagship"
    git(tmp_path, "clone", "--quiet", str(ROOT), str(clone))
    with stage.open(clone) as opened:
        finished = opened.run("plan", "build")
    assert finished.error is None
    plan = finished.manifest.plan
    assert plan is not None
    assert (plan.project, plan.version, plan.tag) == ("tagship", __version__, f"v{__version__}")
    assert [dist.kind for dist in finished.manifest.dists] == ["wheel", "sdist"]
    assert finished.manifest.findings() == ()

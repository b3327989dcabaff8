"""A repository with the generated workflow, and an index from which its jobs can install tagship."""

import hashlib
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tagship.cli.app import run
from tagship.rehearsal.act.shims import PYTHON
from tagship.services.uv import binary
from tests.adopting import ORIGIN, tools
from tests.conftest import cache_of, serving
from tests.made_dists import wheel, wheel_files
from tests.rehearsal.act.acting import Act
from tests.rehearsing import git, repository

LENDER = "rich"
"""The dependency, of tagship and of twine, whose wheel lends what the others, which are empty, would hold."""


LENDING = """
import os, sys
here = os.path.dirname(__file__)
own = os.path.join(here, "own")
os.makedirs(own, exist_ok=True)
for name in os.listdir(here):
    if name.startswith("tagship-"):
        try:
            os.symlink(os.path.join(here, name), os.path.join(own, name))
        except FileExistsError:
            pass
sys.path[:0] = [own, *{packages!r}]
"""
"""The packages of the tests' own interpreter come first, but for what it knows of a tagship of its own."""


@pytest.fixture(scope="session")
def outfit(wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An index from which tagship installs in a second: its dependencies are those of the tests' own interpreter."""
    folder = tmp_path_factory.mktemp("outfit")
    digests = tools(folder, wheelhouse)
    name = next(name for name in digests if name.startswith(f"{LENDER}-"))
    files = wheel_files(LENDER, name.split("-")[1])
    packages = [sysconfig.get_path(kind) for kind in ("purelib", "platlib")]
    wheel(folder, {**files, "sitecustomize.py": LENDING.format(packages=packages)}, name)
    digests[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    yield from serving(folder, digests)


@pytest.fixture(scope="session")
def act_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache for these wheels alone: other tests have other bytes under the same names."""
    return cache_of(tmp_path_factory, "act-cache")


def same_python() -> None:
    """Skip where jobs would not run on the Python whose packages the wheels lend."""
    find = (binary(), "python", "find", "--no-project", "--system", "--offline", f"=={PYTHON}.*")
    other = subprocess.run(find, capture_output=True, check=False).returncode == 0
    if other and sys.version_info[:2] != (3, 12):
        pytest.skip("the jobs would run on Python 3.12, and the dependencies here are for another one")


@pytest.fixture
def adopted(outfit: str, act_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample's repository after `tagship init`, committed."""
    same_python()
    monkeypatch.setenv("UV_DEFAULT_INDEX", outfit)
    monkeypatch.setenv("TAGSHIP_CACHE_DIR", str(act_cache))
    root = repository(tmp_path / "repository", {})
    git(root, "remote", "add", "origin", ORIGIN)
    assert run(["init", str(root)]) == 0
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Publish with tagship")
    return root


@pytest.fixture
def act_generated(act: Act, outfit: str, act_cache: Path) -> Act:
    """Rehearses generated workflows."""
    return Act(replace(act.stage, upstream=outfit, cache=act_cache))

"""The same commit gives the same bytes, wherever and by whomever it is rehearsed."""

import dataclasses
import os
from pathlib import Path

import pytest

from tagship.model import Dist
from tests.rehearsing import FILES, Stage, git, repository

PROJECT = """\
[project]
name = "sample"
version = "1.0.0"
description = "A sämple"
readme = "README.md"
requires-python = ">=3.9"

[project.scripts]
sample = "sample:main"
"""
SETUP_CFG = """\
[metadata]
name = sample
version = 1.0.0
description = A sample
long_description = file: README.md
long_description_content_type = text/markdown

[options]
packages = find:
python_requires = >=3.9
include_package_data = true

[options.extras_require]
two = packaging
one = pluggy

[options.entry_points]
console_scripts =
    sample = sample:main
"""
SETUP_PY = """\
from setuptools import find_packages, setup

setup(
    name="sample",
    version="1.0.0",
    description="A sample",
    packages=find_packages(),
    python_requires=">=3.9",
    extras_require={"two": ["packaging"], "one": ["pluggy"]},
    entry_points={"console_scripts": ["sample = sample:main"]},
)
"""


def system(requires: str, backend: str) -> str:
    """A build-system table."""
    return f'[build-system]\nrequires = ["{requires}"]\nbuild-backend = "{backend}"\n\n'


BACKENDS: dict[str, dict[str, str | None]] = {
    "hatchling": {"pyproject.toml": system("hatchling", "hatchling.build") + PROJECT},
    "setuptools": {"pyproject.toml": system("setuptools", "setuptools.build_meta") + PROJECT},
    "setup.cfg": {
        "pyproject.toml": system("setuptools", "setuptools.build_meta"),
        "setup.cfg": SETUP_CFG,
        "MANIFEST.in": "graft sample\n",
    },
    "setup.py": {"pyproject.toml": None, "setup.py": SETUP_PY},
    "flit": {"pyproject.toml": system("flit_core", "flit_core.buildapi") + PROJECT},
    "poetry": {"pyproject.toml": system("poetry-core", "poetry.core.masonry.api") + PROJECT},
    "pdm": {"pyproject.toml": system("pdm-backend", "pdm.backend") + PROJECT},
    "uv": {
        "pyproject.toml": system("uv_build", "uv_build") + PROJECT,
        "sample/__init__.py": None,
        "src/sample/__init__.py": FILES["sample/__init__.py"],
    },
}
"""Small projects, each with files whose order, modes, names and dates could get into an archive."""
QUICK = ("hatchling", "setup.py")
"""The rest together takes longer than a quick run of the tests should."""
MORE = {
    "{}/sub/__init__.py": "",
    "{}/sub/Zebra.py": "x = 1\n",
    "{}/sub/apple.py": "x = 1\n",
    "{}/sub/éclair.py": "x = 1\n",
    "{}/data/run.sh": "#!/bin/sh\n",
}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another cache, in whose folder with a longer name the builds are made."""
    return tmp_path_factory.mktemp("a-cache-in-a-folder-with-a-much-longer-name") / "and one more"


def built(stage: Stage, path: Path) -> tuple[Dist, ...]:
    """Names, sizes and digests of what is built."""
    with stage.open(path) as opened:
        finished = opened.run("plan", "build")
    assert finished.error is None
    return finished.manifest.dists


@pytest.mark.requirement("A5")
@pytest.mark.parametrize(
    "backend", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in BACKENDS]
)
def test_the_same_commit_gives_the_same_bytes(
    stage: Stage, elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    """Another path, clone, umask, time zone, locale, hash seed and user's name change no byte of sdist and wheel."""
    top = "src/sample" if backend == "uv" else "sample"
    files = {name.format(top): text for name, text in MORE.items()}
    path = repository(tmp_path / "first", {**files, **BACKENDS[backend]})
    git(path, "update-index", "--chmod=+x", f"{top}/data/run.sh")
    git(path, "commit", "--quiet", "--message", "A program")
    git(path, "checkout", "--quiet", "--", ".")
    first = built(stage, path)
    assert [dist.filename for dist in first] == ["sample-1.0.0-py3-none-any.whl", "sample-1.0.0.tar.gz"]
    for name, value in {
        **dict.fromkeys(("LC_ALL", "LANG", "LANGUAGE"), "tr_TR.ISO-8859-9"),
        **dict.fromkeys(("USER", "LOGNAME", "USERNAME"), "another"),
        "TZ": "Asia/Kathmandu",
        "PYTHONHASHSEED": "4711",
        "SOURCE_DATE_EPOCH": "86400",
    }.items():
        monkeypatch.setenv(name, value)
    umask = os.umask(0o077)
    try:
        other = tmp_path / "quite" / "another place"
        git(tmp_path, "clone", "--quiet", str(path), str(other))
        assert built(dataclasses.replace(stage, cache=elsewhere), other) == first
    finally:
        os.umask(umask)

"""A world in which `sample 1.0.0` is tagged and built, for clients that believe they talk to the real services."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagship.services.world import World
from tagship.stages import STAGES
from tests.rehearsing import Opened, Stage, repository

CLIENTS = Path(__file__).parents[2] / ".cache/clients/bin"
"""The environment of requirements/clients.txt; `make` fills it."""
WORKFLOW = """\
name: Publish to PyPI
on:
  push: {tags: ["v*"]}
  workflow_dispatch:
    inputs:
      dry_run: {type: boolean, default: false}
jobs:
  publish:
    runs-on: ubuntu-latest
    environment: pypi
    permissions: {id-token: write}
    steps: [{uses: pypa/gh-action-pypi-publish@release/v1}]
"""


@pytest.fixture
def opened(stage: Stage, tmp_path: Path) -> Iterator[Opened]:
    """The world, after the push and before anything is published."""
    path = repository(tmp_path / "sample", {".github/workflows/publish.yml": WORKFLOW})
    with stage.open(path) as world:
        yield world


@pytest.fixture
def dists(opened: Opened) -> list[Path]:
    """The built files."""
    finished = opened.run("plan", "build")
    assert finished.error is None
    return sorted(world_of(opened, "build").workspace.dist.iterdir())


def world_of(opened: Opened, name: str) -> World:
    """The world as the job of a stage sees it."""
    return opened.scene.world_of(next(stage for stage in STAGES if stage.name == name))


def tool(name: str) -> str:
    """The path of a program, out of the clients' own environment where that has it; else a skip that says so."""
    found = shutil.which(name, path=str(CLIENTS)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: run `make .cache/clients/ready`, or scripts/install-tools.sh")
    return found


def python_with(module: str) -> str:
    """The interpreter of the clients' environment; a skip where the module is not there."""
    found = Path(tool("pip-audit")).parent / "python"
    if not any(found.parent.parent.glob(f"lib/python*/site-packages/{module}")):
        pytest.skip(f"{module} is not installed: run `make .cache/clients/ready`")
    return str(found)

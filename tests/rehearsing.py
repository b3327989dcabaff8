"""Repositories for rehearsals, and the rehearsal of one inside this process."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tagship.model import Manifest
from tagship.rehearsal.clock import JumpingClock
from tagship.rehearsal.faults.stand import Rig
from tagship.rehearsal.pipeline import Finished, run_all
from tagship.rehearsal.request import Assumptions, Request
from tagship.rehearsal.result import Rehearsal
from tagship.rehearsal.run import Outside, Scene, another, backstage, enter, place_of, play, rehearse, set_up
from tagship.rehearsal.world import Embedded, Place, servers
from tagship.services.reporter import Silence
from tagship.services.world import Clock, Limits, World
from tagship.stages import STAGES, run

IDENTITY = {
    "GIT_AUTHOR_NAME": "somebody",
    "GIT_AUTHOR_EMAIL": "somebody@example.invalid",
    "GIT_COMMITTER_NAME": "somebody",
    "GIT_COMMITTER_EMAIL": "somebody@example.invalid",
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z",
    "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
}

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "sample"
version = "1.0.0"
description = "A sample"
readme = "README.md"
license = "MIT"
license-files = ["LICENSE"]
requires-python = ">=3.9"

[project.scripts]
sample = "sample:main"

[dependency-groups]
test = ["pytest"]
"""

FILES: Mapping[str, str] = {
    "pyproject.toml": PYPROJECT,
    "README.md": "# sample\n",
    "LICENSE": "MIT\n",
    "sample/__init__.py": (
        "import argparse\n\n\ndef main():\n    argparse.ArgumentParser().parse_args()\n    print('hello')\n"
    ),
    "tests/test_sample.py": "import sample\n\n\ndef test_it():\n    assert sample.main\n",
    ".github/workflows/ci.yml": (
        "name: Test Suite\non:\n  push: {branches: [main]}\n  pull_request:\njobs:\n  test:\n"
        "    name: Tests\n    runs-on: ubuntu-latest\n    steps: [{run: pytest}]\n"
    ),
}
"""A small package that can be released."""


def git(folder: Path, *words: str) -> str:
    """Run git as somebody, at a fixed time."""
    done = subprocess.run(
        ("git", *words), cwd=folder, env=os.environ | IDENTITY, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def repository(folder: Path, files: Mapping[str, str | bytes | None]) -> Path:
    """A repository with the sample's files, changed by the given ones (None leaves a file out), in one commit."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    for name, content in {**FILES, **files}.items():
        if content is None:
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message", "A sample")
    return folder


@dataclass(frozen=True)
class Opened:
    """A world that stays open, so that the same stages can run in it several times."""

    embedded: Embedded
    scene: Scene

    @property
    def world(self) -> World:
        """The world as the first stage sees it."""
        return self.scene.world_of(STAGES[0])

    def run(self, *names: str, after: Manifest | None = None) -> Finished:
        """Run all stages as a rehearsal does, or the named ones one after another, to the first error."""
        manifest = after or Manifest()
        if not names:
            return run_all(STAGES, manifest, self.scene.world_of)
        for stage in (stage for stage in STAGES if stage.name in names):
            result = run(stage, manifest, self.scene.world_of(stage))
            manifest = result.manifest
            if result.error is not None:
                return Finished(manifest=manifest, error=result.error)
        return Finished(manifest=manifest, error=None)


@dataclass(frozen=True)
class Stage:
    """Rehearses with the index of the tests as the user's own; `dataclasses.replace` changes where and how."""

    upstream: str
    cache: Path
    clock: Clock = field(default_factory=JumpingClock)
    offline: bool = False
    limits: Limits = field(default_factory=Limits)

    def __call__(self, path: Path, request: Request | None = None, **assumptions: object) -> Rehearsal:
        """Rehearse a repository; assumptions by keyword."""
        request = request or Request(assumptions=Assumptions(**assumptions))  # type: ignore[arg-type]
        with backstage(self.outside(path), offline=self.offline, enforce=False) as behind:
            return rehearse(request, self.outside(path), behind, Silence())

    @contextlib.contextmanager
    def open(self, path: Path, request: Request | None = None, **assumptions: object) -> Iterator[Opened]:
        """Push, and stop before the first stage."""
        request = request or Request(assumptions=Assumptions(**assumptions))  # type: ignore[arg-type]
        outside = self.outside(path)
        with backstage(outside, offline=self.offline, enforce=False) as behind:
            place = Place(folder=behind.folder, cache=outside.cache, environ=outside.environ, clock=outside.clock)
            with servers(place, behind.keeper) as embedded:
                yield Opened(embedded=embedded, scene=set_up(request, outside, embedded, Silence()))

    def outside(self, path: Path) -> Outside:
        """What a rehearsal of a repository gets from the outside."""
        environ = dict(os.environ) | {"UV_DEFAULT_INDEX": self.upstream}
        return Outside(path=path, environ=environ, cache=self.cache, clock=self.clock, limits=self.limits)


def why(result: Rehearsal) -> list[tuple[str, str]]:
    """The stage and code of everything that stood in the way."""
    return [(stage, finding.code) for stage, finding in result.causes]


@pytest.fixture
def stage(upstream: str, cache: Path) -> Stage:
    """Rehearse with `stage(path, ...)`."""
    return Stage(upstream=upstream, cache=cache)


@contextlib.contextmanager
def rigged(path: Path, upstream: str, cache: Path) -> Iterator[Rig]:
    """A clean rehearsal of a repository, whose files any number of worlds can release."""
    outside = Outside(
        path=path, environ=dict(os.environ) | {"UV_DEFAULT_INDEX": upstream}, cache=cache, clock=JumpingClock()
    )
    with backstage(outside, offline=False, enforce=False) as behind:
        result, pushed = play(Request(), outside, behind, Silence())
        assert result.verdict == "ready"
        yield Rig(pushed=pushed, behind=behind, outside=outside, clean=result.manifest)


@contextlib.contextmanager
def afresh(rig: Rig, name: str) -> Iterator[Opened]:
    """One more world for what was built: pushed, and before the first stage; files and checkout are copies.

    Args:
        name: of its folder, which no other world has.
    """
    folder = rig.behind.folder / name
    shared = another(rig.pushed, rig.behind, folder)
    workspace = replace(shared, root=folder / "runner", dist=folder / "dist")
    shutil.copytree(shared.root, workspace.root, symlinks=True)
    shutil.copytree(shared.dist, workspace.dist)
    place = replace(place_of(rig.outside, rig.behind), folder=folder, clock=JumpingClock())
    with servers(place, rig.behind.keeper) as embedded:
        yield Opened(embedded=embedded, scene=enter(rig.pushed, workspace, embedded, Silence()))


@pytest.fixture(scope="module")
def rig(upstream: str, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A clean rehearsal of the sample, with notes by GitHub, whose files all cells of a module release."""
    settings = {"pyproject.toml": PYPROJECT + '[tool.tagship]\nnotes = "github"\n'}
    with rigged(repository(tmp_path_factory.mktemp("faults") / "sample", settings), upstream, cache) as found:
        yield found

"""Repositories that take tagship up: the commands `init` and `sync` in this process, and the index they lock from."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tagship.cli.app import run
from tagship.workflow import own_wheel
from tests.conftest import serving
from tests.made_dists import good_wheel
from tests.rehearsing import git, repository

ORIGIN = "https://github.com/owner/sample.git"


@pytest.fixture(scope="session")
def tooling(wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An index with the build backends, and empty wheels of all that tagship needs or runs, metadata as installed."""
    folder = tmp_path_factory.mktemp("tooling")
    yield from serving(folder, tools(folder, wheelhouse))


def tools(folder: Path, wheelhouse: Path) -> dict[str, str]:
    """Put those wheels into a folder; returns their digests by name."""
    for path in wheelhouse.glob("*.whl"):
        (folder / path.name).symlink_to(path)
    there = {canonicalize_name(path.name.partition("-")[0]) for path in wheelhouse.glob("*.whl")}
    todo = [Requirement(line) for line in (*own_wheel.requirements(), "towncrier")]
    seen = set(there)
    while todo:
        name = canonicalize_name(todo.pop().name)
        try:
            found = distribution(name)
            version, lines = found.version, found.requires or []
        except PackageNotFoundError:  # for another system
            version, lines = "100", []
        needed = [line for line in lines if "extra ==" not in line]
        if name not in seen:
            good_wheel(folder, name.replace("-", "_"), version, *(f"Requires-Dist: {line}" for line in needed))
            seen.add(name)
            todo += map(Requirement, needed)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.whl")}


@dataclass
class Adopter:
    """A repository in which commands of tagship run, with what they said last."""

    root: Path
    capture: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""
    files: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, command: str, *words: str, at: str = ".") -> int:
        """Run a command in the repository, or in a folder of it, and return its exit code."""
        self.capture.readouterr()
        code = run([command, str(self.root / at), *words])
        self.out, self.err = self.capture.readouterr()
        return code

    def text(self, path: str) -> str:
        """A file of the repository."""
        return (self.root / path).read_text()

    def write(self, path: str, text: str | bytes) -> None:
        """Change a file of the repository."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(text.encode() if isinstance(text, str) else text)

    def replace(self, path: str, old: str, new: str) -> None:
        """Change something that stands in a file."""
        assert old in self.text(path)
        self.write(path, self.text(path).replace(old, new))

    def state(self) -> dict[str, bytes]:
        """Every file but git's own."""
        found = (
            path for path in self.root.rglob("*") if path.is_file() and ".git" not in path.relative_to(self.root).parts
        )
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in found}

    def made(self, before: dict[str, bytes]) -> list[str]:
        """The files that were not there before or are different now."""
        after = self.state()
        return sorted(path for path in after.keys() | before.keys() if after.get(path) != before.get(path))


class Adopting:
    """Makes repositories for adopters."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self._folder, self._capture = folder, capture

    def __call__(self, files: dict[str, str | bytes | None] | None = None, origin: str | None = ORIGIN) -> Adopter:
        """The sample's repository, with other files and another remote."""
        root = repository(self._folder / "repository", files or {})
        if origin is not None:
            git(root, "remote", "add", "origin", origin)
        return Adopter(root=root, capture=self._capture)


@pytest.fixture
def adopting(
    tooling: str, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Adopting:
    """Make a repository with `adopting(files)`, and run commands in it."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", tooling)
    monkeypatch.setenv("TAGSHIP_CACHE_DIR", str(cache))
    monkeypatch.setenv("PATH", os.environ["PATH"])
    return Adopting(tmp_path, capsys)

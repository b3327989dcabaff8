"""Building with the build requirements that `.github/tagship/build.txt` locks."""

import re
from pathlib import Path

import pytest

from tagship.project import hashed
from tagship.services.uv import Uv
from tests.rehearsing import PYPROJECT, Stage, repository, why

LOCK = ".github/tagship/build.txt"
ASKING = (
    "from hatchling.build import *\n\n\n"
    "def get_requires_for_build_sdist(config_settings=None):\n    return ['wheel>=0.40']\n"
)
"""A backend in the repository that wants one more package, as PEP 517 lets it."""
FILES = {
    "pyproject.toml": PYPROJECT.replace(
        'build-backend = "hatchling.build"', 'build-backend = "asking"\nbackend-path = ["build"]'
    ),
    "build/asking.py": ASKING,
}


def locked(stage: Stage, folder: Path, *requirements: str) -> str:
    """A lock of what the index of the tests has."""
    with stage.open(repository(folder, {})) as opened:
        return opened.world.uv.lock(requirements, "3.11")


def test_the_build_uses_the_locked_versions_and_nothing_else(stage: Stage, tmp_path: Path) -> None:
    """With a lock the environment has exactly its packages, what the backend asks for in addition included."""
    lock = locked(stage, tmp_path / "empty", "hatchling", "wheel")
    result = stage(repository(tmp_path / "repository", {**FILES, LOCK: lock}))
    entry = result.manifest.entry("build")
    assert why(result) == []
    assert entry is not None
    built_with = next(fact.detail for fact in entry.facts if fact.id == "build.requirements").split(", ")
    assert [name.partition("==")[0] for name in built_with] == [
        *("hatchling", "packaging", "pathspec", "pluggy", "tomlkit", "trove_classifiers", "wheel"),
    ]


@pytest.mark.parametrize("lacking", ["hatchling", "wheel>=0.40"])
def test_a_lock_that_lacks_something_is_not_made_up_for(stage: Stage, tmp_path: Path, lacking: str) -> None:
    """What [build-system] or the backend wants and the lock lacks stops the build, instead of coming in unlocked."""
    lock = locked(stage, tmp_path / "empty", "wheel" if lacking == "hatchling" else "hatchling")
    result = stage(repository(tmp_path / "repository", {**FILES, LOCK: lock}))
    assert why(result) == [("build", "TE06")]
    _, cause = result.causes[0]
    assert cause.title == f"Nothing was built: build.txt does not have what the build needs: {lacking}"
    assert cause.remedy == "Lock the build requirements again: tagship sync"


def test_another_digest_stops_the_build(stage: Stage, tmp_path: Path) -> None:
    """A file whose digest is not in the lock is not installed."""
    lock = locked(stage, tmp_path / "empty", "hatchling")
    other = re.sub(r"sha256:\w+", f"sha256:{'0' * 64}", lock)
    result = stage(repository(tmp_path / "repository", {LOCK: other}))
    assert why(result) == [("build", "TE06")]


def test_a_lock_has_wheels_of_every_system_with_digests(stage: Stage, tmp_path: Path) -> None:
    """A lock has an exact version and digests for every package, on whichever system they are needed."""
    with stage.open(repository(tmp_path / "repository", {})) as opened:
        uv: Uv = opened.world.uv
        text = uv.lock(["hatchling"], "3.12")
    lock = hashed.read(text)
    assert lock.wrong == ()
    assert all(pin.hashes for pins in lock.pins.values() for pin in pins)
    assert lock.lacks(["hatchling>=1", "hatchling; python_version < '3.9'"]) == ()
    assert lock.lacks(["hatchling>=99", "meson", "hatchling @", "Hatchling"]) == (
        "hatchling>=99",
        "meson",
        "hatchling @",
    )


def test_what_is_no_pin_is_named() -> None:
    """Ranges, editable installs, addresses and pins without a digest are not taken for a lock."""
    text = (
        "a==1.0 --hash=sha256:00\nb>=1 --hash=sha256:00\n-e .\nc==2.0\nd @ https://example.invalid/d.whl\n"
        "e==1.* --hash=sha256:00\n\n# f==1\ng==1.0 ; sys_platform == 'win32' \\\r\n    --hash=sha256:00  # why\n"
    )
    lock = hashed.read(text)
    assert list(lock.pins) == ["a", "g"]
    assert lock.wrong == (
        *("b>=1 --hash=sha256:00", "-e .", "c==2.0", "d @ https://example.invalid/d.whl", "e==1.* --hash=sha256:00"),
    )

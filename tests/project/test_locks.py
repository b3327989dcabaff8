"""What lock files pin."""

from pathlib import Path

import pytest

from tagship.project.locks import pinned

UV = """\
version = 1

[[package]]
name = "mine"
source = { editable = "." }

[[package]]
name = "pytest"
version = "8.4.2"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "numpy"
version = "1.26.4"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "numpy"
version = "2.1.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "patched"
version = "1.0"
source = { git = "https://example.invalid/patched" }
"""
POETRY = '[[package]]\nname = "pytest"\nversion = "8.4.2"\noptional = false\n\n[metadata]\nlock-version = "2.1"\n'


@pytest.mark.parametrize(("name", "text"), [("uv.lock", UV), ("poetry.lock", POETRY), ("pdm.lock", POETRY)])
def test_one_version_from_an_index_is_pinned(tmp_path: Path, name: str, text: str) -> None:
    """What a lock has in one version, from an index, is pinned; the project itself and forks are not."""
    (tmp_path / name).write_text(text)
    assert pinned(tmp_path) == ("pytest==8.4.2",)


def test_versions_for_different_environments(tmp_path: Path) -> None:
    """Where uv's lock has several versions of a package, each is pinned for its environments."""
    old, new = ("python_full_version < '3.10'", "python_full_version >= '3.10'")
    entry = '[[package]]\nname = "pytest"\nversion = "{}"\nsource = {{ registry = "x" }}\nresolution-markers = ["{}"]\n'
    (tmp_path / "uv.lock").write_text(entry.format("8.4.2", old) + entry.format("9.0.2", new))
    assert pinned(tmp_path) == (f"pytest==8.4.2 ; ({old})", f"pytest==9.0.2 ; ({new})")


@pytest.mark.parametrize("text", ["[[package", "package = 3\n", '[[package]]\nname = "a"\nversion = "not one"\n'])
def test_a_lock_that_cannot_be_used_pins_nothing(tmp_path: Path, text: str) -> None:
    """A broken lock is its own tool's business."""
    (tmp_path / "uv.lock").write_text(text)
    assert pinned(tmp_path) == ()


def test_the_lock_of_the_package_comes_before_that_of_the_workspace(tmp_path: Path) -> None:
    """Where both have one, the nearer lock counts; where neither has one, nothing is pinned."""
    inner = tmp_path / "packages" / "one"
    inner.mkdir(parents=True)
    assert pinned(inner, tmp_path) == ()
    (tmp_path / "uv.lock").write_text(POETRY)
    assert pinned(inner, tmp_path) == ("pytest==8.4.2",)
    (inner / "uv.lock").write_text(POETRY.replace("8.4.2", "9.0"))
    assert pinned(inner, tmp_path) == ("pytest==9.0",)

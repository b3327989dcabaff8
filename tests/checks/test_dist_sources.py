"""One thing against another: what the wheel lacks, what the sdist lacks, and what is rightly left out."""

from pathlib import Path

import pytest

from tagship.checks import run
from tests.checks.distributions import (
    METADATA,
    SDIST_NAME,
    TRACKED,
    WHEEL_NAME,
    Files,
    context,
    finding,
    sdist,
    wheel,
)

LOADS = b'from importlib.resources import files\n\nPAGE = files("wheelhouse") / "pages/start.html"\n'


@pytest.mark.parametrize(
    ("in_wheel", "in_sdist", "title"),
    [
        (
            {"wheelhouse/pages.py": LOADS},
            {"src/wheelhouse/pages.py": LOADS, "src/wheelhouse/pages/start.html": b"<p>"},
            "it lacks files that its code names: wheelhouse/pages/start.html",
        ),
        (
            {"wheelhouse/env.py": b'PackageLoader("wheelhouse", "templates")\n'},
            {"src/wheelhouse/templates/a.html": b"", "src/wheelhouse/templates/b.html": b""},
            "it lacks files that its code names: wheelhouse/templates/a.html, wheelhouse/templates/b.html",
        ),
        (
            {"wheelhouse/py.typed": None},
            {},
            "it lacks files that its code names: wheelhouse/py.typed",
        ),
        (
            {},
            {"src/wheelhouse/sub/__init__.py": b"", "src/wheelhouse/sub/deep.py": b""},
            "it lacks modules of its package: wheelhouse/sub/__init__.py, wheelhouse/sub/deep.py",
        ),
    ],
    ids=["a file by its name", "a folder by its name", "py.typed", "a subpackage"],
)
def test_left_out_of_the_wheel(tmp_path: Path, in_wheel: Files, in_sdist: Files, title: str) -> None:
    """Modules of an included package, and data that its code names, are missed in the wheel."""
    untyped = METADATA.replace("Classifier: Typing :: Typed\n", "")
    built = wheel(tmp_path, in_wheel, metadata=untyped), sdist(tmp_path, in_sdist, metadata=untyped)
    assert run(context(*built, tracked=None)) == (finding("TC20", WHEEL_NAME, title),)


def test_tracked_but_not_built(tmp_path: Path) -> None:
    """A module that is tracked and in neither file is missed in the wheel."""
    built = wheel(tmp_path), sdist(tmp_path)
    assert run(context(*built, tracked=TRACKED | {"src/wheelhouse/new.py"})) == (
        finding("TC20", WHEEL_NAME, "it lacks modules of its package: wheelhouse/new.py"),
    )


@pytest.mark.parametrize(
    "in_sdist",
    [
        {"src/wheelhouse/notes.bin": b"\0"},
        {"src/wheelhouse/_fast.pyx": b"", "src/wheelhouse/_fast.c": b"", "src/wheelhouse/Makefile": b""},
        {"src/wheelhouse/tests/__init__.py": b"", "src/wheelhouse/test_cli.py": b""},
        {"src/wheelhouse/README.md": b"", "src/wheelhouse/.keep": b""},
        {"tasks.py": b"", "src/other/__init__.py": b"", "setup.py": b""},
    ],
    ids=["data nobody names", "sources of an extension", "tests", "documentation", "code beside the package"],
)
def test_rightly_left_out(tmp_path: Path, in_sdist: Files) -> None:
    """What wheels usually leave out is no finding."""
    assert run(context(wheel(tmp_path), sdist(tmp_path, in_sdist))) == ()


def test_other_layout(tmp_path: Path) -> None:
    """Where the source is laid out in a way that cannot be matched with the wheel, nothing is claimed."""
    flat = {f"src/wheelhouse/{name}": None for name in ("__init__.py", "cli.py", "py.typed")}
    built = sdist(tmp_path, {**flat, "main.py": b"", "extra.py": b"", "data.json": b""})
    assert run(context(wheel(tmp_path), built, tracked=None)) == ()


SETUPTOOLS = b'[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
OWN_BACKEND = b'[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["./build_tools"]\n'


@pytest.mark.parametrize(
    ("changes", "more", "missing"),
    [
        ({"pyproject.toml": None}, {"setup.py"}, ["pyproject.toml", "setup.py"]),
        ({"pyproject.toml": SETUPTOOLS}, {"setup.py"}, ["setup.py"]),
        ({"pyproject.toml": SETUPTOOLS, "setup.py": b""}, {"setup.py"}, []),
        ({}, {"setup.py"}, []),
        ({"pyproject.toml": OWN_BACKEND}, {"build_tools/own.py", "build_tools/notes.txt"}, ["build_tools/own.py"]),
        ({"pyproject.toml": b"= broken"}, {"setup.py"}, ["setup.py"]),
    ],
    ids=["no pyproject.toml", "setuptools", "complete", "shim of another backend", "own backend", "broken"],
)
def test_build_needs(tmp_path: Path, changes: Files, more: set[str], missing: list[str]) -> None:
    """Only what the declared backend reads is an error where the sdist lacks it."""
    built = sdist(tmp_path, changes)
    found = tuple(f for f in run(context(built, tracked=TRACKED | more)) if f.code == "TC21")
    assert found == tuple(finding("TC21", SDIST_NAME, f"it lacks `{name}`, which its build needs") for name in missing)


def test_untold_files(tmp_path: Path) -> None:
    """Tests and documents that are missing are told by their top-level folder, everything else not at all."""
    usual = {".github/workflows/ci.yml", "docs/index.md", "tox.ini", "uv.lock", "Makefile", "src/wheelhouse/.keep"}
    usual |= {"examples/a.py", "CITATION.cff", "mkdocs.env.yml", "changes/12.bugfix.rst", "tasks.py"}
    unusual = {"tests/test_a.py", "tests/test_b.py", "NEWS"}
    built = sdist(tmp_path)
    assert run(context(built, tracked=TRACKED | usual)) == ()
    assert run(context(built, tracked=TRACKED | usual | unusual)) == (
        finding("TC22", SDIST_NAME, "it leaves out NEWS, tests (2 files)"),
    )


def test_submodule(tmp_path: Path) -> None:
    """A submodule is one path for git and a folder in the sdist, and is not missed."""
    built = sdist(tmp_path, {"vendor/lib/a.c": b""})
    assert run(context(built, tracked=TRACKED | {"vendor/lib"})) == ()

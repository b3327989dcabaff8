"""How a project's tests run, as far as its files say so."""

import fnmatch
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from tagship.errors import ProjectError
from tagship.project.config import Suite
from tagship.project.declared import Named
from tagship.project.found import Found
from tagship.project.pyproject import Pyproject, read_toml, table, text, texts

_NAMES = ("test", "tests", "testing", "dev")
_KEYS = ("testpaths", "python_files")
_PYTEST = re.compile(r"pytest\b")
_TEST_FILE = re.compile(r"test_.*\.py|.*_test\.py|tests?\.py")
_REQUIREMENTS = re.compile(
    r"(?=.*require)(?=.*(test|dev|ci)).*\.(txt|in)|(requirements[/\\])?(tests?|testing|dev)\.(txt|in)"
)
_INSIDE = ("*/tests", "*/test", "src/*/tests", "src/*/test", "src/*/*/tests")
SOURCES = ("src", "lib", "python")
"""Folders of a repository in which packages lie, by convention."""
ENOUGH = 20
"""Test files that are looked into before deciding what they are written for."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What discovery already read about a project."""

    root: Path
    data: Pyproject
    setup_cfg: Mapping[str, Mapping[str, str]]
    groups: Found[Named | None]
    extras: Found[Named | None]


def detect(known: Known) -> Found[Suite]:
    """The tests of a project that does not configure them.

    A `test`, `tests`, `testing` or `dev` group or extra that has pytest, a requirements file that has it,
    test files written for pytest or unittest; else none.
    """
    testpaths, patterns, configured = _pytest_configuration(known)
    like = re.compile("|".join(map(fnmatch.translate, patterns))) if patterns else _TEST_FILE
    files = _test_files(known.root, testpaths, like)
    paths = tuple(p.rstrip("/") for p in testpaths if (known.root / p).exists()) or _folders(files)
    for name in _NAMES:
        for kind, named in (("group", known.groups), ("extra", known.extras)):
            spelt = next((n for n in named.value or {} if n.lower() == name), None)
            if spelt is not None and any(_PYTEST.match(item) for item in (named.value or {})[spelt]):
                where = f"detected: the {kind} {spelt} has pytest, {named.source}"
                suite = Suite(paths=paths, group=spelt) if kind == "group" else Suite(paths=paths, extra=spelt)
                return Found(value=complete(suite, known, where), source=where)
    for file in _requirement_files(known.root):
        suite = Suite(paths=paths, files=(file,))
        return Found(value=suite, source=f"detected: {file} has pytest")
    for where, lines in _tox(known):
        bare = (line.partition(" #")[0].strip() for line in lines)
        found = tuple(line for line in bare if re.fullmatch(r"[A-Za-z0-9][^:{}]*", line))
        if any(_PYTEST.match(item) for item in found):
            return Found(value=Suite(paths=paths, requires=found), source=f"detected: {where} deps has pytest")
    if not files:
        return Found(value=Suite(runner="none"), source="detected: no test files")
    words = [(known.root / file).read_bytes() for file in files]
    if not configured and any(b"unittest" in w for w in words) and not any(b"pytest" in w for w in words):
        suite = _with_requirements(_unittest(known.root, paths), known)
        return Found(value=suite, source=f"detected: {files[0]} imports unittest")
    suite = Suite(paths=paths, requires=("pytest",))
    return Found(value=suite, source=f"detected: {configured or files[0]}")


def _with_requirements(suite: Suite, known: Known) -> Suite:
    """The same with the group or extra that is named for tests, where there is one."""
    groups, extras = known.groups.value or {}, known.extras.value or {}
    for name in _NAMES[:3]:
        if name in groups:
            return msgspec.structs.replace(suite, group=name)
        if name in extras:
            return msgspec.structs.replace(suite, extra=name)
    return suite


def complete(suite: Suite, known: Known, where: str) -> Suite:
    """The same with pytest among its requirements, where that runs the tests and nothing else brings it.

    Raises:
        ProjectError: the group or the extra does not exist.
    """
    brought = list(suite.requires)
    for kind, wanted, named in (("group", suite.group, known.groups), ("extra", suite.extra, known.extras)):
        if wanted and named.value is not None and wanted not in named.value:
            raise ProjectError(
                f"the tests need the {kind} {wanted}, which is not declared",
                remedy=f"Declared are: {', '.join(named.value) or 'none'}.",
                where=where,
            )
        brought += (named.value or {}).get(wanted, ())
    if suite.runner != "pytest" or suite.files or any(_PYTEST.match(item) for item in brought):
        return suite
    return msgspec.structs.replace(suite, requires=(*suite.requires, "pytest"))


def _unittest(root: Path, paths: tuple[str, ...]) -> Suite:
    """Discovery takes one folder; where that is a package, its tests may import it, from the folder above."""
    if len(paths) != 1 or not (root / paths[0]).is_dir():
        return Suite(runner="unittest", args=paths)
    top = root / paths[0]
    while (top / "__init__.py").exists() and top != root:
        top = top.parent
    if top == root / paths[0]:
        return Suite(runner="unittest", paths=paths)
    base = paths[0].partition("/")[0]
    if base in SOURCES and (root / base) in top.parents:
        top = root / base  # a namespace package has no __init__.py on the way
    return Suite(runner="unittest", args=("discover", "-s", paths[0], "-t", top.relative_to(root).as_posix()))


def _pytest_configuration(known: Known) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """`testpaths`, `python_files` and the file that configures pytest; empty where none does."""
    if known.data.tool.pytest is not None:
        options = {**known.data.tool.pytest, **table(known.data.tool.pytest, "ini_options")}
        paths, names = (tuple(w for text in texts(options, key) for w in text.split()) for key in _KEYS)
        return paths, names, "pyproject.toml configures pytest"
    for file in ("pytest.ini", ".pytest.ini", "tox.ini"):
        section = _ini(known.root / file).get("pytest")
        if section is not None:
            paths, names = (tuple(section.get(key, "").split()) for key in _KEYS)
            return paths, names, f"{file} configures pytest"
    if "tool:pytest" in known.setup_cfg:
        section = known.setup_cfg["tool:pytest"]
        paths, names = (tuple(section.get(key, "").split()) for key in _KEYS)
        return paths, names, "setup.cfg configures pytest"
    return (), (), ""


def _ini(path: Path) -> Mapping[str, Mapping[str, str]]:
    try:
        return _sections(path.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return {}


def _sections(ini: str) -> Mapping[str, Mapping[str, str]]:
    import configparser  # few projects have one

    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(ini)
    except configparser.Error:
        return {}  # it is another tool's own configuration, and that tool will say what is wrong with it
    return {section: dict(parser.items(section)) for section in parser.sections()}


def _tox(known: Known) -> Iterator[tuple[str, Sequence[str]]]:
    """The requirements of tox's basic environment by their place; those under conditions are left to be sorted out.

    Source: https://tox.wiki/en/latest/config.html#discovery-and-file-types
    """
    inline, own = known.data.tool.tox or {}, read_toml(known.root, "tox.toml")
    for where, ini in (
        ("tox.ini [testenv]", _ini(known.root / "tox.ini")),
        ("setup.cfg [testenv]", known.setup_cfg),
        ("pyproject.toml [tool.tox] legacy_tox_ini [testenv]", _sections(text(inline, "legacy_tox_ini") or "")),
    ):
        yield where, ini.get("testenv", {}).get("deps", "").splitlines()
    yield "pyproject.toml [tool.tox.env_run_base]", texts(table(inline, "env_run_base"), "deps")
    yield "tox.toml [env_run_base]", texts(table(own.data if own else None, "env_run_base"), "deps")


def _test_files(root: Path, testpaths: tuple[str, ...], named: re.Pattern[str]) -> tuple[str, ...]:
    """Some of the test files, relative to the root, in a stable order."""
    places = [root / path for path in testpaths] or [root / name for name in ("tests", "test", "testing")]
    found = [file for place in places for file in _walk(place, named)][:ENOUGH]
    if not found:
        found = sorted(p for p in root.iterdir() if p.is_file() and named.fullmatch(p.name))
    if not found:
        inside = sorted(p for pattern in _INSIDE for p in root.glob(pattern))
        found = [file for place in inside for file in _walk(place, named)][:ENOUGH]
    return tuple(path.relative_to(root).as_posix() for path in found if path.is_relative_to(root))


def _walk(place: Path, named: re.Pattern[str]) -> Iterator[Path]:
    if place.is_file():
        yield place
    seen = 0
    for folder, folders, files in os.walk(place):
        folders.sort()
        for name in sorted(files):
            if named.fullmatch(name):
                yield Path(folder, name)
                seen += 1
        if seen >= ENOUGH:
            return


def _folders(files: tuple[str, ...]) -> tuple[str, ...]:
    """The outermost folders of the test files that are named for tests, else the files themselves."""
    found: dict[str, None] = {}
    for file in files:
        parts = file.split("/")
        depth = next((i for i, part in enumerate(parts[:-1]) if part in ("tests", "test", "testing")), None)
        found["/".join(parts[: depth + 1]) if depth is not None else file] = None
    return tuple(found)


def _requirement_files(root: Path) -> Iterator[str]:
    """Requirements files for tests that name pytest, those for tests before those for development."""
    names = [p for pattern in ("*.txt", "requirements/*.txt", "tests/*.txt", "test/*.txt") for p in root.glob(pattern)]
    relative = sorted((p.relative_to(root).as_posix() for p in names), key=lambda n: ("test" not in n, "lock" in n, n))
    for name in relative:
        if _REQUIREMENTS.fullmatch(name) and re.search(rb"^pytest\b", (root / name).read_bytes(), re.M | re.I):
            yield name

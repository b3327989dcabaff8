"""What is inside: each check fires alone, with its whole finding, and stays silent about what is usual."""

import tarfile
import zipfile
from pathlib import Path

import pytest

from tagship.checks import read, run
from tagship.model import Finding, Severity
from tests.checks.distributions import (
    CODE,
    INFO,
    METADATA,
    SDIST_NAME,
    WHEEL_NAME,
    Files,
    context,
    finding,
    record,
    sdist,
    tar,
    wheel,
)

BARE = dict.fromkeys([*CODE, f"{INFO}/entry_points.txt"])
"""Takes everything that is installed out of the wheel."""
ENTRY_POINTS = f"{INFO}/entry_points.txt"
RECORD = f"{INFO}/RECORD"

FIRES: dict[str, tuple[Files, Files, Finding]] = {
    "litter in the wheel": (
        {"wheelhouse/__pycache__/cli.cpython-313.pyc": b"\0", "wheelhouse/cli.py~": b"old"},
        {},
        finding(
            "TC10",
            f"{WHEEL_NAME}: wheelhouse/__pycache__/cli.cpython-313.pyc",
            "it contains leftovers: wheelhouse/__pycache__/cli.cpython-313.pyc, wheelhouse/cli.py~",
        ),
    ),
    "litter in the sdist": (
        {},
        {".DS_Store": b"\0", ".venv/bin/python": b"", ".coverage": b"\0", "src/wheelhouse/.cli.py.swp": b""},
        finding(
            "TC10",
            f"{SDIST_NAME}: .DS_Store",
            "it contains leftovers: .DS_Store, .venv/bin/python, .coverage and 1 more",
        ),
    ),
    "tests beside the package": (
        {"tests/__init__.py": b"", "tests/test_cli.py": b""},
        {},
        finding("TC12", WHEEL_NAME, "it installs a top-level `tests` into site-packages"),
    ),
    "a file that RECORD does not list": (
        {RECORD: record(CODE), "wheelhouse/py.typed": b""},
        {},
        finding(
            "TC16",
            f"{WHEEL_NAME}: {RECORD}",
            f"RECORD is wrong: {INFO}/METADATA is not listed, {INFO}/WHEEL is not listed, "
            f"{ENTRY_POINTS} is not listed and 1 more",
        ),
    ),
    "names that differ by case": (
        {"wheelhouse/CLI.py": b""},
        {},
        finding("TC17", f"{WHEEL_NAME}: wheelhouse/CLI.py", "it differs from `wheelhouse/cli.py` only by case"),
    ),
    "names that Windows cannot have": (
        {},
        {"src/wheelhouse/data/aux.txt": b"", "a:b": b"", "ends with dot.": b"", "com1/x": b""},
        finding(
            "TC18",
            f"{SDIST_NAME}: src/wheelhouse/data/aux.txt",
            "it has names that Windows does not allow: src/wheelhouse/data/aux.txt, a:b, ends with dot. and 1 more",
        ),
    ),
    "a command without its module": (
        {ENTRY_POINTS: b"[console_scripts]\nwheelhouse = wheelhouse.main:run\n"},
        {},
        finding(
            "TC19",
            f"{WHEEL_NAME}: {ENTRY_POINTS}",
            "`wheelhouse` in [console_scripts] names a module that is not in the wheel: wheelhouse.main:run",
        ),
    ),
    "a plugin without its module": (
        {ENTRY_POINTS: b"[pytest11]\nwheelhouse = wheelhouse.plugin\n"},
        {},
        finding(
            "TC19",
            f"{WHEEL_NAME}: {ENTRY_POINTS}",
            "`wheelhouse` in [pytest11] names a module that is not in the wheel: wheelhouse.plugin",
            Severity.WARNING,
        ),
    ),
}


@pytest.mark.requirement("A5")
@pytest.mark.parametrize("case", FIRES)
def test_check_fires_alone(tmp_path: Path, case: str) -> None:
    """One thing wrong with a sound release is one finding, exactly this one."""
    in_wheel, in_sdist, expected = FIRES[case]
    assert run(context(wheel(tmp_path, in_wheel), sdist(tmp_path, in_sdist))) == (expected,)


QUIET: dict[str, tuple[Files, Files]] = {
    "a compiled module as command": (
        {
            "wheelhouse/_fast.cpython-313-x86_64-linux-gnu.so": b"\0",
            ENTRY_POINTS: b"[console_scripts]\nfast = wheelhouse._fast:main\n",
        },
        {},
    ),
    "a command of a dependency": ({ENTRY_POINTS: b"[console_scripts]\nhouse = click.testing:main [fast]\n"}, {}),
    "a namespace package": (
        {"company/house/__init__.py": b"", ENTRY_POINTS: b"[console_scripts]\nhouse = company.house:main\n"},
        {"src/company/house/__init__.py": b"", "src/company/other/__init__.py": b""},
    ),
    "modules without their source": ({"wheelhouse/secretive.pyc": b"\0"}, {}),
    "tests inside the package": ({"wheelhouse/tests/test_cli.py": b""}, {}),
    "tests only in the sdist": ({}, {"tests/test_cli.py": b"", "src/wheelhouse/tests/test_cli.py": b""}),
    "a signed RECORD": ({f"{INFO}/RECORD.jws": b"{}", RECORD: None}, {}),
    "settings of coverage and of editors": ({}, {".coveragerc": b"", ".editorconfig": b"", ".gitignore": b""}),
}


@pytest.mark.parametrize("case", QUIET)
def test_usual_things_are_quiet(tmp_path: Path, case: str) -> None:
    """What popular packages do on purpose is no finding."""
    in_wheel, in_sdist = QUIET[case]
    assert run(context(wheel(tmp_path, in_wheel), sdist(tmp_path, in_sdist))) == ()


def test_changed_after_the_build(tmp_path: Path) -> None:
    """A file whose digest is not the one in RECORD is found, and so is one that was taken out."""
    listed = read(wheel(tmp_path)).text(RECORD).encode()
    changes = {"wheelhouse/cli.py": b"def main(): return 1\n", "wheelhouse/py.typed": None, RECORD: listed}
    found = tuple(f for f in run(context(wheel(tmp_path, changes))) if f.code == "TC16")
    title = "RECORD is wrong: wheelhouse/py.typed is not there, wheelhouse/cli.py has another digest"
    assert found == (finding("TC16", f"{WHEEL_NAME}: {RECORD}", title),)


def test_no_marker(tmp_path: Path) -> None:
    """A package that calls itself typed and has no marker anywhere is found."""
    built = wheel(tmp_path, {"wheelhouse/py.typed": None}), sdist(tmp_path, {"src/wheelhouse/py.typed": None})
    title = "it says that it is typed and has no `py.typed`"
    assert run(context(*built, tracked=None)) == (finding("TC13", WHEEL_NAME, title),)


NO_REQUIREMENTS = METADATA.replace("Requires-Dist: click>=8\n", "").replace("Classifier: Typing :: Typed\n", "")
META_PACKAGE = METADATA.replace("Classifier: Typing :: Typed\n", "")
NO_CODE = {f"src/{path}": None for path in CODE}


@pytest.mark.parametrize(
    ("metadata", "in_sdist", "titles"),
    [
        (NO_REQUIREMENTS, NO_CODE, ["it contains no code"]),
        (META_PACKAGE, {}, ["it contains no code"]),
        (META_PACKAGE, NO_CODE, []),
    ],
    ids=["without requirements", "package left out", "only requirements"],
)
def test_empty_wheel(tmp_path: Path, metadata: str, in_sdist: Files, titles: list[str]) -> None:
    """An empty wheel is an error, unless the release consists of its requirements on purpose."""
    built = wheel(tmp_path, BARE, metadata=metadata), sdist(tmp_path, in_sdist, metadata=metadata)
    expected = tuple(finding("TC11", WHEEL_NAME, title) for title in titles)
    assert run(context(*built, tracked=None)) == expected


def test_stubs_need_no_marker(tmp_path: Path) -> None:
    """A package of stubs only is typed by its name."""
    stubs = {**BARE, "wheelhouse-stubs/__init__.pyi": b""}
    built = wheel(tmp_path, stubs), sdist(tmp_path, {**NO_CODE, "wheelhouse-stubs/__init__.pyi": b""})
    assert run(context(*built, tracked=None)) == ()


def test_no_licence_file(tmp_path: Path) -> None:
    """A release without the text of its licence says so once, naming each file."""
    said = METADATA.replace("License-File: LICENSE\n", "")
    built = (
        wheel(tmp_path, {f"{INFO}/licenses/LICENSE": None}, metadata=said),
        sdist(tmp_path, {"LICENSE": None}, metadata=said),
    )
    assert run(context(*built, tracked=None)) == (
        finding("TC14", f"{WHEEL_NAME}, {SDIST_NAME}", "it contains no licence file"),
    )


@pytest.mark.parametrize("name", ["LICENCE.txt", "COPYING", "licenses/MIT.txt", "LICENSE-APACHE", "MIT-LICENSE"])
def test_spellings_of_licence(tmp_path: Path, name: str) -> None:
    """A licence counts by any of its usual names."""
    said = METADATA.replace("License-File: LICENSE\n", "")
    built = sdist(tmp_path, {"LICENSE": None, name: b"text"}, metadata=said)
    assert run(context(built, tracked=None)) == ()


def test_no_readme(tmp_path: Path) -> None:
    """An sdist without a README is worth a note."""
    built = sdist(tmp_path, {"README.md": None})
    assert run(context(built, tracked=None)) == (finding("TC15", SDIST_NAME, "it contains no README"),)


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    """A tar member of any kind, empty."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


OUTSIDE = "its path leaves the folder that it is unpacked into"
LINKED = "it links to something outside of the archive"


@pytest.mark.parametrize(
    ("info", "title"),
    [
        (member("/etc/passwd"), OUTSIDE),
        (member("wheelhouse-1.0/../../x"), OUTSIDE),
        (member("C:/x"), OUTSIDE),
        (member("wheelhouse-1.0/fifo", tarfile.FIFOTYPE), "it is neither a file, a folder nor a link"),
        (member("wheelhouse-1.0/a", tarfile.SYMTYPE, "/etc/passwd"), LINKED),
        (member("wheelhouse-1.0/a", tarfile.SYMTYPE, "../../x"), LINKED),
        (member("wheelhouse-1.0/a", tarfile.SYMTYPE, "docs/README"), None),
        (member("wheelhouse-1.0/docs/a", tarfile.SYMTYPE, "../README"), None),
        (member("wheelhouse-1.0/a", tarfile.LNKTYPE, "wheelhouse-1.0/README"), None),
    ],
)
def test_unsafe_members(tmp_path: Path, info: tuple[tarfile.TarInfo, bytes], title: str | None) -> None:
    """What installers refuse to unpack is an error, and links within the archive are not."""
    path = tar(tmp_path / SDIST_NAME, [info])
    found = tuple(f for f in run(context(path, tracked=None)) if f.code == "TC02")
    assert found == ((finding("TC02", f"{SDIST_NAME}: {info[0].name}", title),) if title else ())


def test_link_in_a_wheel(tmp_path: Path) -> None:
    """A link in a wheel arrives as a text file, which is an error."""
    path = wheel(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("wheelhouse/alias.py")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "cli.py")
    first, *_ = run(context(path, tracked=None))
    title = "it is a link, which installers of wheels write as a text file"
    assert first == finding("TC02", f"{WHEEL_NAME}: wheelhouse/alias.py", title)


def test_what_a_build_tool_keeps_is_no_litter(tmp_path: Path) -> None:
    """The originals that uv and cargo keep beside the files that they rewrite belong into an sdist."""
    kept = {"pyproject.toml.orig": b"", "rust/Cargo.toml.orig": b""}
    assert run(context(wheel(tmp_path), sdist(tmp_path, kept), tracked=None)) == ()

"""Project files that say something wrong, and build backends that do: each is told by its own words, without a
traceback of ours, and nothing is left running or lying about."""

import dataclasses
import json
import subprocess
import time
from pathlib import Path

import pytest

from tagship.rehearsal.request import Request
from tagship.services.world import Limits
from tests.rehearsal.bad_input import Told, not_begun, rehearsed, told
from tests.rehearsing import PYPROJECT, Stage, repository

BY_HAND = "Run the build by hand to see more: python -m build"
FAULT = "This is a fault of the build backend; try another version of it."
BUILD_SYSTEM = "pyproject.toml [build-system]"


def changed(old: str, new: str) -> str:
    """The sample's pyproject.toml with one change."""
    assert old in PYPROJECT
    return PYPROJECT.replace(old, new)


@pytest.mark.requirement("A10")
def test_a_repository_without_a_project_is_refused(stage: Stage, tmp_path: Path) -> None:
    """A repository that has no Python project says so, and what would make one."""
    path = repository(tmp_path / "sample", {"pyproject.toml": None})
    message = f"there is no Python project in {path}"
    remedy = "Name the folder that holds pyproject.toml, setup.cfg or setup.py, or write a pyproject.toml."
    assert not_begun(stage, path) == ("TE03", message, "PATH", remedy)


@pytest.mark.parametrize(
    ("pyproject", "expected"),
    [
        (
            changed('"1.0.0"', "1.0.0"),
            (
                "pyproject.toml was not read: Expected newline or end of document after a statement",
                "pyproject.toml:7:14",
                "Correct the TOML at that place.",
            ),
        ),
        (
            changed("A sample", "Ein Müsterchen").encode("latin-1"),
            (
                "pyproject.toml was not read: byte 139 is not UTF-8",
                "pyproject.toml:8",
                "Save the file as UTF-8, which TOML demands.",
            ),
        ),
        (
            changed('name = "sample"', "name = 3"),
            (
                "pyproject.toml was not understood: Expected `str | null`, got `int`",
                "pyproject.toml project.name",
                "Give the key the type that the packaging specifications ask for.",
            ),
        ),
        (
            PYPROJECT + '\n[tool.tagship]\nrelease-branch = ["main"]\n',
            (
                "the configuration has an unknown key: release-branch (did you mean release-branches?)",
                "pyproject.toml:21 [tool.tagship].release-branch",
                "Known keys: ci, inline-ci, wheels, tests, release-branches, tag, auth, environments, package, scripts,"
                " import-names, skip-superseded, notes, version-copies, docs, allow-override.",
            ),
        ),
    ],
    ids=["toml", "encoding", "type", "unknown key"],
)
def test_a_project_file_that_cannot_be_read_is_named_with_the_place(
    stage: Stage, tmp_path: Path, pyproject: str | bytes, expected: tuple[str, str, str]
) -> None:
    """What is wrong with pyproject.toml is told with file, line and column, before anything begins."""
    path = repository(tmp_path / "sample", {"pyproject.toml": pyproject})
    assert not_begun(stage, path) == ("TE03", *expected)


LITERAL = "Declare it as a literal, best as `version` of [project] in pyproject.toml, or name what derives it."


@pytest.mark.parametrize(
    ("pyproject", "why", "where"),
    [
        (changed('"1.0.0"', '"one"'), "'one' is not a PEP 440 version", "pyproject.toml:7"),
        (
            changed('version = "1.0.0"\n', ""),
            "pyproject.toml declares none, and hatch is told no source for it",
            "pyproject.toml [tool.hatch.version]",
        ),
    ],
    ids=["no version", "missing"],
)
def test_a_version_that_is_none_is_no_base_for_a_tag(
    stage: Stage, tmp_path: Path, pyproject: str, why: str, where: str
) -> None:
    """Where the project declares no version that PEP 440 knows, the next tag cannot be told."""
    path = repository(tmp_path / "sample", {"pyproject.toml": pyproject})
    message = f"The next tag cannot be told: the version cannot be known: {why}"
    assert not_begun(stage, path) == (
        "TE04",
        message,
        where,
        f"{LITERAL} Or name the tag: tagship rehearse --tag v1.2.3",
    )


def refused_by(stage: Stage, path: Path, at: str) -> Told:
    """The one thing that stood in the way, in that stage; nothing was uploaded."""
    result = rehearsed(stage, path)
    ((where, cause),) = told(result)
    assert (where, result.verdict, result.manifest.dists) == (at, "refused", ())
    assert not [e for e in result.exchanges if e.method == "POST"]
    return cause


def test_a_project_without_a_name_is_refused_by_the_plan(stage: Stage, tmp_path: Path) -> None:
    """Nothing is released under a guessed name."""
    path = repository(tmp_path / "sample", {"pyproject.toml": changed('name = "sample"\n', "")})
    message = "Nothing is released: the project's name is not known"
    remedy = 'Write it as a literal: [project] name in pyproject.toml, or name="…" in setup.py.'
    where = "unknown: no project file declares a name"
    assert refused_by(stage, path, "plan") == ("TE03", message, where, remedy)


@pytest.mark.parametrize(
    ("requires", "message", "remedy"),
    [
        (
            ">=4",
            "Nothing was built: no Python on this machine fits requires-python >=4",
            "Install one: uv python install '>=4'",
        ),
        (
            "three",
            "Nothing was built: requires-python 'three' is not a version specifier (PEP 440)",
            "Write it like >=3.9.",
        ),
    ],
)
def test_a_python_that_is_not_here_is_never_ok(
    stage: Stage, tmp_path: Path, requires: str, message: str, remedy: str
) -> None:
    """Where no interpreter fits, nothing is built with one that does not, and the release is refused."""
    path = repository(tmp_path / "sample", {"pyproject.toml": changed(">=3.9", requires)})
    where = "pyproject.toml:12 [project].requires-python"
    assert refused_by(stage, path, "build") == ("TE03", message, where, remedy)


SPELL = "Spell build-backend as its documentation does, and name its package in [build-system] requires."
NO_BACKEND = "No sdist was built: the backend {} cannot be used: "


@pytest.mark.parametrize(
    ("pyproject", "message", "remedy"),
    [
        (
            changed("hatchling.build", "hatchlin.build"),
            NO_BACKEND.format("hatchlin.build") + "ModuleNotFoundError: No module named 'hatchlin'",
            SPELL,
        ),
        (
            changed("hatchling.build", "hatchling:nothing"),
            NO_BACKEND.format("hatchling:nothing") + "AttributeError: module 'hatchling' has no attribute 'nothing'",
            SPELL,
        ),
        (
            changed("hatchling.build", "hatchling"),
            NO_BACKEND.format("hatchling") + "AttributeError: module 'hatchling' has no attribute 'build_sdist'",
            SPELL,
        ),
        (
            changed('["hatchling"]', "[]"),
            NO_BACKEND.format("hatchling.build") + "ModuleNotFoundError: No module named 'hatchling'",
            SPELL,
        ),
        (
            changed('["hatchling"]', '["hatchling", "no-such-backend"]'),
            "The build requirements could not be installed: hatchling, no-such-backend",
            "Correct [build-system] requires, or make the missing package reachable.",
        ),
        (
            changed('["hatchling"]', '["hatchling", "--index-url=https://elsewhere.invalid"]'),
            "The build requirement '--index-url=https://elsewhere.invalid' is none (PEP 508): "
            "Expected package name at the start of dependency specifier",
            "Write it like hatchling>=1.27.",
        ),
    ],
    ids=["unknown", "no such object", "no hook", "not required", "not on the index", "no requirement"],
)
def test_a_backend_that_cannot_be_had_is_named(
    stage: Stage, tmp_path: Path, pyproject: str, message: str, remedy: str
) -> None:
    """A misspelt backend, one that is not in `requires`, and requirements that nobody has are refused by the build."""
    path = repository(tmp_path / "sample", {"pyproject.toml": pyproject})
    assert refused_by(stage, path, "build") == ("TE06", message, BUILD_SYSTEM, remedy)


def in_tree(code: str) -> dict[str, str]:
    """The sample with a build backend of its own, in its repository."""
    return {
        "pyproject.toml": changed('"hatchling.build"', '"backend"\nbackend-path = ["."]'),
        "backend.py": f"import os, signal, subprocess, sys, time\n\n\n{code}",
    }


def building(code: str) -> dict[str, str]:
    """The sample with a backend whose `build_sdist` runs the given lines."""
    lines = "".join(f"    {line}\n" for line in code.splitlines())
    return in_tree(f"def build_sdist(folder, settings=None):\n{lines}")


@pytest.mark.parametrize(
    ("code", "message", "remedy"),
    [
        ("raise RuntimeError('the frobnicator is missing')", "RuntimeError: the frobnicator is missing", BY_HAND),
        ("sys.exit('no compiler')", "no compiler", BY_HAND),
        ("os._exit(3)", "backend said nothing and ended with 3", BY_HAND),
        (
            "import frobnicator",
            "ModuleNotFoundError: No module named 'frobnicator'",
            "Name every package that the build needs in [build-system] requires.",
        ),
        ("input('What is your name? ')", "EOFError: EOF when reading a line", BY_HAND),
        ("return 'sample-1.0.0.tar.gz'", "the backend backend named no file that it made", FAULT),
        ("return None", "the backend backend named no file that it made", FAULT),
        (
            "return 3",
            "the answer of the backend backend breaks PEP 517: Expected `str | null`, got `int` - at `$.filename`",
            FAULT,
        ),
    ],
)
def test_a_backend_that_fails_has_the_last_word(
    stage: Stage, tmp_path: Path, code: str, message: str, remedy: str
) -> None:
    """The last line of what the backend said is the title, and what it answers instead of a file is its fault."""
    code_, title, where, fix = refused_by(stage, repository(tmp_path / "sample", building(code)), "build")
    assert (code_, title, fix) == ("TE06", f"No sdist was built: {message}", remedy)
    assert where == (BUILD_SYSTEM if "ModuleNotFound" in message else "")


def test_the_last_lines_of_a_backend_are_shown(stage: Stage, tmp_path: Path) -> None:
    """What the backend printed before it failed stands in the finding, as it was printed."""
    code = "for number in range(100):\n    print('compiling', number, flush=True)\nsys.exit('cc: not found')"
    result = rehearsed(stage, repository(tmp_path / "sample", building(code)))
    (_, finding), *more = result.causes
    assert (finding.title, more) == ("No sdist was built: cc: not found", [])
    last = [f"compiling {number}" for number in range(86, 100)]
    assert finding.why.splitlines() == ["The last words of backend:", *last, "cc: not found"]


def test_megabytes_of_output_are_cut(stage: Stage, tmp_path: Path) -> None:
    """A backend that prints megabytes, some of it without a line feed, fails with the end of it, in a small report."""
    code = "print('x' * 9_000_000, file=sys.stderr)\nfor number in range(100_000):\n    print('y' * 100)\n"
    result = rehearsed(stage, repository(tmp_path / "sample", building(code + "sys.exit('the end')")))
    (_, finding), *more = result.causes
    assert (finding.title, more) == ("No sdist was built: the end", [])
    assert max(len(line) for line in finding.why.splitlines()) < 400
    assert len(finding.why) < 8000


def test_a_backend_that_hangs_is_ended_with_all_it_started(stage: Stage, tmp_path: Path) -> None:
    """After the time limit the backend and its children are gone, and what it said last is shown."""
    mark = f"time.sleep(1000)  # {tmp_path}"
    code = (
        f"subprocess.Popen([sys.executable, '-c', {f'import time; {mark}'!r}])\n"
        "print('waiting for the child', flush=True)\n"
        "time.sleep(1000)"
    )
    quick = dataclasses.replace(stage, limits=Limits(build=6))
    result = rehearsed(quick, repository(tmp_path / "sample", building(code)))
    (_, finding), *more = result.causes
    assert (finding.title, more) == ("No sdist was built: the backend backend ran longer than 6 s", [])
    assert finding.why == "The last words of backend:\nwaiting for the child"
    assert finding.remedy == "Run the build by hand to see what it waits for: python -m build"
    until = time.monotonic() + 60  # who was killed is gone when the system comes to it
    while mark in subprocess.run(("ps", "-A", "-o", "args"), check=True, capture_output=True, text=True).stdout:
        assert time.monotonic() < until, "the child is still there"
        time.sleep(0.05)


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV"])
def test_a_backend_that_is_killed_is_told_by_its_signal(stage: Stage, tmp_path: Path, name: str) -> None:
    """A backend that a signal ends, with its whole process group, ends the build and not the rehearsal."""
    path = repository(tmp_path / "sample", building(f"os.killpg(0, signal.{name})"))
    message = f"No sdist was built: the backend backend was ended by {name}"
    remedy = "Run the build by hand; where the machine runs out of memory, systems end the process like this."
    assert refused_by(stage, path, "build") == ("TE06", message, "", remedy)


@pytest.mark.requirement("D1")
@pytest.mark.parametrize(
    "made", ["return MINE", "os.symlink(MINE, folder + '/a.tar.gz')\nreturn 'a.tar.gz'", "return '../../x.tar.gz'"]
)
def test_a_backend_cannot_name_a_file_elsewhere(stage: Stage, tmp_path: Path, made: str) -> None:
    """The path of a file outside of the output folder is no answer, and that file keeps its bytes."""
    mine = tmp_path / "mine.tar.gz"
    mine.write_bytes(b"mine")
    path = repository(tmp_path / "sample", building(f"MINE = {json.dumps(str(mine))}\n{made}"))
    message = "No sdist was built: the backend backend named no file that it made"
    assert refused_by(stage, path, "build") == ("TE06", message, "", FAULT)
    assert mine.read_bytes() == b"mine"


def test_an_sdist_that_is_no_archive_is_refused(stage: Stage, tmp_path: Path) -> None:
    """Bytes that are no gzipped tar file are refused at once, with the format that PyPI takes."""
    code = "open(folder + '/sample-1.0.0.tar.gz', 'wb').write(b'hello')\nreturn 'sample-1.0.0.tar.gz'"
    message = "The sdist sample-1.0.0.tar.gz cannot be read: not a gzip file"
    remedy = "PyPI takes .tar.gz alone (PEP 625): let the build backend write that format."
    path = repository(tmp_path / "sample", building(code))
    assert refused_by(stage, path, "build") == ("TE06", message, "sample-1.0.0.tar.gz", remedy)


@pytest.mark.requirement("A5")
def test_an_sdist_without_what_the_wheel_needs_is_refused(stage: Stage, tmp_path: Path) -> None:
    """A wheel that builds in the repository and not from the sdist stops the release, in the backend's own words."""
    extra = (
        '\n[tool.hatch.build.targets.sdist]\nexclude = ["data"]\n'
        '\n[tool.hatch.build.targets.wheel.force-include]\n"data/x.txt" = "sample/x.txt"\n'
    )
    path = repository(tmp_path / "sample", {"pyproject.toml": PYPROJECT + extra, "data/x.txt": "x\n"})
    code, title, where, remedy = refused_by(stage, path, "build")
    start, _, end = title.partition(str(stage.cache))
    assert (code, start, where) == (
        "TE06",
        "No wheel was built from the sdist: FileNotFoundError: Forced include not found: ",
        "",
    )
    assert end.endswith("from-sdist/sample-1.0.0/data/x.txt")
    assert remedy == f"{BY_HAND}; what is in the repository and not in the sdist is not there for the wheel."


def test_an_sdist_without_its_own_backend_is_refused(stage: Stage, tmp_path: Path) -> None:
    """A backend that lies in the repository has to be in the sdist as well."""
    files = in_tree("from hatchling.build import *\n")
    files["pyproject.toml"] += '\n[tool.hatch.build.targets.sdist]\nexclude = ["backend.py"]\n'
    message = "the backend backend cannot be used: ModuleNotFoundError: No module named 'backend'"
    assert refused_by(stage, repository(tmp_path / "sample", files), "build") == (
        "TE06",
        f"No wheel was built from the sdist: {message}",
        BUILD_SYSTEM,
        "Let the sdist include the backend, which lies in the folders of backend-path.",
    )


def test_a_package_folder_outside_of_the_repository_is_refused(stage: Stage, tmp_path: Path) -> None:
    """A package that is named by a way out of the repository, or not there, is refused before anything begins."""
    path = repository(tmp_path / "sample", {})
    remedy = "Name a folder inside the repository; a link that leads out of it does not count."
    outside = not_begun(stage, path, Request(package="../other"))
    assert outside == ("TE03", f"{path}/../other is not a folder of the repository {path}", "PATH/../other", remedy)
    code, message, where, _ = not_begun(stage, path, Request(package="packages/none"))
    assert (code, where) == ("TE03", "PATH/packages/none")
    assert message == f"there is no Python project in {path}/packages/none"

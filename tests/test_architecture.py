"""The rules of the house, read off the source: who may import whom, how large things may be, who may reach outside."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tagship import errors
from tagship.cli.pages import pages
from tagship.errors import (
    AUDIT_ERRORS,
    AUDIT_NOTHING,
    AUDIT_WARNINGS,
    BUG,
    ERRORS,
    INTERRUPTED,
    UNDECIDED,
    TagshipError,
)

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "tagship"
TREES = {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_bytes()) for path in sorted(PACKAGE.rglob("*.py"))}
FLOORS = (
    {"__init__", "model", "errors", "shapes", "toml", "versions", "words"},
    {"services"},
    {"project", "checks"},
    {"stages"},
    {"workflow"},
    {"setup"},
    {"rehearsal"},
    {"operate"},
    {"cli"},
    {"__main__"},
)
"""From the ground up. Neighbours on one floor do not import each other, except on the ground."""
STANDALONE = {
    "stages/hooks.py",
    "stages/smoke.py",
    "stages/wheel_first.py",
    "rehearsal/act/grant.py",
    "rehearsal/act/machine.py",
    "rehearsal/act/steps/__init__.py",
}
"""Processes of their own: most run by the interpreter of another environment, where tagship is not installed."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def part(module: str) -> str:
    """The folder or module right below the package: `tagship.cli.app` and `cli/app.py` are of `cli`."""
    return re.split(r"[./]", module.removeprefix("tagship.").removesuffix(".py"))[0]


def floor(name: str) -> int:
    """The number of a part's floor; a part that stands nowhere in the list is a mistake."""
    return next(number for number, names in enumerate(FLOORS) if name in names | {"__version__"})


def imported(tree: ast.AST) -> Iterator[str]:
    """The modules that a module imports anywhere, by their full names."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module="tagship", names=names):
                yield from (f"tagship.{alias.name}" for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module
            case ast.ImportFrom():
                yield "relative"


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and value of every string that is no docstring."""
    plain = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in plain:
            yield node.lineno, node.value


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and spelling of every dotted name and every imported one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            yield node.lineno, ast.unparse(node)
        if isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def test_imports_go_downwards_only() -> None:
    """A part imports parts of lower floors, and itself."""
    found = [
        (path, module)
        for path, tree in TREES.items()
        for module in imported(tree)
        if module == "relative" or (module.startswith("tagship.") and not _allowed(part(path), part(module)))
    ]
    assert found == []


def _allowed(importer: str, other: str) -> bool:
    return importer == other or floor(other) < floor(importer) or floor(importer) == floor(other) == 0


def test_the_ground_floor_does_nothing() -> None:
    """Records, errors, versions and words reach no file, process or network."""
    outside = {"io", "os", "pathlib", "shutil", "socket", "subprocess", "sys", "tempfile", "time", "urllib3"}
    ground = {path: tree for path, tree in TREES.items() if "/" not in path and path != "__main__.py"}
    assert len(ground) == 7
    assert [(path, module) for path, tree in ground.items() for module in imported(tree) if module in outside] == []


def test_every_import_is_declared() -> None:
    """What the package imports comes from the standard library or from a project that pyproject.toml names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    provided = {"ruamel": "ruamel-yaml", "graphql": "graphql-core", "markdown_it": "markdown-it-py"}
    used = {module.split(".")[0] for tree in TREES.values() for module in imported(tree)} - sys.stdlib_module_names
    foreign = {canonicalize_name(provided.get(name, name)) for name in used - {"tagship", "_typeshed"}}
    assert foreign - declared == set()


def test_files_functions_and_parameters_stay_small() -> None:
    """Files have at most 350 lines, functions 60, and at most 5 parameters."""
    long = [path for path in TREES if len((PACKAGE / path).read_bytes().splitlines()) > 350]
    functions = [(path, node) for path, tree in TREES.items() for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
    assert len(functions) > 500
    large = [(path, node.name) for path, node in functions if (node.end_lineno or 0) - node.lineno >= 60]
    wide = [(path, node.name) for path, node in functions if _parameters(node) > 5]
    assert (long, large, wide) == ([], [], [])


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    named = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return len([argument for argument in named if argument.arg not in ("self", "cls")])


def test_the_tests_files_stay_readable() -> None:
    """A file of tests has at most 700 lines."""
    long = [path.name for path in (ROOT / "tests").rglob("*.py") if len(path.read_bytes().splitlines()) > 700]
    assert long == []


def test_only_the_command_line_prints() -> None:
    """Below the command line nothing writes to standard output or standard error."""
    printing = ("print", "sys.stdout", "sys.stderr", "click.echo")
    found = [
        (path, name)
        for path, tree in TREES.items()
        if part(path) != "cli" and path not in STANDALONE
        for _, name in names(tree)
        if name in printing
    ]
    assert found == [("rehearsal/doors/connection.py", "sys.stderr")]  # WSGI asks for an error stream (PEP 3333)


def test_only_the_command_line_sees_the_environment() -> None:
    """Variables, the time and the current folder are read once, by the command line or by a process's own start."""
    forbidden = ("os.environ", "os.getenv", "os.getcwd", "Path.cwd", "time.time", "datetime.now", "Path.home")
    found = {
        (path, name)
        for path, tree in TREES.items()
        if part(path) != "cli" and path not in STANDALONE
        for _, name in names(tree)
        if name in forbidden
    }
    # The two clocks are doors of their own; the keeper is a process of its own.
    assert found == {
        (path, "time.time") for path in ("services/world.py", "rehearsal/clock.py", "rehearsal/keeper/process.py")
    }


def test_addresses_stand_in_one_module() -> None:
    """Hosts of PyPI and GitHub are spelt out in services/addresses.py and nowhere else."""
    hosts = re.compile(r"pypi\.org|pythonhosted\.org|pypi\.python\.org|github\.com|githubusercontent\.com")
    found = {
        path: [line for line, text in texts(tree) if hosts.search(text)]
        for path, tree in TREES.items()
        if any(hosts.search(text) for _, text in texts(tree))
    }
    assert list(found) == ["services/addresses.py"]


def test_stages_do_not_know_that_they_are_rehearsed() -> None:
    """No stage, check or service asks whether it is a rehearsal, and only `plan` looks at the input `dry_run`."""
    below = {path: tree for path, tree in TREES.items() if floor(part(path)) <= floor("stages")}
    words = re.compile(r"rehears|is_embedded", re.IGNORECASE)
    asked = {(path, name) for path, tree in below.items() for _, name in names(tree) if words.search(name)}
    dry = {path for path, tree in below.items() for _, name in names(tree) if name.endswith(".dry_run")}
    assert (asked, dry) == (set(), {"stages/plan.py"})


def test_types_are_not_talked_around() -> None:
    """There is no `Any` and no `cast`."""
    found = [
        (path, line, name)
        for path, tree in TREES.items()
        for line, name in names(tree)
        if name in ("Any", "cast", "typing.Any", "typing.cast")
    ]
    assert found == []


@pytest.mark.parametrize("path", [path for path in TREES if (PACKAGE / path).stat().st_size])
def test_every_module_says_what_it_is_for(path: str) -> None:
    """Every module, and every public class and function at its top, has a docstring."""
    tree = TREES[path]
    public = [
        node
        for node in tree.body
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_") and path not in STANDALONE
    ]
    assert ast.get_docstring(tree)
    assert [node.name for node in public if not ast.get_docstring(node)] == []


def test_errors_are_one_family() -> None:
    """Every error of ours derives from TagshipError, stands in ERRORS, and has an exit code, a code and a page."""
    classes = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert set(classes) == {TagshipError, *ERRORS}
    audit = (AUDIT_WARNINGS, AUDIT_ERRORS, AUDIT_NOTHING)
    codes = [0, 1, UNDECIDED, *audit, BUG, INTERRUPTED, *(error.exit_code for error in ERRORS)]
    assert len(set(codes)) == len(codes)
    assert {error.code for error in ERRORS} <= pages().keys()
    assert all(error.summary != TagshipError.summary and error.__doc__ for error in ERRORS)


def committed() -> Iterator[tuple[Path, str]]:
    """Every text file of the repository, as git lists them."""
    listed = subprocess.run(("git", "ls-files", "-z"), cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (data := path.read_bytes()):
            yield path, data.decode()


def test_locks_name_no_place_to_download_from() -> None:
    """Locks hold names, versions and digests: where the files come from is the user's own setting."""
    locks = sorted((ROOT / "requirements").iterdir())
    assert len(locks) == 6
    places = re.compile(r"https?://|file:|^\s*(-i|-f|--index-url|--extra-index-url|--find-links)\b", re.MULTILINE)
    assert [path.name for path in locks if places.search(path.read_text())] == []


def test_nothing_committed_belongs_to_one_machine() -> None:
    """No committed file names a folder of the machine it was written on."""
    own = re.compile(r"(?<![\w.])/(?:work|home/\w+|Users/\w+|root)/")
    allowed = {"tests/test_architecture.py"}
    found = [
        (path.relative_to(ROOT).as_posix(), text[: match.start()].count("\n") + 1)
        for path, text in committed()
        if (match := own.search(text)) and path.relative_to(ROOT).as_posix() not in allowed
    ]
    assert found == []

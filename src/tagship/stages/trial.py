"""One clean installation and what a user does with it first, as findings with the codes TC60 and up."""

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from packaging.version import Version

from tagship.errors import ProjectError, ToolFailed
from tagship.model import Finding, Page, Plan, Severity
from tagship.project.discover import Project
from tagship.services.shell import Output
from tagship.services.uv import Env
from tagship.services.world import World
from tagship.stages.common import ok, project_of, unknown
from tagship.stages.installed import (
    Bench,
    Metadata,
    dependencies,
    imports,
    install,
    read_metadata,
    requires_python,
    run_scripts,
)

NOT_FOR_USERS = frozenset({"tests", "test", "docs", "doc", "examples", "example", "benchmarks", "setup", "conftest"})
"""Top-level names that are in a wheel by mistake; the contents check reports them, importing them proves nothing."""
HELP: tuple[tuple[str, ...], ...] = (("--help",), ("--version",), ("-h",))
"""What a command is asked for, until one ends with 0."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What is installed."""

    id: str
    """Start of the facts' ids, and of the folder's name."""
    title: str
    """In words: `x-1.0.tar.gz`."""
    source: str
    """What uv is given: a path, or `name @ address#sha256=…`."""


INSTALL = Page(
    code="TC60",
    title="It cannot be installed",
    why="Users would get this error from pip or uv.",
    remedy="Correct the requirements or the build: the installer's own words say which.",
)
IMPORT = Page(
    code="TC61",
    title="It cannot be imported once installed",
    why="It works in the source tree and fails for users: a file is missing from the wheel, or a requirement from "
    "the metadata.",
    remedy="Include the missing file, or declare the missing requirement.",
)
SCRIPT_MISSING = Page(
    code="TC62",
    title="A command points at code that does not exist",
    why="The command is installed and fails with a traceback for everybody.",
    remedy="Correct the entry point, or include the module in the wheel.",
)
SCRIPT_FAILS = Page(
    code="TC63",
    title="A command does not even print its help",
    why="It ended with an error for --help, --version and -h.",
    remedy='Correct the command, or say how to try it: [tool.tagship] scripts = { name = ["--list"] }, or [].',
)
SCRIPT_HANGS = Page(
    code="TC64",
    title="A command hangs when it is asked for its help",
    why="It had not ended when its time was over, and was stopped.",
    remedy="Correct the command, or say how to try it: [tool.tagship] scripts = { name = [] }.",
)
NEEDS_EXTRA = Page(
    code="TC67",
    title="A command works only with an extra",
    why="It is installed for everybody, and fails for those who did not ask for the extra.",
    remedy="Nothing, where its message says which extra to install.",
    severity=Severity.NOTE,
)
VERSION = Page(
    code="TC65",
    title="The installed version is another one",
    why="Users would get a version that was not announced.",
    remedy="Let the built metadata and the tag say the same version.",
)
INCONSISTENT = Page(
    code="TC66",
    title="The requirements contradict each other",
    why="`pip check` would complain right after the installation.",
    remedy="Loosen or correct the requirements that are named.",
)
CODES = (INSTALL, IMPORT, SCRIPT_MISSING, SCRIPT_FAILS, SCRIPT_HANGS, NEEDS_EXTRA, VERSION, INCONSISTENT)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Installed:
    """What was installed, and where it is tried."""

    metadata: Metadata
    bench: Bench

    def plain(self, text: str) -> str:
        """What a program said, without the folders of this one installation."""
        for folder in (self.bench.env.packages, self.bench.env.scripts):
            text = text.replace(f"{folder}/", "")
        return text


def clean_installation(subject: Subject, plan: Plan, world: World) -> tuple[Finding, ...]:
    """Install into an empty environment, import, run every command; facts go into the journal.

    A job without a checkout tries the commands as if nothing were configured.

    Returns:
        What is wrong; nothing where all is well.

    Raises:
        ToolFailed: it could not be tried, since no Python here fits or no environment can be made; nothing is known
            about the file then.
    """
    folder = world.workspace.scratch / f"install-{subject.id}"
    shutil.rmtree(folder, ignore_errors=True)  # of an earlier run
    empty = folder / "empty"
    empty.mkdir(parents=True)
    try:
        project = project_of(world, plan)
    except (ProjectError, ToolFailed, OSError):
        project = None
    env = _environment(subject, project, folder / "env", world)
    world.journal.doing(f"installing {subject.title}")
    output = install(world.uv, env, subject.source, plan.project)
    metadata = read_metadata(env, plan.project)
    if not output.ok or metadata is None:
        return (not_installable(subject.title, output),)
    ok(world, f"{subject.id}.install", f"{subject.title} installs cleanly")
    found: list[Finding] = []
    if Version(metadata.version) != Version(plan.version):
        found.append(_finding(VERSION, subject, f"installed: {metadata.version}, planned: {plan.version}"))
    consistent = world.uv.consistent(env)
    if not consistent.ok:
        found.append(_finding(INCONSISTENT, subject, consistent.tail(8)))
    bench = Bench(shell=world.sandbox, env=env, empty=empty, limit=world.limits.help)
    installed = _Installed(metadata=metadata, bench=bench)
    broken = _imports(subject, installed, world)
    if broken:  # a command of a package that cannot be imported says the same once more
        return (*found, *broken)
    configured = project.config.scripts if project is not None else {}
    found += _scripts(subject, installed, _words(configured, metadata), world)
    found += _windows(subject, installed, world)
    return tuple(found)


def _environment(subject: Subject, project: Project | None, root: Path, world: World) -> Env:
    """An empty environment with a Python that the project supports; without a checkout, that the file itself names."""
    if project is not None:
        requires = project.requires_python.value or ""
    else:
        requires = requires_python(world.workspace.dist / PurePosixPath(urlsplit(subject.source).path).name)
    python = world.uv.interpreter(requires)
    try:
        if python is None:
            raise ToolFailed(
                f"no installed Python fits {requires}", remedy=f"Install one: uv python install '{requires}'"
            )
        return world.uv.venv(root, python)
    except ToolFailed as error:
        unknown(world, f"{subject.id}.install", f"{subject.title} installs cleanly", error.message)
        raise ToolFailed(f"{subject.title} was not tried: {error.message}", remedy=error.remedy) from error


def _imports(subject: Subject, installed: _Installed, world: World) -> list[Finding]:
    modules = installed.metadata.modules
    names = [name for name in modules if name.split(".")[0] not in NOT_FOR_USERS] or list(modules)
    title = f"{subject.title} can be imported from an empty folder"
    if installed.metadata.stubs:
        ok(world, f"{subject.id}.import", title, "type stubs alone: nothing to import")
        return []
    if not names:  # whether that is meant is judged by the check of the wheel's contents, TC11
        ok(world, f"{subject.id}.import", title, "no module: nothing to import")
        return []
    errors = imports(world.sandbox, installed.bench.env, names, installed.bench.empty)
    wrong = {name: installed.plain(error) for name, error in errors.items() if error}
    if not wrong:
        ok(world, f"{subject.id}.import", title, ", ".join(names))
    return [_finding(IMPORT, subject, error, what=f"import {name}") for name, error in wrong.items()]


def _words(scripts: Mapping[str, tuple[str, ...]], metadata: Metadata) -> dict[str, tuple[tuple[str, ...], ...]]:
    """How each command is tried: as configured, else by asking for its help; an empty list leaves it out."""
    words: dict[str, tuple[tuple[str, ...], ...]] = {}
    for name, _ in metadata.scripts:
        configured = scripts.get(name)
        if configured is None:
            words[name] = HELP
        elif configured:
            words[name] = (configured,)
    return words


def _scripts(
    subject: Subject, installed: _Installed, words: Mapping[str, Sequence[Sequence[str]]], world: World
) -> list[Finding]:
    if not words:
        return []
    world.journal.doing(f"running the commands of {subject.title}")
    outputs = run_scripts(installed.bench, tuple(words.items()))
    failed = {name: output for name, output in outputs.items() if not output.ok}
    with_extras = _again_with_extras(installed, {name: words[name] for name in failed}, world)
    targets = dict(installed.metadata.scripts)
    found = []
    for name, output in failed.items():
        code = NEEDS_EXTRA if name in with_extras else _verdict(output)
        how = f"ran longer than {installed.bench.limit:g} s" if output.timed_out else f"ended with {output.returncode}"
        said = installed.plain(output.tail(8)) or "It printed nothing."
        asked = " ".join(output.argv[1:])
        found.append(_finding(code, subject, f"{name} {asked} {how}\n{said}", what=f"{name} = {targets[name]}"))
    if not found:
        ok(world, f"{subject.id}.scripts", f"the commands of {subject.title} run", ", ".join(outputs))
    return found


def _again_with_extras(
    installed: _Installed, words: Mapping[str, Sequence[Sequence[str]]], world: World
) -> frozenset[str]:
    """The commands that work once the package's extras are installed, of those that fail without."""
    metadata = installed.metadata
    needed = dependencies(metadata.requires, metadata.extras)
    if not words or not metadata.extras or not world.uv.install(installed.bench.env, needed).ok:
        return frozenset()
    outputs = run_scripts(installed.bench, tuple(words.items()))
    return frozenset(name for name, output in outputs.items() if output.ok)


def _windows(subject: Subject, installed: _Installed, world: World) -> list[Finding]:
    """Commands that open a window are looked up and not run; a toolkit that this machine lacks says nothing of them."""
    targets = dict(installed.metadata.windows)
    errors = imports(world.sandbox, installed.bench.env, sorted(set(targets.values())), installed.bench.empty)
    found: list[Finding] = []
    for name, target in targets.items():
        error = errors[target]
        missing = re.search(r"No module named '([\w.]+)'", error)
        absent = missing is not None and missing[1].split(".")[0] not in sys.stdlib_module_names
        if absent or "has no attribute" in error:
            found.append(_finding(SCRIPT_MISSING, subject, installed.plain(error), what=f"{name} = {target}"))
        elif error:
            unknown(world, f"{subject.id}.windows", f"the command {name} can be loaded", installed.plain(error))
    return found


def _verdict(output: Output) -> Page:
    if output.timed_out:
        return SCRIPT_HANGS
    loading = ("ModuleNotFoundError", "ImportError", "AttributeError: module", "cannot import name")
    if "Traceback" in output.stderr and any(words in output.stderr for words in loading):
        return SCRIPT_MISSING
    return SCRIPT_FAILS


def not_installable(title: str, output: Output) -> Finding:
    """The finding that an installer failed, with its last words."""
    return INSTALL.finding(title, words=output.tail(12))


def _finding(page: Page, subject: Subject, words: str, *, what: str = "") -> Finding:
    return page.finding(subject.title, f"{page.title}: {what}" if what else "", words)

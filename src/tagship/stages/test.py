"""test: the project's own tests, against the installed wheel.

They run in a clone of the commit, where tests find the files that they read; but `import` finds the package's own
modules where the wheel was installed and nowhere else, whatever a test runner puts on the path. A test that failed
because the network was refused says nothing about the package.
"""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tagship.errors import TestsFailed, ToolFailed, Unreachable
from tagship.model import Finding, Manifest, Severity
from tagship.project.config import Suite
from tagship.project.discover import Project
from tagship.project.locks import pinned
from tagship.project.suite import SOURCES
from tagship.services.checkout import clone_at
from tagship.services.shell import LONGEST, Output
from tagship.services.uv import Env
from tagship.services.world import World
from tagship.stages import failures
from tagship.stages.common import built_wheel, ok, planned, project_of, unknown
from tagship.stages.installed import Metadata, dependencies, read_metadata
from tagship.stages.trial import Code

NOT_RUN = Code(
    id="TC70",
    title="The tests could not be run",
    why="What they need is not known, so they say nothing about the package.",
    remedy='Say what they need: [tool.tagship.tests] requires = ["…"], or group = "…".',
)
WHEEL_FIRST = Path(__file__).with_name("wheel_first.py")
CAPTURED = ("-ojunit_logging=all", "-ojunit_log_passing_tests=false")
"""What failing tests printed goes into the results too: programs that they run say there what they lack."""
TESTS = ("tests", "test")
_TEST_MODULE = re.compile(r"conftest|test_.*|.*_test")
FAIL = (
    "Correct what the tests found. They ran against the installed wheel: where they pass in the checkout, a file is "
    "missing from the wheel, or a test needs the source tree."
)
HANG = "Run the same command by hand, and see which test does not end."


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    """One run of the tests."""

    output: Output
    runner: str
    junit: Path
    """Where pytest writes its results."""
    own: frozenset[str]
    """The top-level names that the package installs."""


def run(manifest: Manifest, world: World) -> Manifest:
    """Run the tests.

    Raises:
        TestsFailed: with the runner's own last lines.
    """
    plan = planned(manifest)
    project = project_of(world, plan)
    tests = project.tests.value
    if tests.runner == "none":
        unknown(world, "test.result", "the project's tests pass", f"no tests were found ({project.tests.source})")
        world.journal.skip("No tests were found: the package is imported and its commands are run, no more")
        return manifest
    folder = world.workspace.scratch / "test"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    env = _environment(manifest, project, folder / "env", world)
    if env is None:
        return manifest
    tree = clone_at(world.git, plan.event.sha, folder / "tests").root / plan.package
    flat = _wheel_first(env, plan.project, tree)
    world.journal.doing(f"running {tests.runner}")
    junit = folder / "results.xml"
    argv = (env.python, "-m", tests.runner, *_arguments(tests, junit))
    variables = env.variables(world.sandbox.environment)
    variables["PY_IGNORE_IMPORTMISMATCH"] = "1"  # pytest: a module's doctests are those of the installed file
    if flat:  # an editable install would have put the top on the path, for the tests' own helpers
        variables["PYTHONPATH"] = str(tree)
    output = world.sandbox.run(argv, cwd=tree, extra=variables, timeout=world.limits.tests)
    metadata = read_metadata(env, plan.project)
    own = {name.partition(".")[0] for name in metadata.modules} if metadata is not None else set()
    _judge(_Run(output=output, runner=tests.runner, junit=junit, own=frozenset(own)), world)
    return manifest


def _environment(manifest: Manifest, project: Project, root: Path, world: World) -> Env | None:
    """An environment with the wheel and what the tests need; None, said so, where it cannot be made."""
    wheel = built_wheel(manifest, world.workspace)
    title = "the project's tests pass"
    requires = project.requires_python.value or ""
    python = world.uv.interpreter(requires) if requires else None
    try:
        env = world.uv.venv(root, python)
    except ToolFailed as error:
        unknown(world, "test.result", title, error.message)
        return None
    world.journal.doing("installing the wheel and what its tests need")
    own = world.uv.install_own(env, str(wheel))
    metadata = read_metadata(env, manifest.plan.project if manifest.plan else "")
    if not own.ok or metadata is None:
        unknown(world, "test.result", title, "the wheel cannot be installed; the check says why")
        return None
    try:
        base = world.uv.kept((*_requirements(metadata, project), *_locked(project, root.parent)), python)
    except (ToolFailed, Unreachable) as error:
        unknown(world, "test.result", title, "what the tests need cannot be installed")
        world.journal.finding(_not_run(project.tests.source, error.message))
        return None
    return world.uv.extend(env, base)


def _requirements(metadata: Metadata, project: Project) -> tuple[str, ...]:
    """The wheel's own requirements and those of its tests, as uv reads them from a requirements file."""
    suite = project.tests.value
    extras = (suite.extra,) if suite.extra else ()
    group = (project.groups.value or {}).get(suite.group, ())
    files = (f"-r {project.root / file}" for file in suite.files)
    return (*dependencies(metadata.requires, extras), *group, *suite.requires, *files)


def _locked(project: Project, folder: Path) -> tuple[str, ...]:
    """The versions with which the project's own CI runs the tests: a new release of a test tool is not its fault."""
    pins = pinned(project.root, project.top, without=project.normalised)
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(pins), encoding="utf-8")
    return (f"-c {constraints}",) if pins else ()


def _arguments(suite: Suite, junit: Path) -> tuple[str, ...]:
    if suite.runner == "unittest":
        return (*(suite.args or ("discover",)), *(("-s", suite.paths[0]) if suite.paths and not suite.args else ()))
    return (*suite.args, f"--junitxml={junit}", *CAPTURED, *suite.paths)


def _wheel_first(env: Env, project: str, tree: Path) -> bool:
    """Let the environment find the package's modules where they are installed, and its tests in the tree.

    Returns:
        Whether the package lies right in the tree, instead of in a folder such as `src`.
    """
    metadata = read_metadata(env, project)
    places: dict[str, str] = {}
    flat = False
    for name in metadata.modules if metadata is not None else ():
        path = Path(*name.split("."))
        if path.name in TESTS:  # a wheel sometimes installs these as well
            continue
        places[name] = str((env.packages / path).parent)
        source = next((base for base in (*SOURCES, "") if (tree / base / path).is_dir()), None)
        flat = flat or source == "" or (tree / path).with_suffix(".py").is_file()
        if source is not None:
            places |= {found: str(folder) for found, folder in _tests_inside(tree / source, path)}
    hook = env.packages / "_tagship_wheel_first.py"
    shutil.copyfile(WHEEL_FIRST, hook)
    line = f"import {hook.stem}; {hook.stem}.activate({places!a})\n"  # of the locale's encoding, hence ASCII
    hook.with_suffix(".pth").write_text(line, encoding="ascii")
    return flat


def _tests_inside(base: Path, package: Path) -> Iterator[tuple[str, Path]]:
    """The test modules and folders inside of a package, and the folder of each; a wheel may leave them out."""
    for folder, folders, files in os.walk(base / package):
        dotted = ".".join(Path(folder).relative_to(base).parts)
        yield from ((f"{dotted}.{name}", Path(folder)) for name in folders if name in TESTS)
        folders[:] = [name for name in folders if name not in TESTS]
        stems = (name.removesuffix(".py") for name in files if name.endswith(".py"))
        yield from ((f"{dotted}.{stem}", Path(folder)) for stem in stems if _TEST_MODULE.fullmatch(stem))


def _judge(run: _Run, world: World) -> None:
    output, title = run.output, "the project's tests pass"
    last = output.tail(1).strip("= ")
    how = f"python {' '.join(word for word in output.argv[1:] if not word.startswith(('--junitxml=', '-ojunit_')))}"
    if output.ok:
        ok(world, "test.result", title, last, how)
        world.journal.say(f"Tests: {last}")
        return
    if run.runner == "pytest" and output.returncode == 5:
        unknown(world, "test.result", title, "pytest found no test")
        world.journal.say("pytest found no test")
        return
    if output.timed_out:
        raise _failed(f"ran longer than {world.limits.tests:g} s", how, output, HANG)
    if run.runner == "pytest" and output.returncode in (3, 4):  # it did not begin: an option or a plugin is unknown
        unknown(world, "test.result", title, "pytest could not begin", how)
        world.journal.finding(_not_run(how, output.tail(8)))
        return
    causes = [failures.cause(failure, run.own) for failure in failures.read(output, run.runner, run.junit)]
    if "package" in causes:
        raise _failed(f"failed: {last}", how, output, FAIL)
    if "needs" in causes:
        unknown(world, "test.result", title, f"they need something that is not declared: {last}", how)
        world.journal.finding(_not_run(how, output.tail(8)))
        return
    unknown(world, "test.result", title, f"needs the network: {last}", how)
    world.journal.say(f"Tests that need the network failed: {last}")


def _failed(words: str, where: str, output: Output, remedy: str) -> TestsFailed:
    said = "\n".join((*_errors(output), output.tail(20)))
    return TestsFailed(f"Not published: the tests {words}\n{said}", remedy=remedy, where=where)


def _errors(output: Output) -> tuple[str, ...]:
    """The first line of each error as pytest marks it, each once: its last lines name the tests and no reasons."""
    lines = ["", *output.stdout.splitlines()]
    first = (line for before, line in pairwise(lines) if re.match(r"E\s+\S", line) and not before.startswith("E "))
    return tuple(line[:LONGEST] for line in dict.fromkeys(first))[:8]


def _not_run(where: str, words: str) -> Finding:
    return Finding(
        code=NOT_RUN.id,
        title=NOT_RUN.title,
        where=where,
        why=f"{NOT_RUN.why}\n{words}",
        remedy=NOT_RUN.remedy,
        severity=Severity.WARNING,
    )

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
from tagship.model import Manifest, Page, Severity
from tagship.project.config import Suite
from tagship.project.discover import Project
from tagship.project.locks import pinned
from tagship.project.suite import SOURCES
from tagship.services.checkout import clone_at
from tagship.services.shell import LONGEST, Output
from tagship.services.uv import Env
from tagship.services.world import World
from tagship.stages import documentation, failures
from tagship.stages.common import NO_WAY_OUT, built_wheel, ok, planned, project_of, unknown
from tagship.stages.installed import Metadata, dependencies, read_metadata

NOT_RUN = Page(
    code="TC70",
    title="The tests could not be run",
    why="What they need is not known, so they say nothing about the package.",
    remedy='Say what they need: [tool.tagship.tests] requires = ["…"], or group = "…".',
    severity=Severity.WARNING,
)
WHEEL_FIRST = Path(__file__).with_name("wheel_first.py")
CAPTURED = ("-ojunit_logging=system-err", "-ojunit_log_passing_tests=false")
"""The errors that failing tests printed go into the results: programs that they run say there what they lack."""
TESTS = ("tests", "test")
_TEST_MODULE = re.compile(r"conftest|test_.*|.*_test")
FAIL = (
    "Correct what the tests found. They ran against the installed wheel: where they pass in the checkout, a file is "
    "missing from the wheel, or a test needs the source tree."
)
NO_TESTS = "Correct [tool.tagship.tests]: its paths and args say where the tests are."
TITLE = "the project's tests pass"
UNSENT = ("error sending request", "HTTP status server error")
"""What uv says, besides the system's own words, when an index does not answer."""
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
    configured: bool
    """Whether the project says itself where its tests are."""


def run(manifest: Manifest, world: World) -> Manifest:
    """Run the tests, and build the documentation where that is configured.

    Where the tests could not be run, the stage is skipped, with the reason.

    Raises:
        TestsFailed: with the last lines of what failed; or the configured tests are none.
        Unreachable: the index does not give what the tests need, although the network is not refused.
    """
    project = project_of(world, planned(manifest))
    documentation.build(manifest, project, world)
    return _tests(manifest, project, world)


def _tests(manifest: Manifest, project: Project, world: World) -> Manifest:
    plan, tests = planned(manifest), project.tests.value
    if tests.runner == "none":
        unknown(world, "test.result", TITLE, f"no tests were found ({project.tests.source})")
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
    configured = project.config.tests is not None
    _judge(
        _Run(output=output, runner=tests.runner, junit=junit, own=frozenset(own), configured=configured),
        world,
    )
    return manifest


def _environment(manifest: Manifest, project: Project, root: Path, world: World) -> Env | None:
    """An environment with the wheel and what the tests need; None, said so, where it cannot be made.

    Raises:
        Unreachable: the index does not answer, although the network is not refused.
    """
    wheel = built_wheel(manifest, world.workspace)
    requires = project.requires_python.value or ""
    python = world.uv.interpreter(requires)
    if python is None:
        _skip(world, f"no installed Python fits {requires}")
        return None
    env = world.uv.venv(root, python)
    world.journal.doing("installing the wheel and what its tests need")
    own = world.uv.install_own(env, str(wheel))
    metadata = read_metadata(env, manifest.plan.project if manifest.plan else "")
    if not own.ok or metadata is None:
        _skip(world, "the wheel cannot be installed; the check says why")
        return None
    try:
        base = world.uv.kept((*_requirements(metadata, project), *_locked(project, root.parent)), python)
    except (ToolFailed, Unreachable) as error:
        if _unanswered(error) and not failures.network_refused(world.sandbox.environment):
            raise Unreachable(
                f"Not tested: what the tests need could not be asked for\n{error.message}",
                remedy="Run the same command again when the index can be reached.",
                where=project.tests.source,
            ) from error
        world.journal.finding(NOT_RUN.finding(project.tests.source, words=error.message))
        _skip(world, "what the tests need cannot be installed")
        return None
    return world.uv.extend(env, base)


def _skip(world: World, reason: str, how: str = "") -> None:
    """The tests were not run, or none of them passed: that is no success, and no fault of the package either."""
    unknown(world, "test.result", TITLE, reason, how)
    world.journal.skip(f"Not tested: {reason}")


def _unanswered(error: ToolFailed | Unreachable) -> bool:
    """Whether the index did not answer; an answer that says no is none of its faults."""
    return isinstance(error, Unreachable) or any(words in error.message for words in (*NO_WAY_OUT, *UNSENT))


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
    output, refused = run.output, failures.network_refused(world.sandbox.environment)
    last = output.tail(1).strip("= ")
    how = f"python {' '.join(word for word in output.argv[1:] if not word.startswith(('--junitxml=', '-ojunit_')))}"
    if _empty(run):
        if run.configured:
            raise _failed(f"are none: {run.runner} found no test", how, output, NO_TESTS)
        _skip(world, f"{run.runner} found no test", how)
        return
    passed = failures.passed(output, run.runner, run.junit)
    if output.ok and not passed:
        _skip(world, f"no test passed: {last}", how)
        return
    if output.ok:
        ok(world, "test.result", TITLE, last, how)
        world.journal.say(f"Tests: {last}")
        return
    if output.timed_out:
        raise _failed(f"ran longer than {world.limits.tests:g} s", how, output, HANG)
    found = failures.read(output, run.runner, run.junit)
    causes = [failures.cause(failure, run.own, refused=refused) for failure in found]
    if "package" in causes:
        raise _failed(f"failed: {last}", how, output, FAIL)
    reason = f"needs the network: {last}"
    if "needs" in causes:
        usage = re.search(r": error: (.+)", output.stderr)  # pytest, about options of a plugin that is not there
        reason = f"they need something that is not declared: {usage[1] if usage is not None else last}"
        world.journal.finding(NOT_RUN.finding(how, words=output.tail(8)))
    if not passed:
        _skip(world, reason, how)
        return
    unknown(world, "test.result", TITLE, reason, how)
    world.journal.say(f"Some of the tests failed: {reason}")


def _empty(run: _Run) -> bool:
    """Whether there was no test to run; unittest says so by its exit code since Python 3.12."""
    if run.runner == "pytest":
        return run.output.returncode == 5
    return re.search(r"^Ran 0 tests in ", run.output.stderr, re.MULTILINE) is not None


def _failed(words: str, where: str, output: Output, remedy: str) -> TestsFailed:
    said = "\n".join((*_errors(output), output.tail(20)))
    return TestsFailed(f"Not published: the tests {words}\n{said}", remedy=remedy, where=where)


def _errors(output: Output) -> tuple[str, ...]:
    """The first line of each error as pytest marks it, each once: its last lines name the tests and no reasons."""
    lines = ["", *output.stdout.splitlines()]
    first = (line for before, line in pairwise(lines) if re.match(r"E\s+\S", line) and not before.startswith("E "))
    return tuple(line[:LONGEST] for line in dict.fromkeys(first))[:8]

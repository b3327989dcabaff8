"""A build of the project's documentation, as an optional part of its tests: a page that does not build is found before
the release that it describes.
"""

import shlex
import shutil

from tagship.errors import TestsFailed, ToolFailed, Unreachable
from tagship.model import Manifest
from tagship.project.config import Documentation
from tagship.project.discover import Project
from tagship.services.checkout import clone_at
from tagship.services.uv import Env
from tagship.services.world import World
from tagship.stages import failures
from tagship.stages.common import built_wheel, needs_network, ok, planned, unknown
from tagship.stages.installed import Metadata, dependencies, read_metadata

TITLE = "the documentation builds"


def build(manifest: Manifest, project: Project, world: World) -> None:
    """Run the configured command in a clone of the commit, with the wheel and what it needs installed; or nothing.

    Raises:
        TestsFailed: the command ended with an error, or did not end.
    """
    docs, plan = project.config.docs, planned(manifest)
    if docs is None:
        return
    how, folder = docs.command, world.workspace.scratch / "docs"
    shutil.rmtree(folder, ignore_errors=True)  # of an earlier run
    folder.mkdir(parents=True)
    made = _environment(manifest, project, docs, world)
    if isinstance(made, str):
        unknown(world, "docs.result", TITLE, made, how)
        return
    tree = clone_at(world.git, plan.event.sha, folder / "tree").root / plan.package
    first, *others = shlex.split(docs.command)
    own = made.scripts / first
    world.journal.doing("building the documentation")
    output = world.sandbox.run(
        (str(own) if own.exists() else first, *others),
        cwd=tree,
        extra=made.variables(world.sandbox.environment),
        timeout=world.limits.tests,
    )
    if output.ok:
        ok(world, "docs.result", TITLE, "", how)
    elif needs_network(output) and failures.network_refused(world.sandbox.environment):
        unknown(world, "docs.result", TITLE, "it needs the network", how)
    else:
        ended = f"did not end within {world.limits.tests:g} s" if output.timed_out else "does not build"
        raise TestsFailed(
            f"Not published: the documentation {ended}\n{output.tail(20)}",
            remedy="Correct what it says, or the command: [tool.tagship.docs].",
            where=how,
        )


def _environment(manifest: Manifest, project: Project, docs: Documentation, world: World) -> Env | str:
    """An environment with the wheel and what the command needs; why there is none."""
    python = world.uv.interpreter(project.requires_python.value or "")
    if python is None:
        return f"no installed Python fits {project.requires_python.value}"
    env = world.uv.venv(world.workspace.scratch / "docs" / "env", python)
    world.journal.doing("installing the wheel and what the documentation needs")
    own = world.uv.install_own(env, str(built_wheel(manifest, world.workspace)))
    metadata = read_metadata(env, planned(manifest).project)
    if not own.ok or metadata is None:
        return "the wheel cannot be installed; the check says why"
    try:
        return world.uv.extend(env, world.uv.kept(_requirements(metadata, project, docs), python))
    except (ToolFailed, Unreachable) as error:
        return f"what it needs cannot be installed: {error.message}"


def _requirements(metadata: Metadata, project: Project, docs: Documentation) -> tuple[str, ...]:
    group = (project.groups.value or {}).get(docs.group, ())
    files = (f"-r {project.root / file}" for file in docs.files)
    return (*dependencies(metadata.requires, (docs.extra,) if docs.extra else ()), *group, *docs.requires, *files)

"""check: everything PyPI would refuse, and everything a user would trip over, before anything is sent."""

import shutil
from pathlib import Path

from tagship import checks
from tagship.checks.archives import read
from tagship.errors import ToolFailed
from tagship.model import Finding, Manifest, Plan, Severity
from tagship.services.addresses import INDEXES, PYPI
from tagship.services.threads import side_by_side
from tagship.services.uv import Env
from tagship.services.world import World
from tagship.stages.backend import variables
from tagship.stages.common import built_wheel, describe, handed_over, ok, planned, project_of
from tagship.stages.trial import Subject, clean_installation, not_installable
from tagship.words import many


def run(manifest: Manifest, world: World) -> Manifest:
    """Check the built files; findings of severity error close the stage.

    Raises:
        Conflict: the folder is not what was built.
    """
    plan = planned(manifest)
    files = handed_over(manifest, world.workspace.dist)
    wheel = built_wheel(manifest, world.workspace)
    sdist = next((file for file in files if not file.name.endswith(".whl")), None)
    world.journal.doing("reading the files, installing them in clean environments")
    with side_by_side(2) as pool:
        subject = Subject(id="wheel", title=wheel.name, source=str(wheel))
        trials = [pool.submit(clean_installation, subject, plan, world)]
        if sdist is not None:
            trials.append(pool.submit(_from_sdist, sdist, wheel, plan, world))
        context = checks.CheckContext(
            archives=tuple(read(file) for file in files),
            project=plan.project,
            version=plan.version,
            tracked=_tracked(plan, world),
            index=INDEXES.get(plan.target, PYPI),
        )
        found = [*checks.run(context)]
        for trial in trials:
            found += trial.result()
    for finding in found:
        world.journal.finding(finding)
    _summarise(found, len(files), world)
    return manifest


def _from_sdist(sdist: Path, wheel: Path, plan: Plan, world: World) -> tuple[Finding, ...]:
    """What a user gets from the sdist: built as an installer does it, and tried where it is not the very same wheel."""
    out = world.workspace.scratch / "from-sdist"
    shutil.rmtree(out, ignore_errors=True)
    env, date = _declared_requirements(plan, world), variables(plan.epoch)
    built = world.uv.build_wheel(sdist, out, date, env)
    if env is not None and not built.ok:  # the backend asks for more than is declared, which an installer gives it
        built = world.uv.build_wheel(sdist, out, date)
    made = next(out.glob("*.whl"), None)
    if not built.ok or made is None:
        return (not_installable(sdist.name, built),)
    if describe(made).sha256 == describe(wheel).sha256:
        ok(world, "sdist.install", f"{sdist.name} installs as the very same wheel", made.name, "uv build, sha256")
        return ()
    return clean_installation(Subject(id="sdist", title=sdist.name, source=str(made)), plan, world)


def _declared_requirements(plan: Plan, world: World) -> Env | None:
    """An environment with the build requirements that the project declares, and nothing else; None for none."""
    project = project_of(world, plan)
    requires = project.requires_python.value or ""
    try:
        return world.uv.kept(project.backend.requires.value, world.uv.interpreter(requires))
    except ToolFailed:
        return None  # uv will say it again


def _tracked(plan: Plan, world: World) -> frozenset[str]:
    """The commit's files, relative to the package's folder."""
    inside = "" if plan.package == "." else f"{plan.package}/"
    names = world.git.tracked(plan.event.sha)
    return frozenset(name.removeprefix(inside) for name in names if name.startswith(inside))


def _summarise(found: list[Finding], files: int, world: World) -> None:
    errors = sum(finding.severity is Severity.ERROR for finding in found)
    if errors:
        world.journal.say(f"{errors} of the findings would stop the release")
        return
    title = "PyPI would take the files"
    number, of_files = len(checks.catalogue()), many(files, "file")
    ok(world, "check.accepted", title, f"{of_files}, {number} checks", "PyPI's own rules, offline")
    world.journal.say(f"{of_files} pass{'es' if files == 1 else ''} {number} checks")

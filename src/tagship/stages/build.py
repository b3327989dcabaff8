"""build: the sdist from a clean clone of the commit, the wheel from that sdist, once.

The clone has the history, tags and submodules and no untracked file, so what is only on somebody's disk cannot get
in. Everything that could make two builds of one commit differ is fixed before the backend is called.
"""

import shutil
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from tagship.errors import BuildFailed, Conflict, ProjectError, UsageError
from tagship.model import Dist, Manifest, Plan
from tagship.project import hashed, platform_wheels
from tagship.project.discover import Project
from tagship.project.version_sources import inject
from tagship.services.checkout import clone_at
from tagship.services.git import Git
from tagship.services.uv import Env
from tagship.services.world import World
from tagship.stages import collect
from tagship.stages.backend import Backend, Builder, normalise, set_times, unpack, variables
from tagship.stages.common import describe, ok, planned, project_of

_NOBODY = ("-c", "user.name=tagship", "-c", "user.email=tagship@example.invalid")
"""Whoever makes the tag that only a throw-away clone has."""
BUILT = (".whl", ".tar.gz", ".zip")
"""Ends of the names of distribution files: all that is ever deleted from the folders of an earlier build."""


def run(manifest: Manifest, world: World) -> Manifest:
    """Build the files of the plan into the workspace's `dist`, or add the wheels that other machines made.

    Raises:
        ProjectError: the version cannot be put in, no Python here fits, or a submodule is missing.
        BuildFailed: with the backend's own last lines.
        Unreachable: the build needs the network for more than its requirements.
        UsageError, Conflict: `dist` is no folder for built files.
    """
    plan = planned(manifest)
    if world.workspace.wheels is not None:
        return collect.run(manifest, world.workspace.wheels, world)
    _leftovers(world)  # before anything takes time
    project = project_of(world, plan)
    world.journal.doing("cloning the commit")
    folder = world.workspace.scratch / "build"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    clone = clone_at(world.git, plan.event.sha, folder / "source")
    source = clone.root / plan.package
    injected = _set_version(clone, project, plan, world)
    set_times(clone.root, plan.epoch)
    builder = _builder(project, plan, folder / "env", injected, world)
    out = folder / "out"
    out.mkdir()
    world.journal.doing("building the sdist")
    sdist = builder.build("sdist", source, out)
    normalise(sdist, plan.epoch)
    world.journal.doing("building the wheel from the sdist")
    wheel = builder.build("wheel", unpack(sdist, folder / "from-sdist", plan.epoch), out)
    built = (describe(wheel), describe(sdist))
    world.journal.say(f"Built {', '.join(dist.filename for dist in built)}")
    ok(world, "build.requirements", "built with", ", ".join(_recorded(builder)), f"backend {builder.backend.name}")
    return _deliver(manifest, built, out, world)


def _set_version(clone: Git, project: Project, plan: Plan, world: World) -> dict[str, str]:
    """Put a development version into the clone; a tagged version is already what the files or the tag say."""
    if not plan.development:
        return {}
    injection = inject(clone.root / plan.package, project.version, plan.version)
    changed = [*(f"{edit.file}:{edit.line}" for edit in injection.edits), *(name for name, _ in injection.environment)]
    if not changed:  # its tool believes tags alone, of which this throw-away clone may have one more
        tag = f"{project.tags.value.prefix}{plan.version}"
        clone.text(
            *_NOBODY, "tag", "--annotate", "--no-sign", "--force", "--message", "A development version", "--", tag
        )
        changed = [f"the tag {tag}"]
    world.journal.say(f"Set the version {plan.version} in the clone: {', '.join(changed)}")
    return dict(injection.environment)


def _builder(project: Project, plan: Plan, root: Path, injected: dict[str, str], world: World) -> Builder:
    requires = project.requires_python.value or ""
    _understood(requires, project.requires_python.source)
    python = world.uv.interpreter(requires)
    if python is None:
        raise ProjectError(
            f"Nothing was built: no Python on this machine fits requires-python {requires}",
            remedy=f"Install one: uv python install '{requires}'",
            where=project.requires_python.source,
        )
    found = project.backend
    backend = Backend(name=found.name.value, path=found.path, requires=found.requires.value)
    builder = Builder(
        uv=world.uv,
        python=python,
        env=Env(root=root),
        backend=backend,
        variables=variables(plan.epoch) | injected,
        limit=world.limits.build,
    )
    world.journal.doing("installing the build requirements")
    lock = world.workspace.root / hashed.build_lock(plan.package)
    if lock.is_file():
        builder.env = world.uv.venv(root, python)
        builder.install_lock(lock)
    else:
        builder.install(backend.requires)
    return builder


def _understood(requires: str, source: str) -> None:
    try:
        SpecifierSet(requires)
    except InvalidSpecifier as error:
        raise ProjectError(
            f"Nothing was built: requires-python {requires!r} is not a version specifier (PEP 440)",
            remedy="Write it like >=3.9.",
            where=source,
        ) from error


def _recorded(builder: Builder) -> list[str]:
    """What is installed in the build environment, as name==version, from its own records."""
    names = (path.name.removesuffix(".dist-info") for path in builder.env.packages.glob("*.dist-info"))
    return sorted("==".join(name.rsplit("-", 1)) for name in names)


def _deliver(manifest: Manifest, built: tuple[Dist, ...], out: Path, world: World) -> Manifest:
    """Move what is to be published into `dist`, and a wheel that only this machine can use beside it."""
    dist, local = world.workspace.dist, world.workspace.local
    for old in _leftovers(world):
        old.unlink()
    for folder in (dist, local):
        folder.mkdir(parents=True, exist_ok=True)
    kept: list[Dist] = []
    elsewhere = platform_wheels.made_by(world.workspace.root)
    for file in built:
        mine = file.kind == "wheel" and elsewhere is not None and not is_universal(file.filename)
        shutil.move(out / file.filename, (local if mine else dist) / file.filename)
        if mine:
            kept.append(file)
            world.journal.say(f"{file.filename} is for this machine alone: {elsewhere} makes the published wheels")
    published = tuple(file for file in built if file not in kept)
    if not published:
        raise BuildFailed("Nothing was built that could be published", remedy="Let the backend build an sdist.")
    return Manifest(plan=manifest.plan, dists=published, local=tuple(kept), log=manifest.log)


def _leftovers(world: World) -> tuple[Path, ...]:
    """What earlier builds left where this one's files go. Nothing else is there, or the folder is somebody's own.

    Raises:
        UsageError: the folder is or contains the checkout or the home.
        Conflict: it holds something that is no distribution file.
    """
    found: list[Path] = []
    home = world.environment.get("HOME") or world.environment.get("USERPROFILE")
    precious = [world.workspace.root.resolve(), *([Path(home).resolve()] if home else [])]
    for folder in (world.workspace.dist, world.workspace.local):
        if any(path.is_relative_to(folder.resolve()) for path in precious):
            raise UsageError(
                f"Nothing was built: {folder} holds more than built files, and earlier ones are deleted there",
                remedy="Give a folder that is for built files alone, like --dist dist.",
            )
        there = sorted(folder.iterdir()) if folder.is_dir() else [folder] if folder.exists() else []
        strange = [path.name for path in there if not _left_by_a_build(path)]
        if strange:
            raise Conflict(
                f"Nothing was built: {folder.name} is not for built files alone: {', '.join(strange)}",
                remedy="Move that elsewhere, or give another folder with --dist; only built files are deleted.",
                where=str(folder),
            )
        found += there
    return tuple(found)


def _left_by_a_build(path: Path) -> bool:
    if path.name == ".gitignore":  # `uv build` leaves one, with a star
        return path.is_file() and path.read_bytes().strip() == b"*"
    return path.name.endswith(BUILT) and (path.is_file() or path.is_symlink())


def is_universal(filename: str) -> bool:
    """Whether a wheel runs on every platform."""
    try:
        tags: frozenset[Tag] = parse_wheel_filename(filename)[3]
    except InvalidWheelFilename:
        return True  # the check says what is wrong with the name
    return any(tag.platform == "any" for tag in tags)

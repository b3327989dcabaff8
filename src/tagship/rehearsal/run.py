"""One rehearsal from beginning to end: a release of a repository, as it is, into the embedded world."""

import contextlib
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from tagship import __version__
from tagship.checks.check import few
from tagship.errors import UsageError
from tagship.model import Event, Fact, Manifest, Status
from tagship.project.discover import Project, read
from tagship.project.layout import insist_on_one
from tagship.rehearsal import environments, fit, remote, starting
from tagship.rehearsal.granting import Granting, granted
from tagship.rehearsal.keeper.handle import Keeper
from tagship.rehearsal.pipeline import Finished, run_all
from tagship.rehearsal.receive import guard, restrict
from tagship.rehearsal.request import Request
from tagship.rehearsal.result import Rehearsal
from tagship.rehearsal.verdict import verdict
from tagship.rehearsal.walls import confine, scratch
from tagship.rehearsal.walls import environment as child
from tagship.rehearsal.world import Embedded, Place, servers
from tagship.services.checkout import clone_at
from tagship.services.git import Git, open_repository
from tagship.services.reporter import Reporter
from tagship.services.shell import Shell
from tagship.services.uv import KEPT
from tagship.services.uv import version as uv_version
from tagship.services.world import Clock, Limits, Workspace, World
from tagship.stages import STAGES, Stage

NOT_REHEARSED = ("attestations: none that verifies can be made offline",)
ROOM = 64 * 2**20
"""Bytes that must be free: environments of a small project, and what is built in them."""
RUN_ID = "1000000001"
_OF_GIT = ("PATH", "HOME", "XDG_CONFIG_HOME", "SUDO_UID")
"""Variables of the user by which git finds its settings and judges who owns a repository."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outside:
    """What a rehearsal gets from the outside."""

    path: Path
    """The user's repository, or a folder inside of it."""
    environ: Mapping[str, str]
    """The user's variables; children see only those that are allowed by name."""
    cache: Path
    """Tagship's own cache."""
    clock: Clock
    limits: Limits = field(default_factory=Limits)
    """How long the project's own code may take."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Backstage:
    """What is there before the curtain rises: the folder, the keeper outside, the walls around."""

    folder: Path
    keeper: Keeper
    enforced: tuple[Fact, ...]
    wall: tuple[str, ...]
    """What stands in front of the project's own code."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pushed:
    """What the maintainer did, in the folder of the rehearsal: what any number of worlds can begin with."""

    request: Request
    project: Project
    event: Event
    branch: str
    """The default branch."""
    said: str
    """What the maintainer did, in words."""
    assumed: tuple[str, ...]
    changed: tuple[str, ...]
    """The tracked files that differ from the commit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """Everything is set up, and the maintainer has pushed."""

    pushed: Pushed
    world_of: Callable[[Stage], World]
    """The world as the job of a stage sees it."""
    doubt: str = ""
    """What the stages do not show of the repository's own workflow."""

    @property
    def project(self) -> Project:
        """The project, as the checked out commit has it."""
        return self.pushed.project


@contextlib.contextmanager
def backstage(outside: Outside, *, offline: bool, enforce: bool, writable: Sequence[Path] = ()) -> Iterator[Backstage]:
    """Make the folder, start the keeper, and shut this process in.

    Args:
        offline: whether other projects' files may come from the cache alone.
        enforce: whether this whole process may be shut in, for good; it must have one thread. For the command
            line, never for a library call.
        writable: folders that may be written all the same.
    """
    # under the user's own settings, which nothing inside can read; there, git trusts what it agreed to here
    theirs = open_repository(
        Shell({n: v for n, v in outside.environ.items() if n in _OF_GIT or n[:4] == "GIT_"}), outside.path
    )
    with (
        scratch.folder(outside.cache) as folder,
        Keeper(outside.environ, cache=outside.cache, scratch=folder, offline=offline) as keeper,
    ):
        scratch.roomy(folder, ROOM, "Nothing was rehearsed")
        scratch.forget(outside.cache / "uv" / KEPT, outside.clock.now())
        temporary, tempfile.tempdir = tempfile.tempdir, str(folder)  # our own temporary files lie inside as well
        enforced: tuple[Fact, ...] = ()
        wall: tuple[str, ...] = ()
        if enforce:
            enforced = _shut_in(outside, keeper, [folder.parent, *writable])
            wall = confine.wall(folder, [theirs.root / ".git" / "config"]) if enforced[1].status is Status.OK else ()
        try:
            yield Backstage(folder=folder, keeper=keeper, enforced=enforced, wall=wall)
        finally:
            tempfile.tempdir = temporary


def _shut_in(outside: Outside, keeper: Keeper, writable: Sequence[Path]) -> tuple[Fact, ...]:
    kept = outside.cache / "uv"
    kept.mkdir(exist_ok=True)
    confine.bound()
    network = confine.enter()
    if network.status is Status.OK:
        keeper.enclosed()
    return network, confine.restrict_writes([kept, *writable]), confine.hide(outside.environ)


def rehearse(request: Request, outside: Outside, behind: Backstage, reporter: Reporter) -> Rehearsal:
    """Release the repository into the embedded world.

    Raises:
        TagshipError: the rehearsal could not begin, or the disk is full; other errors are part of the result.
    """
    return play(request, outside, behind, reporter)[0]


def place_of(outside: Outside, behind: Backstage) -> Place:
    """Where a world stands that is opened behind these walls."""
    return Place(
        folder=behind.folder,
        cache=outside.cache,
        environ=outside.environ,
        clock=outside.clock,
        limits=outside.limits,
        wall=behind.wall,
    )


def play(request: Request, outside: Outside, behind: Backstage, reporter: Reporter) -> tuple[Rehearsal, Pushed]:
    """Like `rehearse`; what was pushed and built stays in the folder, and other worlds can begin with it."""
    started = outside.clock.now()
    with servers(place_of(outside, behind), behind.keeper) as embedded:
        scene = set_up(request, outside, embedded, reporter)
        finished = run_all(STAGES, Manifest(), scene.world_of)
        if finished.error is not None:  # on a full disk programs fail without a word
            scratch.roomy(behind.folder, 2**20, "The rehearsal did not end")
        result = result_of(request, scene, finished, embedded)
        result = msgspec.structs.replace(
            result,
            repository=str(outside.path),
            not_rehearsed=(*filter(None, (scene.doubt,)), *result.not_rehearsed),
            enforced=behind.enforced,
            started=started,
            seconds=round(outside.clock.now() - started, 3),
        )
        return result, scene.pushed


def set_up(request: Request, outside: Outside, embedded: Embedded, reporter: Reporter) -> Scene:
    """Make the remote, do what the maintainer would do, and check out what a runner would get.

    Raises:
        TagshipError: the repository cannot be read, the push is refused, or an assumption fits nothing.
    """
    folder = embedded.place.folder
    theirs = open_repository(Shell(embedded.shell.environment | child.trusting(Path("*"))), outside.path)
    source = Git(embedded.shell, theirs.root, extra=child.trusting(theirs.root))
    package = _package(request, outside.path.resolve(), theirs.root)
    project = read(theirs.root / package, source)
    remedy = "Name one of them: tagship rehearse --package {}"
    insist_on_one(project.name.value, project.packages, undone="Nothing was rehearsed", remedy=remedy)
    branch = project.repository.default_branch.value
    made = remote.create(source, folder, request, branch)
    guard(made.bare.root, embedded.doors.url)
    fit.repository(embedded, project, made.branch, request.assumptions.recorded)
    if request.assumptions.push == "refused":
        restrict(embedded.github)
    # The commit may be another one than the files in front of the user.
    project = _seen_from(project, read(made.desk.root / package, made.desk))
    pushed = remote.act(made, request, project)
    event = embedded.github.event("workflow_dispatch" if request.kind == "dispatch" else "push", pushed.ref)
    if event is None:
        raise UsageError(f"Nothing was rehearsed: {pushed.ref} does not exist", remedy="Name a branch or tag.")
    event = msgspec.structs.replace(event, inputs=request.inputs, run_id=RUN_ID)
    runner = clone_at(made.bare, event.sha, folder / "runner", modules=made.desk.root)
    project = _seen_from(project, read(runner.root / package, runner))
    return enter(
        Pushed(
            request=request,
            project=project,
            event=event,
            branch=made.branch,
            said=pushed.said,
            assumed=made.assumed,
            changed=source.changed(),
        ),
        _workspace(folder, folder, package),
        embedded,
        reporter,
    )


def enter(pushed: Pushed, workspace: Workspace, embedded: Embedded, reporter: Reporter) -> Scene:
    """Fit a world to what was pushed.

    Raises:
        UsageError: an assumption fits nothing.
    """
    project, event, assumptions = pushed.project, pushed.event, pushed.request.assumptions
    guard(embedded.github.git.root, embedded.doors.url)
    fit.repository(embedded, project, pushed.branch, assumptions.recorded)
    fit.indexes(embedded, project, fit.version_of(event.ref, project), assumptions)
    fit.ci(embedded, event, project, assumptions)
    environments.set_up(embedded.github, fit.environments(project), assumptions)
    return start(pushed, workspace, embedded, reporter)


def start(pushed: Pushed, workspace: Workspace, embedded: Embedded, reporter: Reporter) -> Scene:
    """Start the run of what was pushed, in the world as it is."""
    project, event, assumptions = pushed.project, pushed.event, pushed.request.assumptions
    world = embedded.world(workspace, _variables(event, embedded), reporter)
    granting = Granting(
        embedded=embedded,
        project=project,
        event=event,
        assumptions=assumptions,
        secrets=fit.api_token(embedded, project, assumptions),
        start=starting.begin(embedded.github, event, fit.publishing(project).workflow),
    )

    def world_of(stage: Stage) -> World:
        return granted(stage, world, granting)

    return Scene(pushed=pushed, world_of=world_of, doubt=granting.start.doubt)


def _package(request: Request, path: Path, root: Path) -> str:
    """The package's folder: as asked for, else the folder that was named, where it is a package itself."""
    if request.package != ".":
        return request.package
    if path != root.resolve() and any((path / name).is_file() for name in ("pyproject.toml", "setup.py", "setup.cfg")):
        return path.relative_to(root.resolve()).as_posix()
    return "."


def _seen_from(theirs: Project, clone: Project) -> Project:
    """The project of a clone, in the repository that only the user's own clone knows."""
    repository = msgspec.structs.replace(theirs.repository, tags=clone.repository.tags)
    return msgspec.structs.replace(clone, repository=repository)


def another(pushed: Pushed, behind: Backstage, folder: Path) -> Workspace:
    """The workspace of one more world: a remote and a scratch folder of its own, what was checked out and built shared.

    Args:
        folder: of the new world, inside that of the rehearsal; it is made.
    """
    folder.mkdir(parents=True)
    shutil.copytree(behind.folder / "remote.git", folder / "remote.git", symlinks=True)
    return _workspace(behind.folder, folder, pushed.project.package)


def _workspace(shared: Path, own: Path, package: str) -> Workspace:
    work = own / "work"
    work.mkdir()
    return Workspace(
        root=shared / "runner", package=package, dist=shared / "dist", local=shared / "local", scratch=work
    )


def _variables(event: Event, embedded: Embedded) -> dict[str, str]:
    """What GitHub Actions would set for every job of the run."""
    folder = embedded.place.folder
    payload = folder / "event.json"
    inputs = msgspec.to_builtins(event.inputs) if event.name == "workflow_dispatch" else None
    payload.write_bytes(msgspec.json.encode({"repository": {"default_branch": event.default_branch}, "inputs": inputs}))
    return {
        **embedded.started(event, RUN_ID),
        "GITHUB_EVENT_PATH": str(payload),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
    }


def result_of(request: Request, scene: Scene, finished: Finished, embedded: Embedded) -> Rehearsal:
    """What came of it, as a record; place and times are the caller's."""
    word, headline, code = verdict(finished, scene.project.name.value)
    refused = sorted({urlsplit(e.url).hostname or e.url for e in embedded.exchanges if e.service == "refused"})
    unknown = tuple(f"{host}: it cannot be reached from a rehearsal, and something asked for it" for host in refused)
    notes = embedded.dependencies.notes()
    assumptions = fit.described(scene.project, request.assumptions, scene.pushed.assumed)
    dirty = (f"changes that are not committed: {few(changed)}",) if (changed := scene.pushed.changed) else ()
    return Rehearsal(
        tagship=__version__,
        repository=scene.project.name.value or "",
        scenario=scene.pushed.said,
        verdict=word,
        headline=headline,
        exit_code=code,
        manifest=finished.manifest,
        stages=tuple(stage.name for stage in STAGES),
        assumptions=assumptions,
        not_rehearsed=(*dirty, *NOT_REHEARSED, *unknown, *notes),
        exchanges=tuple(embedded.exchanges),
        processes=tuple(embedded.processes),
        environment=(
            ("tagship", __version__),
            ("Python", platform.python_version()),
            ("uv", uv_version(embedded.shell, embedded.place.folder)),
            ("system", f"{platform.system()} {platform.machine()}"),
        ),
    )

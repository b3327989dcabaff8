"""What several stages need: the plan that must be there, the project, the files that are to be published."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace
from packaging.tags import sys_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from tagship.errors import Conflict, UsageError
from tagship.model import Dist, Fact, Manifest, Plan, Status
from tagship.project.discover import Project, read
from tagship.project.found import Found
from tagship.services.shell import Output
from tagship.services.world import Workspace, World

NO_WAY_OUT = (
    "Network is unreachable",
    "Connection refused",
    "Name or service not known",
    "Temporary failure in name resolution",
    "nodename nor servname provided",
    "Tunnel connection failed: 403",
    "CONNECT tunnel failed",  # curl, and so cargo and git
    "ProxyError: 403",  # httpx
    "getaddrinfo failed",
    "fatal: repository 'https://",  # git, where the server has no such repository
)
"""What operating systems and HTTP libraries say when there is no way out."""


def needs_network(output: Output) -> bool:
    """Whether a program failed because it was not let into the network, which says nothing about the project."""
    return not output.timed_out and any(
        words in text for text in (output.stdout, output.stderr) for words in NO_WAY_OUT
    )


def planned(manifest: Manifest) -> Plan:
    """The plan.

    Raises:
        UsageError: no stage `plan` has run.
    """
    if manifest.plan is None:
        raise UsageError("Nothing was done: there is no plan", remedy="Run `tagship plan` first.")
    return manifest.plan


def describe(path: Path) -> Dist:
    """A built file as the manifest keeps it."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Dist(
        filename=path.name, kind="wheel" if path.suffix == ".whl" else "sdist", size=path.stat().st_size, sha256=digest
    )


def handed_over(manifest: Manifest, folder: Path) -> tuple[Path, ...]:
    """The built files, after comparing names and digests with the manifest; wheels first, as they are uploaded.

    Raises:
        UsageError: nothing was built.
        Conflict: the folder holds more, less or other bytes than what was built.
    """
    if not manifest.dists:
        raise UsageError("Nothing was done: there are no built files", remedy="Run `tagship build` first.")
    expected = {dist.filename: dist for dist in manifest.dists}
    names = expected.keys() | ({path.name for path in folder.iterdir()} if folder.is_dir() else set())
    wrong = sorted(name for name in names if not _is(folder / name, expected.get(name)))
    if wrong:
        raise _other_bytes(folder, wrong)
    return tuple(folder / name for name in sorted(expected, key=lambda name: (not name.endswith(".whl"), name)))


def _is(path: Path, dist: Dist | None) -> bool:
    """Whether a path is the very file that was built."""
    return path.is_file() and describe(path) == dist


def _other_bytes(folder: Path, names: list[str]) -> Conflict:
    return Conflict(
        f"Nothing was done: {folder.name}/ is not what was built and checked: {', '.join(names)}",
        remedy="Take the files of the build again, and nothing else; never build twice for one release.",
        where=str(folder),
    )


def ok(world: World, id: str, title: str, detail: str = "", how: str = "") -> None:
    """Note an observation that is as it should be."""
    world.journal.fact(Fact(id=id, title=title, status=Status.OK, detail=detail, how=how))


def unknown(world: World, id: str, title: str, detail: str, how: str = "") -> None:
    """Note something that could not be observed."""
    world.journal.fact(Fact(id=id, title=title, status=Status.UNKNOWN, detail=detail, how=how))


def problem(world: World, id: str, title: str, detail: str, how: str = "") -> None:
    """Note an observation that is not as it should be."""
    world.journal.fact(Fact(id=id, title=title, status=Status.PROBLEM, detail=detail, how=how))


def project_of(world: World, plan: Plan) -> Project:
    """The project that the plan is about, read again from the checkout; the event knows the default branch better."""
    project = read(world.workspace.root / plan.package, world.git)
    if not plan.event.default_branch:
        return project
    branch = Found(value=plan.event.default_branch, source="the event")
    return replace(project, repository=replace(project.repository, default_branch=branch))


def wheel_for_here(dists: Sequence[Dist]) -> Dist | None:
    """The wheel that suits this machine best; None where there is none."""
    order = {tag: number for number, tag in enumerate(sys_tags())}
    platforms = {tag.platform for tag in order}
    ranked: list[tuple[int, Dist]] = []
    for dist in (dist for dist in dists if dist.kind == "wheel"):
        try:
            tags = parse_wheel_filename(dist.filename)[3]
        except InvalidWheelFilename:
            ranked.append((0, dist))  # the check says what is wrong with the name
            continue
        # for another Python than this one, which the project may need: the installer has the last word
        others = [len(order) for tag in tags if tag.platform in platforms]
        ranked += [(min([*(order[tag] for tag in tags if tag in order), *others]), dist)] if others else []
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None


def built_wheel(manifest: Manifest, workspace: Workspace) -> Path:
    """The wheel to install here: the one to be published, or the one made for this machine.

    Raises:
        UsageError: nothing was built.
        Conflict: the wheel is not the one that was built.
    """
    for folder, dists in ((workspace.dist, manifest.dists), (workspace.local, manifest.local)):
        dist = wheel_for_here(dists)
        if dist is not None:
            if not _is(folder / dist.filename, dist):
                raise _other_bytes(folder, [dist.filename])
            return folder / dist.filename
    raise UsageError("Nothing was done: there is no wheel", remedy="Run `tagship build` first.")

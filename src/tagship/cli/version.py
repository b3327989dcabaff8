"""`tagship version`: shows, raises, sets and validates the version, wherever the project keeps it."""

import os
import shlex
import sys
from pathlib import Path
from typing import Literal

import click
from packaging.version import Version

from tagship.cli.clicking import Group
from tagship.cli.table import seen
from tagship.errors import ProjectError, TagshipError
from tagship.model import Record, to_json
from tagship.project.discover import Project, read
from tagship.project.layout import NAME_ONE, insist_on_one
from tagship.project.next_version import Current, Next, accept, choose, current, validate
from tagship.project.version_edits import JOURNAL, Change, Edit, change, diff, finish, spelt, write
from tagship.project.version_literals import Derived, Written
from tagship.project.version_sources import find
from tagship.services.environment import production
from tagship.services.git import Git, open_repository
from tagship.services.shell import Shell
from tagship.versions import parse
from tagship.words import clean

_PARTS = "major minor patch pre a b rc post dev stable auto"


class Candidate(Record, frozen=True, kw_only=True):
    """A version that may come next."""

    part: str
    version: str
    tag: str


class VersionInfo(Record, frozen=True, kw_only=True):
    """Everything about a project's version: `tagship version info --json`."""

    schema: Literal[1] = 1
    version: str
    """Normalised (PEP 440)."""
    spelt: str
    """As its source spells it."""
    source: str
    copies: tuple[str, ...]
    """Places that are kept in step."""
    strays: tuple[str, ...]
    """Places that say another version, and are left alone."""
    released: str
    """The tag of the highest released version; empty where there is none."""
    next: tuple[Candidate, ...]


class VersionChange(Record, frozen=True, kw_only=True):
    """A change of version: `tagship version bump --json`."""

    schema: Literal[1] = 1
    before: str
    after: str
    tag: str
    """The tag that names it; empty for a development version, which is not released from a tag."""
    written: bool
    """Whether the files were changed; not with --dry-run."""
    edits: tuple[Edit, ...]


class Here:
    """The project that a command is about.

    Args:
        package: its folder, relative to the one the command was called in.
        shell: with which git is run; by default with few of the user's variables.

    """

    def __init__(self, package: str, shell: Shell | None = None) -> None:
        self.shell = shell or Shell(production(os.environ))
        self.git: Git = open_repository(self.shell, Path.cwd())
        folder = Path.cwd() / package
        self.root = folder if package != "." or _has_project(folder) else self.git.root
        self.journal = Path(self.git.text("rev-parse", "--git-path", "tagship"))
        self.journal = (self.git.root / self.journal / JOURNAL).absolute()
        for file in finish(self.journal):
            _say(f"finished an interrupted change of version: {file}")
        self.project: Project = read(self.root, self.git)
        insist_on_one(self.project.name.value, self.project.packages, undone="Nothing was done", remedy=NAME_ONE)
        self.now: Current = current(self.project, self.git)


def _has_project(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("pyproject.toml", "setup.py", "setup.cfg"))


@click.group(cls=Group, epilog="Example: tagship version bump minor --dry-run")
def version() -> None:
    """Show, raise, set or validate the version, wherever the project keeps it."""


_package = click.option("--package", default=".", metavar="FOLDER", help="The package, where there are several.")
_dry_run = click.option("--dry-run", is_flag=True, help="Print the difference, and change nothing.")
_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@version.command("current", epilog="Example: git tag v$(tagship version current)")
@_package
def show_current(package: str) -> int:
    """Print the version and nothing else: as the project's file spells it, or of the newest tag."""
    folder = Path.cwd() / package
    source = find(folder) if _has_project(folder) else None  # needs no git
    sys.stdout.write(f"{source.raw if isinstance(source, Written) else Here(package).now.spelt}\n")
    return 0


@version.command(epilog="Example: tagship version info")
@_package
@_json
def info(package: str, as_json: bool) -> int:
    """Show the version, where it stands, its copies, and what may come next."""
    here = Here(package)
    result = _info(here)
    if as_json:
        sys.stdout.buffer.write(to_json(result))
        return 0
    from tagship.cli.table import table

    rows = [("version", result.spelt, result.source)]
    rows += [("copy", place, "kept in step") for place in result.copies]
    rows += [("stray", place, "says another version, and is left alone") for place in result.strays]
    rows += [("released", result.released or "nothing", "the highest version that has a tag")]
    rows += [(f"bump {row.part}", row.version, row.tag and f"tag {row.tag}") for row in result.next]
    sys.stdout.write(table(rows, os.environ))
    return 0


def _info(here: Here) -> VersionInfo:
    source = here.project.version
    planned = (
        change(here.root, source, here.now.version, here.project.config.version_copies)
        if isinstance(source, Written)
        else Change()
    )
    places = [f"{edit.file}:{edit.line} {edit.kind}" for edit in planned.edits[1:]]
    candidates = []
    for part in _PARTS.split():
        try:
            coming = choose(here.project, here.git, here.now, [part])
        except TagshipError:
            continue  # leads nowhere from here
        candidates.append(Candidate(part=part, version=str(coming.version), tag=_tag(coming)))
    return VersionInfo(
        version=str(here.now.version),
        spelt=here.now.spelt,
        source=here.now.where,
        copies=tuple(places),
        strays=tuple(f"{stray.file}:{stray.line} {stray.kind}: {stray.raw}" for stray in planned.strays),
        released=here.now.tags[-1].tag if here.now.tags else "",
        next=tuple(candidates),
    )


@version.command(epilog="Example: tagship version bump minor; tagship version bump minor rc")
@click.argument("parts", nargs=-1, required=True, metavar="PART...")
@_package
@_dry_run
@_json
def bump(parts: tuple[str, ...], package: str, dry_run: bool, as_json: bool) -> int:
    """Raise the version: major, minor, patch, pre, a, b, rc, post, dev, stable, or auto.

    Several parts are taken one after another: `minor rc` begins the pre-releases of the next minor version. `pre`
    counts on the pre-release there is, `stable` ends it, `auto` reads the Conventional Commits since the last release.
    """
    here = Here(package)
    return _perform(here, choose(here.project, here.git, here.now, parts), dry_run, as_json)


@version.command("set", epilog="Example: tagship version set 2.0.0rc1")
@click.argument("spelt_", metavar="VERSION")
@_package
@_dry_run
@_json
def set_version(spelt_: str, package: str, dry_run: bool, as_json: bool) -> int:
    """Set the version to a newer one."""
    here = Here(package)
    wanted = validate(spelt_, None if parse(spelt_) else here.project)[0]
    return _perform(here, accept(here.project, here.now, wanted, "set by hand"), dry_run, as_json)


@version.command("next", epilog="Example: tagship version next minor")
@click.argument("parts", nargs=-1, metavar="[PART]...")
@_package
def show_next(parts: tuple[str, ...], package: str) -> int:
    """Print the version that `bump` would give, and nothing else; without a part as the commits say."""
    here = Here(package)
    sys.stdout.write(f"{_spelt(here, choose(here.project, here.git, here.now, parts or ('auto',)).version)}\n")
    return 0


@version.command("validate", epilog="Example: tagship version validate 1.2.3rc1")
@click.argument("spelt_", metavar="[VERSION]", default="")
@_package
def check(spelt_: str, package: str) -> int:
    """Say whether a version can be released, and how it should be spelt; the project's own where none is given.

    Of the project's own all that say it are compared: a place that says another version is an error.
    """
    here = Here(package) if not spelt_ else None
    found, tag = validate(here.now.spelt if here is not None else spelt_, here.project if here is not None else None)
    if here is not None and (strays := _info(here).strays):
        raise ProjectError(
            f"The version is {found}, and not everywhere: {'; '.join(strays)}",
            remedy=f"Let them say {found}, or take them out.",
            where=here.now.where,
        )
    if found.is_devrelease:
        _say(f"{found} is a development version, which no tag releases")
        return 0
    kind = "a pre-release" if found.is_prerelease else "a post-release" if found.is_postrelease else "a final release"
    _say(f"{found} is {kind}; its tag is usually {tag}")
    return 0


def _perform(here: Here, coming: Next, dry_run: bool, as_json: bool) -> int:
    source = here.project.version
    planned = (
        change(here.root, source, coming.version, here.project.config.version_copies)
        if isinstance(source, Written)
        else Change()
    )
    if planned.contents and not dry_run:
        write(here.root, planned.contents, here.journal)
    if as_json:
        result = VersionChange(
            before=str(here.now.version),
            after=str(coming.version),
            tag=_tag(coming),
            written=bool(planned.contents) and not dry_run,
            edits=planned.edits,
        )
        sys.stdout.buffer.write(to_json(result))
    elif dry_run:
        sys.stdout.write(seen(diff(here.root, planned.contents)))
    else:
        sys.stdout.write(f"{_spelt(here, coming.version)}\n")
    _explain(here, coming, planned, dry_run)
    return 0


def _explain(here: Here, coming: Next, planned: Change, dry_run: bool) -> None:
    """What was done and what comes next, on standard error."""
    would = "would become" if dry_run else "is now"
    match here.project.version:
        case Derived(tool=tool):
            _say(f"Nothing to edit: {tool} takes the version from the tag. The next one is {coming.version}.")
        case _:
            _say(f"{here.now.version} {would} {coming.version} ({coming.why})")
    beside = Path(os.path.relpath(here.root))
    for edit in planned.edits:
        _say(f"  {beside / edit.file}:{edit.line}  {edit.before} → {edit.after}  {edit.kind}")
    for stray in planned.strays:
        _say(f"  {beside / stray.file}:{stray.line}  left at {stray.raw}: it did not say {here.now.version}")
    tag = _tag(coming)
    if dry_run or not tag:
        return
    files = shlex.join(str(beside / file) for file in planned.contents)
    branch = here.project.repository.branch or "HEAD"
    _say("Next:")
    if files:
        _say(f"  git add {files}")
        _say(f"  git commit --message {shlex.quote(f'Release {coming.version}')}")
    _say(f"  tagship rehearse --tag {shlex.quote(tag)}" if not files else "  tagship rehearse")
    _say(f"  git tag {shlex.quote(tag)}")
    _say(f"  git push --atomic origin {shlex.quote(branch)} {shlex.quote(tag)}")


def _spelt(here: Here, wanted: Version) -> str:
    source = here.project.version
    return spelt(wanted, source) if isinstance(source, Written) else str(wanted)


def _tag(coming: Next) -> str:
    return "" if coming.version.is_devrelease else coming.tag


def _say(words: str) -> None:
    sys.stderr.write(clean(f"{words}\n"))

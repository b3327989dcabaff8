"""`tagship notes` and `tagship changelog`: what a release says about itself, before there is one."""

import datetime
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from tagship.cli.clicking import Command, Group
from tagship.cli.table import seen
from tagship.errors import UsageError
from tagship.model import Record, to_json
from tagship.words import clean

if TYPE_CHECKING:
    from tagship.project.config import Source
    from tagship.project.discover import Project
    from tagship.services.git import Git
    from tagship.services.github import GitHub
    from tagship.services.shell import Shell


class ReleaseNotes(Record, frozen=True, kw_only=True):
    """The notes of one version: `tagship notes --json`."""

    schema: Literal[1] = 1
    version: str
    source: str
    """Where they come from, in words: `CHANGELOG.md`, `12 commits since v1.2.0`."""
    text: str
    compare: str
    """The address of the comparison with the version before; empty where there is none."""


@click.command(cls=Command, epilog="Example: tagship notes 1.4.0 --from commits")
@click.argument("wanted", required=False, metavar="[VERSION]")
@click.option(
    "--from",
    "source",
    type=click.Choice(["changelog", "fragments", "commits", "github"]),
    help="Where they must come from; otherwise the first of these that says something, or what `notes` in the"
    " configuration says.",
)
@click.option("--package", default=".", metavar="FOLDER", help="The package, where there are several.")
@click.option("--token", metavar="NAME", help="For GitHub: `-` to read a token from standard input, or a variable.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def notes(wanted: str | None, source: "Source | None", package: str, token: str | None, as_json: bool) -> int:
    """Show the release notes of a version, made or still to come; without one, of the version the project declares.

    They come from the changelog's section about it, from towncrier's fragments, from the commits, or from GitHub,
    which writes them from merged pull requests. They are what the GitHub release will say.
    """
    from packaging.version import Version

    from tagship.project import notes as written
    from tagship.project.next_version import current
    from tagship.versions import parse

    project, git, shell = _opened(package)
    version = parse(wanted.removeprefix(project.tags.value.prefix)) if wanted else current(project, git).release
    if version is None:
        raise UsageError(f"There are no notes: {wanted!r} is not a version", remedy="Name one like 1.2.3.")
    version = Version(version.public)
    helpers = written.Helpers(shell=shell, github=lambda: _github(project, token))
    found = written.of(project, git, version, helpers, source)
    if as_json:
        result = ReleaseNotes(version=str(version), source=found.source, text=found.text, compare=found.compare)
        sys.stdout.buffer.write(to_json(result))
        return 0
    sys.stderr.write(f"warning: {found.lacking}\n" if found.lacking else "")
    sys.stderr.write(clean(f"{project.name.value} {version}: from {found.source}\n"))
    sys.stdout.write(seen(found.whole) + "\n")
    return 0


@click.group(cls=Group, epilog="Example: tagship changelog cut 1.4.0 --dry-run")
def changelog() -> None:
    """Give the unreleased changes a version, or look for mistakes in the changelog."""


@changelog.command(epilog="Example: tagship changelog cut")
@click.argument("wanted", required=False, metavar="[VERSION]")
@click.option(
    "--date", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="The day of the release; today, otherwise."
)
@click.option("--package", default=".", metavar="FOLDER", help="The package, where there are several.")
@click.option("--dry-run", is_flag=True, help="Print the difference, and change nothing.")
def cut(wanted: str | None, date: datetime.datetime | None, package: str, dry_run: bool) -> int:
    """Give the unreleased section a version and a date, in the changelog's own style."""
    from tagship.project import changelog_edit
    from tagship.project.next_version import current, validate
    from tagship.project.version_edits import diff
    from tagship.versions import tag_for

    project, git, _ = _opened(package)
    version = validate(wanted, project)[0] if wanted else current(project, git).release
    before = changelog_edit.read(project.root, project.changelog.value)
    tag = tag_for(version, project.tags.value)
    release = changelog_edit.Release(
        version=version,
        spelt=tag.removeprefix(project.tags.value.prefix),
        tag=tag,
        date=(date or datetime.datetime.now()).date(),
    )
    file, after = str(project.changelog.value), changelog_edit.cut(before, release).encode()
    sys.stdout.write(seen(diff(project.root, {file: after})))
    if not dry_run:
        (project.root / file).write_bytes(after)
        sys.stderr.write(f"{file}: what was unreleased is {release.spelt} now\n")
    return 0


@changelog.command("check", epilog="Example: tagship changelog check")
@click.option("--package", default=".", metavar="FOLDER", help="The package, where there are several.")
def look(package: str) -> int:
    """Look for sections twice, in a wrong order, empty, with a wrong date or a link to nothing.

    The exit code is 8 where there is any.
    """
    from tagship.errors import ChecksFailed
    from tagship.project import changelog_edit

    project = _opened(package)[0]
    file = project.changelog.value
    found = list(changelog_edit.check(changelog_edit.read(project.root, file)))
    sys.stdout.writelines(f"{file}:{remark.line}: {remark.text}. {remark.remedy}\n" for remark in found)
    return ChecksFailed.exit_code if found else 0


def _github(project: "Project", said: str | None) -> "GitHub | None":
    """The repository on GitHub, with a token, which writing notes takes even for public ones; None without."""
    from tagship import __version__
    from tagship.cli.token import USUAL, with_token
    from tagship.services.reporter import Silence
    from tagship.services.shell import Shell
    from tagship.services.world import Workspace, production

    slug = project.repository.on_github
    environ = with_token(os.environ, Shell(dict(os.environ)), said)
    if slug is None or not any(environ.get(name) for name in USUAL):
        return None
    nowhere = Path(os.devnull)
    workspace = Workspace(root=project.top, package=project.package, dist=nowhere, local=nowhere, scratch=nowhere)
    return production(workspace, {**environ, "GITHUB_REPOSITORY": slug}, Silence(), f"tagship/{__version__}").github


def _opened(package: str) -> tuple["Project", "Git", "Shell"]:
    """The project, its repository, and a shell with the user's variables."""
    from tagship.project.discover import read
    from tagship.project.layout import NAME_ONE, insist_on_one
    from tagship.services.environment import production
    from tagship.services.git import open_repository
    from tagship.services.shell import Shell

    shell = Shell(production(os.environ))
    git = open_repository(shell, Path.cwd())
    project = read(Path.cwd() / package if package != "." else git.root, git)
    insist_on_one(project.name.value, project.packages, undone="Nothing was done", remedy=NAME_ONE)
    return project, git, shell

"""`tagship notes`: what a release will say about itself, before there is one."""

import os
import sys
from pathlib import Path
from typing import Literal

import rich_click as click

from tagship.errors import UsageError
from tagship.model import Record, to_json


class ReleaseNotes(Record, frozen=True, kw_only=True):
    """The notes of one version: `tagship notes --json`."""

    schema: Literal[1] = 1
    version: str
    source: str
    """Where they come from, in words: `CHANGELOG.md`, `12 commits since v1.2.0`."""
    text: str
    compare: str
    """The address of the comparison with the version before; empty where there is none."""


@click.command(epilog="Example: tagship notes 1.4.0 --from commits")
@click.argument("wanted", required=False, metavar="[VERSION]")
@click.option(
    "--from",
    "source",
    type=click.Choice(["changelog", "fragments", "commits"]),
    help="Where they must come from; otherwise the first of these that says something.",
)
@click.option("--package", default=".", metavar="FOLDER", help="The package, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def notes(
    wanted: str | None, source: Literal["changelog", "fragments", "commits"] | None, package: str, as_json: bool
) -> int:
    """Show the release notes of a version, made or still to come; without one, of the version the project declares.

    They come from the changelog's section about it, from towncrier's fragments, or from the commits.
    """
    from packaging.version import Version

    from tagship.project import notes as written
    from tagship.project.discover import read
    from tagship.project.next_version import current
    from tagship.services.environment import production
    from tagship.services.git import open_repository
    from tagship.services.shell import Shell
    from tagship.versions import parse

    shell = Shell(production(os.environ))
    git = open_repository(shell, Path.cwd())
    project = read(Path.cwd() / package if package != "." else git.root, git)
    version = parse(wanted.removeprefix(project.tags.value.prefix)) if wanted else current(project, git).version
    if version is None:
        raise UsageError(f"There are no notes: {wanted!r} is not a version", remedy="Name one like 1.2.3.")
    version = Version(version.public)
    found = written.of(project, git, version, shell, source)
    span = written.span_of(project, git, version)
    result = ReleaseNotes(
        version=str(version), source=found.source, text=found.text, compare=written.compare(project, span, version)
    )
    if as_json:
        sys.stdout.buffer.write(to_json(result))
        return 0
    sys.stderr.write(f"{project.name.value} {version}: from {found.source}\n")
    sys.stdout.write(found.text.rstrip() + "\n")
    if result.compare:
        sys.stdout.write(f"\n[All changes]({result.compare})\n")
    return 0

"""`tagship release`: the guided release. Shows what will happen, asks once, and does it."""

import datetime
import os
import sys
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

import rich_click as click

from tagship.errors import TagshipError, UsageError

if TYPE_CHECKING:
    from tagship.cli.version import Here
    from tagship.operate.prepare import Prepared
    from tagship.operate.release import Action
    from tagship.project.next_version import Next
    from tagship.services.shell import Shell

NOTES = 12
"""Lines of the notes that are shown."""


@click.command(epilog="Example: tagship release minor --dry-run")
@click.argument("parts", nargs=-1, metavar="[PART]...")
@click.option("--package", default=".", metavar="FOLDER", help="The package, where there are several.")
@click.option("--branch", metavar="NAME", help="Release from this branch: a maintenance branch, for example.")
@click.option("--sign", is_flag=True, help="Sign the tag, as git is set up to.")
@click.option("--dry-run", is_flag=True, help="Show what would happen, and do nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--rehearsal/--no-rehearsal", default=True, help="Rehearse before the push.", show_default=True)
@click.option("--watch/--no-watch", default=True, help="Follow the workflow run to its end.", show_default=True)
def release(parts: tuple[str, ...], package: str, dry_run: bool, yes: bool, **options: str | bool | None) -> int:
    """Release a version: major, minor, patch, pre, a, b, rc, post, stable or auto; without a part, the declared one.

    Sets the version, cuts the changelog, commits, tags, rehearses, pushes branch and tag together, and follows the
    workflow run. Before the push everything is local, and is taken back when a step fails.
    """
    from tagship.cli.version import Here
    from tagship.operate.prepare import coming, prepare
    from tagship.operate.release import Hands, Wanted, decide, perform
    from tagship.operate.situation import observe
    from tagship.services.shell import Shell

    shell = Shell(dict(os.environ))  # git is the user's own here, with their hooks, keys and agents
    here = Here(package, shell)
    following = coming(here.project, here.git, here.now, parts)
    prepared = prepare(here.project, here.git, here.now, following, datetime.date.today())
    wanted = Wanted(
        version=str(following.version),
        tag=following.tag,
        contents=prepared.contents,
        branch=str(options["branch"]) if options["branch"] else None,
        sign=bool(options["sign"]),
        rehearse=bool(options["rehearsal"]),
    )
    before = observe(here.git, here.project.release_branches.value, following.tag)
    actions = decide(before, wanted)
    _show(here, following, prepared, actions)
    if dry_run:
        return 0
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("Nothing was released: nobody is there to be asked", remedy="Say it beforehand: --yes")
        click.confirm("Release it?", abort=True, err=True)
    hands = Hands(git=here.git, shell=shell, root=here.root, journal=here.journal, package=package, say=_say)
    perform(actions, before, hands)
    return _follow(here, shell, following) if options["watch"] else 0


def _show(here: "Here", following: "Next", prepared: "Prepared", actions: "tuple[Action, ...]") -> None:
    """One screen: version, files, and every step."""
    from tagship.operate.release import words
    from tagship.project import notes
    from tagship.project.version_edits import diff
    from tagship.rehearsal.fit import publishing

    change = f"{here.now.version} → " if following.version != here.now.version else ""
    _say(f"{here.project.name.value} {change}{following.version} ({following.why})\n")
    sys.stdout.write(diff(here.root, prepared.contents))
    sys.stdout.flush()
    for warning in prepared.warnings:
        _say(f"warning: {warning}")
    _say("")
    try:
        told = notes.of(here.project, here.git, following.version, notes.Helpers(shell=here.shell))
        _say(f"Notes, from {told.source}:\n\n{_excerpt(told.text)}\n")
    except TagshipError as error:
        _say(f"warning: {error.message}\n")
    for number, action in enumerate(actions, 1):
        _say(f"  {number}. {words(action)}")
    publisher = publishing(here.project)
    where = f"environment {publisher.pypi}" if publisher.pypi else "no environment"
    _say(f"\nThen {publisher.workflow} publishes {following.version} on PyPI ({where}; {publisher.source}).")


def _excerpt(text: str) -> str:
    lines = text.strip().splitlines()
    more = [f"    … and {len(lines) - NOTES} lines more"] if len(lines) > NOTES else []
    return "\n".join([*(f"    {line}" for line in lines[:NOTES]), *more])


def _follow(here: "Here", shell: "Shell", following: "Next") -> int:
    from tagship import __version__
    from tagship.model import Target
    from tagship.operate.follow import Pushed, follow, published
    from tagship.rehearsal.fit import publishing
    from tagship.services.reporter import Silence
    from tagship.services.world import Workspace, production

    slug = here.project.repository.on_github
    workflow = publishing(here.project).workflow
    if slug is None:
        _say("Not followed: the remote is not on GitHub.")
        return 0
    if not (here.git.root / ".github" / "workflows" / workflow).is_file():
        _say(f"Not followed: there is no .github/workflows/{workflow}; `tagship init` writes one.")
        return 0
    environ = {**os.environ, "GITHUB_REPOSITORY": slug}
    if not (environ.get("GH_TOKEN") or environ.get("GITHUB_TOKEN")) and which("gh"):
        answer = shell.run(("gh", "auth", "token"), cwd=here.git.root, timeout=30)
        environ |= {"GH_TOKEN": answer.stdout.strip()} if answer.ok else {}
    nowhere = Path(os.devnull)
    workspace = Workspace(root=here.git.root, package=".", dist=nowhere, local=nowhere, scratch=nowhere)
    world = production(workspace, environ, Silence(), f"tagship/{__version__}")
    follow(world.github, Pushed(sha=here.git.commit() or "", tag=following.tag, file=workflow), world.clock, _say)
    _say(f"Released: {published(world.index(Target.PYPI), here.project.name.value or '', str(following.version))}")
    return 0


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")

"""`tagship release`: the guided release. Shows what will happen, asks once, and does it."""

import datetime
import sys
from typing import TYPE_CHECKING

import click

from tagship.cli.clicking import Command
from tagship.errors import PlanRefused, TagshipError, UsageError
from tagship.words import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tagship.cli.releasing import Desk
    from tagship.operate.prepare import Prepared
    from tagship.project.next_version import Next

NOTES = 12
"""Lines of the notes that are shown."""


@click.command(cls=Command, epilog="Example: tagship release minor --dry-run")
@click.argument("parts", nargs=-1, metavar="[PART]...")
@click.option("--package", default=".", metavar="FOLDER", help="The package, where there are several.")
@click.option("--branch", metavar="NAME", help="Release from this branch: a maintenance branch, for example.")
@click.option(
    "--pull-request/--push",
    default=None,
    help="Open a pull request and tag once it is merged, or push; by default as the branch's rules ask.",
)
@click.option("--merged", is_flag=True, help="Tag the release whose pull request was merged, and push the tag.")
@click.option("--wait", is_flag=True, help="Wait until the pull request is merged, then go on.")
@click.option("--sign", is_flag=True, help="Sign the tag, as git is set up to.")
@click.option("--dry-run", is_flag=True, help="Show what would happen, and do nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--rehearsal/--no-rehearsal", default=True, help="Rehearse before the push.", show_default=True)
@click.option("--watch/--no-watch", default=True, help="Follow the workflow run to its end.", show_default=True)
def release(parts: tuple[str, ...], package: str, merged: bool, **options: str | bool | None) -> int:
    """Release a version: major, minor, patch, pre, a, b, rc, post, stable or auto; without a part, the declared one.

    Sets the version, cuts the changelog, commits, tags, rehearses, pushes branch and tag together, and follows the
    workflow run. Before the push everything is local, and is taken back when a step fails.

    Where the branch takes no pushes, the commit goes through a pull request, and `tagship release --merged` tags what
    the branch got by it.
    """
    from tagship.cli.releasing import Desk, tag_merged

    if merged and (parts or options["pull_request"] is not None):
        raise UsageError(
            "Nothing was released: --merged goes on with a release that was begun", remedy="tagship release --merged"
        )
    desk = Desk(package, options)
    return tag_merged(desk, None) if merged else _begin(desk, parts)


def _begin(desk: "Desk", parts: tuple[str, ...]) -> int:
    """Raise the version and push, or open a pull request."""
    from tagship.cli.releasing import propose
    from tagship.operate.prepare import coming, prepare
    from tagship.operate.proposal import takes_no_pushes
    from tagship.operate.pushing import asks_for_pull_request

    here, branch = desk.here, desk.here.project.repository.branch
    following, today = coming(here.project, here.git, here.now, parts), datetime.date.today()
    if desk.chosen("pull_request"):
        return propose(desk, following, today)
    prepared, may_propose = prepare(here.project, here.git, here.now, following, today), desk.may_propose
    if may_propose and branch and prepared.contents and takes_no_pushes(desk.rules(branch)):
        say(f"{branch} takes no pushes: a pull request it is (--push tries nevertheless)\n")
        return propose(desk, following, today)
    try:
        return _push(desk, following, prepared)
    except PlanRefused as error:
        if not (may_propose and asks_for_pull_request(error)):
            raise
        say(f"{error.message}\n\nEverything is as it was, and it takes a pull request:\n")
        return propose(desk, following, today)


def _push(desk: "Desk", following: "Next", prepared: "Prepared") -> int:
    from tagship.operate.release import decide, perform, words
    from tagship.operate.situation import observe

    here, wanted = desk.here, desk.wanted(following, prepared.contents)
    before = observe(here.git, here.project.release_branches.value, following.tag)
    actions = decide(before, wanted)
    show(desk, following, prepared, map(words, actions))
    if desk.chosen("dry_run"):
        return 0
    desk.ask("Release it?")
    desk.refuse_bot(following.tag)
    perform(actions, before, desk.hands())
    return desk.follow(here.git.commit() or "", following.tag, str(following.version))


def show(desk: "Desk", following: "Next", prepared: "Prepared", steps: "Iterable[str]") -> None:
    """One screen: version, files, notes, and every step."""
    from tagship.operate.situation import outlook
    from tagship.project.version_edits import diff

    here = desk.here
    change = f"{here.now.version} → " if following.version != here.now.version else ""
    say(f"{here.project.name.value} {change}{following.version} ({following.why})\n")
    sys.stdout.write(clean(diff(here.root, prepared.contents)))
    sys.stdout.flush()
    for warning in prepared.warnings:
        say(f"warning: {warning}")
    say("")
    try:
        told = desk.notes(following.version)
        if told.lacking:
            say(f"warning: {told.lacking}")
        say(f"Notes, from {told.source}:\n\n{_excerpt(told.text)}\n")
    except TagshipError as error:
        say(f"warning: {error.message}\n")
    for number, step in enumerate(steps, 1):
        say(f"  {number}. {step}")
    say(f"\n{outlook(here.project, following.tag)}")


def _excerpt(text: str) -> str:
    lines = text.strip().splitlines()
    more = [f"    … and {len(lines) - NOTES} lines more"] if len(lines) > NOTES else []
    return "\n".join([*(f"    {line}" for line in lines[:NOTES]), *more])


def say(words: str) -> None:
    """Words for the person in front of the screen; some of them others wrote."""
    sys.stderr.write(f"{clean(words)}\n")

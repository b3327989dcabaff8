"""`tagship doctor --apply`: shows what it would change about GitHub's settings, asks, changes, reads back."""

import sys
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagship.errors import ProjectError, TagshipError, UsageError
from tagship.model import to_json
from tagship.words import clean, many

if TYPE_CHECKING:
    from tagship.services.github_shapes import Settings
    from tagship.setup.apply import Done, Doors, Failed, Left, Plan
    from tagship.setup.setting import Setting

UNASKED = UsageError(
    "nobody is there to be asked", remedy="Read the plan, then say so beforehand: tagship doctor --apply --yes"
)
Option = str | bool | Path | tuple[str, ...] | None


def apply(path: Path, only: tuple[str, ...], options: Mapping[str, Option]) -> int:
    """Set GitHub's settings to what the project's configuration and environment files say.

    The exit code is 0, or 2 where something could not be seen, and so was not set.

    Args:
        only: groups, ids or codes of checks, outside of which nothing is changed; empty for everything.

    Raises:
        ProjectError: the repository is not on GitHub.
        UsageError: nobody is there to be asked, and nothing was said beforehand; or nothing of `only` can be set.
    """
    from tagship.cli.doctor import opened
    from tagship.services.github_settings import read_settings
    from tagship.services.world import CHANGE, LOOK, PATIENCE
    from tagship.setup.apply import Doors, check_rights, plan
    from tagship.setup.doctor import UNSEEN
    from tagship.setup.observe import elsewhere
    from tagship.setup.wanted import wanted
    from tagship.workflow.variant import variant

    with opened(path, options, patience=PATIENCE) as (world, project):
        if (hidden := elsewhere(project)) is not None:
            raise ProjectError(f"Nothing was changed: {hidden.why}", remedy=hidden.remedy)
        asked = wanted(project, variant(project))
        doors = Doors(github=world.github, wanted=asked, table=_table(only))
        with world.http.within(LOOK):
            settings = read_settings(doors.github, (one.name for one in asked.environments), asked.people)
        planned, as_json = plan(asked, settings, doors.table), bool(options["as_json"])
        if not as_json:
            _show(planned)
        check_rights(doors, settings)
        if planned.actions and not options["yes"]:
            _ask(planned, as_json=as_json)
        with world.http.within(CHANGE):
            _perform(doors, settings, planned, as_json=as_json)
        return UNSEEN if planned.unseen and not options["allow_unknown"] else 0


def _table(only: tuple[str, ...]) -> "tuple[Setting, ...]":
    from tagship.setup.doctor import chosen
    from tagship.setup.github import SETTINGS

    ids = {check.id for check in chosen(only)}
    found = tuple(setting for setting in SETTINGS if setting.id in ids)
    if not found:
        raise UsageError(
            f"Nothing was changed: {', '.join(only)} is no setting of GitHub",
            remedy="--only github names them all; `tagship doctor --only github --verbose` lists them.",
        )
    return found


def _perform(doors: "Doors", settings: "Settings", planned: "Plan", *, as_json: bool) -> None:
    from tagship.setup.apply import Failed, apply, outcome

    tried: list[Done | Failed] = []
    error: TagshipError | None = None
    try:
        for one in apply(doors, settings):
            tried.append(one)
            if not as_json:
                _tell(one)
    except TagshipError as raised:
        error = raised
    error = error or next((one.error for one in tried if isinstance(one, Failed)), None)
    result = outcome(planned, tried, error or UNASKED)
    if as_json:
        sys.stdout.buffer.write(to_json(result))
    elif planned.actions:
        sys.stdout.write(f"\n{many(len(result.done), 'change')} of {len(planned.actions)} made\n")
        for left in result.left:
            sys.stdout.write(f"  not done  {clean(left.what)}: {clean(left.after)}\n            {clean(left.reason)}\n")
    if error is not None:
        raise error


def _ask(planned: "Plan", *, as_json: bool) -> None:
    if not sys.stdin.isatty():
        if as_json:
            from tagship.setup.apply import outcome

            sys.stdout.buffer.write(to_json(outcome(planned, (), UNASKED)))
        raise UsageError(
            f"Nothing was changed: {many(len(planned.actions), 'change')} of {planned.repository} would be made, and "
            f"{UNASKED.message}",
            remedy=UNASKED.remedy,
        )
    click.confirm(f"\nChange these settings of {planned.repository}?", abort=True, err=True)


def _show(planned: "Plan") -> None:
    """The plan: what, from, to, why, and what only a person can do."""
    write = sys.stdout.write
    write(f"{planned.repository}: {many(len(planned.actions), 'change')}\n")
    code = ""
    for number, action in enumerate(planned.actions, 1):
        if action.page.code != code:
            code = action.page.code
            write(f"\n{code}  {action.page.title}\n      {action.page.why}\n")
        write(f"  {number:>2}  {clean(action.what)}\n")
        write(f"        from  {clean(action.before)}\n        to    {clean(action.after)}\n")
        if action.note:
            write(f"        note  {clean(action.note)}\n")
    _list("Only a person can do", planned.persons)
    _list("Could not be seen, and stays as it is", planned.unseen)


def _list(title: str, found: "Iterable[Left]") -> None:
    for number, (words, together) in enumerate(groupby(found, key=lambda left: (left.why, left.remedy))):
        if not number:
            sys.stdout.write(f"\n{title}:\n")
        sys.stdout.writelines(f"  {left.code}  {clean(left.title)}\n" for left in together)
        sys.stdout.writelines(f"        {clean(line)}\n" for line in words)


def _tell(one: "Done | Failed") -> None:
    from tagship.setup.apply import Done

    label = "done" if isinstance(one, Done) else "failed"
    sys.stdout.write(f"\n  {label}  {clean(one.action.what)}: {clean(one.action.after)}\n")
    sys.stdout.writelines(f"  undo  {clean(line)}\n" for line in one.undo)
    sys.stdout.flush()

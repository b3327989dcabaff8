"""`tagship watchdog`: the doctor for a schedule, which tells what it finds by an issue."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import click

from tagship.cli.clicking import Command
from tagship.cli.places import job_page
from tagship.errors import UsageError
from tagship.model import Record, to_json


class Told(Record, frozen=True, kw_only=True):
    """What `tagship watchdog --json` prints."""

    schema: Literal[1] = 1
    problems: tuple[str, ...]
    """Their ids."""
    unseen: tuple[str, ...]
    """The ids of what could not be seen, which is no problem and no success."""
    did: tuple[str, ...]
    """What was done about the issue, or would be: `open`, `change`, `say`."""
    issue: str
    """Its address; empty where there is none."""


@click.command(cls=Command, epilog="Example: tagship watchdog --dry-run")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--dry-run", is_flag=True, help="Say what would be done about the issue, and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def watchdog(path: Path, *, dry_run: bool, as_json: bool) -> int:
    """Keep one issue about what is wrong, of everything that a release needs.

    The workflow that `tagship init --watchdog` writes runs it once a week. GH_TOKEN has to be allowed to write issues;
    a further token in TAGSHIP_READER_TOKEN sees more. The exit code is 0 where all is well or the issue says what is
    not, and another one where it could not be written.
    """
    from tagship.cli.doctor import opened
    from tagship.cli.render import screen
    from tagship.cli.render.doctor import of_examination
    from tagship.operate import watchdog as watching
    from tagship.services.issues import Issues
    from tagship.services.world import HURRY
    from tagship.setup.doctor import examine
    from tagship.setup.observe import observe
    from tagship.workflow.guide import READER
    from tagship.workflow.variant import variant

    reader = {"token": READER if os.environ.get(READER) else None}
    with opened(path, reader, patience=HURRY) as (world, project):
        result = examine(observe(world, project))
    release = watching.newest(os.environ.get("TAGSHIP_NEEDS", ""))
    with opened(path, {"token": None}, patience=HURRY) as (world, project):
        if world.github.is_anonymous and not dry_run:
            raise UsageError(
                "Nobody was told: there is no token in GH_TOKEN",
                remedy="Give one that may write issues; or --dry-run, which tells nobody.",
            )
        seen = watching.watched(result, release, variant(project).watch, _run(os.environ))
        if not as_json:
            with screen(sys.stdout, os.environ, ()) as shown:
                shown.tell(of_examination(result))
        with job_page(os.environ) as page:  # before anything can fail: it hides nothing
            page.write(watching.body(seen, [trouble.id for trouble in seen.troubles]))
        issues = Issues(world.github)
        issue = watching.find(issues, seen.project)
        actions = watching.decide(seen, issue)
        changed = None if dry_run else watching.act(actions, issues)
    told = Told(
        problems=tuple(trouble.id for trouble in seen.troubles),
        unseen=tuple(fact.id for fact in seen.unseen),
        did=tuple(type(action).__name__.lower() for action in actions),
        issue=found.html_url if (found := changed or issue) is not None else "",
    )
    if as_json:
        sys.stdout.buffer.write(to_json(told))
    else:
        sys.stdout.write(_words(told, dry=dry_run))
    return 0


def _run(environ: Mapping[str, str]) -> str:
    """The address of this run; empty outside of GitHub Actions."""
    parts = [environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")]
    return "{}/{}/actions/runs/{}".format(*parts) if all(parts) else ""


def _words(told: Told, *, dry: bool) -> str:
    if not told.did:
        return f"Nothing to tell{f': {told.issue} is closed as not planned' if told.problems else ''}.\n"
    return f"{'Would do' if dry else 'Done'}: {', '.join(told.did)}{f' {told.issue}' if told.issue else ''}\n"

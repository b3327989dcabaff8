"""`tagship init` and `tagship sync`: what tagship keeps in a repository, written and brought up to date."""

import os
import shlex
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Literal, get_args

import click

from tagship.cli.clicking import Command
from tagship.cli.places import cache_folder
from tagship.cli.reading import DescribedValue
from tagship.errors import Drifted, ProjectError
from tagship.model import Record, to_json
from tagship.workflow.adopt import Adoption, Wish, gather
from tagship.workflow.extras import Extra
from tagship.workflow.files import Action, Edit, decide, diff, write
from tagship.workflow.guide import Registration, registrations

SHOWN = (
    *("name", "version", "build backend", "tests", "required ci", "repository", "default branch", "tag", "auth"),
    "environments",
)
"""What of all that is known about a project decides what is written."""


class SetUpFile(Record, frozen=True, kw_only=True):
    """One file that tagship keeps in a repository."""

    path: str
    action: Action
    """What is to be done, or was: `differs` is somebody's own work, and left as it is."""
    why: tuple[str, ...] = ()
    """The differences that matter."""


class SetUp(Record, frozen=True, kw_only=True):
    """What `tagship init --json` and `tagship sync --json` print."""

    schema: Literal[1] = 1
    written: tuple[str, ...]
    """The files that were written, by path."""
    files: tuple[SetUpFile, ...]
    detected: tuple[DescribedValue, ...]
    register: tuple[Registration, ...]
    """What PyPI and TestPyPI have to be told, once."""
    notes: tuple[str, ...]
    """What the maintainer should know."""


@click.command(cls=Command, epilog="Example: tagship init --dry-run")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--ci", multiple=True, metavar="NAME", help="A check or workflow file that must succeed before a release."
)
@click.option("--auth", type=click.Choice(["trusted-publishing", "token"]), help="How uploads are authorised.")
@click.option("--tools", is_flag=True, help="Write launchers of our commands as well, into tools/.")
@click.option("--docs", is_flag=True, help="Write guides and a checklist for this project as well, into docs/.")
@click.option("--watchdog", is_flag=True, help="Write a workflow as well that looks after the releases once a week.")
@click.option("--alongside", is_flag=True, help="Write publish.tagship.yml beside a publish.yml of your own.")
@click.option("--force", is_flag=True, help="Replace what somebody edited.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def init(path: Path, ci: tuple[str, ...], auth: str | None, **flags: bool) -> int:
    """Set up a repository: the publishing workflow, its locks, Dependabot, and a page for maintainers.

    Asks nothing, and overwrites nothing that somebody edited: that is shown, and the exit code is 17. Running it again
    changes nothing.
    """
    settings = {key: value for key, value in (("ci", ci), ("auth", auth)) if value}
    asked = frozenset(extra for extra in get_args(Extra) if flags[extra])
    adoption, detected = _gathered(path, Wish(settings=settings, alongside=flags["alongside"], extras=asked))
    edits = decide(adoption.files, force=flags["force"])
    stopped = edits[0].action == "differs"
    written = () if stopped or flags["dry_run"] else write(adoption.root, edits)
    result = _result(adoption, edits, written, detected)
    if flags["as_json"]:
        sys.stdout.buffer.write(to_json(result))
    else:
        _show_init(result, edits, dry=flags["dry_run"])
    if stopped:
        raise Drifted(
            f"Nothing was written: {edits[0].file.path} is not as tagship would write it",
            remedy="Compare the two above. `tagship init --alongside` writes ours beside it, --force in its place.",
            where=edits[0].file.path,
        )
    _raise_drift(edits)
    return 0


@click.command(cls=Command, epilog="Example: tagship sync --check")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--check", is_flag=True, help="Write nothing; the exit code says whether there is anything to do.")
@click.option("--upgrade", is_flag=True, help="Take the newest versions into the locks and pins.")
@click.option("--force", is_flag=True, help="Replace what somebody edited.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def sync(path: Path, check: bool, **flags: bool) -> int:
    """Bring what `tagship init` wrote up to date with the project, its configuration and this tagship.

    Differences in meaning count: a permission, a step, a condition; comments, the order of keys and moved pins do not.
    What somebody edited is shown and left alone, and the exit code is 17.
    """
    adoption, detected = _gathered(path, Wish(settings={}, upgrade=flags["upgrade"], lock=not check))
    if adoption.workflow.there is None:
        raise ProjectError(
            f"Nothing was compared: there is no {adoption.workflow.path}", remedy="Write it first: tagship init"
        )
    edits = decide(adoption.files, force=flags["force"])
    written = () if check else write(adoption.root, edits)
    if flags["as_json"]:
        sys.stdout.buffer.write(to_json(_result(adoption, edits, written, detected)))
    else:
        sys.stdout.writelines(_of_edit(edit, done=not check) for edit in edits if edit.action != "keep")
        if all(edit.action == "keep" for edit in edits):
            sys.stdout.write("Everything is up to date.\n")
        sys.stderr.writelines(f"Note: {note}\n" for note in adoption.notes if not check)
    todo = [edit.file.path for edit in edits if edit.action != "keep"]
    if check and todo:
        edited = any(edit.action == "differs" for edit in edits)
        remedy = "tagship init shows what somebody edited, line by line; `tagship sync --force` replaces it."
        raise Drifted(f"Not up to date: {', '.join(todo)}", remedy=remedy if edited else "tagship sync")
    _raise_drift(edits)
    return 0


def _busy() -> AbstractContextManager[object]:
    """What moves on a terminal while the locks are made, which takes seconds; nothing elsewhere."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return nullcontext()
    from rich.console import Console

    return Console(file=sys.stderr).status("Locking what the workflow installs", spinner="dots")


def _gathered(path: Path, wish: Wish) -> tuple[Adoption, tuple[DescribedValue, ...]]:
    from tagship.project.described import describe
    from tagship.project.discover import read
    from tagship.project.layout import insist_on_one
    from tagship.services.environment import production
    from tagship.services.git import open_repository
    from tagship.services.shell import Shell
    from tagship.services.uv import Uv
    from tagship.workflow.locks import Desk

    shell = Shell(production(os.environ))
    git = open_repository(shell, path)
    project = read(path, git)
    remedy = "Set up each that is released: tagship init {}"
    insist_on_one(project.name.value, project.packages, undone="Nothing was written", remedy=remedy)
    cache = cache_folder(os.environ) / "locks"  # in that of rehearsals, pages name files that the door alone has
    with tempfile.TemporaryDirectory(prefix="tagship-") as scratch, _busy():
        uv = Uv(shell=shell, sandbox=shell, scratch=Path(scratch), cache=cache, own_cache=Path(scratch) / "own")
        adoption = gather(project, Desk(uv=uv, git=git), wish)
    rows = {name: DescribedValue(name=name, value=value, source=source) for name, value, source in describe(project)}
    return adoption, tuple(rows[name] for name in SHOWN)


def _result(
    adoption: Adoption, edits: Sequence[Edit], written: tuple[str, ...], detected: tuple[DescribedValue, ...]
) -> SetUp:
    return SetUp(
        written=written,
        files=tuple(SetUpFile(path=edit.file.path, action=edit.action, why=edit.file.why) for edit in edits),
        detected=detected,
        register=registrations(adoption.variant),
        notes=adoption.notes,
    )


def _raise_drift(edits: Sequence[Edit]) -> None:
    left = [edit.file.path for edit in edits if edit.action == "differs"]
    if left:
        raise Drifted(
            f"Left as it is: {', '.join(left)}",
            remedy="Take over by hand what is shown above, or replace it by tagship's with --force.",
            where=left[0],
        )


def _of_edit(edit: Edit, *, done: bool) -> str:
    words = {"create": ("created", "is missing"), "update": ("updated", "is out of date"), "keep": ("kept", "kept")}
    name = words.get(edit.action, ("left alone", "left alone"))[0 if done else 1]
    why = "" if edit.action in ("create", "keep") else "".join(f"    {line}\n" for line in edit.file.why)
    return f"  {name:<14}  {edit.file.path}\n{why}"


def _show_init(result: SetUp, edits: Sequence[Edit], *, dry: bool) -> None:
    from tagship.cli.table import seen, table

    if dry:
        sys.stdout.writelines(seen(diff(edit.file)) for edit in edits if edit.action != "keep")
        sys.stderr.write("Nothing was written.\n")
        return
    sys.stdout.write("Detected\n")
    sys.stdout.write(table([(row.name, row.value, row.source) for row in result.detected], os.environ))
    sys.stdout.write("\nFiles\n")
    for edit in edits:
        sys.stdout.write(_of_edit(edit, done=bool(result.written) or edit.action == "keep"))
        if edit.action == "differs":
            sys.stdout.write(seen(diff(edit.file)))
    for registration in result.register:
        sys.stdout.write(f"\n{registration.index}, {registration.kind}: {registration.url}\n")
        sys.stdout.writelines(f"  {label:<18} {value}\n" for label, value in registration.values)
        if registration.new_url:
            sys.stdout.write(f"  {'not there yet?':<18} {registration.new_url}\n")
    sys.stdout.writelines(f"\nNote: {note}\n" for note in result.notes)
    if result.written:
        sys.stdout.write(f"\nNext\n  git add {shlex.join(result.written)}\n")
        sys.stdout.write("  git commit -m 'Publish with tagship'\n  tagship rehearse\n")

"""`tagship doctor`, also `tagship verify-setup`: whether everything that a release needs is set up."""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagship.cli.clicking import Command
from tagship.cli.places import job_page, writable
from tagship.errors import UsageError
from tagship.model import to_json

if TYPE_CHECKING:
    from tagship.cli.render.doctor import Looking
    from tagship.project.discover import Project
    from tagship.services.http import Patience
    from tagship.services.world import World
    from tagship.setup.doctor import Examination
    from tagship.setup.observed import Observed

Option = str | bool | Path | tuple[str, ...] | None


@click.command(cls=Command, epilog="Example: tagship doctor --only workflow --only ci")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--only", multiple=True, metavar="GROUP|ID", help="Judge these alone: `ci`, `workflow.tag` or `TD15`.")
@click.option("--explain", metavar="ID", help="Explain one check, and look at nothing.")
@click.option("--token", metavar="-|VARIABLE", help="Where the token for GitHub is: standard input, or a variable.")
@click.option("--offline", is_flag=True, help="Look at nothing outside of the checkout; the rest is unknown.")
@click.option("--allow-unknown", is_flag=True, help="Succeed where something could not be seen, or is to be done.")
@click.option("--verbose", is_flag=True, help="Show what is as it should be, too.")
@click.option("--apply", is_flag=True, help="Set on GitHub what an API can set: shows the plan, and asks.")
@click.option("--yes", is_flag=True, help="With --apply: do not ask.")
@click.option(
    "--snapshot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the real settings, without secrets, for `tagship rehearse --world FILE`.",
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the result as a page, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def doctor(path: Path, only: tuple[str, ...], explain: str | None, **options: Option) -> int:
    """Look at everything that a release needs: the checkout, the workflow, CI, GitHub, PyPI and TestPyPI.

    Nothing is changed, except with --apply. Without a token it does what can be done without, and says what it could
    not see. The exit code is 0 where nothing is wrong, 1 for a problem, 2 where the worst is something that was not
    seen or is still to be done. Also called `tagship verify-setup`.
    """
    if explain is not None:
        from tagship.cli.pages import find, text

        sys.stdout.write(text(find(explain)))
        return 0
    files = [(name, options[name]) for name in ("snapshot", "html")]
    if options["apply"]:
        from tagship.cli.apply import apply

        unfit = [name for name, file in (*files, ("offline", options["offline"])) if file]
        if unfit:
            raise UsageError(
                f"Nothing was changed: --apply asks GitHub, writes no file, and does not go with --{unfit[0]}",
                remedy="One after the other: tagship doctor --apply, then tagship doctor.",
            )

        return apply(path, only, options)
    from tagship.cli.render import screen
    from tagship.cli.render.doctor import of_examination
    from tagship.setup.check import INSIDE
    from tagship.setup.doctor import chosen, examine

    checks = chosen(only)
    for name, file in files:
        if isinstance(file, Path):
            writable(file, "the file", f"Name one in a folder that is there and can be written: --{name} FILE")
    offline = bool(options["offline"]) or all(check.group in INSIDE for check in checks)
    observed = _observed(path, options, offline=offline)
    result = examine(observed, checks)
    if isinstance(file := options["snapshot"], Path):
        from tagship.setup.snapshot import snapshot

        file.write_bytes(to_json(snapshot(observed)))
    if isinstance(page := options["html"], Path):
        from tagship.cli.render.doctor_page import html

        page.write_text(html(result), encoding="utf-8")
    if options["as_json"]:
        sys.stdout.buffer.write(to_json(result))
    else:
        with screen(sys.stdout, os.environ, ()) as shown:
            shown.tell(of_examination(result, verbose=bool(options["verbose"])))
    _for_actions(result, os.environ)
    return result.exit_code(allow_unknown=bool(options["allow_unknown"]))


def _observed(path: Path, options: Mapping[str, Option], *, offline: bool) -> "Observed":
    """What is seen of the project at a path."""
    from tagship.services.world import HURRY
    from tagship.setup.observe import observe

    with opened(path, options, offline=offline, patience=HURRY) as (world, project):
        return observe(world, project, offline=offline)


@contextmanager
def opened(
    path: Path, options: Mapping[str, Option], *, patience: "Patience", offline: bool = False
) -> "Iterator[tuple[World, Project]]":
    """The doors for the project at a path, and the project.

    Raises:
        UsageError: the repository holds packages, and is none itself.
    """
    from tagship import __version__
    from tagship.cli.token import with_token
    from tagship.project.discover import read
    from tagship.project.layout import insist_on_one
    from tagship.services.git import open_repository
    from tagship.services.reporter import Silence
    from tagship.services.shell import Shell
    from tagship.services.world import Workspace, production

    shell = Shell(dict(os.environ))
    git = open_repository(shell, path)
    project = read(path.resolve(), git)
    remedy = "Look at each that is released: tagship doctor {}"
    insist_on_one(project.name.value, project.packages, undone="Nothing was looked at", remedy=remedy)
    token = options["token"]
    environ = os.environ if offline else with_token(os.environ, shell, token if isinstance(token, str) else None)
    environ = {**environ, "GITHUB_REPOSITORY": project.repository.on_github or ""}
    with tempfile.TemporaryDirectory(prefix="tagship-") as scratch, _looking() as looking:
        folder = Path(scratch)
        workspace = Workspace(root=git.root, package=project.package, dist=folder, local=folder, scratch=folder)
        yield production(workspace, environ, looking or Silence(), f"tagship/{__version__}", patience), project


def _looking() -> "AbstractContextManager[Looking | None]":
    """What moves on a terminal while the services are asked; nothing elsewhere."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return nullcontext()
    from tagship.cli.render.doctor import Looking

    return Looking(sys.stderr)


def _for_actions(result: "Examination", environ: Mapping[str, str]) -> None:
    """Inside GitHub Actions: an annotation for each finding, and the page of the job."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return
    from tagship.cli.render.doctor import markdown
    from tagship.cli.render.github import annotation

    sys.stderr.writelines(f"{annotation(check.finding)}\n" for check in result.checks if check.finding is not None)
    with job_page(environ) as page:
        page.write(markdown(result))

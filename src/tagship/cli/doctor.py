"""`tagship doctor`: whether everything that a release needs is set up."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from tagship.model import to_json

if TYPE_CHECKING:
    from tagship.cli.render import Line
    from tagship.setup.doctor import Examination


@click.command(epilog="Example: tagship doctor --allow-unknown")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--token", metavar="-|VARIABLE", help="Where the token for GitHub is: standard input, or a variable.")
@click.option("--allow-unknown", is_flag=True, help="Succeed where something could not be seen.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def doctor(path: Path, token: str | None, allow_unknown: bool, as_json: bool) -> int:
    """Look at everything that a release needs: the checkout, the workflow, CI, GitHub, PyPI and TestPyPI.

    Nothing is changed. What cannot be seen without a token is said.
    """
    from tagship import __version__
    from tagship.cli.render import screen
    from tagship.cli.token import with_token
    from tagship.project.discover import read
    from tagship.services.git import open_repository
    from tagship.services.reporter import Silence
    from tagship.services.shell import Shell
    from tagship.services.world import HURRY, Workspace, production
    from tagship.setup.doctor import examine
    from tagship.setup.observe import observe

    shell = Shell(dict(os.environ))
    git = open_repository(shell, path)
    project = read(path.resolve(), git)
    environ = with_token(os.environ, shell, token) | {"GITHUB_REPOSITORY": project.repository.slug.value or ""}
    with tempfile.TemporaryDirectory(prefix="tagship-") as scratch:
        folder = Path(scratch)
        workspace = Workspace(root=git.root, package=".", dist=folder, local=folder, scratch=folder)
        world = production(workspace, environ, Silence(), f"tagship/{__version__}", HURRY)
        result = examine(observe(world, project))
    if as_json:
        sys.stdout.buffer.write(to_json(result))
    else:
        with screen(sys.stdout, os.environ, ()) as shown:
            shown.tell(_lines(result))
    return result.exit_code(allow_unknown=allow_unknown)


def _lines(result: "Examination") -> "Iterator[Line]":
    from tagship.cli.render import of_fact, of_finding

    for check in result.checks:
        yield from of_fact(check.fact)
        if check.finding is not None:
            yield from of_finding(check.finding)

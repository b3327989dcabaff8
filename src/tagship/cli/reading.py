"""Commands that only read: `config` and `explain`."""

import os
import sys
from pathlib import Path
from typing import Literal

import click
import msgspec

from tagship.cli.clicking import Command
from tagship.model import Record, to_json


class DescribedValue(Record, frozen=True, kw_only=True):
    """One thing that tagship knows about a project, and how it knows."""

    name: str
    value: str
    source: str
    """The file, key, command or default that it comes from."""


class Described(Record, frozen=True, kw_only=True):
    """Everything that tagship knows about a project: `tagship config --json`."""

    schema: Literal[1] = 1
    values: tuple[DescribedValue, ...]


@click.command(cls=Command, epilog="Example: tagship config --json")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of the configuration, for editors.")
def config(path: Path, as_json: bool, schema: bool) -> int:
    """Show what tagship knows about a project, and where each value comes from."""
    from tagship.project.config import schema as of_config
    from tagship.project.described import describe
    from tagship.project.discover import read
    from tagship.services.environment import production
    from tagship.services.git import open_repository
    from tagship.services.shell import Shell

    if schema:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(of_config()), indent=2) + b"\n")
        return 0
    git = open_repository(Shell(production(os.environ)), path)
    rows = describe(read(path, git))
    if as_json:
        values = tuple(DescribedValue(name=name, value=value, source=source) for name, value, source in rows)
        sys.stdout.buffer.write(to_json(Described(values=values)))
        return 0
    from tagship.cli.table import table

    sys.stdout.write(table(rows, os.environ))
    return 0


@click.command(cls=Command, epilog="Example: tagship explain TC03")
@click.argument("code", required=False)
def explain(code: str | None) -> int:
    """Explain a code that a finding or an error names, or a check by its id; without one, list all."""
    from tagship.cli.pages import find, pages, text

    if code is None:
        sys.stdout.writelines(f"{page.code}  {page.title}\n" for page in pages().values())
        return 0
    sys.stdout.write(text(find(code)))
    return 0

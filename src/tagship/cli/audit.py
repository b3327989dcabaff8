"""`tagship audit`."""

import os
import sys
from pathlib import Path

import click
import msgspec

from tagship import __version__
from tagship.cli.clicking import Command
from tagship.model import to_json


@click.command(cls=Command, epilog="Example: tagship audit .github/workflows/release.yml --persona auditor")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option(
    "--persona",
    type=click.Choice(["regular", "pedantic", "auditor"]),
    default="regular",
    metavar="NAME",
    help="How strict zizmor is: regular (the default), pedantic or auditor.",
)
@click.option("--tools/--no-tools", default=True, show_default=True, help="Run zizmor and actionlint where they are.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--sarif", "as_sarif", is_flag=True, help="Print the result as SARIF, for code scanning.")
def audit(paths: tuple[Path, ...], persona: str, tools: bool, as_json: bool, as_sarif: bool) -> int:
    """Judge the workflows that publish: what can go wrong between a tag and the index.

    Takes repositories, folders or files; any workflow that uploads to an index, written by tagship or by hand. What
    zizmor and actionlint find is shown as well, where they are installed.
    """
    from tagship.cli.render import screen
    from tagship.cli.render.audited import of_audit
    from tagship.cli.render.github import annotation
    from tagship.services.environment import production
    from tagship.services.shell import Shell
    from tagship.workflow.audit.result import examine
    from tagship.workflow.audit.sarif import sarif

    shell = Shell(production(os.environ)) if tools else None
    result = examine(paths or (Path(),), Path.cwd(), shell, persona)
    if as_json:
        sys.stdout.buffer.write(to_json(result))
    elif as_sarif:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(sarif(result, __version__)), indent=2) + b"\n")
    else:
        with screen(sys.stdout, os.environ, ()) as shown:
            shown.tell(of_audit(result))
    if os.environ.get("GITHUB_ACTIONS") == "true":
        sys.stderr.writelines(f"{annotation(finding)}\n" for finding in result.findings)
    return result.exit_code

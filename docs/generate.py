"""Writes the reference pages from the code they describe: python docs/generate.py [--check].

With `--check` nothing is written; the pages that differ are named, and the exit code is 1.
"""

import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import msgspec
from actions import page as rehearsed_workflow
from fields import Row, fields_of
from stages import doctor, stages
from world import page as embedded_world

from requirements import page as requirements
from tagship.cli.app import tagship
from tagship.cli.commands import COMMANDS, GROUPS
from tagship.cli.init import SetUp, SetUpFile
from tagship.cli.notes import ReleaseNotes
from tagship.cli.pages import pages
from tagship.cli.reading import Described, DescribedValue
from tagship.cli.version import Candidate, VersionChange, VersionInfo
from tagship.cli.watchdog import Told
from tagship.errors import AUDIT_ERRORS, AUDIT_NOTHING, AUDIT_WARNINGS, BUG, ERRORS, INTERRUPTED, UNDECIDED
from tagship.model import Dist, Entry, Event, Fact, Finding, Inputs, Manifest, Plan
from tagship.project.config import Check, Config, Copy, Documentation, Environments, PackageConfig, Suite
from tagship.project.version_edits import Edit
from tagship.rehearsal.result import Assumption, Exchange, Job, Rehearsal, Step
from tagship.setup.apply import Applied, Done, Left
from tagship.setup.doctor import CHECKS, Examination, Examined
from tagship.setup.setting import Action, Request
from tagship.setup.snapshot import Snapshot
from tagship.workflow.audit.result import Audited, AuditedFile
from tagship.workflow.audit.tools import ToolRun
from tagship.workflow.guide import Registration

HERE = Path(__file__).resolve().parent
CALL = "how it is called; the guides show what comes of it"
SCHEMAS: dict[str, type[msgspec.Struct]] = {
    "applied": Applied,
    "audit": Audited,
    "configuration": Config,
    "described": Described,
    "doctor": Examination,
    "manifest": Manifest,
    "notes": ReleaseNotes,
    "rehearsal": Rehearsal,
    "set-up": SetUp,
    "snapshot": Snapshot,
    "version": VersionInfo,
    "version-change": VersionChange,
    "watchdog": Told,
}


def table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [heads, ("---",) * len(heads), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |\n" for line in lines
    )


def exit_codes() -> str:
    """docs/exit-codes.md"""
    rows = [
        (0, "", "It worked. For `rehearse`: the release would have succeeded. For `doctor`: nothing is wrong."),
        (1, "", "For `doctor`: something is not set up as a release needs it."),
        (2, "", "For `doctor`: nothing is wrong, and something could not be seen or is still to be done."),
    ]
    rows += [
        (e.exit_code, f"[{e.code}](codes.md#{e.code.lower()})", f"{e.summary[0].upper()}{e.summary[1:]}.")
        for e in ERRORS
    ]
    rows += [
        (UNDECIDED, "", "For `rehearse` and `audit`: nothing failed, and something that matters could not be known."),
        (AUDIT_WARNINGS, "", "For `audit`: warnings were found, and nothing graver."),
        (AUDIT_ERRORS, "", "For `audit`: errors were found."),
        (AUDIT_NOTHING, "", "For `audit`: no workflow uploads to an index, so that nothing was judged."),
        (BUG, "", "A bug in tagship: there is a traceback, please report it."),
        (INTERRUPTED, "", "Interrupted with Ctrl-C. A rehearsal leaves nothing behind."),
    ]
    return (
        "# Exit codes\n\nEvery command ends with one of these. They do not change within a major version.\n\n"
        + table(("code", "page", "meaning"), ((str(code), link, words) for code, link, words in rows))
        + "\nA rehearsal that could not find out something that matters is not a success: it ends with 20, and its"
        " verdict is `undecided`.\n"
    )


def codes() -> str:
    """docs/codes.md"""
    parts = [
        "# Codes\n\nWhat a finding or an error names; `tagship explain CODE` prints the same. TC: something about built"
        " files, TD: something about the set-up, TE: an error, by what to do next, TS: something about a workflow that"
        " publishes. An **error** stops the release; a **warning** and a **note** do not.\n"
    ]
    checks = {check.page.code: check for check in CHECKS}
    for page in pages().values():
        check = checks.get(page.code)
        needs = f"\nCheck: `{check.id}`. To be seen it needs {check.needed}.\n" if check else ""
        seen = f"\nSeen: {page.incident}\n" if page.incident else ""
        source = f"\nSource: {page.source}\n" if page.source else ""
        parts.append(
            f'\n<a id="{page.code.lower()}"></a>\n\n## {page.code}: {page.title}\n\n**{page.severity}** {page.why}\n\n'
            f"What to do: {page.remedy}\n{seen}{source}{needs}"
        )
    return "".join(parts)


def commands() -> str:
    """docs/commands.md"""
    parts = [
        "# Commands\n\nEvery command has `--help`. Data goes to standard output, words go to standard error; colours"
        " are off when piped or when `NO_COLOR` is set; inside GitHub Actions findings are also annotations."
        " [Exit codes](exit-codes.md), [JSON outputs](json.md).\n\n"
        "`TAGSHIP_CACHE_DIR` names another folder for tagship's cache and reports than the system's own place for"
        " caches.\n"
    ]
    for heading, rows in GROUPS:
        listed = ((f"[`{name}`](#{name})", does) for name, _, does in rows)
        parts.append(f"\n**{heading}**\n\n{table(('command', 'what it does'), listed)}")
    with click.Context(tagship, info_name="tagship") as group:
        for name in COMMANDS:
            command = tagship.get_command(group, name)
            assert command is not None
            with click.Context(command, info_name=name, parent=group) as context:
                parts.append(_command(name, command, context))
                for inner in command.commands.values() if isinstance(command, click.Group) else ():
                    with click.Context(inner, info_name=inner.name, parent=context) as below:
                        parts.append(_command(f"{name} {inner.name}", inner, below))
    return "".join(parts)


def _command(name: str, command: click.Command, context: click.Context) -> str:
    usage = command.get_usage(context).removeprefix("Usage: ")
    options = [option for option in command.get_params(context) if isinstance(option, click.Option)]
    return (
        f"\n## {name}\n\n{inspect.cleandoc(command.help or '')}\n\n```text\n{usage}\n```\n\n"
        + table(("option", "what it does"), (_option(option) for option in options))
        + f"\n{_example(command.epilog or '')}"
    )


def _option(option: click.Option) -> tuple[str, str]:
    metavar = "" if option.is_flag else f" {option.metavar or _values(option)}"
    shown = option.opts[0] if option.secondary_opts and option.default else option.default
    default = f" Default: `{shown}`." if option.show_default and option.default is not None else ""
    help_text = f"{option.help.rstrip('.')}." if option.help and not option.help.endswith("…") else option.help or ""
    return f"`{', '.join([*option.opts, *option.secondary_opts])}{metavar}`", f"{help_text}{default}".strip()


def _values(option: click.Option) -> str:
    return (
        "{" + ",".join(option.type.choices) + "}" if isinstance(option.type, click.Choice) else option.type.name.upper()
    )


def _example(epilog: str) -> str:
    return f"<!-- not run: {CALL} -->\n```console\n$ {epilog.removeprefix('Example: ')}\n```\n"


def _rows(rows: tuple[Row, ...]) -> str:
    cells = ((f"`{row.name}`", f"`{row.kind}`", row.default, row.words) for row in rows)
    return table(("key", "type", "default", "meaning"), cells)


def configuration() -> str:
    """docs/configuration.md"""
    parts = [
        "# Configuration\n\nMost projects need none: `tagship config` shows what was found and where each value comes"
        " from. What differs is written to `[tool.tagship]` in `pyproject.toml`, or to `tagship.toml` where there is no"
        " such table. A key that does not exist is an error that names the one that was probably meant.\n\n"
        '```toml\n[tool.tagship]\nci = ["ci.yml", ["Security Scan", "Security Audit"]]\n'
        'release-branches = ["main", "1.x"]\ntag = "v{version}"\n```\n\n'
        "The [JSON schema](schemas/configuration.json) is for editors; `tagship config --schema` prints it.\n\n",
        _rows(fields_of(Config)),
    ]
    for title, struct in (
        ("An entry of `ci`, written as a table", Check),
        ("`tests`", Suite),
        ("`docs`", Documentation),
        ("`environments`", Environments),
        ("An entry of `package`", PackageConfig),
        ("An entry of `version-copies`", Copy),
    ):
        parts.append(f"\n## {title}\n\n{_rows(fields_of(struct))}")
    return "".join(parts)


def json_page() -> str:
    """docs/json.md"""
    parts = [
        "# JSON outputs\n\nThese are an interface. Each has the number of its schema in `schema`; within a number, keys"
        " are only ever added. Times are seconds since 1970, sizes are bytes, digests are hexadecimal.\n\n"
        "| output | printed by | schema |\n| --- | --- | --- |\n"
        "| manifest | every stage command with `--json`; also the file that the stages pass on"
        " | [manifest.json](schemas/manifest.json) |\n"
        "| rehearsal | `tagship rehearse --json` | [rehearsal.json](schemas/rehearsal.json) |\n"
        "| audit | `tagship audit --json` | [audit.json](schemas/audit.json) |\n"
        "| described | `tagship config --json` | [described.json](schemas/described.json) |\n"
        "| set-up | `tagship init --json`, `tagship sync --json` | [set-up.json](schemas/set-up.json) |\n"
        "| version | `tagship version info --json` | [version.json](schemas/version.json) |\n"
        "| version-change | `tagship version bump --json`, `tagship version set --json`"
        " | [version-change.json](schemas/version-change.json) |\n"
        "| notes | `tagship notes --json` | [notes.json](schemas/notes.json) |\n"
        "| doctor | `tagship doctor --json` | [doctor.json](schemas/doctor.json) |\n"
        "| applied | `tagship doctor --apply --json` | [applied.json](schemas/applied.json) |\n"
        "| watchdog | `tagship watchdog --json` | [watchdog.json](schemas/watchdog.json) |\n"
        "| snapshot | `tagship doctor --snapshot FILE`, a file | [snapshot.json](schemas/snapshot.json) |\n"
    ]
    for title, structs in (
        ("Rehearsal", (Rehearsal, Job, Step, Assumption, Exchange)),
        ("Manifest", (Manifest, Plan, Event, Inputs, Dist, Entry, Fact, Finding)),
        ("Audit", (Audited, AuditedFile, ToolRun)),
        ("Described", (Described, DescribedValue)),
        ("Set-up", (SetUp, SetUpFile, Registration)),
        ("Version", (VersionInfo, Candidate)),
        ("Version-change", (VersionChange, Edit)),
        ("Notes", (ReleaseNotes,)),
        ("Doctor", (Examination, Examined)),
        ("Applied", (Applied, Done, Action, Request, Left)),
        ("Watchdog", (Told,)),
        ("Snapshot", (Snapshot,)),
    ):
        parts.append(f"\n## {title}\n")
        for struct in structs:
            first = (struct.__doc__ or "").strip().partition("\n\n")[0].replace("\n", " ")
            parts.append(f"\n### `{struct.__name__}`\n\n{first}\n\n{_rows(fields_of(struct))}")
    return "".join(parts)


PAGES: dict[str, Callable[[], str]] = {
    "exit-codes.md": exit_codes,
    "codes.md": codes,
    "commands.md": commands,
    "configuration.md": configuration,
    "json.md": json_page,
    "stages.md": stages,
    "doctor.md": doctor,
    "embedded-world.md": embedded_world,
    "rehearsing-the-workflow.md": rehearsed_workflow,
    "requirements.md": requirements,
}


def generated() -> Iterator[tuple[Path, bytes]]:
    """Every generated file with its content."""
    note = "<!-- Written by docs/generate.py: change the code it describes, then run `make docs`. -->\n\n"
    for name, make in PAGES.items():
        yield HERE / name, (note + make()).encode()
    for name, struct in SCHEMAS.items():
        yield (
            HERE / "schemas" / f"{name}.json",
            msgspec.json.format(msgspec.json.encode(msgspec.json.schema(struct)), indent=2) + b"\n",
        )


def main(*, check: bool) -> int:
    """Write the pages, or say which differ."""
    stale = [(path, content) for path, content in generated() if not path.is_file() or path.read_bytes() != content]
    for path, content in stale:
        print(f"{path.relative_to(HERE.parent)} {'differs from the code: run `make docs`' if check else 'written'}")
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))

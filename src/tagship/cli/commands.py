"""The commands, as people think of them, and the front page: what `tagship --help` shows and completion offers.

No library is imported here, so that both are there at once. Each line is the beginning of what its command says itself.
"""

import os
import sys

GROUPS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Set up",
        (
            ("init", "tagship.cli.init:init", "Set up a repository"),
            ("sync", "tagship.cli.init:sync", "Bring what `tagship init` wrote up to date"),
            ("audit", "tagship.cli.audit:audit", "Judge the workflows that publish"),
            ("doctor", "tagship.cli.doctor:doctor", "Look at everything that a release needs"),
            ("watchdog", "tagship.cli.watchdog:watchdog", "Keep one issue about what is wrong"),
            ("config", "tagship.cli.reading:config", "Show what tagship knows about a project"),
            ("explain", "tagship.cli.reading:explain", "Explain a code that a finding or an error names"),
        ),
    ),
    (
        "Rehearse and release",
        (
            ("rehearse", "tagship.cli.rehearse:rehearse", "Release a repository offline"),
            ("release", "tagship.cli.release:release", "Release a version"),
        ),
    ),
    (
        "Versions and notes",
        (
            ("version", "tagship.cli.version:version", "Show, raise, set or validate the version"),
            ("notes", "tagship.cli.notes:notes", "Show the release notes of a version, made or still to come"),
            ("changelog", "tagship.cli.notes:changelog", "Give the unreleased changes a version"),
        ),
    ),
    (
        "Stages of a release, for workflows",
        (
            ("plan", "tagship.cli.stage", "Decides what is released"),
            ("gate", "tagship.cli.stage", "Waits for the required CI of the commit"),
            ("build", "tagship.cli.stage", "Builds the sdist, and the wheel from it"),
            ("test", "tagship.cli.stage", "Runs the project's tests against the installed wheel"),
            ("check", "tagship.cli.stage", "Finds what PyPI would refuse and what users would trip over"),
            ("publish", "tagship.cli.stage", "Uploads what the index lacks"),
            ("verify", "tagship.cli.stage", "Compares what the index serves with what was built"),
            ("github-release", "tagship.cli.stage", "Creates the GitHub release"),
            ("summary", "tagship.cli.stage", "Says what happened and what did not"),
        ),
    ),
)
"""Groups of commands: name, where it lives, and what it does. The stages share one module, which makes theirs from the
table of stages."""
COMMANDS = {name: where for _, rows in GROUPS for name, where, _ in rows}
SUMMARIES = {name: does for _, rows in GROUPS for name, _, does in rows}
ALIASES = {"verify-setup": "doctor"}
"""Other names of commands, which no list shows."""

_HEAD = """\
Release Python packages without fear.

Rehearse the next release of the repository you are in, offline, in seconds:

    tagship rehearse"""
_OPTIONS = (
    ("-h, --help", "Show this page, or after a command all about it"),
    ("-V, --version", "Show the version"),
)


def front_page() -> str:
    """What there is, on 80 columns; headings and names stand out where standard output shows colours.

    `NO_COLOR`, `FORCE_COLOR` and `TERM` are honoured (https://no-color.org, https://force-color.org).
    """
    wanted = os.environ.get("FORCE_COLOR") or sys.stdout.isatty()
    colour = wanted and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    bold, cyan, off = ("\x1b[1m", "\x1b[1;36m", "\x1b[0m") if colour else ("", "", "")
    parts = [_HEAD, f"{bold}Usage:{off} tagship [OPTIONS] COMMAND [ARGS]..."]
    tables = ((heading, [(name, does) for name, _, does in rows]) for heading, rows in GROUPS)
    for heading, rows in (*tables, ("Options", _OPTIONS)):
        lines = (f"\n  {cyan}{left:<16}{off}{right}" for left, right in rows)
        parts.append(f"{bold}{heading}{off}{''.join(lines)}")
    return "\n\n".join(parts)

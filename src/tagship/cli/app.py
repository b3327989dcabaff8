"""The `tagship` command: a group whose commands are imported when they are called, and the one place where errors
become words and exit codes."""

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

import rich_click as click
from click.exceptions import Abort, Exit

from tagship.cli.render import more, of_finding, screen
from tagship.errors import BUG, INTERRUPTED, TagshipError, ToolFailed
from tagship.services.addresses import OUR_ISSUES
from tagship.services.secret import likely, redact

COMMANDS = {
    "init": "tagship.cli.init:init",
    "sync": "tagship.cli.init:sync",
    "rehearse": "tagship.cli.rehearse:rehearse",
    "audit": "tagship.cli.audit:audit",
    "doctor": "tagship.cli.doctor:doctor",
    "watchdog": "tagship.cli.watchdog:watchdog",
    "release": "tagship.cli.release:release",
    "version": "tagship.cli.version:version",
    "notes": "tagship.cli.notes:notes",
    "changelog": "tagship.cli.notes:changelog",
    "config": "tagship.cli.reading:config",
    "explain": "tagship.cli.reading:explain",
    **dict.fromkeys(
        ("plan", "gate", "build", "test", "check", "publish", "verify", "github-release", "summary"),
        "tagship.cli.stage",
    ),
}
"""Where each command lives; the stages share one module, which makes theirs from the table of stages."""
ALIASES = {"verify-setup": "doctor"}
"""Other names of commands, which no list shows."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where no more can be written: that is no bug of ours."""


class Lazy(click.RichGroup):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None where there is none of that name."""
        cmd_name = ALIASES.get(cmd_name, cmd_name)
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        loaded = import_module(module)
        command: click.Command = getattr(loaded, attribute) if attribute else loaded.command(cmd_name)
        return command


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(None, "-V", "--version", package_name="tagship")
def tagship() -> None:
    """Release Python packages without fear.

    Rehearse the next release of the repository you are in, offline, in seconds:

        tagship rehearse
    """


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code."""
    try:
        result = tagship.main(list(arguments), prog_name="tagship", standalone_mode=False)
    except Exit as left:
        return int(left.exit_code)
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except (KeyboardInterrupt, Abort):
        sys.stderr.write("interrupted; nothing was published\n" if arguments[:1] == ["rehearse"] else "interrupted\n")
        return INTERRUPTED
    except TagshipError as error:
        with screen(sys.stderr, os.environ, ()) as shown:
            shown.tell((*of_finding(error.finding()), *more([error.code])))
        return error.exit_code
    except BrokenPipeError:
        return 0
    except OSError as error:
        if error.errno not in FULL:
            return _bug()
        with screen(sys.stderr, os.environ, ()) as shown:
            full = ToolFailed(f"Not finished: {error}", remedy="Free some space, and run the same command again.")
            shown.tell(of_finding(full.finding()))
        return ToolFailed.exit_code
    except Exception:
        return _bug()
    return result if isinstance(result, int) else 0


def _bug() -> int:
    """Show the exception that is being handled, without what looks like a credential, and ask for a report."""
    sys.stderr.write(redact(traceback.format_exc(), likely(os.environ)))
    sys.stderr.write(f"This is a bug in tagship. Please report it with the lines above: {OUR_ISSUES}\n")
    return BUG

"""The `tagship` command: a group whose commands are imported when they are called, and the one place where errors
become words and exit codes."""

import errno
import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

import click
from click.exceptions import Abort, Exit

from tagship import __version__
from tagship.cli.clicking import Group
from tagship.cli.commands import ALIASES, COMMANDS, SUMMARIES, front_page

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where no more can be written: that is no bug of ours."""


class Lazy(Group):
    """A group that imports a command when it is called, and none for its help or to complete a name."""

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

    def get_help(self, ctx: click.Context) -> str:
        """The front page."""
        ctx.color = True  # it knows whether there are colours
        return front_page()

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """The names and options that begin like a word."""
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=does) for name, does in SUMMARIES.items() if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def tagship() -> None:
    """Release Python packages without fear."""


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
        from tagship.errors import INTERRUPTED

        sys.stderr.write("interrupted; nothing was published\n" if arguments[:1] == ["rehearse"] else "interrupted\n")
        return INTERRUPTED
    except Exception as error:
        return _ended(error)
    return result if isinstance(result, int) else 0


def _ended(error: Exception) -> int:
    """Say what ended a command, and return its exit code."""
    from tagship.cli.render import more, of_finding, screen
    from tagship.errors import TagshipError, ToolFailed

    known = error
    codes: Iterable[str] = ()
    if isinstance(error, TagshipError):
        codes = (error.code,)
    elif isinstance(error, OSError) and error.errno in FULL:
        known = ToolFailed(f"Not finished: {error}", remedy="Free some space, and run the same command again.")
    if not isinstance(known, TagshipError):
        return _bug()
    with screen(sys.stderr, os.environ, ()) as shown:
        shown.tell((*of_finding(known.finding()), *more(codes)))
    return known.exit_code


def _bug() -> int:
    """Show the exception that is being handled, without what looks like a credential, and ask for a report."""
    import traceback

    from tagship.errors import BUG
    from tagship.services.addresses import OUR_ISSUES
    from tagship.services.secret import likely, redact

    sys.stderr.write(redact(traceback.format_exc(), likely(os.environ)))
    sys.stderr.write(f"This is a bug in tagship. Please report it with the lines above: {OUR_ISSUES}\n")
    return BUG

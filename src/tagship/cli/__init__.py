"""The command line: one module per group of commands, each of which parses, calls one function and prints."""

import os
import sys


def main() -> None:
    """Entry point. Who closes the pipe that we write into is told by the exit code alone.

    Source: https://docs.python.org/3/library/signal.html#note-on-sigpipe
    """
    try:
        code = _run(sys.argv[1:])
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


def _run(words: list[str]) -> int:
    """Run a command and return its exit code; version and front page are there before any library is imported."""
    if words in (["--version"], ["-V"]):
        from tagship import __version__

        sys.stdout.write(f"tagship {__version__}\n")
        return 0
    if words in (["--help"], ["-h"]):
        from tagship.cli.commands import front_page

        sys.stdout.write(f"{front_page()}\n")
        return 0
    from tagship.cli.app import run

    return run(words)

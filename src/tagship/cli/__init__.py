"""The command line: one module per group of commands, each of which parses, calls one function and prints."""

import sys


def main() -> None:
    """Entry point. The version and the front page are there before any command-line library is imported."""
    words = sys.argv[1:]
    if words in (["--version"], ["-V"]):
        from tagship import __version__

        sys.stdout.write(f"tagship {__version__}\n")
        return
    if words in (["--help"], ["-h"]):
        from tagship.cli.commands import front_page

        sys.stdout.write(f"{front_page()}\n")
        return
    from tagship.cli.app import run

    sys.exit(run(words))

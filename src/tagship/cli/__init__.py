"""The command line: one module per group of commands, each of which parses, calls one function and prints."""

import sys


def main() -> None:
    """Entry point. `--version` is answered before any command-line library is imported."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from tagship import __version__

        sys.stdout.write(f"tagship {__version__}\n")
        return
    from tagship.cli.app import run

    sys.exit(run(sys.argv[1:]))

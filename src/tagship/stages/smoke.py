"""Runs inside an environment with the released package: imports what it says it has, from an empty folder.

Standalone on purpose, like hooks.py. Reads a JSON list of names, `module` or `module:attribute`, prints a JSON object
of name to error (empty where it is there) as its last line.
"""

from __future__ import annotations  # the interpreter may be an old one

import importlib
import json
import sys
import traceback


def attempt(name: str) -> str:
    """The last lines of the error that importing raises; empty where it raises none."""
    module, _, attribute = name.partition(":")
    try:
        found = importlib.import_module(module)
        for part in filter(None, attribute.split(".")):
            found = getattr(found, part)
    except BaseException:  # a module may even call sys.exit
        return "".join(traceback.format_exc(limit=-3)).strip()
    return ""


def main() -> None:
    """Import each and print the answer."""
    names = json.load(sys.stdin)
    answer = {name: attempt(name) for name in names}
    print("\n" + json.dumps(answer))


if __name__ == "__main__":
    main()

"""Runs inside the build environment: calls the project's build backend (PEP 517), one process a file.

Standalone on purpose: it is run by an interpreter that has the backend and not tagship. Asks for the extra
requirements first and stops with them where the environment lacks one, so that the caller installs and calls again;
without an output folder, that is all it does.
"""

from __future__ import annotations  # the interpreter may be an old one

import importlib
import json
import os
import sys
import traceback

UNAVAILABLE = 69
"""Exit code where the backend cannot be imported, or lacks the hook (EX_UNAVAILABLE of sysexits.h)."""


def missing(requirements: list[str], installed: list[str]) -> list[str]:
    """Those requirements that were not installed for this build."""
    return [requirement for requirement in requirements if requirement not in installed]


def load(backend: str, backend_path: list[str]) -> object:
    """The backend object (`module:attribute`); in-tree backends come first on the path, as PEP 517 says."""
    sys.path[:0] = [os.path.abspath(path) for path in backend_path]
    module, _, attribute = backend.partition(":")
    found: object = importlib.import_module(module)
    for name in filter(None, attribute.split(".")):
        found = getattr(found, name)
    return found


def main() -> None:
    """Read the request from stdin, write the answer to the file it names."""
    request = json.load(sys.stdin)
    os.chdir(request["source"])
    sys.path[:] = [
        path for path in sys.path if path and os.path.abspath(path) != os.path.dirname(os.path.abspath(__file__))
    ]
    kind = request["kind"]
    try:
        backend = load(request["backend"], request["backend_path"])
        build = getattr(backend, "build_" + kind)
    except (ImportError, AttributeError):
        traceback.print_exc()
        sys.exit(UNAVAILABLE)
    ask = getattr(backend, "get_requires_for_build_" + kind, None)
    wanted = missing(ask({}) if ask else [], request["installed"])
    answer = {"missing": wanted}
    if not wanted and request["output"]:
        answer["filename"] = build(request["output"], {})
    with open(request["answer"], "w", encoding="utf-8") as stream:
        json.dump(answer, stream)


if __name__ == "__main__":
    main()

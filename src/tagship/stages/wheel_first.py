"""Runs at the start of every interpreter of the test environment: the released package means what was installed.

Test runners put the source tree on the path, before what is installed. The tree stays whole, because tests read
files of it; this finder answers first for the names of the released package. Standalone on purpose, like hooks.py.
"""

from __future__ import annotations  # the interpreter may be an old one

import sys
from importlib.machinery import PathFinder


class Finder:
    """Finds some modules in one folder each, whatever `sys.path` says.

    Args:
        places: the folder that holds a module, by the module's dotted name.
    """

    def __init__(self, places: dict[str, str]) -> None:
        self.places = places

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        """The module's spec, or None for modules that are found as usual."""
        place = self.places.get(name)
        return PathFinder.find_spec(name, [place]) if place is not None else None


def activate(places: dict[str, str]) -> None:
    """Put the finder before all others."""
    sys.meta_path.insert(0, Finder(places))  # type: ignore[arg-type]

"""Where tagship keeps its own files on this machine."""

import sys
from collections.abc import Mapping
from pathlib import Path


def cache_folder(environ: Mapping[str, str]) -> Path:
    """The cache: TAGSHIP_CACHE_DIR, else the system's place for caches (XDG, ~/Library/Caches, LOCALAPPDATA)."""
    if chosen := environ.get("TAGSHIP_CACHE_DIR"):
        return Path(chosen).absolute()
    home = Path.home()
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "tagship" / "cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "tagship"
    return Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "tagship"

"""Where tagship keeps its own files on this machine, and whether what it is to write can be written."""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tagship.errors import UsageError


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


def writable(file: Path, what: str, remedy: str, *, make: bool = False) -> None:
    """Make sure that the outcome can be written down, before anything is done.

    Args:
        what: the file, in words.
        make: whether its folder is made.

    Raises:
        UsageError: it cannot.
    """
    try:
        if make:
            file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=file.parent):
            pass
        if file.exists():
            file.open("ab").close()
    except OSError as error:
        raise UsageError(
            f"Nothing was done: {what} {file} cannot be written: {error.strerror}", remedy=remedy
        ) from None

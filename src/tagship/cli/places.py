"""Where tagship keeps its own files on this machine, and whether what it is to write can be written; the job's page."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

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


def job_page(environ: Mapping[str, str]) -> IO[str]:
    """The page of the job inside GitHub Actions, to be added to; nothing elsewhere.

    It is a courtesy: where it cannot be written, that is said, and nothing fails.
    """
    path = environ.get("GITHUB_STEP_SUMMARY") if environ.get("GITHUB_ACTIONS") == "true" else None
    try:
        return Path(path or os.devnull).open("a", encoding="utf-8")
    except OSError as error:
        sys.stderr.write(f"The page of the job was not written: {path}: {error.strerror}\n")
        return Path(os.devnull).open("a", encoding="utf-8")

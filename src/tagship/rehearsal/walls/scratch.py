"""The folder of one rehearsal: private, gone afterwards, and removed by the next run where this one was killed."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from tagship.errors import ToolFailed

LOCK = "in-use"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextlib.contextmanager
def folder(cache: Path) -> Iterator[Path]:
    """A new folder below `<cache>/rehearsals`, removed at the end; folders of killed rehearsals are removed first."""
    parent = cache / "rehearsals"
    parent.mkdir(parents=True, exist_ok=True)
    # nobody looks while a folder is there and its lock is not: without a lock means abandoned, in whatever moment
    # its rehearsal, or its removal, was killed
    with _locked(parent / LOCK, wait=True):
        abandoned = _abandoned(parent)
        mine = Path(tempfile.mkdtemp(prefix="r", dir=parent))
        lock = contextlib.ExitStack()
        lock.enter_context(_locked(mine / LOCK))
    with lock:
        for old in abandoned:
            remove(old)
        try:
            yield mine
        finally:
            remove(mine)


def _abandoned(parent: Path) -> list[Path]:
    found = []
    for old in parent.glob("r*"):
        with contextlib.suppress(OSError):  # locked, or removed at this moment
            old.chmod(0o700)
            with _locked(old / LOCK):
                found.append(old)
    return found


@contextlib.contextmanager
def _locked(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock of a file.

    Raises:
        BlockingIOError: somebody else holds it, and this is not to wait.
    """
    lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(lock)


def forget(environments: Path, now: float) -> None:
    """Remove kept environments that nobody used for a month, and those that were begun and not ended."""
    for kept in environments.glob("*"):
        days = 1 if kept.name.startswith("new-") else 30
        with contextlib.suppress(OSError):  # somebody else removes it as well
            if now - kept.stat().st_mtime > days * 86400:
                remove(kept)


def remove(root: Path) -> None:
    """Remove a tree, whatever was made in it: folders without permissions, nested deeper than any path is long.

    Every folder is first brought directly below the root, so nothing recurses and every name stays short. Links
    are not followed. What cannot be removed stays, without an error: the next run tries again.
    """
    with contextlib.suppress(OSError):
        root.chmod(0o700)
        top = os.open(root, _FOLDER)
        try:
            waiting, moved = ["."], uuid.uuid4().hex
            for number, name in enumerate(_growing(waiting)):
                _empty(top, name, waiting, f"{moved}-{number}")
        finally:
            os.close(top)
        root.rmdir()


def _growing(waiting: list[str]) -> Iterator[str]:
    while waiting:
        yield waiting.pop()


def _empty(top: int, name: str, waiting: list[str], new: str) -> None:
    """Remove what lies in a folder, and the folder; folders in it are moved up and wait for their turn."""
    with contextlib.suppress(OSError):
        here = os.open(name, _FOLDER, dir_fd=top)
        try:
            with os.scandir(here) as entries:
                for number, entry in enumerate(list(entries)):
                    with contextlib.suppress(OSError):
                        if not entry.is_dir(follow_symlinks=False):
                            os.unlink(entry.name, dir_fd=here)
                            continue
                        os.chmod(entry.name, 0o700, dir_fd=here)  # else it can be neither moved nor read
                        os.rename(entry.name, f"{new}-{number}", src_dir_fd=here, dst_dir_fd=top)
                        waiting.append(f"{new}-{number}")
        finally:
            os.close(here)
        if name != ".":
            os.rmdir(name, dir_fd=top)


def roomy(folder: Path, needed: int, what: str) -> None:
    """Make sure that so many bytes are free.

    Raises:
        ToolFailed: they are not; its first words are `what`.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ToolFailed(
            f"{what}: {free // 2**20} MiB are free at {folder.parent}, and {needed // 2**20} are needed",
            remedy="Free some space there, or name another folder: TAGSHIP_CACHE_DIR.",
        )

"""The folder of one rehearsal: private, gone afterwards, and removed by the next run where this one was killed."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

LOCK = "in-use"


@contextlib.contextmanager
def folder(cache: Path) -> Iterator[Path]:
    """A new folder below `<cache>/rehearsals`, removed at the end; folders of killed rehearsals are removed first."""
    parent = cache / "rehearsals"
    parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(parent)
    mine = Path(tempfile.mkdtemp(prefix="r", dir=parent))
    lock = os.open(mine / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield mine
    finally:
        remove(mine)
        os.close(lock)


def remove_abandoned(parent: Path) -> None:
    """Remove the folders whose rehearsal is no longer running: nobody holds their lock."""
    for old in parent.iterdir():
        try:
            lock = os.open(old / LOCK, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue  # being made at this moment, or being removed
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove(old)
        os.close(lock)


def remove(path: Path) -> None:
    """Remove a tree, folders without write permission included."""

    def allow(function: object, name: str, error: BaseException | tuple[object, ...]) -> None:
        with contextlib.suppress(OSError):
            Path(name).parent.chmod(0o700)
            Path(name).chmod(0o700)
            if Path(name).is_dir() and not Path(name).is_symlink():
                shutil.rmtree(name, ignore_errors=True)
            else:
                Path(name).unlink()

    shutil.rmtree(path, onerror=allow)

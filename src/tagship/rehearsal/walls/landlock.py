"""Landlock: what a process and everything it starts may write, and which files it may not read
(https://docs.kernel.org/userspace-api/landlock.html).

Standalone on purpose, because it is also a program: put in front of the project's own code it shuts that in more
closely than the rehearsal around it. `python -I -S landlock.py FOLDER [HIDDEN…] -- PROGRAM [WORD…]` lets PROGRAM
write below FOLDER alone. A process that is shut in so can neither look into one that is not nor end it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/ptmx", "/dev/pts", "/dev/shm")  # noqa: S108
"""What programs write to without leaving anything behind."""

_PR_SET_NO_NEW_PRIVS = 38
# the same on every architecture (asm-generic/unistd.h)
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _RULE_PATH_BENEATH = 1, 1
_WRITE_FILE, _READ_FILE, _TRUNCATE = 1 << 1, 1 << 2, 1 << 14
_FOLDER_RIGHTS = sum(1 << bit for bit in range(4, 13))
"""Removing and making files, folders, sockets, pipes, devices and links."""
_REFER = 1 << 13
_ON_FILES = _WRITE_FILE | _READ_FILE | _TRUNCATE
_SCOPED = 0b11
"""Abstract unix sockets and signals: only to processes that are shut in at least as closely."""


def only_write(paths: Sequence[str]) -> int:
    """From here on only what lies below these paths can be written, and `DEVICES`; the kernel's Landlock version.

    Raises:
        OSError: the kernel has no Landlock, or it is off.
    """
    version = _version()
    folder = _WRITE_FILE | _FOLDER_RIGHTS | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    _enforce(version, folder, dict.fromkeys([*paths, *filter(os.path.exists, DEVICES)], folder))
    return version


def never_read(hidden: Sequence[str]) -> int:
    """From here on these files and folders cannot be opened for reading; the kernel's Landlock version.

    Rules can only allow: everything beside them is allowed, as it is now. What is made beside them later cannot be
    read either.

    Raises:
        OSError: the kernel has no Landlock, or it is off.
    """
    version = _version()
    if not hidden:
        return version  # rules that allow what is beside nothing would allow nothing
    move = _REFER if version >= 2 else 0  # what a ruleset does not mention is allowed, except this
    beside = dict.fromkeys(_beside({os.path.realpath(path) for path in hidden}), _READ_FILE)
    _enforce(version, _READ_FILE | move, beside | ({os.sep: move} if move else {}))
    return version


def _beside(hidden: set[str]) -> Iterator[str]:
    around = {above for path in hidden for above in _above(path)}
    for folder in around - hidden:
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            yield from (e.path for e in entries if e.path not in hidden | around and not e.is_symlink())


def _above(path: str) -> Iterator[str]:
    while path != os.sep:
        path = path.rpartition(os.sep)[0] or os.sep
        yield path


def _version() -> int:
    return call("syscall", ctypes.c_long(_CREATE_RULESET), None, 0, _VERSION_FLAG)


def _enforce(version: int, rights: int, allowed: Mapping[str, int]) -> None:
    """Take the rights away everywhere but below the paths, which keep those that stand beside them."""
    # handled_access_fs, handled_access_net, scoped: later kernels know more fields, earlier ones only the first
    fields = struct.pack("=QQQ", rights, 0, _SCOPED if version >= 6 else 0)[: 24 if version >= 6 else 8]
    ruleset = call("syscall", ctypes.c_long(_CREATE_RULESET), fields, len(fields), 0)
    try:
        for path, kept in allowed.items():
            with contextlib.suppress(FileNotFoundError, PermissionError):
                handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
                try:
                    is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
                    rule = struct.pack("=Qi", kept if is_folder else kept & _ON_FILES, handle)
                    call("syscall", ctypes.c_long(_ADD_RULE), ruleset, _RULE_PATH_BENEATH, rule, 0)
                finally:
                    os.close(handle)
        call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        call("syscall", ctypes.c_long(_RESTRICT_SELF), ruleset, 0)
    finally:
        os.close(ruleset)


def call(name: str, *arguments: int | bytes | ctypes.c_long | None) -> int:
    """Call a function of the C library.

    Raises:
        OSError: it failed.
    """
    function = getattr(_LIBRARY, name)
    wide = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments]
    result = int(function(*wide))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


_LIBRARY = ctypes.CDLL(None, use_errno=True)


def main(words: Sequence[str]) -> None:
    """Shut this process in and become the program.

    Raises:
        OSError: it cannot be shut in.
        SystemExit: there is no such program.
    """
    end = words.index("--")
    folder, *hidden = words[:end]
    only_write([folder])
    if hidden:
        never_read(hidden)
    program = list(words[end + 1 :])
    try:
        os.execvp(program[0], program)  # noqa: S606  every other way starts one process more
    except OSError as error:
        sys.exit(f"{program[0]} could not be started: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])

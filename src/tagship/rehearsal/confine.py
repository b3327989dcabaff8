"""Shutting the rehearsal in: no network but its own loopback, and no writing outside of the given folders.

Both hold for this process and for everything it starts, tests and build backends included, and cannot be undone
by them. Both need Linux, and the kernel's consent: every step is first tried in a child, and what cannot be had
is said as a fact of status `unknown`, because a promise that is not enforced is not kept.

- Network: a new user namespace with the same users and groups, and a new network namespace in it
  (user_namespaces(7), network_namespaces(7)). Through the user namespace even root's children lose the right to
  enter another network. Unix sockets with a path stay reachable, abstract ones do not.
- Writes: Landlock (https://docs.kernel.org/userspace-api/landlock.html).

Call both while the process has one thread: neither reaches threads that already run.
"""

import ctypes
import fcntl
import os
import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

from tagship.errors import ToolFailed
from tagship.model import Fact, Status

NETWORK = "enforced.network"
WRITES = "enforced.writes"
_TITLES = {
    NETWORK: "nothing in the rehearsal reaches a network",
    WRITES: "nothing in the rehearsal writes outside of its own folders",
}

_CLONE_NEWUSER = 0x1000_0000
_CLONE_NEWNET = 0x4000_0000
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1
_PR_SET_NO_NEW_PRIVS = 38
# the same on every architecture (asm-generic/unistd.h)
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _RULE_PATH_BENEATH = 1, 1
_WRITE_FILE, _TRUNCATE = 1 << 1, 1 << 14
_FOLDER_RIGHTS = sum(1 << bit for bit in range(4, 13))
"""Removing and making files, folders, sockets, pipes, devices and links."""
_REFER = 1 << 13
_SCOPED = 0b11
"""Abstract unix sockets and signals: only to processes of this rehearsal."""

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/ptmx", "/dev/pts", "/dev/shm")  # noqa: S108
"""What programs write to without leaving anything behind."""


def enter() -> Fact:
    """Leave the machine's network: from here on this process and its children have a loopback of their own.

    Raises:
        ToolFailed: it worked in a child and then failed here, which leaves this process without any network.
    """
    how = "a connection over 127.0.0.1 in a new network namespace, tried in a child process first"
    if sys.platform != "linux":
        return _not_enforced(NETWORK, "network namespaces are a feature of Linux", how)
    refusal = _probe()
    if refusal:
        return _not_enforced(NETWORK, refusal, how)
    try:
        _leave_network()
    except OSError as error:
        raise ToolFailed(
            f"the rehearsal could not be shut in: {error}", remedy="Run it again; if it stays, report it."
        ) from error
    return Fact(
        id=NETWORK,
        title=_TITLES[NETWORK],
        status=Status.OK,
        detail="everything runs in a network namespace that has nothing but loopback",
        how=how,
    )


def restrict_writes(allowed: Sequence[Path]) -> Fact:
    """From here on this process and its children can write only below the given folders and to `DEVICES`.

    Files that are open already stay writable. Permissions, owners and times of files elsewhere can still be
    changed by their owner: Landlock does not know these operations.

    Args:
        allowed: folders or files.

    Raises:
        FileNotFoundError: one of them does not exist.
    """
    how = "landlock_restrict_self(2)"
    paths = [path.resolve(strict=True) for path in allowed]
    if sys.platform != "linux":
        return _not_enforced(WRITES, "Landlock is a feature of Linux", how)
    try:
        version = _restrict(paths)
    except OSError as error:
        return _not_enforced(WRITES, f"Landlock: {error.strerror}", how)
    return Fact(
        id=WRITES,
        title=_TITLES[WRITES],
        status=Status.OK,
        detail="writable: " + ", ".join(map(str, paths)),
        how=f"{how}, version {version}",
    )


def _not_enforced(id_: str, why: str, how: str) -> Fact:
    return Fact(id=id_, title=_TITLES[id_], status=Status.UNKNOWN, detail=f"not enforced: {why}", how=how)


def _probe() -> str:
    """Try all of it in a child; empty where it works, else the reason."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            _leave_network()
            with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 5):
                os.write(writing, b"works")
        except OSError as error:
            os.write(writing, str(error.strerror or error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as answers:  # noqa: PTH123  a descriptor, not a path
        answer = answers.read().decode() or "the probe died"
    os.waitpid(child, 0)
    return "" if answer == "works" else answer


def _leave_network() -> None:
    """Make the namespaces, map every user and group to itself, and switch loopback on."""
    users, groups = (_same(name, own) for name, own in (("uid_map", os.geteuid()), ("gid_map", os.getegid())))
    parent = os.getpid()
    reading, writing = os.pipe()
    # only a process outside of the new namespace may map more than its own user, so a child waits there
    helper = os.fork()
    if not helper:
        try:
            os.close(writing)
            if not os.read(reading, 1):
                os._exit(0)  # there is no new namespace
            proc = Path(f"/proc/{parent}")
            if os.geteuid():
                (proc / "setgroups").write_text("deny")  # else gid_map is refused, user_namespaces(7)
            (proc / "uid_map").write_text(users)
            (proc / "gid_map").write_text(groups)
            os._exit(0)
        except OSError as error:
            os._exit(error.errno or 1)
        finally:
            os._exit(1)
    os.close(reading)
    try:
        _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNET)
        os.write(writing, b"1")
    finally:
        os.close(writing)
        _, status = os.waitpid(helper, 0)
    if status:
        code = os.waitstatus_to_exitcode(status)
        raise OSError(code, os.strerror(code))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(sock, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | _IFF_UP))


def _same(table: str, own: int) -> str:
    """The lines that map everything root has, or the one user or group that anybody else may map, to itself."""
    if os.geteuid():
        return f"{own} {own} 1"
    rows = [line.split() for line in Path(f"/proc/self/{table}").read_text().splitlines()]
    return "\n".join(f"{inside} {inside} {count}" for inside, _, count in rows)


def _restrict(paths: Sequence[Path]) -> int:
    """Apply Landlock; its version."""
    version = _syscall(_LANDLOCK_CREATE_RULESET, None, 0, _VERSION_FLAG)
    folder = _WRITE_FILE | _FOLDER_RIGHTS | (_REFER if version >= 2 else 0)
    file = _WRITE_FILE
    if version >= 3:
        folder, file = folder | _TRUNCATE, file | _TRUNCATE
    # handled_access_fs, handled_access_net, scoped: later kernels know more fields, earlier ones only the first
    fields = struct.pack("=QQQ", folder, 0, _SCOPED if version >= 6 else 0)[: 24 if version >= 6 else 8]
    ruleset = _syscall(_LANDLOCK_CREATE_RULESET, fields, len(fields), 0)
    try:
        for path in [*paths, *(device for name in DEVICES if (device := Path(name)).exists())]:
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                rule = struct.pack("=Qi", folder if path.is_dir() else file, handle)
                _syscall(_LANDLOCK_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
            finally:
                os.close(handle)
        _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        _syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return version


def _syscall(number: int, *arguments: int | bytes | None) -> int:
    return _call("syscall", ctypes.c_long(number), *arguments)


def _call(name: str, *arguments: "int | bytes | ctypes.c_long | None") -> int:
    """Call a function of the C library.

    Raises:
        OSError: it failed.
    """
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    wide = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments]
    result = int(function(*wide))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result

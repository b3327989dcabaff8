"""Shutting the rehearsal in: no network but its own loopback, no writing outside of the given folders, no reading
where credentials are kept.

All hold for this process and for everything it starts, tests and build backends included, and cannot be undone
by them. All need Linux, and the kernel's consent: every step is first tried in a child, and what cannot be had
is said as a fact of status `unknown`, because a promise that is not enforced is not kept.

- Network: a new user namespace with the same users and groups, and a new network namespace in it
  (user_namespaces(7), network_namespaces(7)). Through the user namespace even root's children lose the right to
  enter another network. Unix sockets with a path stay reachable, abstract ones do not.
- Writes, and reading of the places where credentials are kept: Landlock (`landlock`).

Call them while the process has one thread: none of them reaches threads that already run.
"""

import fcntl
import os
import resource
import socket
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tagship.errors import ToolFailed
from tagship.model import Fact, Status
from tagship.rehearsal.walls import landlock

NETWORK = "enforced.network"
WRITES = "enforced.writes"
READS = "enforced.reads"
LARGEST = 16 * 1024**3
"""Bytes of the largest file of a rehearsal."""
_TITLES = {
    NETWORK: "nothing in the rehearsal reaches a network",
    WRITES: "nothing in the rehearsal writes outside of its own folders",
    READS: "nothing in the rehearsal reads the files where credentials are kept",
}
_AT_HOME = (
    *(".netrc", "_netrc", ".pypirc", ".pip", ".git-credentials", ".gitconfig", ".npmrc", ".yarnrc.yml", ".vault-token"),
    *(".ssh", ".gnupg", ".aws", ".azure", ".docker", ".kube", ".password-store", ".cargo/credentials.toml"),
)
_CONFIG = ("git", "gh", "hub", "glab-cli", "pip", "uv", "pypoetry", "pdm", "gcloud", "python_keyring", "op")
_DATA = ("keyrings", "python_keyring", "kwalletd", "uv/credentials")
_NAMED = (
    *("NETRC", "PIP_CONFIG_FILE", "UV_CONFIG_FILE", "GIT_CONFIG_GLOBAL", "GH_CONFIG_DIR", "DOCKER_CONFIG"),
    *("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "KUBECONFIG", "GOOGLE_APPLICATION_CREDENTIALS"),
    *("AZURE_CONFIG_DIR", "CLOUDSDK_CONFIG", "GNUPGHOME", "NPM_CONFIG_USERCONFIG"),
)
"""Variables that say where another program keeps its own."""

_CLONE_NEWUSER = 0x1000_0000
_CLONE_NEWNET = 0x4000_0000
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1
_PR_SET_DUMPABLE = 4


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
    """From here on this process and its children can write only below the given folders and to
    `landlock.DEVICES`.

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
        version = landlock.only_write([str(path) for path in paths])
    except OSError as error:
        return _not_enforced(WRITES, f"Landlock: {error.strerror}", how)
    return Fact(
        id=WRITES,
        title=_TITLES[WRITES],
        status=Status.OK,
        detail="writable: " + ", ".join(map(str, paths)),
        how=f"{how}, version {version}",
    )


def bound() -> None:
    """From here on no file that this process or its children write grows beyond `LARGEST`: one endless output or
    sparse file cannot fill the disk; many files still can."""
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    largest = LARGEST if most == resource.RLIM_INFINITY else min(LARGEST, most)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))


def hide(environ: Mapping[str, str]) -> Fact:
    """From here on this process and its children cannot open the files where programs keep the user's credentials.

    The memory of this process, where the user's variables are, is closed to its children as well (prctl(2),
    PR_SET_DUMPABLE).

    Args:
        environ: the user's variables, which say where home and configuration are.
    """
    how = "landlock_restrict_self(2)"
    if sys.platform != "linux":
        return _not_enforced(READS, "Landlock is a feature of Linux", how)
    landlock.call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)
    hidden = keys(environ)
    try:
        version = landlock.never_read([str(path) for path in hidden])
    except OSError as error:
        return _not_enforced(READS, f"Landlock: {error.strerror}", how)
    return Fact(
        id=READS,
        title=_TITLES[READS],
        status=Status.OK,
        detail="hidden: " + (", ".join(map(str, hidden)) or "there are none"),
        how=f"{how}, version {version}",
    )


def wall(folder: Path, hidden: Sequence[Path]) -> tuple[str, ...]:
    """The words to put in front of a program, so that it can write in one folder alone and not read some files."""
    paths = (str(path) for path in (folder, *hidden))
    return (sys.executable, "-I", "-S", landlock.__file__, *paths, "--")


def keys(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The files and folders that hold credentials and exist, where programs look by default or by a variable."""
    home = Path(environ.get("HOME") or "/")
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    named = (Path(environ[name]) for name in _NAMED if environ.get(name))
    paths = (*(home / name for name in _AT_HOME), *(config / n for n in _CONFIG), *(data / n for n in _DATA), *named)
    real = {path.resolve() for path in paths if path.is_file() or path.is_dir()}
    return tuple(sorted(path for path in real if real.isdisjoint(path.parents)))


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
        landlock.call("unshare", _CLONE_NEWUSER | _CLONE_NEWNET)
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

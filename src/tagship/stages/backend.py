"""The project's own build backend, called without isolation in an environment made for it.

Same commit, same bytes: the date of the commit is the date of every file, and path, umask, time zone, locale,
hash seed and the order of folders do not reach the result. Backends differ in how much of that they do
themselves, so every sdist is written again in one normal form; its contents are not touched.
"""

import gzip
import io
import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tagship.errors import BuildFailed
from tagship.services.shell import Output, Shell
from tagship.services.uv import Env, Uv

HOOKS = Path(__file__).with_name("hooks.py")


@dataclass(frozen=True, kw_only=True, slots=True)
class Backend:
    """What `[build-system]` says."""

    name: str
    """`module` or `module:attribute`."""
    path: tuple[str, ...]
    requires: tuple[str, ...]


class _Answer(msgspec.Struct):
    missing: list[str]
    filename: str | None = None


@dataclass(slots=True)
class Builder:
    """One build environment, and the builds made in it."""

    uv: Uv
    env: Env
    backend: Backend
    variables: Mapping[str, str]
    """On top of the shell's: dates, pretend versions."""
    installed: list[str]
    """Every requirement that was installed."""

    def install(self, requirements: tuple[str, ...]) -> None:
        """Add requirements to the environment.

        Raises:
            BuildFailed: one cannot be had.
        """
        output = self.uv.install(self.env, requirements)
        if not output.ok:
            raise BuildFailed(
                f"The build requirements could not be installed: {', '.join(requirements)}\n{output.tail()}",
                remedy="Correct [build-system] requires, or make the missing package reachable.",
                where="pyproject.toml [build-system]",
            )
        self.installed += requirements

    def install_lock(self, lock: Path) -> None:
        """Fill the environment from a requirements file with hashes, and nothing else.

        Raises:
            BuildFailed: a hash does not match, or a file cannot be had.
        """
        output = self.uv.install_lock(self.env, lock)
        if not output.ok:
            raise BuildFailed(
                f"The locked build requirements could not be installed\n{output.tail()}",
                remedy=f"Write {lock.name} again: tagship sync",
                where=str(lock),
            )
        self.installed += self.backend.requires

    def build(self, kind: str, source: Path, output: Path) -> Path:
        """Build an `sdist` or a `wheel` from a source tree.

        Raises:
            BuildFailed: with the backend's own last lines.
        """
        answer = self._call(kind, source, output)
        if answer.missing:
            self.install(tuple(answer.missing))
            answer = self._call(kind, source, output)
        if not answer.filename or not (output / answer.filename).is_file():
            raise BuildFailed(
                f"No {kind} was built: the backend {self.backend.name} named no file that exists",
                remedy="This is a fault of the build backend; try another version of it.",
            )
        return output / answer.filename

    def _call(self, kind: str, source: Path, output: Path) -> _Answer:
        answer = output / f".{kind}.json"
        answer.unlink(missing_ok=True)
        request = {
            "source": str(source),
            "backend": self.backend.name,
            "backend_path": self.backend.path,
            "kind": kind,
            "installed": self.installed,
            "output": str(output),
            "answer": str(answer),
        }
        result = self._shell.run(
            (self.env.python, HOOKS),
            cwd=source,
            extra=self._environment(),
            timeout=1800,
            stdin=msgspec.json.encode(request),
        )
        if not result.ok or not answer.exists():
            raise _failure(kind, self.backend, result)
        return msgspec.json.decode(answer.read_bytes(), type=_Answer)

    @property
    def _shell(self) -> Shell:
        return self.uv.shell

    def _environment(self) -> dict[str, str]:
        return {**self.env.variables(self._shell.environment), **self.variables}


def variables(epoch: int) -> dict[str, str]:
    """What makes a build the same everywhere (https://reproducible-builds.org/specs/source-date-epoch/)."""
    return {
        "SOURCE_DATE_EPOCH": str(epoch),
        "PYTHONHASHSEED": "0",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "PYTHONUTF8": "1",
    }


def set_times(root: Path, epoch: int) -> None:
    """Give every file of a tree the date of the commit; backends copy these dates into archives."""
    for folder, _, names in os.walk(root):
        if Path(folder).name == ".git":
            continue
        for name in names:
            os.utime(Path(folder, name), (epoch, epoch), follow_symlinks=False)


def normalise(sdist: Path, epoch: int) -> None:
    """Write an sdist again: members sorted, one date, no owner, plain modes, no time in the gzip header.

    Raises:
        BuildFailed: the backend wrote something that is no gzipped tar file.
    """
    raw = io.BytesIO()
    try:
        with tarfile.open(sdist, "r:gz") as old, tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as new:
            for member in sorted(old.getmembers(), key=lambda member: member.name):
                new.addfile(_plain(member, epoch), old.extractfile(member) if member.isfile() else None)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise BuildFailed(
            f"The sdist {sdist.name} cannot be read: {error}",
            remedy="PyPI takes .tar.gz alone (PEP 625): let the build backend write that format.",
            where=sdist.name,
        ) from error
    with sdist.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=epoch) as packed:
        packed.write(raw.getbuffer())


def _plain(member: tarfile.TarInfo, epoch: int) -> tarfile.TarInfo:
    executable = member.isdir() or bool(member.mode & 0o100)
    plain = member.replace(
        mtime=epoch, mode=0o755 if executable else 0o644, uid=0, gid=0, uname="", gname="", deep=False
    )
    plain.pax_headers = {}  # would win over the fields: fractions of seconds, owners
    return plain


def unpack(sdist: Path, destination: Path, epoch: int) -> Path:
    """Unpack an sdist and return its one top folder; nothing is written outside of the destination.

    Raises:
        BuildFailed: there is not exactly one top folder, or a member would leave it.
    """
    destination.mkdir(parents=True)
    try:
        with tarfile.open(sdist) as archive:
            archive.extractall(destination, filter="data")
    except tarfile.TarError as error:
        raise BuildFailed(
            f"The sdist {sdist.name} cannot be unpacked: {error}",
            remedy="Look at its members: tar tzf; links and names must stay inside of it.",
            where=sdist.name,
        ) from error
    tops = list(destination.iterdir())
    if len(tops) != 1 or not tops[0].is_dir():
        raise BuildFailed(
            f"The sdist {sdist.name} has {len(tops)} entries at its top instead of one folder",
            remedy="PyPI refuses such a file; it is a fault of the build backend.",
            where=sdist.name,
        )
    set_times(tops[0], epoch)
    return tops[0]


def _failure(kind: str, backend: Backend, result: Output) -> BuildFailed:
    if result.timed_out:
        return BuildFailed(
            f"No {kind} was built: the backend {backend.name} ran longer than {result.seconds:.0f} s",
            remedy="Run the build by hand to see what it waits for: python -m build",
        )
    words = result.tail(15)
    if "ModuleNotFoundError" in words or "BackendUnavailable" in words:
        remedy = "Name every package the build needs in [build-system] requires, the backend itself included."
    else:
        remedy = "Run the build by hand to see more: python -m build"
    last = words.rpartition("\n")[2].strip() or f"exit code {result.returncode}"
    return BuildFailed(f"No {kind} was built: {last}\nThe last words of {backend.name}:\n{words}", remedy=remedy)

"""The project's own build backend, called without isolation in an environment made for it.

Same commit, same bytes: the date of the commit is the date of every file, and path, umask, time zone, locale,
hash seed and the order of folders do not reach the result. Backends differ in how much of that they do
themselves, so every sdist is written again in one normal form; its contents are not touched.
"""

import copy
import gzip
import io
import os
import signal
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec
from packaging.requirements import InvalidRequirement, Requirement

from tagship.errors import BuildFailed, ToolFailed, Unreachable
from tagship.project import hashed
from tagship.services.shell import Output, Shell
from tagship.services.uv import Env, Uv
from tagship.shapes import read_json
from tagship.stages.common import needs_network
from tagship.stages.hooks import UNAVAILABLE

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
    python: Path
    env: Env
    backend: Backend
    variables: Mapping[str, str]
    """On top of the shell's: dates, pretend versions."""
    limit: float
    """Seconds that one call of the backend may take."""
    installed: tuple[str, ...] = ()
    """Every requirement that is installed."""
    lock: Path | None = None
    """The requirements file with digests from which the environment was filled; nothing else may come into it."""

    def install(self, requirements: tuple[str, ...]) -> None:
        """Change to an environment that has more requirements.

        Raises:
            BuildFailed: one cannot be had, or the lock lacks one.
        """
        if self.lock is not None:
            self._check(requirements, self.lock)
            return
        for line in requirements:
            try:
                Requirement(line)  # uv would take options and names of files as well
            except InvalidRequirement as error:
                raise BuildFailed(
                    f"The build requirement {line!r} is none (PEP 508): {str(error).splitlines()[0]}",
                    remedy="Write it like hatchling>=1.27.",
                    where="pyproject.toml [build-system]",
                ) from error
        self.installed += requirements
        try:
            self.env = self.uv.kept(self.installed, self.python)
        except ToolFailed as error:
            raise BuildFailed(
                f"The build requirements could not be installed: {', '.join(requirements)}\n{error.message}",
                remedy="Correct [build-system] requires, or make the missing package reachable.",
                where="pyproject.toml [build-system]",
            ) from error

    def install_lock(self, lock: Path) -> None:
        """Fill the environment from a requirements file with hashes, and nothing else.

        Raises:
            BuildFailed: a hash does not match, or a file cannot be had.
        """
        output = self.uv.install_lock(self.env, lock)
        if not output.ok:
            raise BuildFailed(
                f"The locked build requirements could not be installed\n{output.tail()}",
                remedy="Lock the build requirements again: tagship sync --upgrade",
                where=str(lock),
            )
        self.lock = lock
        self._check(self.backend.requires, lock)

    def _check(self, requirements: tuple[str, ...], lock: Path) -> None:
        lacking = hashed.read(lock.read_text(encoding="utf-8")).lacks(requirements)
        if lacking:
            raise BuildFailed(
                f"Nothing was built: {lock.name} does not have what the build needs: {', '.join(lacking)}",
                remedy="Lock the build requirements again: tagship sync",
                where=str(lock),
            )
        self.installed += requirements

    def asked(self, source: Path, folder: Path) -> tuple[str, ...]:
        """What the backend needs for this source in addition, beyond `[build-system]` (PEP 517, get_requires_for_…).

        Raises:
            BuildFailed, Unreachable: the backend cannot be asked.
        """
        return tuple(
            dict.fromkeys(
                line for kind in ("sdist", "wheel") for line in self._call(kind, source, folder, ask=True).missing
            )
        )

    def build(self, kind: str, source: Path, output: Path) -> Path:
        """Build an `sdist` or a `wheel` from a source tree.

        Raises:
            BuildFailed: with the backend's own last lines.
            Unreachable: the build asks for something that no index has.
        """
        answer = self._call(kind, source, output)
        if answer.missing:
            self.install(tuple(answer.missing))
            answer = self._call(kind, source, output)
        # the name of a file in the output folder (PEP 517), never a way to one that lies elsewhere
        built = output / Path(answer.filename or "").name
        if answer.filename != built.name or built.is_symlink() or not built.is_file():
            raise BuildFailed(
                f"No {kind} was built: the backend {self.backend.name} named no file that it made",
                remedy="This is a fault of the build backend; try another version of it.",
            )
        return built

    def _call(self, kind: str, source: Path, output: Path, *, ask: bool = False) -> _Answer:
        answer = output / f".{kind}.json"
        answer.unlink(missing_ok=True)
        request = {
            "source": str(source),
            "backend": self.backend.name,
            "backend_path": self.backend.path,
            "kind": kind,
            "installed": () if ask else self.installed,
            "output": "" if ask else str(output),
            "answer": str(answer),
        }
        result = self._shell.run(
            (self.env.python, HOOKS),
            cwd=source,
            extra=self._environment(),
            timeout=self.limit,
            stdin=msgspec.json.encode(request),
        )
        if not result.ok or not answer.is_file():
            raise _failure(kind, self.backend, result)
        try:
            return read_json(answer.read_bytes(), _Answer)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise BuildFailed(
                f"No {kind} was built: the answer of the backend {self.backend.name} breaks PEP 517: {error}",
                remedy="This is a fault of the build backend; try another version of it.",
            ) from error

    @property
    def _shell(self) -> Shell:
        return self.uv.sandbox

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
    plain = copy.copy(member)
    plain.mtime, plain.mode = epoch, 0o755 if executable else 0o644
    plain.uid, plain.gid, plain.uname, plain.gname = 0, 0, "", ""
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
            if hasattr(tarfile, "data_filter"):
                archive.extractall(destination, filter="data")
            else:  # Python before 3.11.4, as in Debian 12
                archive.extractall(destination, members=_inside(archive))  # noqa: S202  looked at one by one
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


def _inside(archive: tarfile.TarFile) -> list[tarfile.TarInfo]:
    """The members, where none of them could end up elsewhere.

    Raises:
        tarfile.ReadError: one could.
    """
    members = archive.getmembers()
    for member in members:
        names = [PurePosixPath(member.name), PurePosixPath(member.linkname)]
        if member.isdev() or any(name.is_absolute() or ".." in name.parts for name in names):
            raise tarfile.ReadError(f"{member.name} would be written outside the destination")
    return members


def _failure(kind: str, backend: Backend, result: Output) -> BuildFailed | Unreachable:
    not_built = "No wheel was built from the sdist" if kind == "wheel" else f"No {kind} was built"
    words = result.tail(15)
    why = f"\nThe last words of {backend.name}:\n{words}" if words else ""
    where = "pyproject.toml [build-system]"
    if result.timed_out:
        return BuildFailed(
            f"{not_built}: the backend {backend.name} ran longer than {result.seconds:.0f} s{why}",
            remedy="Run the build by hand to see what it waits for: python -m build",
        )
    if result.returncode < 0:
        return BuildFailed(
            f"{not_built}: the backend {backend.name} was ended by {_signal(-result.returncode)}{why}",
            remedy="Run the build by hand; where the machine runs out of memory, systems end the process like this.",
        )
    if needs_network(result):
        return Unreachable(
            f"{not_built}: the build asks the network for more than packages from the index{why}",
            remedy="Let the build take everything from [build-system] requires, or from files in the repository.",
            where=where,
        )
    last = words.rpartition("\n")[2].strip() or f"{backend.name} said nothing and ended with {result.returncode}"
    if result.returncode == UNAVAILABLE:
        remedy = "Spell build-backend as its documentation does, and name its package in [build-system] requires."
        if backend.path and kind == "wheel":
            remedy = "Let the sdist include the backend, which lies in the folders of backend-path."
        unusable = f"{not_built}: the backend {backend.name} cannot be used: {last}{why}"
        return BuildFailed(unusable, remedy=remedy, where=where)
    if "ModuleNotFoundError" in words:
        remedy = "Name every package that the build needs in [build-system] requires."
        return BuildFailed(f"{not_built}: {last}{why}", remedy=remedy, where=where)
    remedy = "Run the build by hand to see more: python -m build"
    if kind == "wheel":
        remedy += "; what is in the repository and not in the sdist is not there for the wheel."
    return BuildFailed(f"{not_built}: {last}{why}", remedy=remedy)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

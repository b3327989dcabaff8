"""The door to uv: environments and installs.

Two caches: what belongs to other projects is kept between runs; what is being released goes into a cache of its
own that is thrown away. A cache that holds a file of the same name would hide what the index really serves.
"""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tagship.errors import ToolFailed
from tagship.services.shell import Output, Shell


@dataclass(frozen=True, kw_only=True, slots=True)
class Env:
    """A virtual environment."""

    root: Path

    @property
    def scripts(self) -> Path:
        """Where console scripts are."""
        return self.root / ("Scripts" if sys.platform == "win32" else "bin")

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.scripts / ("python.exe" if sys.platform == "win32" else "python")

    @property
    def packages(self) -> Path:
        """Its site-packages folder."""
        if sys.platform == "win32":
            return self.root / "Lib" / "site-packages"
        return next((self.root / "lib").glob("python*")) / "site-packages"

    def variables(self, outer: Mapping[str, str]) -> dict[str, str]:
        """What a child needs on top of the outer environment to run inside this one."""
        path = os.pathsep.join([str(self.scripts), outer.get("PATH", os.defpath)])
        return {"VIRTUAL_ENV": str(self.root), "PATH": path}


@dataclass(frozen=True, kw_only=True, slots=True)
class Uv:
    """uv with its caches."""

    shell: Shell
    scratch: Path
    """The folder uv runs in, so that no project's own uv settings apply."""
    cache: Path
    """For other projects' files; kept."""
    own_cache: Path
    """For the files that are being released; thrown away."""
    extra: Mapping[str, str] = field(default_factory=dict)

    def interpreter(self, requires: str) -> Path | None:
        """An installed Python that fits, this one first; None where there is none."""
        output = self._run("python", "find", "--no-project", "--system", "--offline", requires, cache=self.cache)
        return Path(output.stdout.strip()) if output.ok else None

    def venv(self, root: Path, python: Path | None = None) -> Env:
        """Make an empty environment, without pip.

        Raises:
            ToolFailed: uv's own words.
        """
        interpreter = str(python) if python is not None else sys.executable
        self._check("venv", "--quiet", "--no-project", "--python", interpreter, str(root), cache=self.cache)
        return Env(root=root)

    def install(self, env: Env, requirements: Sequence[str], *, timeout: float = 900) -> Output:
        """Install other projects from the default index; the caller looks at the exit code."""
        if not requirements:
            return Output(argv=("uv",), returncode=0, stdout="", stderr="", seconds=0.0)
        return self.shell.run(
            self._argv(("pip", "install", "--python", str(env.python), "-r", "-"), self.cache),
            cwd=self.scratch,
            extra=self.extra,
            timeout=timeout,
            stdin="\n".join(requirements).encode(),
        )

    def install_lock(self, env: Env, lock: Path) -> Output:
        """Install exactly what a requirements file with hashes names."""
        words = ("pip", "install", "--python", str(env.python), "--require-hashes", "--no-deps", "-r", str(lock))
        return self._run(*words, cache=self.cache)

    def install_own(self, env: Env, *words: str) -> Output:
        """Install what is being released, without its dependencies, through the cache that is thrown away."""
        return self._run("pip", "install", "--python", str(env.python), "--no-deps", *words, cache=self.own_cache)

    def consistent(self, env: Env) -> Output:
        """Whether everything that is installed has what it requires (`uv pip check`)."""
        return self._run("pip", "check", "--python", str(env.python), cache=self.cache)

    def _run(self, *words: str, cache: Path) -> Output:
        return self.shell.run(self._argv(words, cache), cwd=self.scratch, extra=self.extra, timeout=900)

    def _check(self, *words: str, cache: Path) -> Output:
        return self.shell.check(self._argv(words, cache), cwd=self.scratch, extra=self.extra, timeout=900)

    def _argv(self, words: Sequence[str], cache: Path) -> tuple[str, ...]:
        return (
            _binary(),
            *words,
            "--cache-dir",
            str(cache),
            "--no-progress",
            "--color",
            "never",
            "--no-python-downloads",
        )


def _binary() -> str:
    """The uv that came with tagship, else the one on PATH.

    Raises:
        ToolFailed: there is none.
    """
    beside = Path(sys.executable).with_name("uv.exe" if sys.platform == "win32" else "uv")
    if beside.exists():
        return str(beside)
    found = shutil.which("uv")
    if found is None:
        raise ToolFailed("uv is not installed", remedy="pip install uv")
    return found


def version(shell: Shell, scratch: Path) -> str:
    """uv's own version, for the environment section of reports."""
    return shell.check((_binary(), "--version"), cwd=scratch).stdout.split()[1]

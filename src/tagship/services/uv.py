"""The door to uv: environments and installs.

Two caches: what belongs to other projects is kept between runs; what is being released goes into a cache of its
own that is thrown away. A cache that holds a file of the same name would hide what the index really serves.
"""

import contextlib
import hashlib
import os
import platform
import shutil
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from tagship.errors import ToolFailed, Unreachable
from tagship.services.shell import Environment, Output, Shell

COPIES = ("--link-mode", "copy")
"""No hard links to the kept cache: who writes to the installed file would write to the cache."""
KEPT = "environments"
"""Folder of kept environments in the cache."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Env:
    """A virtual environment."""

    root: Path
    base: "Env | None" = None
    """Another environment whose packages can be used in this one."""

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
        """Its own site-packages folder."""
        if sys.platform == "win32":
            return self.root / "Lib" / "site-packages"
        return next((self.root / "lib").glob("python*")) / "site-packages"

    def variables(self, outer: Mapping[str, str]) -> dict[str, str]:
        """What a child needs on top of the outer environment to run inside this one."""
        scripts = [str(env.scripts) for env in (self, self.base) if env is not None]
        return {"VIRTUAL_ENV": str(self.root), "PATH": os.pathsep.join([*scripts, outer.get("PATH", os.defpath)])}


@dataclass(frozen=True, kw_only=True, slots=True)
class Uv:
    """uv with its caches."""

    shell: Shell
    sandbox: Shell
    """For what runs the project's own code, which may touch less than our tools."""
    scratch: Path
    """The folder uv runs in, so that no project's own uv settings apply."""
    cache: Path
    """For other projects' files; kept."""
    own_cache: Path
    """For the files that are being released; thrown away."""
    absent: Callable[[str], tuple[str, str]] = lambda said: ("", "")
    """Where the index knows why it lacks what an installer complains of: the reason and a remedy, else nothing."""

    def interpreter(self, requires: str) -> Path | None:
        """An installed Python that fits a specifier, this one first and for an empty one; None where there is none."""
        if not requires or _fits(requires):
            return Path(sys.executable)
        output = self._run("python", "find", "--no-project", "--system", "--offline", requires, cache=self.cache)
        return Path(output.stdout.strip()) if output.ok else None

    def venv(self, root: Path, python: Path | None = None, *options: str) -> Env:
        """Make an empty environment, without pip.

        Raises:
            ToolFailed: uv's own words.
        """
        interpreter = str(python) if python is not None else sys.executable
        self._check("venv", "--quiet", "--no-project", *options, "--python", interpreter, str(root), cache=self.cache)
        return Env(root=root)

    def kept(self, requirements: Sequence[str], python: Path | None = None) -> Env:
        """An environment with other projects that is kept for the next time, compiled; never to be changed.

        It is named after the resolved versions and the interpreter, made aside and then moved into its place, so
        that it is there whole or not at all.

        Raises:
            ToolFailed: the requirements cannot be resolved or installed; uv's own words.
            Unreachable: what is missing could not be asked for.
        """
        interpreter = str(python) if python is not None else sys.executable
        words = ("pip", "compile", "--quiet", "--no-header", "--no-annotate", "--python", interpreter, "-")
        pins = self._check(*words, cache=self.cache, stdin="\n".join(requirements).encode()).stdout
        name = hashlib.sha256(f"{interpreter}\n{sys.version}\n{pins}".encode()).hexdigest()[:32]
        kept = Env(root=self.cache / KEPT / name)
        if kept.root.is_dir():
            os.utime(kept.root)  # when it was last of use
            return kept
        kept.root.parent.mkdir(parents=True, exist_ok=True)
        # aside, and yet where no project's code can write
        made = self.venv(kept.root.parent / f"new-{uuid.uuid4().hex}", python, "--relocatable")
        install = ("pip", "install", "--python", str(made.python), "--no-deps", "--compile-bytecode", "-r", "-")
        try:
            if pins.strip():
                self._check(*install, cache=self.cache, stdin=pins.encode())
            with contextlib.suppress(OSError):  # somebody else was faster
                made.root.rename(kept.root)
        finally:
            shutil.rmtree(made.root, ignore_errors=True)
        return kept

    def extend(self, env: Env, base: Env) -> Env:
        """Let an environment use the packages and commands of another one as well; its own come first."""
        line = f"import site; site.addsitedir({str(base.packages)!r})\n"
        (env.packages / "base.pth").write_text(line, encoding="utf-8")
        return Env(root=env.root, base=base)

    def install(self, env: Env, requirements: Sequence[str]) -> Output:
        """Install other projects from the default index; the caller looks at the exit code.

        Raises:
            Unreachable: what is missing could not be asked for.
        """
        if not requirements:
            return Output(argv=("uv",), returncode=0, stdout="", stderr="", seconds=0.0)
        output = self.shell.run(
            self._argv(("pip", "install", *COPIES, "--python", str(env.python), "-r", "-"), self.cache),
            cwd=self.scratch,
            timeout=900,
            stdin="\n".join(requirements).encode(),
        )
        if not output.ok:
            self._unless_absent(output.stderr)
        return output

    def install_lock(self, env: Env, lock: Path) -> Output:
        """Install exactly what a requirements file with hashes names."""
        words = ("install", *COPIES, "--python", str(env.python), "--require-hashes", "--no-deps", "-r", str(lock))
        return self._run("pip", *words, cache=self.cache)

    def install_own(self, env: Env, *words: str) -> Output:
        """Install what is being released, without its dependencies, through the cache that is thrown away."""
        argv = self._argv(("pip", "install", "--python", str(env.python), "--no-deps", *words), self.own_cache)
        return self.sandbox.run(argv, cwd=self.scratch, timeout=900)

    def build_wheel(self, sdist: Path, out: Path, extra: Environment, env: Env | None = None) -> Output:
        """Build a wheel from an sdist as an installer does, without our hooks.

        Args:
            env: an environment that has the build requirements; without one, uv makes an isolated one.
        """
        where = ("--no-build-isolation", "--python", str(env.python)) if env is not None else ()
        argv = self._argv(("build", "--wheel", *where, "--out-dir", str(out), str(sdist)), self.own_cache)
        return self.sandbox.run(argv, cwd=self.scratch, extra=extra, timeout=1800)

    def lock(self, requirements: Sequence[str], python: str, there: str = "") -> str:
        """Exact versions with digests of everything that requirements need, on every system; wheels alone.

        Args:
            python: the lowest version of Python that it is for: `3.11`.
            there: an older lock, whose versions stay where they fit.

        Raises:
            ToolFailed: they cannot be resolved, or one has no wheel; uv's own words.
        """
        file = self.scratch / "locked.txt"
        file.write_text(there, encoding="utf-8")
        kind = ("--universal", "--python-version", python, "--generate-hashes", "--only-binary", ":all:")
        form = ("--quiet", "--no-header", "--no-annotate", "--no-emit-index-url", "--output-file", str(file))
        self._check("pip", "compile", *kind, *form, "-", cache=self.cache, stdin="\n".join(requirements).encode())
        return file.read_text(encoding="utf-8")

    def consistent(self, env: Env) -> Output:
        """Whether everything that is installed has what it requires (`uv pip check`)."""
        # in its cache uv notes what it learns of an interpreter: this one knows it from `install_own`, and goes with it
        return self._run("pip", "check", "--python", str(env.python), cache=self.own_cache)

    def _run(self, *words: str, cache: Path) -> Output:
        return self.shell.run(self._argv(words, cache), cwd=self.scratch, timeout=900)

    def _check(self, *words: str, cache: Path, stdin: bytes = b"") -> Output:
        argv = self._argv(words, cache)
        try:
            return self.shell.check(argv, cwd=self.scratch, timeout=900, stdin=stdin)
        except ToolFailed as error:
            self._unless_absent(error.message)
            raise

    def _unless_absent(self, said: str) -> None:
        words, remedy = self.absent(said)
        if words:
            raise Unreachable(f"Nothing was installed: {words}", remedy=remedy)

    def _argv(self, words: Sequence[str], cache: Path) -> tuple[str, ...]:
        return (
            binary(),
            *words,
            "--cache-dir",
            str(cache),
            "--no-progress",
            "--color",
            "never",
            "--no-python-downloads",
        )


def _fits(requires: str) -> bool:
    """Whether the running interpreter satisfies a `requires-python`."""
    try:
        return SpecifierSet(requires).contains(platform.python_version(), prereleases=True)
    except InvalidSpecifier:
        return False  # uv says what is wrong with it


def binary() -> str:
    """The uv that came with tagship, wherever an installer put it (`pip install --target` has its own place), else
    the one on PATH.

    Raises:
        ToolFailed: there is none.
    """
    from uv import find_uv_bin

    try:
        return find_uv_bin()
    except FileNotFoundError:
        found = shutil.which("uv")
    if found is None:
        raise ToolFailed("uv is not installed", remedy="pip install uv")
    return found


def version(shell: Shell, scratch: Path) -> str:
    """uv's own version, for the environment section of reports."""
    return shell.check((binary(), "--version"), cwd=scratch).stdout.split()[1]

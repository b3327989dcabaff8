"""Stands in for actions/setup-python: an environment with an interpreter that is installed here."""

import re
import shutil
from pathlib import Path

from tagship.errors import ToolFailed
from tagship.rehearsal.act.shims import runner
from tagship.rehearsal.act.steps.step import Step
from tagship.services.uv import Env, Uv

_ROOTS = ("pythonLocation", "Python_ROOT_DIR", "Python2_ROOT_DIR", "Python3_ROOT_DIR")
_LOCKS = {
    "pip": (("**/requirements.txt",), "**/pyproject.toml"),
    "pipenv": (("**/Pipfile.lock",), ""),
    "poetry": (("**/poetry.lock",), ""),
}
"""By package manager, the files that a cache is kept for, and what else will do (src/cache-distributions)."""


def run(step: Step) -> None:
    """Make an environment for each version; the last one is the one that `python` starts (v7.0.0, setup-python.ts)."""
    update = step.boolean("update-environment")
    wanted = step.lines("python-version") or _from_files(step)
    if not wanted:
        step.warn("The `python-version` input is not set.  The version of Python currently in `PATH` will be used.")
        return
    uv = uv_of(step)
    for version in wanted:
        env = _environment(step, uv, version)
        found = step.shell.check((env.python, "-c", "import platform;print(platform.python_version())"), cwd=uv.scratch)
        step.say(f"Successfully set up CPython ({found.stdout.strip()})")
        step.output("python-version", found.stdout.strip())
        step.output("python-path", str(env.python))
        if update:
            for name in _ROOTS:
                step.set(name, str(env.root))
            step.set("PKG_CONFIG_PATH", str(env.root / "lib" / "pkgconfig"))
            step.add_path(env.scripts)
    if step.text("cache"):
        lock(step)
        step.output("cache-hit", "false")
    shims = Path(step.variables["TAGSHIP_SHIMS"])
    step.add_path(shims)  # what act starts itself still goes by its job


def lock(step: Step) -> None:
    """A cache is refused where there is nothing that it could be kept for."""
    manager = step.text("cache")
    if manager not in _LOCKS:
        step.fail(f"Caching for '{manager}' is not supported")
    usual, other = _LOCKS[manager]
    patterns = tuple(step.lines("cache-dependency-path")) or usual
    for pattern in (*patterns, other):
        if pattern and any(path.is_file() for path in step.workspace.glob(pattern.removeprefix("./"))):
            return
    asked = ",".join(patterns) + (f" or {other}" if other else "")
    step.fail(f"No file in {step.workspace} matched to [{asked}], make sure you have checked out the target repository")


def uv_of(step: Step) -> Uv:
    """uv, with a cache of the job's own."""
    cache = step.temporary.parent / "uv"
    return Uv(shell=step.shell, sandbox=step.shell, scratch=step.temporary, cache=cache, own_cache=cache)


def _environment(step: Step, uv: Uv, version: str) -> Env:
    meant = specifier(version)
    python = uv.interpreter(meant) if meant else None
    if python is None:
        step.note(f"actions/setup-python: Python {version} is not installed here, another one was used")
        python = uv.interpreter(">=3.9")
    root = step.temporary.parent / "python" / re.sub(r"[^\w.]", "-", version)
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(exist_ok=True)
    return runner(uv, root, python)


def specifier(version: str) -> str:
    """The versions that setup-python means, as a version specifier (its README, "Available versions").

    Nothing for those that are no CPython of the usual kind: PyPy, GraalPy, and the free-threaded ones.
    """
    plain = version.removesuffix("-dev").removeprefix("v")
    plain = re.sub(r"\.x$", "", plain)
    if re.fullmatch(r"\d+(\.\d+)*", plain):
        return f"=={plain}.*" if plain.count(".") < 2 else f"=={plain}"
    if re.fullmatch(r"\d+\.\d+(\.\d+)?-?(a|b|rc|alpha|beta)[\d. -]*.*", plain):
        return f">={plain.split('-')[0]}a0"
    if found := re.fullmatch(r"(?:~|\^)\s*(\d+(?:\.\d+)+)", plain):
        return f"~={found[1]}"
    if re.match(r"[<>=!~]", plain):
        return ",".join(re.sub(r"([<>=!~])\s+", r"\1", plain).split())
    return ""


def _from_files(step: Step) -> list[str]:
    """The version in the named file, else in .python-version (src/utils.ts)."""
    named = step.text("python-version-file")
    file = step.workspace / (named or ".python-version")
    if not file.is_file():
        if named:
            raise ToolFailed(
                f"The specified python version file at: {named} doesn't exist.", remedy="Correct its name."
            )
        return []
    text = file.read_text(encoding="utf-8", errors="replace")
    if file.suffix == ".toml":
        standard = re.search(r"(?m)^\s*\[project\]", text)
        key = "requires-python" if standard else r"(?m)^\s*python"
        found = re.search(key + r"""\s*=\s*['"]([^'"]+)""", text)
    elif ".tool-versions" in named:
        found = re.search(r"(?m)^\s*python\s*v?\s*(\S+)\s*$", text)
    elif "Pipfile" in named:
        found = re.search(r"""(?m)^\s*python_(?:full_)?version\s*=\s*['"]([^'"]+)""", text)
    else:
        lines = (line.strip() for line in text.splitlines() if not line.startswith("#"))
        return [line.partition("/")[0] for line in lines if line]
    return [found[1]] if found else []

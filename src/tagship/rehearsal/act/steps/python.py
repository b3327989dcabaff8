"""Stands in for actions/setup-python: an environment with an interpreter that is installed here."""

import os
import re
import shutil
from pathlib import Path

from tagship.errors import ToolFailed
from tagship.rehearsal.act.shims import runner
from tagship.rehearsal.act.steps.step import Step
from tagship.services.uv import Env, Uv


def run(step: Step) -> None:
    """Make an environment for each version; the last one is the one that `python` starts, as with the action."""
    wanted = step.lines("python-version") or _from_files(step)
    uv = uv_of(step)
    for version in wanted or [""]:
        env = _environment(step, uv, version)
        found = step.shell.check((env.python, "-c", "import platform;print(platform.python_version())"), cwd=uv.scratch)
        step.say(f"Successfully set up CPython ({found.stdout.strip()})")
        step.output("python-version", found.stdout.strip())
        step.output("python-path", str(env.python))
        if step.true("update-environment"):
            step.set("pythonLocation", str(env.root))
            step.add_path(env.scripts)
    step.output("cache-hit", "false")
    shims = Path(step.variables["TAGSHIP_SHIMS"])
    step.add_path(shims)  # what act starts itself still goes by its job


def uv_of(step: Step) -> Uv:
    """uv, with a cache of the job's own."""
    cache = step.temporary.parent / "uv"
    return Uv(shell=step.shell, sandbox=step.shell, scratch=step.temporary, cache=cache, own_cache=cache)


def _environment(step: Step, uv: Uv, version: str) -> Env:
    python = uv.interpreter(specifier(version)) if version else None
    if version and python is None:
        step.note(f"actions/setup-python: Python {version} is not installed here, another one was used")
        python = uv.interpreter(">=3.9")
    root = step.temporary.parent / "python" / (re.sub(r"[^\w.]", "-", version) or "default")
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(exist_ok=True)
    return runner(uv, root, python)


def specifier(version: str) -> str:
    """The versions that setup-python means, as a version specifier (its README, "Available versions")."""
    plain = version.removesuffix("-dev").removesuffix("t").removeprefix("v")
    plain = re.sub(r"\.x$", "", plain)
    if re.fullmatch(r"\d+(\.\d+)*", plain):
        return f"=={plain}.*" if plain.count(".") < 2 else f"=={plain}"
    if re.fullmatch(r"\d+\.\d+(\.\d+)?-?(a|b|rc|alpha|beta)[\d. -]*.*", plain):
        return f">={plain.split('-')[0]}a0"
    if found := re.fullmatch(r"(?:~|\^)\s*(\d+(?:\.\d+)+)", plain):
        return f"~={found[1]}"
    if re.match(r"[<>=!~]", plain):
        return ",".join(re.sub(r"([<>=!~])\s+", r"\1", plain).split())
    return ">=3.9"


def _from_files(step: Step) -> list[str]:
    """The version in the named file, else in .python-version."""
    named = step.text("python-version-file")
    file = step.workspace / (named or ".python-version")
    if not file.is_file():
        if named:
            raise ToolFailed(f"The specified python version file at: {file} doesn't exist.", remedy="Correct its name.")
        return []
    text = file.read_text(encoding="utf-8", errors="replace")
    if file.suffix == ".toml":
        found = re.search(r"""requires-python\s*=\s*['"]([^'"]+)""", text)
        return [found[1]] if found else []
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def which(step: Step, name: str) -> Path | None:
    """A program on the job's PATH."""
    found = shutil.which(name, path=step.variables.get("PATH", os.defpath))
    return Path(found) if found else None

"""Stands in for astral-sh/setup-uv: the uv that came with tagship."""

import os
import shutil
from pathlib import Path

from tagship.rehearsal.act.steps.python import specifier, uv_of
from tagship.rehearsal.act.steps.step import Step
from tagship.services.uv import binary, version


def run(step: Step) -> None:
    """Put uv on PATH, alone: what lies beside it belongs to tagship (v9.0.0, src/setup-uv.ts)."""
    folder = step.temporary.parent / "uv-bin"
    folder.mkdir(exist_ok=True)
    for name in ("uv", "uvx"):
        source = Path(binary()).with_name(name)
        target = folder / name
        if source.is_file() and not target.exists():
            target.symlink_to(source) if name == "uv" else shutil.copy2(source, target)
    tools = step.text("tool-bin-dir")
    step.add_path(Path(tools) if tools else Path(step.variables["HOME"], ".local", "bin"))
    step.add_path(folder)
    for name, value in (("UV_TOOL_BIN_DIR", tools), ("UV_TOOL_DIR", step.text("tool-dir"))):
        if value:
            step.set(name, value)
    step.output("uv-version", version(step.shell, step.temporary))
    step.output("uv-path", str(folder / "uv"))
    step.output("uvx-path", str(folder / "uvx"))
    step.output("cache-hit", "false")
    work = step.workspace / step.text("working-directory")
    asked = step.text("python-version")
    meant = specifier(asked) if asked else ""
    found = uv_of(step).interpreter(meant) if meant else None
    if found is not None:
        step.set("UV_PYTHON", str(found))
    elif asked:
        step.note(f"astral-sh/setup-uv: Python {asked} is not installed here")
    step.output("python-version", asked)
    if step.true("activate-environment"):
        _activate(step, work, found)


def _activate(step: Step, work: Path, python: Path | None) -> None:
    """An environment for the steps that follow, as uv makes it in the project's folder."""
    root = Path(os.path.normpath(work / (step.text("venv-path") or ".venv")))
    words = ("--python", str(python)) if python is not None else ()
    alone = ("--no-project",) if step.true("no-project") else ()
    made = step.shell.run((binary(), "venv", str(root), "--clear", *words, *alone), cwd=work)
    step.tell(made)
    if not made.ok:
        step.fail(f"The process 'uv' failed with exit code {made.returncode}")
    step.add_path(root / "bin")
    step.set("VIRTUAL_ENV", str(root))
    step.output("venv", str(root))

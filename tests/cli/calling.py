"""The command line as a user calls it: a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import tagship

IMPORTED = str(Path(tagship.__file__).parent.parent)
"""Where the tested tagship was imported from: a checkout, or an environment."""


@dataclass(frozen=True)
class Answer:
    """How a command ended."""

    code: int
    out: str
    err: str


def call(*words: str, cwd: Path, environ: Mapping[str, str] | None = None) -> Answer:
    """Run `tagship WORDS` in a folder, with further variables."""
    done = subprocess.run(
        (sys.executable, "-m", "tagship", *words),
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": IMPORTED, "TAGSHIP_CACHE_DIR": str(cwd.parent / "cache")} | dict(environ or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Answer(code=done.returncode, out=done.stdout, err=done.stderr)

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
    """Run `tagship WORDS` in a folder, with further variables; its cache is a new one beside the folder, or that of
    the environment."""
    done = subprocess.run(
        (sys.executable, "-m", "tagship", *words),
        cwd=cwd,
        env={"TAGSHIP_CACHE_DIR": str(cwd.parent / "cache"), **os.environ, "PYTHONPATH": IMPORTED, **(environ or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Answer(code=done.returncode, out=done.stdout, err=done.stderr)


def on_a_terminal(*words: str, cwd: Path) -> str:
    """What a command writes to a terminal, on both streams."""
    ours, theirs = os.openpty()
    environ = {**os.environ, "PYTHONPATH": IMPORTED, "TERM": "xterm-256color", "COLUMNS": "200"}
    process = subprocess.Popen(
        (sys.executable, "-P", "-m", "tagship", *words),
        cwd=cwd,
        env=environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:  # nobody writes any more
            break
        said += more
        if not more:
            break
    process.wait()
    os.close(ours)
    return said.decode()

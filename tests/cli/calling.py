"""The command line as a user calls it: in a process of its own, or, where a process shows nothing more, in this one."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import tagship
from tagship.cli.app import run

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
        env=_environ(cwd, {"PYTHONPATH": IMPORTED, **(environ or {})}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Answer(code=done.returncode, out=done.stdout, err=done.stderr)


def inside(*words: str, cwd: Path, environ: Mapping[str, str] | None = None) -> Answer:
    """Like `call`, in this process: nothing is imported again. Not for rehearsals, which shut their process in."""
    with (
        pytest.MonkeyPatch.context() as patch,
        Path(os.devnull).open(encoding="utf-8") as nothing,
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(_stream()) as out,
        contextlib.redirect_stderr(_stream()) as err,
    ):
        patch.setattr(sys, "stdin", nothing)
        for name, value in _environ(cwd, environ or {}).items():
            patch.setenv(name, value)
        code = run(words)
    return Answer(code=code, out=_text(out), err=_text(err))


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


def _environ(cwd: Path, more: Mapping[str, str]) -> dict[str, str]:
    return {"TAGSHIP_CACHE_DIR": str(cwd.parent / "cache"), **os.environ, **more}


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode() if isinstance(stream.buffer, io.BytesIO) else ""

"""A reader's shell: commands run one after another on a terminal, and keep folder and variables."""

import fcntl
import os
import pty
import shlex
import struct
import subprocess
import termios
from dataclasses import dataclass
from pathlib import Path

import pyte

from tests.docs.settings import Place

COLUMNS, LINES = 400, 1000
"""Of the terminal, so wide that it never breaks a line; tagship itself writes as for READERS columns."""
READERS = 100
HOME = "/home/you"
"""How the reader's home is shown."""
LIMIT = 180
"""Seconds for one command."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """What came of a command."""

    code: int
    printed: str
    """What the terminal shows in the end, without colours."""


class Session:
    """The shell; it remembers the folder and the exported variables in a file beside the home."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._memory = place.town.home.parent / "memory"
        self._memory.write_text(f"cd {shlex.quote(str(place.folder))}\n")
        self._environ = place.environ() | {"COLUMNS": str(READERS)}

    @property
    def folder(self) -> Path:
        """Where the shell is."""
        return Path(shlex.split(self._memory.read_text().splitlines()[0])[1])

    def type(self, command: str) -> Typed:
        """Run a command as bash does, and whatever it makes GitHub run."""
        memory = shlex.quote(str(self._memory))
        keep = f'{{ printf "cd %q\\n" "$PWD"; export -p; }} > {memory}'
        script = f"shopt -u checkwinsize\n. {memory}\n{command}\ncode=$?\n{keep}\nexit $code\n"
        with self._place.town.watched():
            return self._on_terminal(("bash", "-c", script))

    def _on_terminal(self, argv: tuple[str, ...]) -> Typed:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        screen = pyte.Screen(COLUMNS, LINES)
        stream = pyte.ByteStream(screen)
        with subprocess.Popen(
            argv,
            cwd=self._place.folder,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
        ) as process:
            os.close(theirs)
            while data := _read(ours):
                stream.feed(data)
            os.close(ours)
            code = process.wait(LIMIT)
        lines = [line.rstrip() for line in screen.display]
        return Typed(code=code, printed="\n".join(lines).rstrip().replace(str(self._place.town.home), HOME))


def _read(terminal: int) -> bytes:
    """What was printed since; nothing at the end, which Linux reports as an error."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""

"""The one door to other processes.

Every child runs in a process group of its own, with a time limit, its output in files instead of pipes (a
grandchild that keeps a pipe open cannot hang us, and output has no size that could exhaust memory), and an
environment that was given to it explicitly. The whole group is gone when `run` returns.
"""

import contextlib
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import IO

import msgspec

from tagship.errors import ToolFailed
from tagship.services.secret import Secret, redact

OUTPUT_LIMIT = 4 * 1024 * 1024
"""Bytes of each stream that are kept; the end of a longer one, where errors are."""
DATA_LIMIT = 64 * 1024 * 1024
"""The same of what git prints, which is data: the end of it alone would say something else."""
LONGEST = 300
"""Characters of a line that are shown: a program may print megabytes without a line feed."""

Environment = Mapping[str, str | Secret]


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """How a process ended."""

    argv: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str
    seconds: float
    timed_out: bool = False
    cut: bool = False
    """Whether standard output was longer than what is kept."""

    @property
    def ok(self) -> bool:
        """Whether the process ended by itself, with exit code 0."""
        return self.returncode == 0 and not self.timed_out

    def tail(self, lines: int = 20) -> str:
        """The last lines of what was printed, standard error last; blank lines dropped, long ones cut."""
        text = [line.rstrip() for line in (self.stdout + "\n" + self.stderr).splitlines() if line.strip()]
        return "\n".join(line if len(line) <= LONGEST else f"{line[:LONGEST]} …" for line in text[-lines:])


class Shell:
    """Runs programs with a given environment.

    `started` and `ended` are told the process group of every child, so that somebody outside can end it when
    this process is killed; `watch` is told when it began, by the monotonic clock, and how it ended. `before` is put
    in front of every program: another program, which becomes it.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        started: Callable[[int], None] = lambda group: None,
        ended: Callable[[int], None] = lambda group: None,
        watch: Callable[[float, Output], None] = lambda began, output: None,
        before: Sequence[str] = (),
    ) -> None:
        self.environment = dict(environment)
        self._started = started
        self._ended = ended
        self._watch = watch
        self._before = tuple(before)

    def behind(self, before: Sequence[str]) -> "Shell":
        """The same shell with a program in front of every program."""
        return Shell(self.environment, started=self._started, ended=self._ended, watch=self._watch, before=before)

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        cwd: Path,
        extra: Environment | None = None,
        timeout: float = 600,
        stdin: bytes = b"",
    ) -> Output:
        """Run a program to its end.

        Args:
            cwd: the folder it runs in.
            extra: variables on top of the shell's own; values that are secrets are removed from the output.
            timeout: seconds, after which the whole process group is killed and `timed_out` is set.
            stdin: what it can read.

        Raises:
            ToolFailed: the program does not exist or cannot be started.
            KeyboardInterrupt: it was ended, because Ctrl-C reached who waits for this thread (`services.threads`).
        """
        words = tuple(str(word) for word in argv)
        secrets = [value for value in (extra or {}).values() if isinstance(value, Secret)]
        revealed = {k: v.reveal() if isinstance(v, Secret) else v for k, v in (extra or {}).items()}
        begin = time.monotonic()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            with _input(stdin) as source:
                process = self._start(words, cwd, self.environment | revealed, (source, out, err))
            timed_out = False
            try:
                _wait(process, timeout)
            except subprocess.TimeoutExpired:
                timed_out = True
            finally:
                _kill_group(process)
                self._ended(process.pid)
                RUNNING.forget(process)
                process.wait()  # only now may its number mean another
            if RUNNING.stopped:
                raise KeyboardInterrupt
            limit = DATA_LIMIT if words[0] == "git" else OUTPUT_LIMIT
            output = Output(
                argv=words,
                returncode=process.returncode,
                stdout=redact(_read(out, limit), secrets),
                stderr=redact(_read(err, OUTPUT_LIMIT), secrets),
                seconds=time.monotonic() - begin,
                timed_out=timed_out,
                cut=out.seek(0, os.SEEK_END) > limit,
            )
            self._watch(begin, output)
            return output

    def check(self, argv: Sequence[str | Path], *, cwd: Path, timeout: float = 600, stdin: bytes = b"") -> Output:
        """Like `run`, for programs that have no reason to fail.

        Raises:
            ToolFailed: with the command and its last words.
        """
        output = self.run(argv, cwd=cwd, timeout=timeout, stdin=stdin)
        if output.ok:
            return output
        how = f"ran longer than {timeout:g} s" if output.timed_out else f"failed with {output.returncode}"
        raise ToolFailed(
            f"{Path(output.argv[0]).name} {how}: {' '.join(output.argv[1:4])}\n{output.tail()}",
            remedy="Read its own words above; run the same command by hand to see more.",
        )

    def _start(
        self,
        words: tuple[str, ...],
        cwd: Path,
        environment: Mapping[str, str],
        streams: tuple[IO[bytes], IO[bytes], IO[bytes]],
    ) -> "subprocess.Popen[bytes]":
        try:
            process = subprocess.Popen(
                (*self._before, *words),
                cwd=cwd,
                env=dict(environment),
                stdin=streams[0],
                stdout=streams[1],
                stderr=streams[2],
                process_group=0 if os.name == "posix" else None,
                umask=0o022 if os.name == "posix" else -1,  # file modes end up in built files
            )
        except OSError as error:
            raise ToolFailed(
                f"{words[0]} could not be started: {error.strerror or error}",
                remedy=f"Install {Path(words[0]).name}, or put it on PATH.",
            ) from error
        RUNNING.remember(process)
        self._started(process.pid)
        return process


class Running:
    """The programs that all threads of this process run."""

    def __init__(self) -> None:
        self.stopped = False
        """Whether they are being ended."""
        self._lock = Lock()
        self._processes: set[subprocess.Popen[bytes]] = set()

    def remember(self, process: "subprocess.Popen[bytes]") -> None:
        """A program began."""
        with self._lock:
            self._processes.add(process)
            if self.stopped:
                _kill_group(process)

    def forget(self, process: "subprocess.Popen[bytes]") -> None:
        """It ended, and is not collected yet."""
        with self._lock:
            self._processes.discard(process)

    @contextlib.contextmanager
    def stop(self) -> Iterator[None]:
        """End them all; what is started in here ends at once."""
        with self._lock:
            before, self.stopped = self.stopped, True
            for process in self._processes:
                _kill_group(process)
        try:
            yield
        finally:
            self.stopped = before


RUNNING = Running()


def _input(data: bytes) -> IO[bytes]:
    if not data:
        return Path(os.devnull).open("rb")
    source = tempfile.TemporaryFile()  # noqa: SIM115  closed by the caller
    source.write(data)
    source.seek(0)
    return source


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill what is left of the group: the child itself after a time-out, its own children otherwise."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()


def _wait(process: "subprocess.Popen[bytes]", timeout: float) -> None:
    """Wait for the end of a process, and notice it at once: `Popen.wait` with a timeout sleeps up to 50 ms too long.

    Where the system allows, it is not collected yet, so that its number goes on to be its own.

    Raises:
        subprocess.TimeoutExpired: it runs on.
    """
    if not hasattr(os, "pidfd_open"):  # Linux alone has it
        process.wait(timeout)
        return
    try:
        ended = os.pidfd_open(process.pid)
    except OSError:  # an old kernel, or a sandbox that does not know the call
        process.wait(timeout)
        return
    try:
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        if not poll.poll(timeout * 1000):
            raise subprocess.TimeoutExpired(process.args, timeout)
    finally:
        os.close(ended)


def _read(stream: IO[bytes], limit: int) -> str:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - limit))
    return stream.read().decode("utf-8", errors="replace")

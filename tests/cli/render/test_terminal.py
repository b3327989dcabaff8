"""Progress and verdict on a terminal: a real one (a pseudo terminal, read by a terminal emulator) where it moves."""

import io
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import msgspec
import pyte
import pytest
from rich.console import Console

from tagship.cli.render import Both, Screen, reporter, screen
from tagship.cli.render.lines import Line, of_finding, of_verdict
from tagship.cli.render.plain import Plain
from tagship.cli.render.terminal import Terminal
from tagship.model import Entry, Severity
from tagship.rehearsal.result import Rehearsal
from tagship.services.reporter import Doing, FindingMade, Said, StageEnded, StageStarted
from tests.goldens import same
from tests.samples import BROKEN_CHECK, BUILT, READY, REFUSED, STAGES, UNDECIDED, events

REPORT = "/tmp/wheelhouse/report.html"


def still(rehearsal: Rehearsal, width: int) -> str:
    """What stays on a terminal of that width."""
    stream = io.StringIO()
    console = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
    with Terminal(console, STAGES) as terminal:
        for event in events(rehearsal):
            terminal.emit(event)
    terminal.tell(of_verdict(rehearsal, REPORT))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


class Pty:
    """A pseudo terminal of 80 columns and 120 lines, and what a person sees on it."""

    def __init__(self, stream: TextIO, master: int) -> None:
        self.stream = stream
        self.raw = b""
        self._screen = pyte.Screen(80, 120)
        self._bytes = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, args=(master,), daemon=True)
        self._reader.start()

    def _read(self, master: int) -> None:
        while True:
            try:
                data = os.read(master, 4096)
            except OSError:  # the other end is closed
                return
            with self._lock:
                self.raw += data
                self._bytes.feed(data)

    def text(self) -> str:
        """The screen without trailing blanks."""
        with self._lock:
            lines = [line.rstrip() for line in self._screen.display]
        return "\n".join(lines).rstrip("\n") + "\n"

    def until(self, *wanted: str) -> str:
        """The screen as soon as it shows all of that."""
        end = time.monotonic() + 60
        while not all(text in self.text() for text in wanted):
            assert time.monotonic() < end, f"{wanted} not in:\n{self.text()}"
            time.sleep(0.01)
        return self.text()


@contextmanager
def pty() -> Iterator[Pty]:
    """Open a pseudo terminal and close it again."""
    master, slave = os.openpty()
    stream = os.fdopen(slave, "w", encoding="utf-8")
    seen = Pty(stream, master)
    try:
        yield seen
    finally:
        stream.close()
        seen._reader.join(60)
        os.close(master)


ENVIRON = {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "120"}


@pytest.mark.parametrize("rehearsal", [READY, REFUSED, UNDECIDED], ids=lambda r: r.verdict)
def test_output_is_complete(rehearsal: Rehearsal) -> None:
    """Every stage with its findings, and the verdict with what it rests on, stays on the screen."""
    same(f"terminal-{rehearsal.verdict}.txt", still(rehearsal, 80))


@pytest.mark.parametrize("width", [60, 72, 110, 200])
def test_lines_fit_any_width(width: int) -> None:
    """From 60 to 200 columns no line is longer than the terminal and none longer than a person likes to read."""
    lines = still(REFUSED, width).splitlines()
    assert max(map(len, lines)) <= min(width, 110)
    words = " ".join(lines).split()
    for finding in BROKEN_CHECK.findings:
        assert finding.remedy.split()[0] in words


def test_a_path_is_never_broken() -> None:
    """The path of the report stays one line on a narrow terminal, so that it can be opened and copied."""
    stream = io.StringIO()
    path = "/tmp/[bold]" + "long-folder/" * 12 + "report.html"
    Terminal(Console(file=stream, width=60)).tell(of_verdict(READY, path))
    assert stream.getvalue().splitlines()[-1] == f"  {path}"


def test_nothing_of_the_moving_part_stays() -> None:
    """After a run on a moving terminal the screen shows exactly what stays, and no remnant of a spinner."""
    with pty() as seen:
        with screen(seen.stream, ENVIRON, STAGES) as shown:
            for event in events(REFUSED):
                shown.emit(event)
                time.sleep(0.01)
        shown.tell(of_verdict(REFUSED, REPORT))
        assert seen.until(REPORT) == still(REFUSED, 80)


def test_stages_that_end_while_the_moving_part_is_drawn_leave_nothing_of_it() -> None:
    """Whenever a stage ends, also in the middle of a frame, one line of it stays and none of the moving part."""
    names = tuple(f"stage-{number:02}" for number in range(40))
    with pty() as shown:
        with screen(shown.stream, {"TERM": "xterm-256color"}, names) as terminal:
            for first, *others in zip(*[iter(names)] * 4, strict=True):
                for name in (first, *others):
                    terminal.emit(StageStarted(stage=name, at=0.0))
                    time.sleep(0.1 * (names.index(name) % 7) / 7)
                for name in (first, *others):
                    terminal.emit(StageEnded(entry=Entry(stage=name, started=0.0, seconds=1.0, outcome="done")))
        terminal.tell([Line(text="over")])
        *lines, _, _ = shown.until("over").splitlines()
    assert [line.split()[:2] for line in lines] == [["✓", name] for name in names]


def test_running_stages_show_what_they_do_and_found() -> None:
    """Two stages that run side by side are both shown, with the newest word of each and the findings so far."""
    with pty() as seen, screen(seen.stream, ENVIRON, STAGES) as shown:
        for stage in ("gate", "build"):
            shown.emit(StageStarted(stage=stage, at=0))
        shown.emit(Doing(stage="gate", text="waiting for Test Suite"))
        shown.emit(Said(stage="build", text="Built the sdist"))
        shown.emit(FindingMade(stage="build", finding=BROKEN_CHECK.findings[0]))
        text = seen.until("waiting for Test Suite", "Built the sdist", "The long description does not render")
        assert re.match(r"\S gate +\d\.\d+ s  waiting for Test Suite\n\S build +\d\.\d+ s\n", text)
        shown.emit(StageEnded(entry=BUILT))
        held = seen.until("✓ build")
        assert held.index("waiting for Test Suite") < held.index("✓ build                2.4 s  2 ok")
        assert "Built the sdist" not in held  # the gate has the word; the build is told in full after it


def test_a_note_names_its_code_once() -> None:
    """An error has a mark, and its code behind it; a note has its code before it, and not once more."""
    stream = io.StringIO()
    error = BROKEN_CHECK.findings[0]
    note = msgspec.structs.replace(error, severity=Severity.NOTE)
    with Terminal(Console(file=stream, width=80), STAGES) as terminal:
        terminal.tell(line for finding in (error, note) for line in of_finding(finding))
    first = [line.strip() for line in stream.getvalue().splitlines() if error.title in line]
    assert first == [f"✗ {error.title}  TC12", f"note TC12  {error.title}"]


def test_an_interrupted_stage_says_so() -> None:
    """A stage that never ended is left on the screen as stopped, with what it said."""
    stream = io.StringIO()
    with pytest.raises(KeyboardInterrupt), Terminal(Console(file=stream, width=80), STAGES) as terminal:
        terminal.emit(StageStarted(stage="gate", at=0))
        terminal.emit(Said(stage="gate", text="Found 2 checks"))
        raise KeyboardInterrupt
    assert re.fullmatch(r"– gate +\d\.\d\d s  stopped\n  Found 2 checks\n", stream.getvalue())


@pytest.mark.parametrize("environ", [{}, {"NO_COLOR": "1"}], ids=["colour", "no-colour"])
def test_no_color_is_honoured(environ: dict[str, str]) -> None:
    """With NO_COLOR no colour code reaches the terminal; without it green and red do."""
    with pty() as seen:
        with screen(seen.stream, ENVIRON | environ, STAGES) as shown:
            for event in events(REFUSED):
                shown.emit(event)
        shown.tell(of_verdict(REFUSED, REPORT))
        seen.until(REPORT)
        colours = set(re.findall(rb"\x1b\[(?:\d+;)*(3[1-7])m", seen.raw))
    assert colours == (set() if environ else {b"31", b"32", b"33", b"36"})


def test_the_screen_suits_the_stream() -> None:
    """A pipe, a dumb terminal and one without UTF-8 get lines; a real one the tree; Actions annotations too."""
    with pty() as seen:
        kinds = [
            type(screen(io.StringIO(), ENVIRON, STAGES)),
            type(screen(seen.stream, ENVIRON | {"TERM": "dumb"}, STAGES)),
            type(screen(seen.stream, ENVIRON, STAGES)),
        ]
        latin = os.fdopen(os.dup(seen.stream.fileno()), "w", encoding="latin-1")
        kinds.append(type(screen(latin, ENVIRON, STAGES)))
        latin.close()
    assert kinds == [Plain, Plain, Terminal, Plain]
    shown: Screen = Plain(io.StringIO())
    assert reporter(shown, io.StringIO(), {}) is shown
    assert type(reporter(shown, io.StringIO(), {"GITHUB_ACTIONS": "true"})) is Both

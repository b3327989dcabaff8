"""Progress and results as lines of text, for pipes and the logs of a CI: no colour, no cursor movement."""

from collections.abc import Iterable
from threading import RLock
from typing import TextIO

from tagship.cli.render.lines import Line, Tone, of_fact, of_finding
from tagship.cli.render.turns import Turns
from tagship.model import Entry, Status
from tagship.services.reporter import Doing, FactSeen, FindingMade, Happening, Said, StageEnded, StageStarted
from tagship.words import clean, duration, shorten, tally

LONGEST = 200
"""Lines of one text, a test run's output for example, before its middle is left out."""


def text_of(line: Line) -> str:
    """One line as plain text, with its line feed; further lines of the same text are indented below it."""
    text = f"{line.label}: {line.text}" if line.label else f"{line.text} ({line.tail})" if line.tail else line.text
    indent = "  " * line.level
    lines = shorten(text, LONGEST).splitlines()
    text = f"\n{indent}  ".join(_harmless(part) for part in lines)
    return f"\n{text}:\n" if line.tone is Tone.HEADING else f"{indent}{text}\n"


def _harmless(text: str) -> str:
    """Text that GitHub's runner does not take for a workflow command: `::…` after spaces, `##[…` anywhere.

    Source: actions/runner, src/Runner.Common/ActionCommand.cs, TryParseV2 and TryParse.
    """
    text = text.replace("##[", "## [")
    return text.replace("::", ": :", 1) if text.lstrip().startswith("::") else text


class Plain:
    """A reporter that writes each event as a line as soon as its stage has the word."""

    def __init__(self, stream: TextIO, stages: tuple[str, ...] = ()) -> None:
        self._stream = stream
        self._turns: Turns[str] = Turns(stages)
        self._doing: dict[str, str] = {}
        self._lock = RLock()

    def __enter__(self) -> "Plain":
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._write(self._turns.close())

    def emit(self, event: Happening) -> None:
        """Take one event, from any thread."""
        with self._lock:
            match event:
                case StageStarted():
                    self._turns.add(event.stage, f"{event.stage}\n")
                case Doing():
                    self._do(event)
                case Said():
                    self._turns.add(event.stage, text_of(Line(text=clean(event.text))))
                case FactSeen():
                    if event.fact.status is not Status.OK:
                        self._add(event.stage, of_fact(event.fact))
                case FindingMade():
                    self._add(event.stage, of_finding(event.finding))
                case StageEnded():
                    self._add(event.entry.stage, _ending(event.entry))
                    self._turns.end(event.entry.stage)
            self._write(self._turns.ready())

    def tell(self, lines: Iterable[Line]) -> None:
        """Write lines that belong to no stage, after an empty one."""
        with self._lock:
            self._write(["\n", *map(text_of, lines)])

    def _do(self, event: Doing) -> None:
        """Write what a stage is busy with, unless it said the same last time: waiting repeats itself."""
        if self._doing.get(event.stage) != event.text:
            self._doing[event.stage] = event.text
            self._turns.add(event.stage, text_of(Line(text=f"{clean(event.text)} ...")))

    def _add(self, stage: str, lines: Iterable[Line]) -> None:
        for line in lines:
            self._turns.add(stage, text_of(line))

    def _write(self, texts: Iterable[str]) -> None:
        self._stream.write("".join(texts))
        self._stream.flush()


def _ending(entry: Entry) -> Iterable[Line]:
    """Where the results of a stage are, and how it ended."""
    for label, url in entry.links:
        yield Line(text=clean(url), label=clean(label))
    seen = f" ({tally(entry.facts)})" if entry.facts else ""
    yield Line(text=f"{entry.outcome} in {duration(entry.seconds)}{seen}")

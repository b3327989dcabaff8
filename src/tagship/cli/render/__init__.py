"""What people see: the events of a run and its verdict, as a moving tree, as lines, or as annotations.

A command opens a `screen`, gives its `reporter` to the stages while the screen is entered, and then tells it the
verdict: `shown.tell(of_verdict(rehearsal, report))`, or an error: `shown.tell(of_finding(error.finding()))`.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol, Self, TextIO

from tagship.cli.render.github import Annotations, output, outputs
from tagship.cli.render.lines import Line, more, of_fact, of_finding, of_verdict
from tagship.cli.render.plain import Plain
from tagship.services.reporter import Happening, Reporter

__all__ = [
    "Both",
    "Line",
    "Screen",
    "more",
    "of_fact",
    "of_finding",
    "of_verdict",
    "output",
    "outputs",
    "reporter",
    "screen",
]


class Screen(AbstractContextManager["Screen", None], Protocol):
    """A reporter that can also say how a rehearsal ended. It is entered while stages run."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def emit(self, event: Happening) -> None:
        """Take one event, from any thread."""

    def tell(self, lines: Iterable[Line]) -> None:
        """Show lines that belong to no stage: a verdict, an error, the facts of a doctor."""


class Both:
    """A reporter that passes every event on to two others."""

    def __init__(self, first: Reporter, second: Reporter) -> None:
        self._reporters = (first, second)

    def emit(self, event: Happening) -> None:
        """Take one event, from any thread."""
        for reporter in self._reporters:
            reporter.emit(event)


def screen(stream: TextIO, environ: Mapping[str, str], stages: tuple[str, ...]) -> Screen:
    """The screen that suits a stream: the moving tree on a terminal that can move a cursor, lines elsewhere.

    `NO_COLOR`, `COLUMNS` and `TERM` are honoured (https://no-color.org). The stream is usually standard error:
    words go there, data to standard output.
    """
    encoding = (getattr(stream, "encoding", None) or "").lower()
    if not stream.isatty() or environ.get("TERM") == "dumb" or not encoding.startswith("utf"):
        return Plain(stream, stages)
    from rich.console import Console

    from tagship.cli.render.terminal import Terminal

    console = Console(file=stream, highlight=False, markup=False, emoji=False, _environ=environ)
    return Terminal(console, stages)


def reporter(shown: Screen, stream: TextIO, environ: Mapping[str, str]) -> Reporter:
    """The screen, and inside GitHub Actions annotations as well."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return Both(shown, Annotations(stream))
    return shown

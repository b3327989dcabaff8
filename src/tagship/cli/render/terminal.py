"""Progress and results on a terminal: finished stages stay, running ones move below them.

Only this module and its importers load rich. What has ended is printed once, above a small live region that
holds the running stages alone: it never grows longer than the screen, so nothing flickers or scrolls twice.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from threading import Event, RLock, Thread

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from tagship.cli.render.lines import Line, Tone, of_fact, of_finding
from tagship.cli.render.turns import Turns
from tagship.model import Entry, Severity, Status
from tagship.services.reporter import Doing, FactSeen, FindingMade, Happening, Said, StageEnded, StageStarted
from tagship.words import clean, duration, shorten, spans, tally

LONGEST = 24
"""Lines of one text before its middle is left out; the report has all of it."""
WIDEST = 110
"""Columns: longer lines are tiring to read."""
MARKS = {Tone.GOOD: "✓", Tone.BAD: "✗", Tone.WARNING: "!", Tone.UNKNOWN: "?", Tone.REMEDY: "→"}
STYLES = {
    Tone.GOOD: "green",
    Tone.BAD: "red",
    Tone.WARNING: "yellow",
    Tone.UNKNOWN: "yellow",
    Tone.REMEDY: "cyan",
    Tone.QUIET: "dim",
}
FRAME = 0.1
"""Seconds for which the moving part stays as it is."""
OUTCOMES = {"done": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("–", "dim")}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """A stage in the live region; it has an entry when it has ended and waits for its turn."""

    stage: str
    since: float
    doing: str = ""
    lines: tuple[Line, ...] = ()
    entry: Entry | None = None


class Terminal:
    """A reporter for people who watch."""

    def __init__(self, console: Console, stages: tuple[str, ...] = ()) -> None:
        self._console = console
        self._names = max((len(name) for name in stages), default=14)
        self._turns: Turns[RenderableType] = Turns(stages)
        self._lock = RLock()
        self._rows: tuple[_Row, ...] = ()
        self._over = Event()
        self._painter = Thread(target=self._paint, daemon=True)
        self._live = Live(
            console=console,
            get_renderable=self._moving,
            auto_refresh=False,  # rich's own thread would draw between the parts of what another one prints
            transient=True,
            redirect_stdout=False,  # data goes to standard output, also while stages run
        )

    def __enter__(self) -> "Terminal":
        self._live.start()
        self._painter.start()
        return self

    def _paint(self) -> None:
        while not self._over.wait(FRAME):
            with self._lock:
                self._live.refresh()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._painter.join()
        with self._lock:
            for row in self._rows:
                if row.entry is None:
                    self._turns.add(row.stage, self._stopped(row))
            self._rows = ()
            self._print(self._turns.close())
        self._live.stop()

    def emit(self, event: Happening) -> None:
        """Take one event, from any thread."""
        with self._lock:
            match event:
                case StageStarted():
                    self._turns.start(event.stage)
                    self._rows += (_Row(stage=event.stage, since=self._console.get_time()),)
                case Doing():
                    self._change(event.stage, doing=clean(event.text).partition("\n")[0])
                case Said():
                    self._change(event.stage, add=(Line(text=clean(event.text)),))
                case FactSeen():
                    if event.fact.status is not Status.OK:
                        self._change(event.stage, add=tuple(of_fact(event.fact)))
                case FindingMade():
                    self._change(event.stage, add=tuple(of_finding(event.finding)))
                case StageEnded():
                    self._end(event.entry)

    def tell(self, lines: Iterable[Line]) -> None:
        """Print lines that belong to no stage, after an empty one."""
        with self._lock:
            self._console.print()
            for line in lines:
                if line.whole:
                    self._console.print(Text("  " * line.level + line.text), soft_wrap=True)
                else:
                    self._print([_rendered(line)])

    def _change(self, stage: str, *, doing: str | None = None, add: tuple[Line, ...] = ()) -> None:
        self._rows = tuple(
            replace(row, doing=row.doing if doing is None else doing, lines=row.lines + add)
            if row.stage == stage
            else row
            for row in self._rows
        )

    def _end(self, entry: Entry) -> None:
        self._turns.add(entry.stage, Group(self._header(entry), *map(_rendered, _body(entry))))
        self._turns.end(entry.stage)
        self._rows = tuple(replace(r, entry=entry) if r.stage == entry.stage else r for r in self._rows)
        blocks = list(self._turns.ready())
        if blocks:
            held = self._turns.held()
            self._rows = tuple(row for row in self._rows if row.stage in held)
            self._print(blocks)

    def _header(self, entry: Entry) -> Text:
        mark, style = OUTCOMES[entry.outcome]
        if entry.outcome == "done" and any(fact.status is not Status.OK for fact in entry.facts):
            mark, style = MARKS[Tone.UNKNOWN], STYLES[Tone.UNKNOWN]
        name = Text(f"{entry.stage:<{self._names}}", "dim" if entry.outcome == "skipped" else "bold")
        seen = tally(entry.facts) if entry.facts else ""
        time = f"{duration(entry.seconds):>12}"
        return Text.assemble((mark, style), " ", name, (time, "dim"), (f"  {seen}" if seen else "", "dim"))

    def _stopped(self, row: _Row) -> RenderableType:
        """A stage that never ended: the user, or an error of ours, stopped it."""
        spent = duration(self._console.get_time() - row.since)
        header = Text.assemble(("–", "yellow"), " ", (f"{row.stage:<{self._names}}", "bold"), f"{spent:>12}")
        return Group(header.append("  stopped", "dim"), *map(_rendered, row.lines))

    def _moving(self) -> RenderableType:
        """The live region."""
        return Group(*(part for row in self._rows for part in self._row(row)))

    def _row(self, row: _Row) -> Iterator[RenderableType]:
        if row.entry is not None:
            yield self._header(row.entry)
            return
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=1)
        grid.add_column(no_wrap=True, overflow="ellipsis")
        spent = f"{duration(self._console.get_time() - row.since):>12}"
        spinner = Spinner("dots", style="cyan")
        spinner.start_time = row.since
        grid.add_row(
            spinner,
            Text.assemble((f"{row.stage:<{self._names}}", "bold"), (spent, "dim"), (f"  {row.doing}", "cyan")),
        )
        yield grid
        for line in [line for line in row.lines if line.level == 1][-4:]:
            first = replace(line, text=line.text.partition("\n")[0])
            yield _rendered(first, no_wrap=True)

    def _print(self, blocks: Iterable[RenderableType]) -> None:
        for block in blocks:
            self._console.print(block, width=min(self._console.width, WIDEST))


def _body(entry: Entry) -> Iterator[Line]:
    """What stays of a stage below its header."""
    for text in entry.said:
        yield Line(text=clean(text), tone=Tone.QUIET if entry.outcome == "skipped" else Tone.TEXT)
    explained = {name for finding in entry.findings for name in finding.facts}
    for fact in entry.facts:
        if fact.status is not Status.OK and fact.id not in explained:
            yield from of_fact(fact)
    for severity in Severity:
        for finding in entry.findings:
            if finding.severity is severity:
                yield from of_finding(finding)
    for label, url in entry.links:
        yield Line(text=clean(url), tone=Tone.QUIET, label=clean(label))


def _rendered(line: Line, *, no_wrap: bool = False) -> RenderableType:
    """One line with its mark and colour; wrapped text stays to the right of the mark."""
    if line.tone is Tone.HEADING:
        return Text(f"\n{line.text}", "bold")
    text = Text(no_wrap=no_wrap, overflow="ellipsis" if no_wrap else "fold")
    mark = MARKS.get(line.tone, "")
    strong = bool(mark and line.tail) or not line.level
    if line.label and (line.tone is Tone.QUIET or not line.level):
        text.append(f"{line.label}  ", STYLES[line.tone] + ("" if line.level else " bold"))
    base = "bold" if strong else "dim" if line.tone is Tone.QUIET else ""
    for code, piece in spans(shorten(line.text, LONGEST)):
        text.append(f"`{piece}`" if code else piece, f"{base} cyan" if code and base != "dim" else base)
    if line.tail:
        text.append(f"  {line.tail}", "dim")
    if not mark:
        return Padding.indent(text, 2 * line.level)
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=1)
    grid.add_column()
    grid.add_row(Text(mark, STYLES[line.tone]), text)
    return Padding.indent(grid, 2 * line.level)

"""What the doctor found, for people: as lines, as a page in Markdown for a job's summary, and while it still looks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from threading import RLock
from typing import TextIO

from tagship.cli.render.lines import TONES, Line, Tone
from tagship.model import Severity, Status
from tagship.services.reporter import Happening, StageEnded, StageStarted
from tagship.setup.check import Group
from tagship.setup.doctor import Examination, Examined
from tagship.words import clean, many, tally

NAMES: Mapping[Group, str] = {
    Group.LOCAL: "Checkout",
    Group.WORKFLOW: "Workflow",
    Group.CI: "CI",
    Group.GITHUB: "GitHub",
    Group.INDEX: "PyPI and TestPyPI",
    Group.SECURITY: "Security",
}
_TO_DO = (Status.PROBLEM, Status.PENDING)
_TITLES = 5
"""Checks that are named where one reason hides many of them."""


def of_examination(result: Examination, *, verbose: bool = False) -> Iterator[Line]:
    """Group by group what is wrong or still to be done; then advice, what was not seen, and the verdict.

    Args:
        verbose: show what is as it should be, too.
    """
    about = f"{result.project or 'a project without a name'}, {result.repository or 'not on GitHub'}"
    yield Line(text=clean(about), level=0)
    for group, checks in grouped(result.checks):
        facts = [check.fact for check in checks if not is_advice(check)]
        if facts:
            yield Line(text=NAMES[group], tone=_worst(states_of(checks)), tail=tally(facts), level=0)
        if verbose:
            for check in checks:
                if check.finding is None:
                    yield Line(text=clean(f"{check.fact.title}: {seen(check)}"), tone=Tone.GOOD, label="ok")
        todo = [check for check in checks if check.fact.status in _TO_DO and not is_advice(check)]
        for _, alike in groupby(todo, key=lambda check: check.code):
            yield from _to_do(list(alike), verbose=verbose)
    if advice := [check for check in result.checks if is_advice(check) and check.fact.status is not Status.UNKNOWN]:
        yield Line(text="Advice", tone=Tone.HEADING, level=0)
        for _, alike in groupby(advice, key=lambda check: check.code):
            yield from _advised(list(alike))
    if unseen := unseen_of(result):
        yield Line(text="Not seen", tone=Tone.HEADING, level=0)
        for why, hidden in unseen:
            yield from _unseen(why, hidden)
    yield from _verdict(result)


def grouped(checks: Iterable[Examined]) -> Iterator[tuple[Group, Sequence[Examined]]]:
    """The groups that have checks, in their order."""
    found = list(checks)
    for group in Group:
        if mine := [check for check in found if check.group is group]:
            yield group, mine


def states_of(checks: Iterable[Examined]) -> list[Status]:
    """How each of the checks that are a condition ended."""
    return [check.fact.status for check in checks if not is_advice(check)]


def is_advice(check: Examined) -> bool:
    """Whether a check that is not ok stops nobody."""
    return check.finding is not None and check.finding.severity is Severity.NOTE


def seen(check: Examined) -> str:
    """What was seen, with which one of several it is about."""
    about = check.fact.id.partition(":")[2]
    return check.fact.detail if about in check.fact.detail else f"{about}: {check.fact.detail}"


def unseen_of(result: Examination) -> list[tuple[str, list[Examined]]]:
    """What was not seen, by the reason: one often hides many."""
    found: dict[str, list[Examined]] = {}
    for check in result.checks:
        if check.fact.status is Status.UNKNOWN:
            found.setdefault(check.fact.detail, []).append(check)
    return list(found.items())


def verdict(result: Examination) -> tuple[str, str, Tone]:
    """Word, sentence and tone of what came of it."""
    states = states_of(result.checks)
    problems, pending, hidden = (states.count(s) for s in (Status.PROBLEM, Status.PENDING, Status.UNKNOWN))
    rest = [words for count, words in ((pending, f"{pending} to be done"), (hidden, f"{hidden} not seen")) if count]
    if problems:
        return "Not ready", ", ".join([many(problems, "problem"), *rest]), Tone.BAD
    if rest or not states:
        return "Not sure", f"no problem was seen, {' and '.join(rest) or 'and nothing was looked at'}", Tone.UNKNOWN
    return "Ready", f"all {len(states)} checks are ok", Tone.GOOD


def _worst(states: Sequence[Status]) -> Tone:
    order = (Status.PROBLEM, Status.UNKNOWN, Status.PENDING)
    return next((TONES[status] for status in order if status in states), Tone.GOOD)


def _to_do(alike: Sequence[Examined], *, verbose: bool) -> Iterator[Line]:
    """What one check found: its places, and then what all of them share once; a place in a file has no blank."""
    found = [(check.fact, check.finding) for check in alike if check.finding is not None]
    for fact, finding in found:
        tone = TONES[fact.status] if finding.severity is Severity.ERROR else Tone.WARNING
        label = f"{fact.status} {finding.code}"
        yield Line(text=clean(finding.title), tone=tone, label=label, tail=finding.code)
    for label, texts, tone in (
        ("wanted", [fact.title for fact, _ in found], Tone.QUIET),
        ("why", [finding.why for _, finding in found], Tone.TEXT),
        ("at", [fact.how for fact, _ in found if " " not in fact.how], Tone.QUIET),
        ("seen by", [fact.how for fact, _ in found if verbose and " " in fact.how], Tone.QUIET),
        ("fix", [finding.remedy for _, finding in found], Tone.REMEDY),
        ("see", [fact.url for fact, _ in found], Tone.QUIET),
    ):
        for text in dict.fromkeys(filter(None, texts)):
            # an address is opened or copied whole
            yield Line(text=clean(text), tone=tone, label=label, level=2, whole=label == "see")


def _advised(alike: Sequence[Examined]) -> Iterator[Line]:
    found = [check.finding for check in alike if check.finding is not None]
    seen = "; ".join(finding.title for finding in found)
    text = clean(f"{alike[0].fact.title}: {seen}")
    yield Line(text=text, tone=Tone.TEXT, label=f"advice {alike[0].code}", tail=alike[0].code)
    for remedy in dict.fromkeys(finding.remedy for finding in found):
        yield Line(text=clean(remedy), tone=Tone.REMEDY, label="fix", level=2)


def _unseen(why: str, hidden: Sequence[Examined]) -> Iterator[Line]:
    titles = list(dict.fromkeys(check.fact.title for check in hidden))
    codes = list(dict.fromkeys(check.code for check in hidden))
    tail = ", ".join(codes[:3]) + (" …" if len(codes) > 3 else "")
    shown = "; ".join(titles[:_TITLES])
    more = f"; and {len(titles) - _TITLES} more" if len(titles) > _TITLES else ""
    yield Line(text=clean(why), tone=Tone.UNKNOWN, label="unknown", tail=tail)
    yield Line(text=clean(f"{shown}{more}"), tone=Tone.QUIET, label="hides", level=2)
    for remedy in dict.fromkeys(check.finding.remedy for check in hidden if check.finding is not None):
        yield Line(text=clean(remedy), tone=Tone.REMEDY, label="fix", level=2)


def _verdict(result: Examination) -> Iterator[Line]:
    word, words, tone = verdict(result)
    yield Line(text="", level=0)
    yield Line(text=words, tone=tone, label=word, level=0)
    if tone is not Tone.GOOD:
        yield Line(text="`tagship explain CODE` says more about a code, `--verbose` shows what is ok.", tone=Tone.QUIET)
    if tone is Tone.UNKNOWN:
        yield Line(text="`--allow-unknown` makes it a success.", tone=Tone.QUIET)


def markdown(result: Examination) -> str:
    """The same as a page of a job on GitHub."""
    word, words, _ = verdict(result)
    rows = [
        (check.code, NAMES[check.group], check.fact.status, check.finding.title, check.finding.remedy)
        for check in result.checks
        if check.finding is not None and not is_advice(check)
    ]
    cells = ["| " + " | ".join(_cell(text) for text in row) + " |\n" for row in rows]
    table = "| | where | | what was seen | what to do |\n| --- | --- | --- | --- | --- |\n" + "".join(cells)
    return f"# {word}: {words}\n\n{table if rows else ''}\n"


def _cell(text: str) -> str:
    return clean(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", "<br>")


class Looking:
    """A reporter that says on a terminal which services are being asked, and leaves nothing behind."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console

        self._status = Console(file=stream).status("Looking at the checkout", spinner="dots")
        self._lock = RLock()
        self._asked: list[str] = []

    def __enter__(self) -> "Looking":
        self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def emit(self, event: Happening) -> None:
        """Take one event, from any thread."""
        with self._lock:
            match event:
                case StageStarted():
                    self._asked.append(event.stage)
                case StageEnded() if event.entry.stage in self._asked:
                    self._asked.remove(event.entry.stage)
                case _:
                    return
            self._status.update(f"Looking at {', '.join(self._asked) or 'the checkout'}")

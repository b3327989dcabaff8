"""What is said about facts, findings and verdicts, line by line, before anyone decides about colour and width.

The terminal and the plain renderer both print these lines, so that they cannot disagree.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from tagship.model import Fact, Finding, Severity, Status
from tagship.rehearsal.result import Rehearsal
from tagship.services.addresses import page_of
from tagship.words import clean, duration, many, size


class Tone(StrEnum):
    """How a line is meant; a renderer turns it into a mark and a colour."""

    GOOD = "good"
    BAD = "bad"
    WARNING = "warning"
    UNKNOWN = "unknown"
    TEXT = "text"
    QUIET = "quiet"
    REMEDY = "remedy"
    HEADING = "heading"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line, or several where the text has line feeds. The text is clean."""

    text: str
    tone: Tone = Tone.TEXT
    label: str = ""
    """What the line is, where no mark or colour can say it: `error TC12`, `fix`."""
    tail: str = ""
    """What follows the text, less important than it: a finding's code (where there is no label), an option."""
    level: int = 1
    whole: bool = False
    """Never broken over two lines, however long: a path that somebody opens or copies."""


TONES: dict[Status | Severity, Tone] = {
    Status.OK: Tone.GOOD,
    Status.PENDING: Tone.UNKNOWN,
    Status.PROBLEM: Tone.BAD,
    Status.UNKNOWN: Tone.UNKNOWN,
    Severity.NOTE: Tone.QUIET,
    Severity.WARNING: Tone.WARNING,
    Severity.ERROR: Tone.BAD,
}
VERDICTS = {
    "ready": ("Ready", Tone.GOOD),
    "refused": ("Refused", Tone.BAD),
    "undecided": ("Undecided", Tone.UNKNOWN),
}


def of_fact(fact: Fact) -> Iterator[Line]:
    """A fact with what was seen and how."""
    text = f"{fact.title}: {fact.detail}" if fact.detail else fact.title
    yield Line(text=clean(text), tone=TONES[fact.status], label=fact.status)
    seen = ", ".join(part for part in (fact.how, fact.url) if part)
    if seen:
        yield Line(text=clean(seen), tone=Tone.QUIET, label="seen by", level=2)


def of_finding(finding: Finding) -> Iterator[Line]:
    """A finding: what, where, why, and what to do."""
    yield Line(
        text=clean(finding.title),
        tone=TONES[finding.severity],
        label=f"{finding.severity} {finding.code}",
        tail="" if finding.severity is Severity.NOTE else finding.code,  # a note has no mark: its label is shown
    )
    for label, text, tone in (
        ("at", finding.where, Tone.QUIET),
        ("why", finding.why, Tone.TEXT),
        ("fix", finding.remedy, Tone.REMEDY),
        ("see", finding.url, Tone.QUIET),
    ):
        if text:
            yield Line(text=clean(text), tone=tone, label=label, level=2)


def more(codes: Iterable[str]) -> Iterator[Line]:
    """Where the codes that were shown are explained; nothing where there were none."""
    known = list(dict.fromkeys(filter(None, codes)))
    if known:
        one = known[0] if len(known) == 1 else ""
        yield Line(text=page_of(one), tone=Tone.QUIET, label=f"tagship explain {one or 'CODE'}")


def of_verdict(rehearsal: Rehearsal, report: str) -> Iterator[Line]:
    """The verdict, what it rests on, and where to read more; `report` is the path of the HTML report or empty."""
    word, tone = VERDICTS[rehearsal.verdict]
    yield Line(text=clean(rehearsal.headline), tone=tone, label=word, level=0)
    dists = rehearsal.manifest.dists
    weight = f"{many(len(dists), 'file')}, {size(sum(dist.size for dist in dists))}" if dists else "no files"
    requests = many(len(rehearsal.exchanges), "request")
    yield Line(
        text=f"{clean(rehearsal.scenario)} · {duration(rehearsal.seconds)} · {weight} · {requests} answered",
        tone=Tone.QUIET,
    )
    yield from _reasons(rehearsal)
    yield from _limits(rehearsal)
    if report:
        yield Line(text="Report", tone=Tone.HEADING, level=0)
        yield Line(text=clean(report), whole=True)


def _reasons(rehearsal: Rehearsal) -> Iterator[Line]:
    """What stood in the way, by stage: the details are above, under their stage."""
    reasons = [
        Line(text=f"{stage}: {clean(f.title)}", tone=Tone.BAD, label=f"error {f.code}", tail=f.code)
        for stage, f in rehearsal.causes
    ]
    if not reasons and rehearsal.verdict == "undecided":
        reasons = [
            Line(text=f"{entry.stage}: {clean(fact.title)}", tone=Tone.UNKNOWN, label=fact.status)
            for entry in rehearsal.entries
            for fact in entry.facts
            if fact.status in (Status.UNKNOWN, Status.PENDING)
        ]
    if reasons:
        yield Line(text="Because of", tone=Tone.HEADING, level=0)
        yield from reasons
        yield from more(line.tail for line in reasons)


def _limits(rehearsal: Rehearsal) -> Iterator[Line]:
    """What the verdict does not cover: stages that did not run, assumptions, and what no rehearsal can show."""
    missing = [name for name in rehearsal.stages if rehearsal.manifest.entry(name) is None]
    missing += [job.name for job in rehearsal.jobs if job.result == "skipped"]
    if missing:
        yield Line(text="Not run", tone=Tone.HEADING, level=0)
        yield Line(text=", ".join(missing))
    if rehearsal.assumptions:
        yield Line(text="Assumed, and how to change it", tone=Tone.HEADING, level=0)
    for assumption in rehearsal.assumptions:
        yield Line(text=clean(f"{assumption.name}: {assumption.value}"), tail=clean(assumption.change))
    if rehearsal.not_rehearsed:
        yield Line(text="Not rehearsed", tone=Tone.HEADING, level=0)
    for text in rehearsal.not_rehearsed:
        yield Line(text=clean(text))
    if rehearsal.enforced:
        yield Line(text="Isolation", tone=Tone.HEADING, level=0)
        held = sum(fact.status is Status.OK for fact in rehearsal.enforced)
        yield Line(text=f"{held} of {many(len(rehearsal.enforced), 'guarantee')} enforced by the system")
    for fact in rehearsal.enforced:
        if fact.status is not Status.OK:
            yield from of_fact(fact)

"""The HTML report of a rehearsal: one file that needs nothing else, to read, to show and to keep.

Everything in it comes from the `Rehearsal` record. A content security policy inside of the page forbids every
request, so it can be opened from anywhere; all foreign text is escaped, and long lists are cut with a word
about the rest, which `--json` has in full.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from tagship import words
from tagship.model import Entry, Fact, Finding, Severity, Status, Target
from tagship.rehearsal.faults.kinds import AGAIN, CONVERGED, KINDS
from tagship.rehearsal.result import Cell, Exchange, Job, Rehearsal
from tagship.services.addresses import INDEXES
from tagship.stages import STAGES

MOST = 200
"""Items of one list, and lines of one text, before the rest is only counted."""
MOST_REQUESTS = 400
"""Rows of requests; those that were refused are kept before all others."""
NAMES = tuple(stage.name for stage in STAGES)
_VERDICTS = {"ready": "Ready to release", "refused": "Would be refused", "undecided": "Undecided"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """One row of the timeline."""

    name: str
    state: str
    """`done`, `failed`, `skipped`, `unknown` (done, but not all is known) or `missing`."""
    entry: Entry | None
    findings: tuple["Numbered", ...]
    start: float = 0.0
    """Where its bar begins, in percent of the time that the rehearsal took."""
    width: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRow:
    """One row of the workflow's jobs."""

    job: Job
    state: str
    """`done`, `failed` or `skipped`."""
    start: float
    width: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbered:
    """A finding with the stage that made it and its number, by which the page links to it."""

    number: int
    stage: str
    finding: Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A row of the requests: equal ones that follow each other share one."""

    exchange: Exchange
    times: int = 1


def html(rehearsal: Rehearsal) -> str:
    """The report as one HTML document."""
    origin, span = _span(rehearsal)
    findings = tuple(_findings(rehearsal))
    requests = _folded(rehearsal.exchanges)
    kept = _kept(requests)
    plan = rehearsal.manifest.plan
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            rehearsal=rehearsal,
            plan=plan,
            verdict=_VERDICTS[rehearsal.verdict],
            date=datetime.fromtimestamp(rehearsal.started, UTC).strftime("%Y-%m-%d %H:%M UTC"),
            target=_target(plan.target) if plan else "",
            findings=findings,
            doubts=tuple(_doubts(rehearsal)),
            stages=tuple(_stages(rehearsal, findings, origin, span)),
            jobs=tuple(_jobs(rehearsal, origin, span)),
            ticks=tuple(_ticks(span)),
            requests=kept,
            requests_left=len(requests) - len(kept),
            services=_services(rehearsal),
            weight=sum(dist.size for dist in rehearsal.manifest.dists),
            **_faults(rehearsal.cells),
        )
    )


def environment(*packages: str) -> Environment:
    """What makes pages: everything is escaped, and foreign text is cleaned.

    Args:
        packages: whose templates are found beside these.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in (*packages, "tagship.rehearsal")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: words.clean(value) if type(value) is str else value,
    )
    environment.filters |= {
        "duration": words.duration,
        "size": words.size,
        "shorten": words.shorten,
        "spans": words.spans,
    }
    environment.globals |= {"many": words.many, "most": MOST}
    environment.tests["web"] = lambda url: url.startswith(("https://", "http://"))
    return environment


def _span(rehearsal: Rehearsal) -> tuple[float, float]:
    """When the timeline begins, in seconds since 1970, and how many seconds it covers (never zero)."""
    spans = [(entry.started, entry.seconds) for entry in rehearsal.manifest.log]
    spans += [(job.started, job.seconds) for job in rehearsal.jobs if job.steps]
    origin = min((began for began, _ in spans), default=rehearsal.started)
    if rehearsal.started:
        origin = min(origin, rehearsal.started)
    end = max((began + seconds for began, seconds in spans), default=origin)
    return origin, max(end - origin, rehearsal.seconds, 0.001)


def _findings(rehearsal: Rehearsal) -> Iterator[Numbered]:
    """All findings, the serious ones first."""
    entries = [entry for entry in rehearsal.entries if not rehearsal.repeats(entry)]
    found = [(entry.stage, finding) for entry in entries for finding in entry.findings]
    found += [(name, finding) for name, finding in rehearsal.causes if (name, finding) not in found]
    found.sort(key=lambda pair: tuple(Severity).index(pair[1].severity))
    for number, (stage, finding) in enumerate(found, 1):
        yield Numbered(number=number, stage=stage, finding=finding)


def _doubts(rehearsal: Rehearsal) -> Iterator[tuple[str, Fact]]:
    """Facts that are not ok and that no finding explains, with their stage."""
    for entry in rehearsal.entries:
        explained = {name for finding in entry.findings for name in finding.facts}
        for fact in entry.facts:
            if fact.status is not Status.OK and fact.id not in explained:
                yield entry.stage, fact


def _stages(rehearsal: Rehearsal, findings: tuple[Numbered, ...], origin: float, span: float) -> Iterator[Stage]:
    """A row for each stage in the order of the pipeline; one that ran but is not in it comes last."""
    names = dict.fromkeys((*rehearsal.stages, *(entry.stage for entry in rehearsal.manifest.log)))
    for name in names:
        entry = rehearsal.manifest.entry(name)
        if entry is None:
            yield Stage(name=name, state="missing", entry=None, findings=())
            continue
        known = all(fact.status is Status.OK for fact in entry.facts)
        yield Stage(
            name=name,
            state="unknown" if entry.outcome == "done" and not known else entry.outcome,
            entry=entry,
            findings=tuple(numbered for numbered in findings if numbered.stage == name),
            start=round(100 * (entry.started - origin) / span, 3),
            width=round(100 * entry.seconds / span, 3),
        )


def _faults(cells: tuple[Cell, ...]) -> dict[str, object]:
    """The table of faults: for each kind its cells by stage, how many ended how, and those that should not have."""
    stages = [name for name in NAMES if any(cell.stage == name for cell in cells)]
    kinds = [kind for kind in KINDS if any(cell.kind == kind.name for cell in cells)]
    return {
        "struck": stages,
        "grid": [
            (kind.name, kind.does, [[c for c in cells if (c.kind, c.stage) == (kind.name, stage)] for stage in stages])
            for kind in kinds
        ],
        "tally": [sum(c.ok and c.end.startswith(end) for c in cells) for end in (CONVERGED, AGAIN, "refused")],
        "broken": [cell for cell in cells if not cell.ok],
    }


def _jobs(rehearsal: Rehearsal, origin: float, span: float) -> Iterator[JobRow]:
    """A row for each job of the repository's own workflow, where that was run."""
    for job in rehearsal.jobs:
        yield JobRow(
            job=job,
            state={"success": "done", "skipped": "skipped"}.get(job.result, "failed"),
            start=round(100 * max(job.started - origin, 0) / span, 3),
            width=round(100 * job.seconds / span, 3),
        )


def _ticks(span: float) -> Iterator[tuple[float, str]]:
    """Positions in percent and labels of the time axis: at most six, at round numbers of seconds."""
    step = 0.001
    factors = (2, 2.5, 2)
    number = 0
    while span / step > 6:
        step *= factors[number % 3]
        number += 1
    for count in range(int(span / step) + 1):
        seconds = count * step
        yield round(100 * seconds / span, 3), f"{seconds:g} s" if span < 120 else words.duration(seconds)


def _folded(exchanges: tuple[Exchange, ...]) -> list[Request]:
    """Equal requests in a row as one with a count: waiting asks the same again and again."""
    rows: list[Request] = []
    for exchange in exchanges:
        last = rows[-1] if rows else None
        if last and _key(last.exchange) == _key(exchange):
            rows[-1] = Request(exchange=last.exchange, times=last.times + 1)
        else:
            rows.append(Request(exchange=exchange))
    return rows


def _key(exchange: Exchange) -> tuple[str, str, str, int, str]:
    return exchange.service, exchange.method, exchange.url, exchange.status, exchange.client


def _kept(rows: list[Request]) -> list[Request]:
    """At most so many rows, in their order: refused requests first of all, then the earliest."""
    ranked = sorted(range(len(rows)), key=lambda number: (rows[number].exchange.status < 400, number))
    return [rows[number] for number in sorted(ranked[:MOST_REQUESTS])]


def _services(rehearsal: Rehearsal) -> list[tuple[str, int]]:
    """How many requests each service answered, the busiest first."""
    counts: dict[str, int] = {}
    for exchange in rehearsal.exchanges:
        counts[exchange.service] = counts.get(exchange.service, 0) + 1
    return sorted(counts.items(), key=lambda pair: -pair[1])


def _target(target: Target) -> str:
    return INDEXES[target].name if target in INDEXES else "none"

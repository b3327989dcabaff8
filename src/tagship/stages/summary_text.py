"""The job summary of a release as GitHub's Markdown: what is public, what ran, what did not, and what to do.

Pure: from the manifest alone. Text of the project is escaped, so that it can neither break a table nor become
HTML, and everything is bounded: GitHub drops a summary above 1 MiB (docs.github.com, "Adding a job summary").
"""

import html
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from tagship.model import Entry, Finding, Manifest, Plan, Severity, Status, Target
from tagship.services.addresses import GITHUB, PYPI, TESTPYPI
from tagship.stages.needed import Jobs, public, reason, remedies, undone
from tagship.words import clean, duration, many, shorten, size, spans, tally

MOST = 50
"""Findings, facts or files that are written out before the rest is only counted."""
_SPECIAL = re.compile(r"([\\`*_\[\]~#])")
_OUTCOMES = {"done": "✅ done", "failed": "❌ failed", "skipped": "⏭️ skipped"}
_RESULTS = {
    "success": "✅ succeeded",
    "failure": "❌ failed",
    "cancelled": "❌ cancelled",
    "skipped": "⏭️ skipped",
}
_SEVERITIES = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.NOTE: "ℹ️"}


def summary(manifest: Manifest, stages: tuple[str, ...] = (), jobs: Jobs | None = None) -> str:
    """The whole summary. Of `stages`, those without an entry are shown as not run; the stage that writes the
    summary leaves itself out of them. `jobs` is how the jobs of the workflow ended, where this is one of them."""
    log, jobs = _newest(manifest), jobs or {}
    parts = [
        _heading(manifest, log, jobs),
        *_what_to_do(log, remedies(manifest, jobs)),
        *_card(manifest.plan),
        *_files(manifest),
        *_jobs(jobs, manifest.plan),
        *_stages(log, stages),
        *_details(log),
    ]
    return "\n\n".join(parts) + "\n"


def _newest(manifest: Manifest) -> tuple[Entry, ...]:
    """The last entry of each stage: a stage that ran again replaces what it said before."""
    return tuple({entry.stage: entry for entry in manifest.log}.values())


def _heading(manifest: Manifest, log: tuple[Entry, ...], jobs: Jobs) -> str:
    """What happened, in one sentence. A publish job that was skipped is not a success."""
    plan = manifest.plan
    if plan is None:
        first = [name for name, job in jobs.items() if job.broken]
        return f"## ❌ Nothing was released: {f'{_listed(first)} failed' if first else 'there is no plan'}"
    release = f"{_text(plan.project)} {_text(plan.version)}"
    index = _index(plan)
    failed = [*(entry.stage for entry in log if entry.outcome == "failed"), *remedies(manifest, jobs)]
    done = {entry.stage for entry in log if entry.outcome == "done"}
    there = public(manifest, jobs)
    if failed and there == "yes":
        return f"## ❌ {release} is on {index}, but {_listed(failed)} failed"
    if failed and there == "perhaps":
        return f"## ❌ {release} may be on {index} in part: {_listed(failed)} failed"
    if failed:
        return f"## ❌ {release} was not released: {_listed(failed)} failed"
    if plan.target is Target.NONE and (lacking := undone(manifest, jobs)):
        return f"## ❌ {release} was not shown to be releasable: {_listed(list(lacking))}"
    if plan.target is Target.NONE:
        return f"## ✅ {release}: nothing was to be published"
    if there == "no":
        return f"## ❌ {release} was not released: it was not published on {index}"
    if "verify" not in done:
        return f"## ⚠️ {release} was uploaded to {index}, but not verified"
    if lacking := undone(manifest, jobs):
        return f"## ⚠️ {release} is on {index}, but {_listed(list(lacking))}"
    return f"## ✅ {release} is on {index}"


def _what_to_do(log: tuple[Entry, ...], jobs: Mapping[str, str]) -> Iterator[str]:
    """Jobs that could not say it themselves, errors with their remedies, then warnings and notes."""
    found = [
        (entry.stage, f) for severity in _SEVERITIES for entry in log for f in entry.findings if f.severity is severity
    ]
    if found or jobs:
        yield "### What to do"
    for name, remedy in jobs.items():
        yield f"❌ **The job {name} did not end well**\n\n**→ {_text(remedy)}**"
    for stage, finding in found[:MOST]:
        yield _finding(stage, finding)
    if len(found) > MOST:
        yield f"… and {many(len(found) - MOST, 'more finding')} in the log."


def _finding(stage: str, finding: Finding) -> str:
    where = f", at {_code(finding.where)}" if finding.where else ""
    lines = [
        f"{_SEVERITIES[finding.severity]} **{_text(finding.title)}** ({_code(finding.code)}, stage {stage}{where})",
        _why(finding.why),
        f"**→ {_text(finding.remedy)}**" if finding.remedy else "",
        link("More", finding.url) if finding.url else "",
    ]
    return "\n\n".join(line for line in lines if line)


def _why(text: str) -> str:
    """An explanation; the output of a program, which has many lines, as it was printed."""
    short = shorten(clean(text), 40)
    if short.count("\n") > 3:
        return f"<pre>{html.escape(short, quote=False)}</pre>"
    return _text(short).replace("\n", "<br>")


def _card(plan: Plan | None) -> Iterator[str]:
    """What was to be released: the plan."""
    if plan is None:
        return
    event = plan.event
    commit = f"{GITHUB}/{event.repository}/commit/{event.sha}"
    try:
        date = datetime.fromtimestamp(plan.epoch, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):  # git takes a committer at their word
        date = f"{plan.epoch} s after 1970"
    rows = [
        ("Project", _text(plan.project)),
        ("Version", _code(plan.version) + (" (pre-release)" if plan.prerelease else "")),
        ("Tag", _code(plan.tag) if plan.tag else "none: a development version"),
        ("Target", f"{_index(plan)}: {_text(plan.reason)}"),
        ("Commit", f"{link(event.sha[:12], commit)}, {date}"),
        ("Event", f"{event.name} of {_code(event.ref)}"),
    ]
    if event.inputs.override_reason:
        rows.append(("Override", f"**{_text(event.inputs.override_reason)}**"))
    if event.run_id:
        run = f"{GITHUB}/{event.repository}/actions/runs/{event.run_id}"
        rows.append(("Run", link(event.run_id, run)))
    yield "### Release"
    yield "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {_cell(value)} |" for name, value in rows)])


def _files(manifest: Manifest) -> Iterator[str]:
    dists = manifest.dists
    if not dists:
        return
    yield f"### Files: {len(dists)}, {size(sum(dist.size for dist in dists))}"
    rows = [f"| {_cell(_code(d.filename))} | {d.kind} | {size(d.size)} | `{d.sha256}` |" for d in dists[:MOST]]
    yield "\n".join(["| file | kind | size | sha256 |", "| --- | --- | ---: | --- |", *rows])
    if len(dists) > MOST:
        yield f"… and {many(len(dists) - MOST, 'more file')}."


def _jobs(jobs: Jobs, plan: Plan | None) -> Iterator[str]:
    """How each job ended, and why one was skipped."""
    if not jobs:
        return
    why = {name: reason(name, jobs, plan) for name, job in jobs.items() if job.result == "skipped"}
    rows = [f"| {name} | {_RESULTS[job.result]} | {_cell(_text(why.get(name, '')))} |" for name, job in jobs.items()]
    yield "### Jobs"
    yield "\n".join(["| job | result | why |", "| --- | --- | --- |", *rows])


def _stages(log: tuple[Entry, ...], stages: tuple[str, ...]) -> Iterator[str]:
    """The table of what ran; a stage that was skipped says why in its first sentence."""
    rows = []
    for entry in log:
        said = "; ".join(_text(text) for text in entry.said[:3])
        links = ", ".join(link(label, url) for label, url in entry.links)
        facts = tally(entry.facts)
        what = "; ".join(part for part in (said, facts, links) if part)
        rows.append(f"| {entry.stage} | {_OUTCOMES[entry.outcome]} | {duration(entry.seconds)} | {_cell(what)} |")
    ran = {entry.stage for entry in log}
    rows += [f"| {name} | ⬜ not run | | |" for name in stages if name not in ran]
    spent = duration(sum(entry.seconds for entry in log))
    yield f"### Stages: {spent} of work"
    yield "\n".join(["| stage | outcome | time | what |", "| --- | --- | ---: | --- |", *rows])


def _details(log: tuple[Entry, ...]) -> Iterator[str]:
    """Facts that are not ok: they explain an outcome that no finding explains."""
    odd = [(entry.stage, f) for entry in log for f in entry.facts if f.status is not Status.OK]
    if not odd:
        return
    yield "### Not ok, or not known"
    lines = []
    for stage, fact in odd[:MOST]:
        detail = f": {_text(fact.detail)}" if fact.detail else ""
        how = f" ({_text(fact.how)})" if fact.how else ""
        lines.append(f"- {stage}, **{fact.status}**: {_text(fact.title)}{detail}{how}".replace("\n", " "))
    if len(odd) > MOST:
        lines.append(f"- … and {len(odd) - MOST} more")
    yield "\n".join(lines)


def _index(plan: Plan) -> str:
    names = {index.target: index.name for index in (PYPI, TESTPYPI)}
    return names.get(plan.target, "no index")


def _listed(names: list[str]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]


def _text(text: str) -> str:
    """Foreign text as Markdown that shows it, with its `code` still code."""
    return "".join(
        _code(piece) if code else _SPECIAL.sub(r"\\\1", html.escape(piece, quote=False))
        for code, piece in spans(clean(text))
    )


def _code(text: str) -> str:
    """Text as a code span, which no backtick and no line feed inside can end."""
    inside = clean(text).replace("`", "'").replace("\n", " ")
    return f"`{inside}`" if inside else ""


def _cell(text: str) -> str:
    """Markdown inside of a table: one line, and no bar ends the cell (also not inside of a code span)."""
    return text.replace("\n", " ").replace("|", r"\|")


def link(label: str, url: str) -> str:
    """A link, where the address is one of the web; else only its label."""
    if not url.startswith(("https://", "http://")):
        return _text(label)
    return f"[{_text(label)}](<{clean(url).translate({60: '%3C', 62: '%3E', 10: '%0A'})}>)"

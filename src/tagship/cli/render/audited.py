"""An audit in lines: file by file, what is alike together, the gravest first."""

from collections import Counter
from collections.abc import Iterator

from tagship.cli.render.lines import TONES, Line, Tone, more
from tagship.model import Finding, Severity
from tagship.words import clean, many
from tagship.workflow.audit.result import Audited, AuditedFile

_PLACES = 12
"""Places of one rule in one file that are listed."""


def of_audit(audited: Audited) -> Iterator[Line]:
    """Every file with its findings, then what was found in all and by whom."""
    shown = [file for file in audited.files if file.publishes or file.findings]
    for file in shown:
        yield Line(text=clean(file.file), tone=Tone.HEADING, level=0)
        yield from _file(file)
    yield Line(text="Audited", tone=Tone.HEADING, level=0)
    publishing = sum(file.publishes for file in audited.files)
    counts = Counter(finding.severity for finding in audited.findings)
    found = ", ".join(many(counts[severity], str(severity)) for severity in Severity if counts[severity])
    if publishing:
        tone = TONES[next((grave for grave in Severity if counts[grave]), Severity.NOTE)] if found else Tone.GOOD
        yield Line(
            text=f"{many(publishing, 'workflow')} that publish{'es' if publishing == 1 else ''}: "
            f"{found or 'nothing found'}",
            tone=tone,
        )
    else:
        yield Line(text="no workflow here uploads to an index, so that nothing was judged", tone=Tone.UNKNOWN)
    others = len(audited.files) - publishing
    if others:
        yield Line(text=f"{many(others, 'other workflow')} not judged", tone=Tone.QUIET)
    for tool in audited.tools:
        words = {
            "ran": f"ran as well ({tool.said})",
            "missing": tool.said,
            "failed": f"failed, so that it says nothing: {tool.said}",
        }
        tone = Tone.BAD if tool.outcome == "failed" else Tone.QUIET
        yield Line(text=clean(f"{tool.name} {words[tool.outcome]}"), tone=tone)
    yield from more(finding.code for finding in audited.findings if "/" not in finding.code)


def _file(file: AuditedFile) -> Iterator[Line]:
    if not file.findings:
        yield Line(text="nothing found", tone=Tone.GOOD)
    groups: dict[tuple[str, Severity], list[Finding]] = {}
    for finding in sorted(file.findings, key=lambda finding: tuple(Severity).index(finding.severity)):
        groups.setdefault((finding.code, finding.severity), []).append(finding)
    for (code, severity), findings in groups.items():
        for finding in findings[:_PLACES]:
            place = finding.where.removeprefix(f"{file.file}:").partition(":")[0]
            yield Line(
                text=clean(f"line {place}: {finding.title}"),
                tone=TONES[severity],
                label=f"{severity} {code}",
                tail="" if severity is Severity.NOTE else code,  # a note has no mark, so that its label is shown
            )
        if len(findings) > _PLACES:
            yield Line(text=f"and {many(len(findings) - _PLACES, 'more place')}", tone=Tone.QUIET)
        for label, texts, tone in (
            ("why", [f.why for f in findings], Tone.TEXT),
            ("fix", [f.remedy for f in findings], Tone.REMEDY),
            ("see", [f.url for f in findings if f.url not in f.remedy], Tone.QUIET),
        ):
            for text in dict.fromkeys(filter(None, texts)):
                yield Line(text=clean(text), tone=tone, label=label, level=2)

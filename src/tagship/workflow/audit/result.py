"""The result of an audit as a record: what was looked at, what was found, and which other linters had a say."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from tagship.errors import AUDIT_ERRORS, AUDIT_NOTHING, AUDIT_WARNINGS, UNDECIDED, UsageError
from tagship.model import Finding, Record, Severity
from tagship.project.ci import FOLDER
from tagship.services.shell import Shell
from tagship.workflow.audit import audit, publishes
from tagship.workflow.audit.tools import TOOLS, ToolRun
from tagship.workflow.audit.tools import run as run_tool
from tagship.workflow.document import read

_REMEDY = "Name a repository, a folder with workflows, or workflow files."


class AuditedFile(Record, frozen=True, kw_only=True):
    """One workflow."""

    file: str
    """As it was named, with `/` between the parts."""
    publishes: bool
    """Whether it uploads to an index; one that does not is not judged, unless GitHub would refuse it."""
    findings: tuple[Finding, ...]


class Audited(Record, frozen=True, kw_only=True):
    """The result: `tagship audit --json`."""

    schema: Literal[1] = 1
    files: tuple[AuditedFile, ...]
    tools: tuple[ToolRun, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, file by file."""
        return tuple(finding for file in self.files for finding in file.findings)

    @property
    def exit_code(self) -> int:
        """By the gravest finding; where there is none, a linter that failed, or nothing that publishes, is no success.

        Notes are advice and do not count.
        """
        found = {finding.severity for finding in self.findings}
        if Severity.ERROR in found:
            return AUDIT_ERRORS
        if any(tool.outcome == "failed" for tool in self.tools):
            return UNDECIDED
        if Severity.WARNING in found:
            return AUDIT_WARNINGS
        return 0 if any(file.publishes for file in self.files) else AUDIT_NOTHING


def examine(paths: Sequence[Path], root: Path, shell: Shell | None, persona: str) -> Audited:
    """Audit workflows, by our rules and by the linters that are installed.

    Args:
        paths: files, folders with workflows, or repositories.
        root: files below it are named relative to it.
        shell: runs the linters; None leaves them out.
        persona: how strict zizmor is: `regular`, `pedantic` or `auditor`.

    Raises:
        UsageError: a path does not exist, or there is no workflow in it.
    """
    files: list[AuditedFile] = []
    sound: list[Path] = []
    for path in _files(paths):
        document = read(path.read_bytes(), _name(path, root))
        publishing = publishes(document)
        files.append(AuditedFile(file=document.file, publishes=publishing, findings=audit(document)))
        if publishing and not document.problems:
            sound.append(path)
    if shell is None or not sound:
        return Audited(files=tuple(files))
    runs = [run_tool(tool, sound, root, shell, persona) for tool in TOOLS]
    found = [finding for _, findings in runs for finding in findings]
    return Audited(files=tuple(_with(file, found) for file in files), tools=tuple(run for run, _ in runs))


def _with(file: AuditedFile, found: Iterable[Finding]) -> AuditedFile:
    own = tuple(finding for finding in found if finding.where.rpartition(":")[0].rpartition(":")[0] == file.file)
    return AuditedFile(file=file.file, publishes=file.publishes, findings=(*file.findings, *own))


def _name(path: Path, root: Path) -> str:
    absolute = path.absolute()
    return (absolute.relative_to(root) if absolute.is_relative_to(root) else path).as_posix()


def _files(paths: Sequence[Path]) -> list[Path]:
    """The workflow files that are meant, each once."""
    found: list[Path] = []
    for path in paths:
        if path.is_file():
            found.append(path)
        elif path.is_dir():
            folder = path / FOLDER if (path / FOLDER).is_dir() else path
            inside = sorted(file for file in folder.iterdir() if file.suffix in (".yml", ".yaml") and file.is_file())
            if not inside:
                raise UsageError(f"Nothing was audited: there is no workflow in {path}", remedy=_REMEDY)
            found += inside
        else:
            raise UsageError(f"Nothing was audited: there is no {path}", remedy=_REMEDY)
    return list({path.resolve(): path for path in reversed(found)}.values())[::-1]

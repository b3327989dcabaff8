"""Findings about built files: what PyPI would refuse, and what users would trip over.

`run` looks at everything that was built; `catalogue` explains every code. A check is data (`Check`: a page and a
function), and the tuple `CHECKS` has all of them in the order of their codes. What PyPI refuses is asked of the
rule book and quoted in PyPI's own words.
"""

from collections.abc import Iterator, Sequence

import msgspec

from tagship.checks import contents, metadata, secrets, sources
from tagship.checks.archives import Archive, read
from tagship.checks.check import Check, CheckContext, few
from tagship.checks.rulebook import Upload, form_of, refusals
from tagship.model import Finding, Page, Severity

__all__ = ["CHECKS", "Archive", "Check", "CheckContext", "catalogue", "read", "run"]

CHECKS: tuple[Check, ...] = (*contents.CHECKS, *sources.CHECKS, *metadata.CHECKS, *secrets.CHECKS)


def _refused(code: str, what: str, why: str, remedy: str) -> Page:
    return Page(
        code=code,
        title=f"PyPI refuses {what}",
        why=f"The upload fails with the words quoted. {why}",
        remedy=remedy,
        source="pypi/warehouse, the file and line named by the rule",
    )


_METADATA = _refused(
    "TC50",
    "the metadata",
    "One wrong field is enough, and the first file of a release fixes the metadata of all.",
    "Correct the field in `[project]` and build again.",
)
_NAME = _refused(
    "TC52",
    "the file by its name, type or size",
    "File names are part of the standards for wheels and sdists.",
    "Build with a current backend and do not rename files; for size, leave data out or ask PyPI for a larger limit.",
)
REFUSALS: dict[str, Page] = {
    "form": _METADATA,
    "metadata": _METADATA,
    "description": _refused(
        "TC51",
        "the description",
        "It cannot be shown as what its content type says.",
        "Correct the markup (`twine check` shows the place), or the content type of `readme` in `[project]`.",
    ),
    "filename": _NAME,
    "file": _NAME,
    "archive": _refused(
        "TC53",
        "the archive",
        "It is broken, ambiguous, or packed in a way that installers understand differently.",
        "Build again with a current backend, and let no later step rewrite the file.",
    ),
    "sdist": _refused(
        "TC54",
        "the sdist",
        "Its name and its content must follow PEP 625 and PEP 639.",
        "Build with a current backend; see that every file in `license-files` is in the sdist.",
    ),
    "wheel": _refused(
        "TC55",
        "the wheel",
        "Its tags, its name and its `.dist-info` folder must follow the standards.",
        "Build with a current backend; repair Linux wheels with auditwheel so that they carry a manylinux tag.",
    ),
}
"""The page for each group of the rule book's rules: what stands before the dot of a rule's id."""


def catalogue() -> tuple[Page, ...]:
    """The page of every code, in the order of the codes."""
    pages = {page.code: page for page in (*(check.page for check in CHECKS), *REFUSALS.values())}
    return tuple(pages[code] for code in sorted(pages))


def run(context: CheckContext) -> tuple[Finding, ...]:
    """Everything that is to be said about the files, check by check; what PyPI refuses comes last.

    Advice that holds for several files is one finding, with the places of all.

    Raises:
        ValueError: where there is no archive: nothing is true of nothing.
    """
    if not context.archives:
        raise ValueError("there is no built file to check")
    found = [finding for check in CHECKS for finding in check.findings(context)]
    found += [finding for archive in context.archives for finding in _refusals(archive, context)]
    return tuple(_together(found))


def _together(found: Sequence[Finding]) -> Iterator[Finding]:
    """The same findings, with one for all places of what is no error: advice is not worth repeating for each file."""
    places: dict[Finding, list[str]] = {}
    for finding in found:
        key = finding if finding.severity is Severity.ERROR else msgspec.structs.replace(finding, where="")
        places.setdefault(key, []).append(finding.where)
    for finding, where in places.items():
        yield msgspec.structs.replace(finding, where=few(where, 6))


def _refusals(archive: Archive, context: CheckContext) -> Iterator[Finding]:
    """The rule book's refusals of one file, unless reading it again would cost without limit."""
    if archive.excessive:
        return
    try:
        upload = Upload(form=form_of(archive.path), index=context.index, path=archive.path, filename=archive.filename)
        for refusal in refusals(upload):
            page = REFUSALS[refusal.rule.partition(".")[0]]
            yield page.finding(archive.filename, f"{context.index.name} refuses it: {refusal.reason}")
    except Exception:
        if not archive.problem:  # a broken file has its finding already, and breaks parsers in ways nobody can list
            raise

"""The page of every code: checks of built files, trials of clean installations, errors."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What is to be known about a code."""

    code: str
    title: str
    why: str
    remedy: str
    source: str = ""


def pages() -> dict[str, Page]:
    """All pages by code, sorted."""
    from tagship import checks
    from tagship.errors import ERRORS
    from tagship.stages.test import NOT_RUN
    from tagship.stages.trial import CODES

    found = [Page(code=p.code, title=p.title, why=p.why, remedy=p.remedy, source=p.source) for p in checks.catalogue()]
    found += [Page(code=c.id, title=c.title, why=c.why, remedy=c.remedy) for c in (*CODES, NOT_RUN)]
    found += [
        Page(
            code=error.code,
            title=error.summary,
            why=(error.__doc__ or "").strip(),
            remedy=f"The message says what to do. Exit code {error.exit_code}.",
        )
        for error in ERRORS
    ]
    return {page.code: page for page in sorted(found, key=lambda page: page.code)}


def text(page: Page) -> str:
    """A page as text."""
    source = f"\nSource: {page.source}\n" if page.source else ""
    return f"{page.code}: {page.title}\n\n{page.why}\n\nWhat to do: {page.remedy}\n{source}"

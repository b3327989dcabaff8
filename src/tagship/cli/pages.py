"""The page of every code: checks of built files, trials of clean installations, rules of the audit, errors."""

from tagship.model import Page


def pages() -> dict[str, Page]:
    """All pages by code, sorted."""
    from tagship import checks
    from tagship.errors import ERRORS
    from tagship.setup import doctor
    from tagship.stages.test import NOT_RUN
    from tagship.stages.trial import CODES
    from tagship.workflow import audit

    errors = (
        Page(
            code=error.code,
            title=error.summary,
            why=(error.__doc__ or "").strip(),
            remedy=f"The message says what to do. Exit code {error.exit_code}.",
        )
        for error in ERRORS
    )
    found = (*checks.catalogue(), *CODES, NOT_RUN, *audit.catalogue(), *doctor.catalogue(), *errors)
    return {page.code: page for page in sorted(found, key=lambda page: page.code)}


def text(page: Page) -> str:
    """A page as text."""
    more = "".join(
        f"\n{label}: {words}\n" for label, words in (("Seen", page.incident), ("Source", page.source)) if words
    )
    return f"{page.code}: {page.title}\n\n{page.why}\n\nWhat to do: {page.remedy}\n{more}"

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
            remedy=f"{error.advice} Exit code {error.exit_code}.",
        )
        for error in ERRORS
    )
    found = (*checks.catalogue(), *CODES, NOT_RUN, *audit.catalogue(), *doctor.catalogue(), *errors)
    return {page.code: page for page in sorted(found, key=lambda page: page.code)}


def find(word: str) -> Page:
    """The page of a code, or of a check of `tagship doctor` by its id.

    Raises:
        UsageError: there is none.
    """
    from tagship.setup.doctor import CHECKS

    found = pages()
    known = {**found, **{check.id: check.page for check in CHECKS}}
    page = found.get(word.upper()) or known.get(word.lower())
    if page is None:
        import difflib

        from tagship.errors import UsageError

        close = difflib.get_close_matches(word.upper(), found, n=1) or difflib.get_close_matches(word, known, n=1)
        hint = f"Did you mean {close[0]}? " if close else ""
        raise UsageError(f"There is no code {word}", remedy=f"{hint}`tagship explain` lists all.")
    return page


def text(page: Page) -> str:
    """A page as text; of a check of `tagship doctor` also its id, and what it needs to be seen."""
    from tagship.setup.doctor import CHECKS

    check = next((check for check in CHECKS if check.page.code == page.code), None)
    rows = [("Seen", page.incident), ("Source", page.source)]
    rows += [("Check", check.id), ("Needs", check.needed)] if check is not None else []
    more = "".join(f"\n{label}: {words}\n" for label, words in rows if words)
    return f"{page.code}: {page.title}\n\n{page.why}\n\nWhat to do: {page.remedy}\n{more}"

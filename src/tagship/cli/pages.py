"""The page of every code: checks of built files, trials of clean installations, rules of the audit, errors."""

from collections.abc import Callable, Iterable

from tagship.model import Page


def _of_files() -> Iterable[Page]:
    from tagship import checks

    yield from checks.catalogue()
    from tagship.stages.test import NOT_RUN
    from tagship.stages.trial import CODES

    yield from (*CODES, NOT_RUN)


def _of_workflows() -> Iterable[Page]:
    from tagship.workflow import audit

    return audit.catalogue()


def _of_set_up() -> Iterable[Page]:
    from tagship.setup import doctor

    return doctor.catalogue()


def _of_errors() -> Iterable[Page]:
    from tagship.errors import ERRORS

    return (
        Page(
            code=error.code,
            title=error.summary,
            why=(error.__doc__ or "").strip(),
            remedy=f"{error.advice} Exit code {error.exit_code}.",
        )
        for error in ERRORS
    )


KINDS: dict[str, Callable[[], Iterable[Page]]] = {
    "TC": _of_files,
    "TD": _of_set_up,
    "TE": _of_errors,
    "TS": _of_workflows,
}
"""By how a code begins: where its page is, which is imported for such a code alone."""


def pages() -> dict[str, Page]:
    """All pages by code, sorted."""
    found = [page for kind in KINDS.values() for page in kind()]
    return {page.code: page for page in sorted(found, key=lambda page: page.code)}


def find(word: str) -> Page:
    """The page of a code, or of a check of `tagship doctor` by its id.

    Raises:
        UsageError: there is none.
    """
    kind = KINDS.get(word[:2].upper())
    page = next((page for page in kind() if page.code == word.upper()), None) if kind else None
    if page is not None:
        return page
    from tagship.setup.doctor import CHECKS

    known = {check.id: check.page for check in CHECKS}
    page = known.get(word.lower())
    if page is None:
        import difflib

        from tagship.errors import UsageError

        close = difflib.get_close_matches(word.upper(), pages(), n=1) or difflib.get_close_matches(word, known, n=1)
        hint = f"Did you mean {close[0]}? " if close else ""
        raise UsageError(f"There is no code {word}", remedy=f"{hint}`tagship explain` lists all.")
    return page


def text(page: Page) -> str:
    """A page as text; of a check of `tagship doctor` also its id, and what it needs to be seen."""
    rows = [("Seen", page.incident), ("Source", page.source)]
    if page.code.startswith("TD"):
        from tagship.setup.doctor import CHECKS

        check = next(check for check in CHECKS if check.page.code == page.code)
        rows += [("Check", check.id), ("Needs", check.needed)]
    more = "".join(f"\n{label}: {words}\n" for label, words in rows if words)
    return f"{page.code}: {page.title}\n\n{page.why}\n\nWhat to do: {page.remedy}\n{more}"

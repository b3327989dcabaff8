"""What a check of the set-up is: what it proves, what it needs to see, and how it judges what was seen."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from tagship.model import Page, Status
from tagship.setup.observed import Observed


class Group(StrEnum):
    """Where a setting lives."""

    LOCAL = "local"
    WORKFLOW = "workflow"
    CI = "ci"
    GITHUB = "github"
    INDEX = "index"
    SECURITY = "security"


INSIDE = (Group.LOCAL, Group.WORKFLOW)
"""Groups for which nothing outside of the checkout has to be looked at."""


class Needs(StrEnum):
    """What a check needs to be seen at all."""

    NOTHING = "nothing"
    """The checkout, and pages that everybody can read."""
    TOKEN = "token"  # noqa: S105  no password
    """A token of GitHub that may read the repository."""
    ADMIN = "admin"
    """A token that may read the administration of the repository."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What one check saw."""

    status: Status
    detail: str
    how: str = ""
    """The request, command or file."""
    url: str = ""
    """Where a person can look at it, or set it."""
    remedy: str = ""
    """The exact link or command; the page's own words where there is none better."""
    about: str = ""
    """Which one of several: the environment `pypi`, the secret `PYPI_API_TOKEN`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One check: data, and a pure function from what was observed to what it says."""

    id: str
    """Stable dotted name, the group first: `github.environment-refs`."""
    page: Page
    """Its title says what holds where the check is ok; a severity of `note` makes it advice, which is no condition."""
    group: Group
    needs: Needs = Needs.NOTHING
    look: Callable[[Observed], Seen | Iterable[Seen]]
    """May raise `Unseen` or a `TagshipError`: then the check is unknown, and says why. No answers at all: it does not
    apply, and is left out."""

    @property
    def needed(self) -> str:
        """What it needs to be seen, in words."""
        if self.needs is Needs.NOTHING:
            return "the checkout alone" if self.group in INSIDE else "no token, unless the repository is private"
        return "a token of GitHub that may read the " + (
            "repository" if self.needs is Needs.TOKEN else "administration of the repository"
        )


def ok(detail: str, how: str = "", *, url: str = "", about: str = "") -> Seen:
    """It is as it should be."""
    return Seen(status=Status.OK, detail=detail, how=how, url=url, about=about)


def problem(detail: str, how: str = "", *, remedy: str = "", url: str = "", about: str = "") -> Seen:
    """It is not as it should be."""
    return Seen(status=Status.PROBLEM, detail=detail, how=how, remedy=remedy, url=url, about=about)


def pending(detail: str, how: str = "", *, remedy: str = "", url: str = "", about: str = "") -> Seen:
    """It is still to be done, or cannot be so before the first release."""
    return Seen(status=Status.PENDING, detail=detail, how=how, remedy=remedy, url=url, about=about)


def unknown(detail: str, how: str = "", *, remedy: str = "", url: str = "", about: str = "") -> Seen:
    """It could not be seen, whatever the reason: that is no success."""
    return Seen(status=Status.UNKNOWN, detail=detail, how=how, remedy=remedy, url=url, about=about)

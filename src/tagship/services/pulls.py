"""The door to pull requests, and to what a branch asks of a change, as records of the few fields that are used.

docs.github.com, "REST API endpoints for pull requests" and "… for rules".
"""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote

import msgspec

from tagship.services.github import GitHub

_NEWEST = "/pulls?state=all&sort=created&direction=desc&per_page=100"
BODY = 65_000
"""Characters of a body that are sent; GitHub takes 65,536."""


class _Repository(msgspec.Struct, frozen=True):
    full_name: str = ""
    fork: bool = False


class End(msgspec.Struct, frozen=True):
    """One end of a pull request."""

    ref: str
    """The branch."""
    sha: str
    repo: _Repository | None = None
    """None where it was deleted."""


class Pull(msgspec.Struct, frozen=True):
    """A pull request."""

    number: int
    state: str
    """`open` or `closed`."""
    html_url: str
    head: End
    base: End
    merged_at: datetime | None = None
    mergeable_state: str = ""
    """`clean`, `blocked`, `behind`, `dirty`, `unstable`, `unknown`; of one that is asked for by itself."""
    merge_commit_sha: str | None = None
    """Once it is merged, the commit that the base got: the merge, the squashed one, the last of the rebased ones.

    Version 2026-03-10 of the API has it no more (docs.github.com, "Breaking changes"); GraphQL has `mergeCommit`.
    """

    @property
    def is_ours(self) -> bool:
        """Whether its branch lies in the repository itself, and in no fork."""
        return self.head.repo is not None and self.head.repo == self.base.repo


class _Check(msgspec.Struct, frozen=True):
    context: str


class _Parameters(msgspec.Struct, frozen=True):
    required_approving_review_count: int = 0
    required_status_checks: tuple[_Check, ...] = ()


class Rule(msgspec.Struct, frozen=True):
    """One rule in force for a branch."""

    type: str
    ruleset_id: int = 0
    parameters: _Parameters = _Parameters()


class _Ruleset(msgspec.Struct, frozen=True):
    current_user_can_bypass: str = ""


class Pulls:
    """The pull requests of one repository.

    Args:
        github: the repository, with a token that may write pull requests where one is opened.
    """

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def of(self, branch: str) -> tuple[Pull, ...]:
        """Those from a branch of the repository itself, open and closed, the newest first."""
        owner = self._github.repository.partition("/")[0]
        return self._github.read(f"{_NEWEST}&head={quote(f'{owner}:{branch}')}", tuple[Pull, ...])

    def newest(self) -> Iterator[tuple[Pull, ...]]:
        """All of them, open and closed, the newest first, a hundred at a time."""
        return self._github.pages(_NEWEST, tuple[Pull, ...])

    def get(self, number: int) -> Pull:
        """One of them, as it is now."""
        return self._github.read(f"/pulls/{number}", Pull)

    def open(self, head: str, base: str, title: str, body: str) -> Pull:
        """Open one.

        Raises:
            Refused: the token may not, or one of the branches is not there.
            UnknownOutcome: there is one already, or no clear answer came.
        """
        fields = {"title": title, "head": head, "base": base, "body": body[:BODY]}
        return self._github.send("POST", "/pulls", fields, Pull)

    def rules(self, branch: str) -> tuple[Rule, ...]:
        """The rules of rulesets that bind this token's owner on a branch; classic protection is not among them."""
        found = self._github.read(f"/rules/branches/{quote(branch)}?per_page=100", tuple[Rule, ...])
        free = {number for number in {rule.ruleset_id for rule in found} if number and self._may_bypass(number)}
        return tuple(rule for rule in found if rule.ruleset_id not in free)

    def _may_bypass(self, ruleset: int) -> bool:
        path = f"/rulesets/{ruleset}"
        if self._github.is_anonymous:
            return False
        return self._github.read(path, _Ruleset).current_user_can_bypass in ("always", "exempt")

    def is_fork(self) -> bool:
        """Whether the repository is somebody's fork of another one."""
        return self._github.read("", _Repository).fork

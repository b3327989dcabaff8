"""What a setting of GitHub is: compared with what is wanted, it is a check; what makes both equal, an action.

Both come out of one comparison, so that the doctor and `doctor --apply` cannot disagree.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from tagship.model import Page, Record
from tagship.services.github_settings import Part
from tagship.services.github_shapes import Settings
from tagship.setup.check import Check, Group, Needs, Seen
from tagship.setup.observed import Observed
from tagship.setup.wanted import Wanted


class Request(Record, frozen=True, kw_only=True):
    """One request that changes something."""

    method: Literal["DELETE", "PATCH", "POST", "PUT"]
    path: str
    """Below the repository; `{id}` stands for the number of what another request made."""
    body: msgspec.Raw | None = None
    """JSON."""

    @classmethod
    def of(
        cls, method: Literal["DELETE", "PATCH", "POST", "PUT"], path: str, body: Mapping[str, object] | None = None
    ) -> "Request":
        """A request with its body."""
        return cls(method=method, path=path, body=None if body is None else msgspec.Raw(msgspec.json.encode(body)))


class Action(Record, frozen=True, kw_only=True):
    """One change: what, from, to, why, and how it is taken back."""

    what: str
    """The setting, as people call it: `environment pypi`."""
    before: str
    after: str
    page: Page
    """Why."""
    part: Part
    request: Request
    undo: tuple[Request, ...]
    """What restores what was there, in this order."""
    note: str = ""
    """What else it changes for somebody."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """One thing compared: what the check says, and what would make it right; nothing where only a person can."""

    seen: Seen
    actions: tuple[Action, ...] = ()


Look = Callable[[Wanted, Settings], tuple[Compared, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One row of the table."""

    id: str
    page: Page
    look: Look
    """May raise `Unseen`; nothing at all where it does not apply."""
    needs: Needs = Needs.NOTHING
    group: Group = Group.GITHUB

    @property
    def check(self) -> Check:
        """The row as a check of the doctor."""

        def look(observed: Observed) -> tuple[Seen, ...]:
            return tuple(compared.seen for compared in self.look(observed.target, observed.github))

        return Check(id=self.id, page=self.page, group=self.group, needs=self.needs, look=look)

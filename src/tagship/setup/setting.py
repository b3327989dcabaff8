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

APPLY = "tagship doctor --apply shows what it would change, and asks."
"""The remedy of what an API can set."""


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

    @classmethod
    def of(
        cls, part: Part, what: str, words: tuple[str, str], page: Page, requests: tuple[Request, Request]
    ) -> "Action":
        """A change with one request that makes it, and one that takes it back; the words are before and after."""
        before, after = words
        request, undo = requests
        return cls(what=what, before=before, after=after, page=page, part=part, request=request, undo=(undo,))


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """One thing compared: what the check says, and what would make it right; nothing where only a person can."""

    seen: Seen
    actions: tuple[Action, ...] = ()


Said = Seen | Compared | tuple[Seen | Compared, ...]
"""What a comparison says, of one thing or of several; nothing at all where it does not apply."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One row of the table."""

    id: str
    page: Page
    look: Callable[[Wanted, Settings], Said]
    """May raise `Unseen`."""
    needs: Needs = Needs.NOTHING
    group: Group = Group.GITHUB

    def compare(self, wanted: Wanted, settings: Settings) -> tuple[Compared, ...]:
        """All that the row is about, compared.

        Raises:
            Unseen: it could not be read.
        """
        said = self.look(wanted, settings)
        return tuple(
            one if isinstance(one, Compared) else Compared(seen=one)
            for one in (said if isinstance(said, tuple) else (said,))
        )

    @property
    def check(self) -> Check:
        """The row as a check of the doctor."""

        def look(observed: Observed) -> tuple[Seen, ...]:
            return tuple(compared.seen for compared in self.compare(observed.target, observed.github))

        return Check(id=self.id, page=self.page, group=self.group, needs=self.needs, look=look)

"""Broken set-ups, each with one thing wrong that went wrong for somebody: the bench of the doctor (`broken.toml`)."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from tests.setup.breaking import CHANGES, RELEASES
from tests.setup.worlds import Auth, Said, SetUp


class Broken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One broken set-up."""

    what: str
    """What is wrong, in a sentence."""
    report: str
    """The address of a public report, or of the page that says so."""
    happened: str
    """What happened there, in our words."""
    where: str = ""
    """The step or stage that says it at the first release; empty where that goes through."""
    said: str = ""
    """Part of what it says; empty where it goes wrong quietly."""
    named: str
    """The check that names it beforehand, with what it is about."""
    words: str
    """Part of what that check says, its remedy included: the cause."""
    follows: tuple[str, ...] = ()
    """Other checks that change with it, since what they are about is broken by it, too."""
    auth: Auth = "trusted-publishing"
    fresh: bool = False
    """Whether nothing was ever released."""
    release: str = "tag"
    id: str = ""

    def change(self, made: SetUp) -> None:
        """Break a right set-up."""
        CHANGES[self.id](made)

    def first(self, made: SetUp) -> Said:
        """The first release in it."""
        return RELEASES[self.release](made)


def _read() -> tuple[Broken, ...]:
    data = (Path(__file__).parent / "broken.toml").read_bytes()
    found: Mapping[str, Broken] = msgspec.toml.decode(data, type=dict[str, Broken])
    return tuple(msgspec.structs.replace(one, id=id) for id, one in found.items())


BROKEN = _read()

"""The real settings of a project as a file, for later rehearsals: names and dates of secrets, never more."""

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from tagship.model import Record
from tagship.services.github_shapes import Settings
from tagship.services.index_settings import Listing

if TYPE_CHECKING:
    from tagship.setup.observed import Observed


YEAR_10000 = 253_402_300_800
"""Seconds since 1970, from which on no date can be written."""


class Snapshot(Record, frozen=True, kw_only=True):
    """What `tagship doctor --snapshot FILE` writes and `tagship rehearse --world FILE` takes."""

    schema: Literal[1] = 1
    repository: str
    """`owner/name`; empty where it is not on GitHub."""
    project: str
    at: Annotated[float, msgspec.Meta(ge=0, lt=YEAR_10000)]
    """When, in seconds since 1970."""
    github: Settings
    pypi: Listing
    testpypi: Listing


def snapshot(observed: "Observed") -> Snapshot:
    """What was seen of the services, as a record that travels."""
    return Snapshot(
        repository=observed.project.repository.on_github or "",
        project=observed.project.name.value or "",
        at=observed.now,
        github=observed.github,
        pypi=observed.pypi,
        testpypi=observed.testpypi,
    )

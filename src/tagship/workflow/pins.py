"""The actions of the generated workflow, each pinned to a commit.

A tag can be moved to other code, a commit cannot (CVE-2025-30066: the tags of tj-actions/changed-files were). Each
commit is the one that the release's tag means, peeled: gh-action-pypi-publish pulls an image by that name.
"""

from dataclasses import dataclass

CHECKED = "2026-08-31"
"""When the table was last compared with the actions' releases (ISO 8601)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """One action."""

    action: str
    """`owner/name`."""
    sha: str
    """40 hex digits."""
    version: str
    """The release, as its tag is spelt; it stands in a comment, where Dependabot keeps it up to date."""

    def __str__(self) -> str:
        return f"{self.action}@{self.sha} # {self.version}"


PINS: tuple[Pin, ...] = (
    Pin(action="actions/checkout", sha="3d3c42e5aac5ba805825da76410c181273ba90b1", version="v7.0.1"),
    Pin(action="actions/setup-python", sha="5fda3b95a4ea91299a34e894583c3862153e4b97", version="v7.0.0"),
    Pin(action="actions/upload-artifact", sha="043fb46d1a93c77aae656e7c1c64a875d1fc6a0a", version="v7.0.1"),
    Pin(action="actions/download-artifact", sha="3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", version="v8.0.1"),
    Pin(action="pypa/gh-action-pypi-publish", sha="dc37677b2e1c63e2034f94d8a5b11f265b73ba33", version="v1.14.2"),
    Pin(action="pypa/cibuildwheel", sha="1828c10ab37f080699c7b81cea34097c684a7074", version="v4.2.0"),
)
BY_ACTION = {pin.action: pin for pin in PINS}

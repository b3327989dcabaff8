"""A value together with where it came from, so that no reading of a project has to be believed blindly."""

from typing import Generic, TypeVar

from tagship.model import Record

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Found(Record, Generic[T_co], frozen=True, kw_only=True):
    """A value and its source.

    The source is one of: a place (`pyproject.toml:12 [project].name`, `setup.cfg [metadata] name`),
    `detected: …` with what it was detected from, `default` or `default: …`, and `unknown: …` with the reason,
    whose value is None.
    """

    value: T_co
    source: str

    @property
    def is_known(self) -> bool:
        """Whether somebody declared it or it could be detected; a default counts, `unknown` does not."""
        return not self.source.startswith("unknown")


def unknown(why: str) -> Found[None]:
    """A value that cannot be known, with the reason."""
    return Found(value=None, source=f"unknown: {why}")


def first(*candidates: "Found[T_co] | None") -> "Found[T_co] | None":
    """The first candidate that is known, else the first one that says why it is not, else None."""
    said = [c for c in candidates if c is not None]
    return next((c for c in said if c.is_known), said[0] if said else None)


def said(value: "T | None", source: str) -> "Found[T] | None":
    """What somebody declared, or None where they said nothing."""
    return None if value is None else Found(value=value, source=source)

"""Values that must not be seen: a type that prints as `***`, and the removal of known values from text."""

import re
from collections.abc import Iterable, Iterator, Mapping

from tagship.errors import UsageError

LOOKS_SECRET = re.compile(r"TOKEN|PASS|SECRET|CREDENTIAL|AUTH|KEY(?!RING)|(^|_)PAT$|(^|_)DSN$", re.IGNORECASE)
"""Names of variables whose values are kept out of what we print ourselves."""
PASSWORD = re.compile(r"://[^/\s@]*?:([^/\s@]+)@")
"""The password in an address."""


class Secret:
    """A credential. `str`, `repr` and format are `***`; the value must be asked for by name."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("a secret does not travel")


def redact(text: str, secrets: Iterable[Secret]) -> str:
    """The text with every known value replaced by `***`; values under six characters stay."""
    for secret in secrets:
        value = secret.reveal()
        if len(value) >= 6:
            text = text.replace(value, "***")
    return text


def named(environment: Mapping[str, str], *names: str) -> Secret | None:
    """The first of some variables that is set, without the line feed that a file or a paste adds; None for none.

    Raises:
        UsageError: it holds what no HTTP header can carry (RFC 9110, 5.5). The value is not shown.
    """
    for name in names:
        value = environment.get(name, "").strip()
        if value and not (value.isascii() and value.isprintable() and " " not in value):
            raise UsageError(
                f"Nothing was sent: {name} has a blank, a line feed or another character that no token has",
                remedy=f"Set {name} to the token alone, as it was given out.",
                where=name,
            )
        if value:
            return Secret(value)
    return None


def likely(environment: Mapping[str, str]) -> Iterator[Secret]:
    """What in some variables looks like a credential, word by word, for output that nobody has looked through."""
    for name, value in environment.items():
        words = value.split() if LOOKS_SECRET.search(name) else PASSWORD.findall(value)
        yield from map(Secret, words)

"""Values that must not be seen: a type that prints as `***`, and the removal of known values from text."""

from collections.abc import Iterable


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

"""How numbers and foreign text are shown to people: the same in a terminal, a log, a job summary and a report."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from tagship.model import Fact, Status

_UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CODE = re.compile(r"`([^`\n]+)`")


def duration(seconds: float) -> str:
    """A time span with about two significant digits: `0.04 s`, `12.3 s`, `3 min 05 s`, `1 h 02 min`."""
    if seconds < 0.995:
        return f"{max(seconds, 0):.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def size(count: int) -> str:
    """Bytes in decimal units, as PyPI counts: `842 B`, `34.5 kB`, `1.2 MB`."""
    if count < 1000:
        return f"{count} B"
    value, unit = count / 1000, "kB"
    for larger in ("MB", "GB"):
        if value < 999.95:
            break
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}"


def many(count: int, noun: str) -> str:
    """A number with its noun: `no files`, `1 file`, `1,204 files`."""
    number = f"{count:,}" if count else "no"
    return f"{number} {noun}" if count == 1 else f"{number} {noun}s"


def tally(facts: Iterable[Fact]) -> str:
    """How many facts there are of each status, the good ones first: `11 ok, 2 problems`; empty for none."""
    counts = Counter(fact.status for fact in facts)
    words = {status: str(status) for status in Status}
    if counts[Status.PROBLEM] > 1:
        words[Status.PROBLEM] = "problems"
    return ", ".join(f"{counts[status]} {word}" for status, word in words.items() if counts[status])


def clean(text: str) -> str:
    """Text from elsewhere without what moves a cursor, reorders a line or cannot be encoded.

    Line feeds stay; tabs become spaces; other control characters, bidirectional overrides and lone surrogates
    become U+FFFD, so that they are seen (https://trojansource.codes).
    """
    return _UNSAFE.sub("\ufffd", text.replace("\r\n", "\n").expandtabs(4))


def spans(text: str) -> Iterator[tuple[bool, str]]:
    """The text in pieces, each with whether it was written between backticks: a command, a key, a file."""
    for number, piece in enumerate(_CODE.split(text)):
        if piece:
            yield number % 2 == 1, piece


def shorten(text: str, lines: int) -> str:
    """At most so many lines, the last ones preferred: where a program failed, the end of its output says why."""
    found = text.splitlines()
    if len(found) <= lines:
        return text
    head = lines // 4
    tail = lines - head - 1
    left = len(found) - head - tail
    return "\n".join((*found[:head], f"… {many(left, 'line')} left out …", *found[-tail:]))

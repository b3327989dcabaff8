"""Numbers and foreign text as people see them."""

import pytest

from tagship.model import Fact, Status
from tagship.words import clean, duration, many, shorten, size, spans, tally


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-1, "0.00 s"),
        (0.004, "0.00 s"),
        (0.994, "0.99 s"),
        (0.996, "1.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.6, "1 h 00 min"),
        (7384, "2 h 03 min"),
    ],
)
def test_time_spans(seconds: float, said: str) -> None:
    """A span never shows 60 seconds or 60 minutes, also where rounding reaches them."""
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (104_857_600, "104.9 MB"),
        (5_000_000_000_000, "5000.0 GB"),
    ],
)
def test_sizes(count: int, said: str) -> None:
    """Decimal units, and never `1000.0 kB`."""
    assert size(count) == said


def test_numbers_with_nouns() -> None:
    """None, one and thousands of something are said in words."""
    assert [many(count, "file") for count in (0, 1, 2, 1204)] == ["no files", "1 file", "2 files", "1,204 files"]


def test_tally_puts_the_good_first() -> None:
    """Facts are counted by status, and statuses without a fact are left out."""
    statuses = (Status.PROBLEM, Status.OK, Status.UNKNOWN, Status.OK, Status.PROBLEM)
    assert tally(Fact(id="x", title="x", status=status) for status in statuses) == "2 ok, 2 problems, 1 unknown"
    assert tally(()) == ""


def test_foreign_text_is_cleaned() -> None:
    """Escape sequences, lone carriage returns, overrides and surrogates are made visible; lines and tabs stay."""
    assert clean("a\r\nb\tc\x1b[31m\rd\u202ee\ud800f\x9b\x00é→") == (
        "a\nb   c\ufffd[31m\ufffdd\ufffde\ufffdf\ufffd\ufffdé→"
    )


def test_code_is_told_from_prose() -> None:
    """Only text between two backticks of one line is code."""
    assert list(spans("run `a b`, then `c`")) == [(False, "run "), (True, "a b"), (False, ", then "), (True, "c")]
    assert list(spans("a ` b\n` c")) == [(False, "a ` b\n` c")]
    assert list(spans("")) == []


def test_the_end_of_a_long_text_is_kept() -> None:
    """Of ten lines in five, the first and the last three stay, and the rest is counted."""
    text = "\n".join(str(number) for number in range(10))
    assert shorten(text, 5) == "0\n… 6 lines left out …\n7\n8\n9"
    assert shorten(text, 10) == text

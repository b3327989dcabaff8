"""Words that strangers write into a history or a changelog, as long as they like: reading them takes no time."""

import time
from collections.abc import Iterator

import pytest

from tagship.project import markdown
from tagship.project.commits import Commit, Person

LONG = 100_000
SECONDS = 3.0
"""Of this process alone; what was found here took minutes, and what is right takes hundredths."""
ADA = Person(name="Ada", email="ada@example.invalid")


@pytest.fixture(autouse=True)
def _soon() -> Iterator[None]:
    """Fail where it took long."""
    began = time.process_time()
    yield
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("blank", [" ", "\t"])
def test_a_title_with_many_blanks(blank: str) -> None:
    """The number of a pull request is found at its end, and nowhere else."""
    title = f"feat: one{blank * LONG}two"
    commit = Commit(sha="a" * 40, subject=f"{title} (#7)", body="", author=ADA)
    assert (commit.number, commit.title) == ("7", title)


@pytest.mark.parametrize("blank", [" ", "\t"])
def test_a_trailer_with_many_blanks(blank: str) -> None:
    """Who wrote a commit as well is known by name, whatever stands around it; a trailer without an address is none."""
    body = f"Co-authored-by:{blank * LONG}Bo{blank}<bo@example.invalid>\nco-authored-by: Cy{blank * LONG}cy\n"
    commit = Commit(sha="a" * 40, subject="feat: one", body=body, author=ADA)
    assert commit.people == (ADA, Person(name="Bo", email="bo@example.invalid"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a" + "\n" * LONG + "b", "a\n\nb"),
        ("a\n\n" + " \n" * (LONG // 2) + "---\n", "a"),
        ("`a" + " " * LONG + "b", "`a" + " " * LONG + "b"),
        ("`a" + " " * LONG + "<https://example.invalid/>`_", "[a](https://example.invalid/)"),
        (":doc:`a" + " " * LONG + "<b>`", "a"),
    ],
    ids=["empty lines", "a rule below them", "an open backtick", "a link", "a role"],
)
def test_a_section_with_many_blanks(text: str, shown: str) -> None:
    """What is rewritten for GitHub is found or not found at once."""
    assert markdown.from_rst(text) == shown

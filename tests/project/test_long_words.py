"""Words without end that strangers write into a history, a changelog or a workflow: reading them takes no time."""

import json
import time
from collections.abc import Iterator

import pytest

from tagship.project import markdown
from tagship.project.commits import Commit, Person
from tagship.workflow.audit import audit
from tagship.workflow.document import read

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


@pytest.mark.parametrize("word", ["python`", "pypi", "publish", "wait", "/commits/", "PYPI", "- ", "a", "\n "])
def test_a_workflow_with_long_words(word: str) -> None:
    """A workflow whose commands and actions have names without end is judged like one with short names."""

    def codes(words: str) -> list[str]:
        text = (
            "on: {push: {tags: ['v*']}}\npermissions: {}\njobs:\n  one:\n    runs-on: x\n    steps:\n"
            f"      - run: {json.dumps(words)}\n      - uses: {json.dumps(words)}\n      - run: twine upload dist/*\n"
            f"        env: {{TWINE_PASSWORD: {json.dumps(words)}}}\n"
        )
        return sorted(finding.code for finding in audit(read(text.encode(), ".github/workflows/x.yml")))

    assert codes(word * (LONG // len(word))) == codes(word * 3)

"""Set-ups that were broken for somebody: what a first release says, and that the doctor says it before."""

import pytest

from tagship.model import Status
from tests.setup.bench import PAGE, Bench, row, words
from tests.setup.breaking import CHANGES
from tests.setup.broken import BROKEN, Broken
from tests.setup.worlds import Stagehand


@pytest.fixture(scope="module")
def bench(worlds: Stagehand) -> Bench:
    """Measures each once."""
    return Bench(worlds=worlds)


@pytest.mark.parametrize("broken", BROKEN, ids=[broken.id for broken in BROKEN])
def test_the_doctor_says_before_what_the_release_would_say(bench: Bench, broken: Broken) -> None:
    """The check that is to name it does, in words about the cause and with a remedy, and nothing else is said."""
    measured = bench.measure(broken)
    assert (measured.said.where, broken.said in measured.said.words) == (broken.where, True), measured.said
    assert measured.named is not None, sorted(measured.changed)
    assert measured.named.finding is not None
    assert measured.named.fact.status in (Status.PROBLEM, Status.PENDING)
    assert broken.words in words(measured.named)
    assert measured.named.finding.remedy
    assert measured.changed <= {broken.named, *broken.follows}
    assert row(broken, measured) in PAGE.read_text(), "run: python benchmarks/misconfigurations.py"


def test_there_are_thirty_of_them_each_with_its_report() -> None:
    """No two are the same, and each has the address of a report and a sentence about it."""
    assert len({broken.id for broken in BROKEN}) == len(BROKEN) >= 30
    assert all(broken.report.startswith("https://") and broken.happened.endswith(".") for broken in BROKEN)
    assert list(CHANGES) == [broken.id for broken in BROKEN]

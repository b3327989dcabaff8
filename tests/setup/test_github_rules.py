"""How the doctor words what the rules of a repository lack."""

from tagship.setup.github import CHECKS
from tests.setup.worlds import Stagehand

MATRIX = "{python: ['3.10', '3.11', '3.12', '3.13', '3.14']}"


def test_many_checks_that_are_not_required_are_counted(worlds: Stagehand) -> None:
    """Of a matrix of checks that the default branch does not require the first are named, the others counted."""
    with worlds.open("matrix") as made:
        made.edit(".github/workflows/ci.yml", "    name: Tests\n", f"    strategy: {{matrix: {MATRIX}}}\n")
        details = [check.fact.detail for check in made.doctor(checks=CHECKS).checks]
    assert "main lacks the required checks test (3.10), test (3.11), test (3.12) and 2 more" in details

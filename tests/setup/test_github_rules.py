"""How the doctor words what the rules of a repository lack, and what it does not know of them."""

from tagship.rehearsal.github.state import Protection
from tagship.setup.github import CHECKS
from tests.setup.rows import PROBLEM, UNKNOWN, Row, rows
from tests.setup.worlds import ACTIONS_ID, ADMIN, SetUp, Stagehand

MATRIX = "{python: ['3.10', '3.11', '3.12', '3.13', '3.14']}"


def _classic(made: SetUp) -> None:
    made.github.protections["main"] = Protection(checks=(("Renamed", ACTIONS_ID),))


def test_many_checks_that_are_not_required_are_counted(worlds: Stagehand) -> None:
    """Of a matrix of checks that the default branch does not require the first are named, the others counted."""
    with worlds.open("matrix") as made:
        made.edit(".github/workflows/ci.yml", "    name: Tests\n", f"    strategy: {{matrix: {MATRIX}}}\n")
        details = [check.fact.detail for check in made.doctor(checks=CHECKS).checks]
    assert "main lacks the required checks test (3.10), test (3.11), test (3.12) and 2 more" in details


@rows(
    [
        Row("github.required-checks", "classic protection", _classic, PROBLEM,
            "no job for pull requests makes Renamed"),
        Row("github.required-checks", "classic protection, without a token", _classic, UNKNOWN,
            "GitHub refused: 401 Requires authentication (asked without a token)", token=""),
    ]
)  # fmt: skip
def test_what_classic_protection_requires_is_not_guessed(worlds: Stagehand, row: Row) -> None:
    """A required check that nobody makes is found in classic protection too; where that is hidden, nothing is ok."""
    assert row.seen(worlds) == row.wanted


def test_who_may_not_see_classic_protection_is_not_told_that_all_is_well(worlds: Stagehand) -> None:
    """A token that may read, and not administer, sees the rules of rulesets alone: that is no success."""
    with worlds.open("classic") as made:
        _classic(made)
        token = made.token({name: level for name, level in ADMIN.items() if name != "administration"})
        found = {check.fact.id: check.fact for check in made.doctor(token, checks=CHECKS).checks}
    assert str(found["github.required-checks"].status) == "unknown"
    assert (
        found["github.required-checks"].detail == "GitHub refused: 403 Resource not accessible by personal access token"
    )

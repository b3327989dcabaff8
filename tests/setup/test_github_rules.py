"""How the doctor words what the rules of a repository lack, and what it does not know of them."""

from typing import Literal

from tagship.rehearsal.github.state import Actor, Protection, Rule, Ruleset
from tagship.setup.apply import apply
from tagship.setup.github import CHECKS
from tests.setup.applying import doors, seen
from tests.setup.rows import OK, PROBLEM, UNKNOWN, Change, Row, rows
from tests.setup.worlds import ACTIONS_ID, ADMIN, SetUp, Stagehand

MAINTAIN, WRITE = 2, 4
MATRIX = "{python: ['3.10', '3.11', '3.12', '3.13', '3.14']}"


def _classic(made: SetUp) -> None:
    made.github.protections["main"] = Protection(checks=(("Renamed", ACTIONS_ID),))


def _free(number: int, role: int, mode: Literal["always", "pull_request", "exempt"]) -> Change:
    """A role that one of the rulesets does not bind."""

    def change(made: SetUp) -> None:
        made.github.rulesets[number].actors = (Actor(type="RepositoryRole", id=role, mode=mode),)

    return change


def _twice(made: SetUp) -> None:
    """What one ruleset lets through, another one does not."""
    _free(0, WRITE, "always")(made)
    kinds = tuple(Rule(type=kind) for kind in ("creation", "update", "deletion"))
    strict = Ruleset(id=77, name="All tags", target="tag", created=0, include=("~ALL",), rules=kinds)
    made.github.rulesets.append(strict)


LOOSE_TAGS = "everybody who may push can make, move, delete v*.*.*; the role Write need not obey Release tags"
LOOSE_BRANCH = (
    "main lacks a review of each change, the required check Tests, a rule against force pushes, a rule against its "
    "deletion; the role Write need not obey Default branch"
)


@rows(
    [
        Row("github.tag-rules", "maintainers pass", _free(0, MAINTAIN, "always"), OK, "rules protect v*.*.*"),
        Row("github.tag-rules", "writers pass", _free(0, WRITE, "always"), PROBLEM, LOOSE_TAGS),
        Row("github.tag-rules", "writers are exempt", _free(0, WRITE, "exempt"), PROBLEM, LOOSE_TAGS),
        Row("github.tag-rules", "writers pass one of two", _twice, OK, "rules protect v*.*.*"),
        Row("github.branch-rules", "maintainers pass", _free(1, MAINTAIN, "always"), OK,
            "main changes by reviewed pull requests"),
        Row("github.branch-rules", "writers merge without", _free(1, WRITE, "pull_request"), PROBLEM, LOOSE_BRANCH),
    ]
)  # fmt: skip
def test_a_rule_that_does_not_bind_who_may_write_is_none(worlds: Stagehand, row: Row) -> None:
    """Whoever may push has the role Write at least: what that role may pass by protects nothing."""
    assert row.seen(worlds) == row.wanted


def test_the_role_write_is_taken_off_our_own_rules(worlds: Stagehand) -> None:
    """--apply binds the role Write again, in rulesets of its own and beside those of others; other people stay."""
    with worlds.open("writers") as made:
        made.github.rulesets[0].name = "Release tags are made by maintainers"
        team = Actor(type="Team", id=42, mode="always")
        made.github.rulesets[0].actors = (Actor(type="RepositoryRole", id=WRITE, mode="always"), team)
        _free(1, WRITE, "always")(made)
        to = doors(made)
        assert len([*apply(to, seen(to))]) == 3
        found = {one.name: [(actor.type, actor.id) for actor in one.actors] for one in made.github.rulesets}
        made.github.roles["writer"] = "write"
        assert made.release(login="writer").where == "push"
    assert found == {
        "Release tags are made by maintainers": [("User", made.github.id_of("owner")), ("Team", 42)],
        "Default branch": [("RepositoryRole", WRITE)],
        "The default branch is reviewed": [("RepositoryRole", 5)],
    }


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

"""How checks are judged: what a check says, what it could not see, and what the exit code makes of both."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tagship.errors import Refused
from tagship.model import Page, Severity, Status
from tagship.project.discover import read
from tagship.services.git import Git
from tagship.services.reading import Hidden, Reading
from tagship.services.shell import Shell
from tagship.setup.check import Check, Group, Needs, Seen, ok, pending, problem
from tagship.setup.doctor import examine
from tagship.setup.observed import Local, Observed
from tests.rehearsing import repository
from tests.setup.worlds import Stagehand

PAGE = Page(code="TD99", title="It holds", why="Because.", remedy="Mend it.")


@pytest.fixture
def observed(tmp_path: Path) -> Observed:
    """A project of which nothing is known but what lies in its checkout."""
    root = repository(tmp_path / "demo", {})
    project = read(root, Git(Shell({}), root))
    error = Refused("no", remedy="none")
    return Observed(now=0.0, project=project, local=Local(), wanted=error, kept=error)


def _check(look: Callable[[Observed], Seen | tuple[Seen, ...]], severity: Severity = Severity.ERROR) -> Check:
    page = Page(code=PAGE.code, title=PAGE.title, why=PAGE.why, remedy=PAGE.remedy, severity=severity)
    return Check(id="local.it", page=page, group=Group.LOCAL, needs=Needs.NOTHING, look=look)


def _hidden(_: Observed) -> Seen:
    Reading[int](hidden=Hidden(why="403", remedy="Give a token."), how="GET /x").get()
    raise AssertionError


def _refused(observed: Observed) -> Seen:
    return ok(observed.variant.file)


@pytest.mark.parametrize(
    ("checks", "code", "allowed"),
    [
        ([], 2, 2),
        ([_check(lambda _: ok("fine"))], 0, 0),
        ([_check(lambda _: ok("fine")), _check(lambda _: pending("later"))], 2, 0),
        ([_check(_hidden)], 2, 0),
        ([_check(_refused)], 2, 0),
        ([_check(_hidden), _check(lambda _: problem("wrong"))], 1, 1),
        ([_check(lambda _: problem("wrong"), Severity.NOTE)], 0, 0),
        ([_check(lambda _: problem("wrong"), Severity.WARNING)], 1, 1),
    ],
)
def test_the_exit_code_is_that_of_the_gravest(checks: list[Check], code: int, allowed: int, observed: Observed) -> None:
    """A problem is 1, what was not seen is 2 unless that is allowed, advice counts for nothing, no check is no good."""
    result = examine(observed, checks)
    assert (result.exit_code(), result.exit_code(allow_unknown=True)) == (code, allowed)


def test_what_could_not_be_seen_says_why_and_what_would_show_it(observed: Observed) -> None:
    """A hidden setting makes an unknown fact with the request, and a finding with the way to see it."""
    (check,) = examine(observed, [_check(_hidden)]).checks
    assert (check.fact.status, check.fact.detail, check.fact.how) == (Status.UNKNOWN, "403", "GET /x")
    assert check.finding is not None
    assert (check.finding.remedy, check.finding.facts) == ("Give a token.", ("local.it",))


def test_several_of_a_kind_are_facts_of_their_own(observed: Observed) -> None:
    """A check about two environments makes two facts, each with its name in the id."""
    both = _check(lambda _: (ok("as wanted", about="pypi"), problem("open", about="testpypi")))
    assert [check.fact.id for check in examine(observed, [both]).checks] == ["local.it:pypi", "local.it:testpypi"]


def test_what_is_ok_is_shown_where_that_is_asked_for(worlds: Stagehand) -> None:
    """`--verbose` has a line for everything, with which one of several it is about."""
    with worlds.open("shown-verbose") as made:
        answer = made.command("--verbose", "--only", "workflow.locks", "--only", "ci.found")
    assert answer.stdout.splitlines()[2:7] == [
        "Workflow (2 ok)",
        "  ok: What the workflow installs is locked: .github/tagship/requirements.txt: exact versions with digests",
        "  ok: What the workflow installs is locked: .github/tagship/build.txt: exact versions with digests",
        "CI (1 ok)",
        "  ok: There is CI that a release waits for: ci.yml",
    ]

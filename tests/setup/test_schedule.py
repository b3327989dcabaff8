"""Checks of the weekly look: that it goes on, and that its token lasts, each in worlds where it is ok and not."""

from datetime import UTC, datetime

import pytest

from tagship.setup.schedule import CHECKS, moment
from tagship.workflow.files import stamped
from tagship.workflow.render import render_watch
from tagship.workflow.variant import variant
from tests.setup.rows import OK, PENDING, PROBLEM, UNKNOWN, Change, Row, rows
from tests.setup.worlds import DAY, SetUp, Stagehand

FILE = ".github/workflows/release-watch.yml"
WATCH, TOKEN = "security.watch", "security.reader-token"


def watched(*, days: float | None, resting: bool = False, conclusion: str = "success") -> Change:
    """The workflow is there, and ran so many days ago; None for never."""

    def change(made: SetUp) -> None:
        made.write(FILE, stamped(render_watch(variant(made.project))))
        if resting:
            made.github.resting_workflows.add(FILE)
        event = made.github.event("push", "refs/heads/main")
        assert event is not None
        for age, ended in ((40, "success"), (days, conclusion)) if days is not None else ():
            run = made.github.add_run(event, FILE, jobs={"Set-up": ended})
            for attempt in run.attempts:
                attempt.created = made.ago(age)

    return change


def unseen(made: SetUp) -> None:
    """The repository is private, and nobody is asked in whose name."""
    watched(days=3)(made)
    made.github.private = True


def lasting(days: float) -> Change:
    """Tokens of people end so many days from now."""

    def change(made: SetUp) -> None:
        made.github.token_lifetime = days * DAY

    return change


NOT_FOUND = "GitHub refused: 404 Not Found (asked without a token)"
TABLE = [
    Row(WATCH, "it ran last week", watched(days=7.2), OK, "it last ended well 7 days ago"),
    Row(WATCH, "it ran a month ago", watched(days=30), PROBLEM, "it last ended well 30 days ago"),
    Row(WATCH, "it fails", watched(days=3, conclusion="failure"), PROBLEM, "it last ended well 40 days ago"),
    Row(WATCH, "it never ran", watched(days=None), PENDING, "it has never ended well"),
    Row(WATCH, "GitHub stopped it", watched(days=7, resting=True), PROBLEM, "release-watch.yml is disabled inactivity"),
    Row(WATCH, "it is private, no token", unseen, UNKNOWN, NOT_FOUND, token=""),
    Row(TOKEN, "it ends in three months", lasting(90.5), OK, "it ends in 90 days"),
    Row(TOKEN, "it ends in two weeks", lasting(13.5), PROBLEM, "it ends in 13 days"),
    Row(TOKEN, "it ends today", lasting(0.2), PROBLEM, "it ends in 0 days"),
    Row(TOKEN, "it ended", watched(days=3), PROBLEM, "GitHub refused: 401 Bad credentials", token="ghp_made_up"),
]


@pytest.mark.requirement("D6", "C4")
@rows(TABLE)
def test_the_schedule(worlds: Stagehand, row: Row) -> None:
    """What is said of the schedule and of the token, and that there is a remedy for all that is not ok."""
    assert row.seen(worlds) == row.wanted


@pytest.mark.requirement("D6")
def test_where_there_is_none(worlds: Stagehand) -> None:
    """Without the workflow nothing is said of it, and nothing of a token that lasts for ever."""
    with worlds.open("without-a-schedule") as made:
        assert made.doctor(checks=CHECKS).checks == ()


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("2026-12-01 10:00:00 UTC", datetime(2026, 12, 1, 10, tzinfo=UTC)),
        ("2026-12-01 10:00:00 +0200", datetime(2026, 12, 1, 8, tzinfo=UTC)),
        ("2026-12-01 10:00:00 -0700", datetime(2026, 12, 1, 17, tzinfo=UTC)),
        ("soon", None),
    ],
)
def test_the_time_is_read_in_both_spellings(said: str, wanted: datetime | None) -> None:
    """GitHub writes the end of a token with a zone or with an offset; anything else is no time."""
    assert moment(said) == wanted

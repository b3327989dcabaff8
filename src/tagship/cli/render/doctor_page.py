"""What the doctor found as one HTML page that needs nothing else; it looks like the report of a rehearsal."""

from datetime import UTC, datetime
from itertools import groupby

from msgspec.structs import replace

from tagship import __version__
from tagship.cli.render.doctor import NAMES, grouped, is_advice, seen, unseen_of, verdict
from tagship.model import Status
from tagship.rehearsal.report import environment
from tagship.setup.doctor import Examination
from tagship.words import tally


def html(result: Examination) -> str:
    """The page. A content security policy inside of it forbids every request; all foreign text is escaped."""
    word, words, tone = verdict(result)
    groups = [
        (
            NAMES[group],
            [replace(check.fact, detail=seen(check)) for check in checks],
            tally(check.fact for check in checks if not is_advice(check)),
        )
        for group, checks in grouped(result.checks)
    ]
    todo = (
        check
        for status in (Status.PROBLEM, Status.PENDING)
        for check in result.checks
        if check.fact.status is status and not is_advice(check)
    )
    wrong = [list(alike) for _, alike in groupby(todo, key=lambda check: (check.code, check.fact.status))]
    return (
        environment("tagship.cli.render")
        .get_template("doctor.html.j2")
        .render(
            result=result,
            version=__version__,
            date=datetime.fromtimestamp(result.at, UTC).strftime("%Y-%m-%d %H:%M UTC"),
            word=word,
            words=words,
            state={"good": "ok", "bad": "problem"}.get(tone, "unknown"),
            groups=groups,
            wrong=wrong,
            advice=[c for c in result.checks if is_advice(c) and c.fact.status is not Status.UNKNOWN],
            unseen=unseen_of(result),
        )
    )

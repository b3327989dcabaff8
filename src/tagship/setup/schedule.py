"""Checks of the weekly look itself: that it goes on, and that its token lasts."""

from datetime import UTC, datetime, timedelta

from tagship.model import Page, Severity
from tagship.project.ci import FOLDER
from tagship.services.addresses import GITHUB, GITHUB_MANUAL
from tagship.setup.check import Check, Group, Seen, ok, pending, problem, unknown
from tagship.setup.observed import Observed

LATEST = timedelta(days=15)
"""Without a run that ended well: of two in a row one failed, or did not happen."""
SOON = timedelta(days=14)


def _watch(observed: Observed) -> Seen | tuple[()]:
    file = observed.variant.watch
    if observed.files.workflow(file) is None:
        return ()
    states = {flow.path: flow for flow in observed.runs.workflows.get() or ()}
    flow, how = states.get(f"{FOLDER}/{file}"), observed.runs.watched.how
    page = f"{GITHUB}/{observed.variant.repository}/actions/workflows/{file}"
    if flow is None:
        return pending("GitHub does not know it yet", how, remedy="Push it to the default branch.", url=page)
    if flow.state != "active":
        return problem(f"{file} is {flow.state.replace('_', ' ')}", how, remedy=f"gh workflow enable {file}", url=page)
    run = observed.runs.watched.get()
    if run is None or run.run_started_at is None:
        return pending("it has never ended well", how, remedy=f"gh workflow run {file}", url=page)
    age = datetime.fromtimestamp(observed.now, tz=UTC) - run.run_started_at
    seen = f"it last ended well {age.days} days ago"
    if age > LATEST:
        return problem(seen, how, remedy=f"Look at its runs, and start one: gh workflow run {file}", url=page)
    return ok(seen, how, url=page)


def _token(observed: Observed) -> Seen | tuple[()]:
    said, home = observed.expires, observed.github.repository
    if home.hidden is not None and "401" in home.hidden.why:  # without a token it would be 404
        return problem(home.hidden.why, home.how, url=f"{GITHUB}/settings/tokens")
    how = "the header github-authentication-token-expiration"
    if not said:
        return ()
    ends = moment(said)
    if ends is None:
        return unknown(f"GitHub says {said!r}, which is no time", how, remedy="Look at the page of your tokens.")
    left = ends - datetime.fromtimestamp(observed.now, tz=UTC)
    seen = f"it ends in {max(left.days, 0)} days"
    return problem(seen, how, url=f"{GITHUB}/settings/tokens") if left < SOON else ok(seen, how)


def moment(said: str) -> datetime | None:
    """The time that GitHub says, `2026-12-01 10:00:00 UTC` or with `+0200`; None where it is none."""
    for form in ("%Y-%m-%d %H:%M:%S %Z", "%Y-%m-%d %H:%M:%S %z"):
        try:
            found = datetime.strptime(said, form)
        except ValueError:
            continue
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    return None


CHECKS: tuple[Check, ...] = (
    Check(
        id="security.watch",
        page=Page(
            code="TD90",
            title="The weekly look at the releases goes on",
            why="GitHub stops the schedules of a repository that rests for 60 days, and nobody is told.",
            remedy="Enable the workflow on its page, and start it once.",
            severity=Severity.WARNING,
            source=f"{GITHUB_MANUAL}/actions/how-tos/manage-workflow-runs/disable-and-enable-a-workflow",
        ),
        group=Group.SECURITY,
        look=_watch,
    ),
    Check(
        id="security.reader-token",
        page=Page(
            code="TD91",
            title="The token with which the doctor reads is valid for two more weeks",
            why="Once it has ended, what it shows is unknown, and the weekly look sees less.",
            remedy="Make a new one with the same permissions; where it is in TAGSHIP_READER_TOKEN, replace it.",
            severity=Severity.WARNING,
        ),
        group=Group.SECURITY,
        look=_token,
    ),
)

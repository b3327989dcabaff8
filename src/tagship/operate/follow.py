"""Following the workflow run that a push started, to its end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tagship.errors import NotVisibleYet, ToolFailed, Unreachable
from tagship.services.github import GitHub, WorkflowRun
from tagship.services.index import Index
from tagship.services.world import Clock

APPEAR = 180.0
"""Seconds until a run that nobody has seen counts as missing."""
END = 7200.0
"""Seconds until nobody waits for a run any longer; it goes on by itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pushed:
    """What was pushed, and what that starts."""

    sha: str
    tag: str
    file: str
    """The workflow's file name."""


def wait(attempt: int) -> float:
    """Seconds before the next look: 2, 3, 5, 8, … up to 20."""
    return min(20.0, round(2.0 * 1.6**attempt))


def newest(runs: Sequence[WorkflowRun], pushed: Pushed) -> WorkflowRun | None:
    """The newest run that the tag started; the push of the branch starts one of the same workflow and commit."""
    mine = [r for r in runs if r.file.endswith(f"/{pushed.file}") and (r.event, r.head_branch) == ("push", pushed.tag)]
    return max(mine, key=lambda run: run.id, default=None)


def follow(github: GitHub, pushed: Pushed, clock: Clock, say: Callable[[str], None]) -> WorkflowRun:
    """Wait for the end of the run that a tag started, and say what changes.

    Raises:
        ToolFailed: it failed, did not begin, or takes too long; the tag is public in any case.
        Refused: GitHub does not show it to this token.
    """
    begin, attempt, shown, file = clock.now(), 0, "", pushed.file
    while True:
        try:
            run = newest(github.workflow_runs(pushed.sha), pushed)
        except Unreachable:
            run = None  # a later look may succeed
        if run is not None and (state := run.conclusion or run.status or "") != shown:
            shown = state
            say(f"{file}: {state.replace('_', ' ')}  {run.html_url}")
        if run is not None and run.conclusion == "success":
            return run
        if run is not None and run.conclusion is not None:
            raise ToolFailed(
                f"The tag is pushed, and its release is not finished: the run ended with {run.conclusion}",
                remedy="Look what failed, mend it outside of the tag, and re-run the failed jobs: what is done already "
                "is not done twice.",
                url=run.html_url,
            )
        waited = clock.now() - begin
        if run is None and waited >= APPEAR:
            raise ToolFailed(
                f"The tag is pushed, and no run of {file} began within {APPEAR:.0f} s",
                remedy=f"Look whether {file} is part of the tagged commit, is enabled, and runs on such a tag.",
            )
        if waited >= END:
            raise ToolFailed(
                f"The tag is pushed, and the run of {file} goes on after {END / 3600:.0f} hours",
                remedy="Look whether it waits for somebody's approval.",
                url=run.html_url if run is not None else "",
            )
        clock.sleep(wait(attempt))
        attempt += 1


def published(index: Index, project: str, version: str) -> str:
    """The page of a version on the index: a run that ends well may have left out its upload.

    Raises:
        NotVisibleYet: the index does not show it.
        Unreachable: the index cannot be asked.
    """
    page = index.page(project)
    if page is None or version not in page.versions:
        raise NotVisibleYet(
            f"The run succeeded, and {index.addresses.name} does not show {project} {version}",
            remedy="Look whether the run's upload was left out; caches can be slow as well: tagship verify asks again.",
            where=index.page_url(project),
        )
    return index.addresses.project_page(project, version)

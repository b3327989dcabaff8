"""Whether what was pushed starts the publishing workflow at all, before anything of it is rehearsed.

The stages are rehearsed whatever the repository's own workflow does. Where that is tagship's, or where the commit asks
GitHub to start nothing, a push that starts nothing is a release that does not happen; where it is somebody else's, it
is something that was not rehearsed.
"""

import shlex
from dataclasses import dataclass

from tagship.errors import PlanRefused
from tagship.model import Event, Fact, Status
from tagship.project.ci import FOLDER
from tagship.rehearsal import permitted
from tagship.rehearsal.github import RepositoryState
from tagship.workflow import actions_lock
from tagship.workflow.document import read
from tagship.workflow.events import Happened, Started, skips, started
from tagship.workflow.files import is_stamped


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """What GitHub makes of a push."""

    facts: tuple[Fact, ...] = ()
    refused: PlanRefused | None = None
    """Why nothing is released."""
    doubt: str = ""
    """What the rehearsal therefore does not show."""


def begin(repo: RepositoryState, event: Event, file: str) -> Start:
    """Ask the publishing workflow whether a push starts it; a dispatch has been taken, and starts it.

    Args:
        file: its name; there may be no such file yet.
    """
    if event.name != "push":
        return Start()
    message = repo.git.text("log", "-1", "--format=%B", event.sha)
    name = event.ref.split("/", 2)[2]
    word = skips(message)
    if word:
        by_hand = shlex.join(("gh", "workflow", "run", file, "--ref", name))
        by_hand += " --field target_env=pypi" if event.tag else ""
        return Start(
            refused=_refused(f"the message of the pushed commit has {word}", f"Or start it by hand: {by_hand}")
        )
    why = permitted.barred(repo, f"{FOLDER}/{file}")
    if why:
        return Start(refused=_refused(why, f"Or let it run: gh workflow enable {shlex.quote(file)}"))
    text = repo.git.maybe("show", f"{event.sha}:{FOLDER}/{file}")
    if text is None:
        return Start()
    document = read(text.encode(), f"{FOLDER}/{file}")
    found = started(document, Happened(name="push", ref=event.ref, message=message))
    if isinstance(found, Started):
        why = permitted.refused(repo, document) or permitted.unlocked(repo, event.sha, document)
        if why:
            return Start(refused=_unable(file, why))
        fact = Fact(id="workflow.started", title=f"{name} starts {file}", status=Status.OK, how=f"{FOLDER}/{file}")
        return Start(facts=(fact,), doubt=permitted.unproven(repo, document))
    if is_stamped(text):
        return Start(refused=_refused(f"{file}: {found.why}", f"Or correct what starts {file}: tagship sync"))
    return Start(doubt=f"{file}, which this push does not start: {found.why}; tagship's own stages were rehearsed")


def _unable(file: str, why: str) -> PlanRefused:
    return PlanRefused(
        f"Nothing would be released: {file} fails before its first job\n{why}",
        remedy=f"Allow it on GitHub: Settings, Actions, General; for {actions_lock.PATH}: gh actions-lock",
        where=why,
    )


def _refused(why: str, otherwise: str) -> PlanRefused:
    return PlanRefused(
        f"Nothing would be released: GitHub starts no workflow for this push\n{why}",
        remedy=f"Push something that starts one. {otherwise}",
        where=why,
    )

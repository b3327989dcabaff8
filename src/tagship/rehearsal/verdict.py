"""What a rehearsal comes to: ready, refused or undecided, in one sentence and an exit code."""

from typing import Literal

from tagship.errors import UNDECIDED, Unreachable
from tagship.model import Fact, Status, Target
from tagship.rehearsal.pipeline import Finished
from tagship.services.addresses import INDEXES

Verdict = Literal["ready", "refused", "undecided"]


def verdict(finished: Finished, name: str | None) -> tuple[Verdict, str, int]:
    """The verdict, its headline and the exit code.

    Args:
        name: the project's, for where there is no plan.
    """
    plan = finished.manifest.plan
    what = f"{plan.project} {plan.version}" if plan is not None else name or "The project"
    if isinstance(finished.error, Unreachable):
        return "undecided", f"{what}: {finished.error.message.splitlines()[0]}", UNDECIDED
    if finished.error is not None:
        return "refused", finished.error.message.splitlines()[0], finished.error.exit_code
    facts = [fact for entry in finished.manifest.log for fact in entry.facts]
    doubts = [fact for fact in facts if _matters(fact)]
    if doubts:
        return "undecided", f"{what}: {doubts[0].title} is not known: {doubts[0].detail}", UNDECIDED
    if plan is None or plan.target is Target.NONE:
        return "ready", f"{what} would not be published: {plan.reason if plan else 'there is no plan'}", 0
    return "ready", f"{what} would be released on {INDEXES[plan.target].name}", 0


def _matters(fact: Fact) -> bool:
    """Whether not knowing this leaves the outcome open; tests that need the network do not."""
    return fact.status is Status.UNKNOWN and fact.id.endswith((".install", ".import"))
